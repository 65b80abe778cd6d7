-- name: inbox.has
select exists (select from inbox where consumer = :consumer and event_id = :event::uuid);

-- name: inbox.add
insert into inbox (consumer, event_id) values (:consumer, :event::uuid) on conflict do nothing;
