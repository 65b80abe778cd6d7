revoke all on provider_health from airi_app, airi_worker;
grant select on provider_health to airi_app;
grant select, insert, update on provider_health to airi_worker;
