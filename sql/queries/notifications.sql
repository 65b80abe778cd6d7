-- name: notifications.list
-- Newest first; the cursor is "created_at|id" of the last row of the page before.
with page as (
    select * from notifications
    where user_id = caller() and not (coalesce(:unread::boolean, false) and is_read)
      and (:cursor::text is null
           or (created_at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by created_at desc, id desc limit :limit::int + 1
), shown as (select * from page order by created_at desc, id desc limit :limit::int)
select coalesce(json_agg(notification_json(shown.*::notifications) order by created_at desc, id desc), '[]')::text,
    case when (select count(*) from page) > :limit::int
         then (select created_at || '|' || id from shown order by created_at, id limit 1) end,
    (select json_build_object('unread', count(*)) from notifications where user_id = caller() and not is_read)::text
from shown;

-- name: notifications.read
update notifications n set is_read = true, read_at = coalesce(read_at, now())
where id = :id::uuid and user_id = caller()
returning notification_json(n)::text;

-- name: notifications.delete
delete from notifications where id = :id::uuid and user_id = caller()
returning json_build_object('id', id)::text;

-- name: notifications.send
select notification_send(:event::uuid, :body::jsonb, :traceparent, :request_id)::text;

-- name: notifications.recipient
select locale, name, product from notification_recipient(:user::uuid);

-- name: notifications.store
-- The inbox decides whether the event is new: a row that its user has deleted does not come back.
with fresh as (
    select :id::uuid as event_id, :at::timestamptz as at where inbox_add(:consumer, :id::uuid, :at::timestamptz)
), made as (
    insert into notifications (id, user_id, kind, type, title, message, metadata, created_at)
    select event_id, :user::uuid, :kind, :type, :title, :message, :metadata::jsonb, at from fresh
    on conflict do nothing
    returning *
)
select notification_json(n.*::notifications)::text
from (select * from made union all select * from notifications where id = :id::uuid) n;
