revoke all on identity_providers from airi_app, airi_worker;
grant select on identity_providers to airi_app;
grant select, insert, update on identity_providers to airi_worker;

select isolate('user_identities', 'user_id = caller()');
revoke all on user_identities from airi_app, airi_worker;
grant select (id, user_id, provider, email, created_at, last_used_at) on user_identities to airi_app;

select isolate('identity_flows', 'false');
revoke all on identity_flows from airi_app, airi_worker;

grant execute on function identity_start, identity_present, identity_present_token, identity_unlink,
    identity_conclude(uuid, text, uuid, jsonb, text, text, jsonb, jsonb, inet, text) to airi_app;
grant execute on function identity_claim, identity_save to airi_worker;
