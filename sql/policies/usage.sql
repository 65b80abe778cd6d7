select isolate('usage_log', 'user_id = caller()');
revoke all on usage_log from airi_app, airi_worker;
grant select, insert, update on usage_log to airi_worker;

select isolate('usage_daily', 'user_id = caller()');
revoke all on usage_daily from airi_app, airi_worker;
grant select on usage_daily, usage_daily_aggregates, active_users_summary to airi_app;
grant select, insert, update on usage_daily to airi_worker;

revoke all on budget_warnings from airi_app, airi_worker;

grant select on usage_log to airi_app;
grant execute on function usage_record, usage_event to airi_worker;
grant execute on function usage_feature, usage_today, usage_sums, usage_report, usage_receipt, usage_costs to airi_app;
