-- name: inbox.has
select inbox_has(:consumer, :event::uuid, :at::timestamptz);
