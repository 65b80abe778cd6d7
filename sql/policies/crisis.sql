revoke all on crisis_resources from airi_app, airi_worker;
grant select on crisis_resources to airi_app, airi_worker;
