-- name: quota.messages_today
-- The ids of the messages that count against the day's quota.
select message_id from message_quota where user_id = caller() and day = :day::date;

-- name: quota.take
select quota_take(:day::date, :max::bigint, :message::uuid, :max_tokens::bigint);

-- name: quota.give_back
delete from message_quota where user_id = caller() and day = :day::date and message_id = :message::uuid;
