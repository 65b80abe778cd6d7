-- name: inbox.has
select exists (select from inbox where consumer = :consumer and event_id = :event::uuid);
