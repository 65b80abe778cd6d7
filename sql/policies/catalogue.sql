revoke all on plans from airi_app, airi_worker;
grant select on plans to airi_app;
grant select on plans to airi_worker;

revoke all on plan_limits from airi_app, airi_worker;
grant select on plan_limits to airi_app;
grant select on plan_limits to airi_worker;

revoke all on rate_limits from airi_app, airi_worker;
grant select on rate_limits to airi_app;

revoke all on model_prices from airi_app, airi_worker;
grant select on model_prices to airi_app;
grant select on model_prices to airi_worker;

revoke all on feature_flags from airi_app, airi_worker;
grant select on feature_flags to airi_app;
grant select on feature_flags to airi_worker;

revoke all on system_settings from airi_app, airi_worker;
grant select on system_settings to airi_app;
grant select on system_settings to airi_worker;

revoke all on blocked_terms from airi_app, airi_worker;
grant select on blocked_terms to airi_worker;
