select isolate('audit_log', 'user_id = caller()');
revoke all on audit_log from airi_app, airi_worker;
grant select on audit_log, audit_logs to airi_app;

grant execute on function audit to airi_app;
grant execute on function audit to airi_worker;
