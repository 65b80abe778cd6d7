select isolate('sessions', 'user_id = caller()');
revoke all on sessions from airi_app, airi_worker;
grant select, update (ended_at, ended_why, proved_at) on sessions to airi_app;

select isolate('refresh_tokens', 'false');
revoke all on refresh_tokens from airi_app, airi_worker;

select isolate('known_devices', 'false');
revoke all on known_devices from airi_app, airi_worker;

grant execute on function auth_open(uuid, uuid, text, text, inet, int, text, boolean), session_second_factor, device_of,
    device_remember to airi_app;
