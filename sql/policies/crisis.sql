revoke all on crisis_resources from airi_app, airi_worker;
grant select on crisis_resources to airi_app, airi_worker;

-- The gateway reads and works alerts through functions (sql/functions/crisis.sql), which check the caller's role.
select isolate('crisis_alerts', 'false');
revoke all on crisis_alerts from airi_app, airi_worker;
grant select, insert, update on crisis_alerts to airi_worker;
grant execute on function crisis_person to airi_worker;
