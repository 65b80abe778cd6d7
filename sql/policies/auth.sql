select isolate('users', 'id = caller()');
revoke all on users from airi_app, airi_worker;
-- Never role, plan or status: an attacker with the gateway's role cannot raise their own rights.
grant select, update (password_hash, updated_at, display_name, locale, timezone, country, region, avatar,
    preferences, onboarding, metadata) on users to airi_app;
grant select (id, plan, minor_until, erased_at) on users to airi_worker;
grant select on user_profiles, profiles to airi_app;

select isolate('login_history', 'user_id = caller()');
revoke all on login_history from airi_app, airi_worker;
grant select on login_history to airi_app;

select isolate('login_failures', 'false');
revoke all on login_failures from airi_app, airi_worker;

grant execute on function auth_signup, auth_attempt, auth_attempt_end, auth_refresh, account_standing,
    account_create(uuid, text, text, text, jsonb, text, text, jsonb, jsonb, inet) to airi_app;
