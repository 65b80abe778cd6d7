select isolate('violations', 'user_id = caller()');
revoke all on violations from airi_app, airi_worker;

select isolate('appeals', 'user_id = caller()');
revoke all on appeals from airi_app, airi_worker;

revoke all on violation_rules, violation_patterns from airi_app, airi_worker;

grant execute on function violations_page, violation_of_link, appeal_add, appeals_page, appeal_decide to airi_app;
grant execute on function violation_recipient to airi_worker;
