select isolate('api_keys', 'user_id = caller()');
revoke all on api_keys from airi_app, airi_worker;
grant select (id, user_id, name, prefix, scopes, allowed_addresses, expires_at, last_used_at, created_at, revoked_at,
    replaced_by, requests_per_hour, uses), update (name, revoked_at) on api_keys to airi_app;

grant execute on function api_key_json, api_key_create, auth_api_key, api_key_rotate, api_key_used to airi_app;
