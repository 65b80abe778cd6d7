select isolate('sessions', 'user_id = caller()');
revoke all on sessions from airi_app, airi_worker;
grant select, update (ended_at, ended_why) on sessions to airi_app;

select isolate('refresh_tokens', 'false');
revoke all on refresh_tokens from airi_app, airi_worker;

grant execute on function auth_open, session_second_factor, device_of to airi_app;
