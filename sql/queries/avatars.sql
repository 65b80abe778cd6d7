-- name: avatars.list
-- The caller's own pictures, newest first, then the gallery.
select (coalesce((
            select jsonb_agg(avatar_json(a) order by created_at desc, id)
            from avatars a where user_id = caller()), '[]')
        || coalesce((
            select jsonb_agg(jsonb_build_object('name', name, 'url', url, 'mine', false) order by url)
            from avatar_gallery()), '[]'))::text;

-- name: avatars.create
select avatar_create(:id::uuid, :sha256, :media_type, :width::int, :height::int, decode(:bytes, 'base64'), :event::uuid,
    :traceparent, :request_id)::text;

-- name: avatars.bytes
select media_type, bytes from avatar_bytes(:id::uuid);

-- name: avatars.delete
select avatar_delete(:id::uuid)::text;
