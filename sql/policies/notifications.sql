select isolate('notifications', 'user_id = caller()');
revoke all on notifications from airi_app, airi_worker;
grant select, delete, update (is_read, read_at) on notifications to airi_app;
grant select, insert on notifications to airi_worker;

grant execute on function notification_json, notification_send to airi_app;
grant execute on function notification_json, notification_recipient to airi_worker;
