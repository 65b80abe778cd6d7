select isolate('message_quota', 'user_id = caller()');
revoke all on message_quota from airi_app, airi_worker;
grant select, insert, delete on message_quota to airi_app;
grant select, update on message_quota to airi_worker;

grant execute on function quota_take to airi_app;
grant execute on function quota_used to airi_app, airi_worker;
