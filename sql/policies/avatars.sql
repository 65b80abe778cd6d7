select isolate('avatars', 'user_id = caller()');
revoke all on avatars from airi_app, airi_worker;
grant select on avatars to airi_app;

grant execute on function avatar_name to airi_app, airi_worker;
grant execute on function avatar_url, avatar_json, avatar_gallery, avatar_allowed, avatar_create, avatar_bytes,
    avatar_delete to airi_app;
grant execute on function avatar_json, avatar_uploaded, avatar_store, avatar_reject to airi_worker;
