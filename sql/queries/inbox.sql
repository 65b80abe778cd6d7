-- name: inbox.has
select inbox_has(:consumer, :event::uuid, :at::timestamptz);

-- name: inbox.add
select inbox_add(:consumer, :event::uuid, :at::timestamptz);
