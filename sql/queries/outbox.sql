-- name: outbox.lease
-- Leases the free partitions with events that may be published. An event may be published when every transaction that
-- is older than its own has ended: by then no event can appear before it. (By ids alone the events of the longer ones
-- of concurrent transactions would be skipped.)
with free as materialized (
    select l.partition from outbox_leases l
    where (l.until < now() or l.relay = :relay) and exists (
        select from outbox o
        where o.partition = l.partition and o.refused is null and o.xid < pg_snapshot_xmin(pg_current_snapshot()))
    for update skip locked
)
update outbox_leases l set relay = :relay, until = now() + make_interval(secs => :lease::int)
from free where l.partition = free.partition
returning l.partition;

-- name: outbox.read
-- Behind outbox.lease, in its transaction: the relay's events that may be published, in their order, so many of each
-- partition. A statement of its own, for a snapshot taken after the leases: in that of outbox.lease, events may still
-- be there that another relay has published and deleted before it released the partition.
select o.id, o.event_id, o.topic, o.key, o.value, o.traceparent, o.request_id, to_json(o.created_at) #>> '{}'
from outbox_leases l cross join lateral (
    select * from outbox o
    where o.partition = l.partition and o.refused is null and o.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by o.xid, o.id limit :limit::int) o
where l.relay = :relay and l.until > now()
order by o.xid, o.id;

-- name: outbox.waiting
select exists (select from outbox where refused is null);

-- name: outbox.status
-- The events to be published, counted up to ten thousand, the age of the oldest in seconds, and those refused.
select (select count(*) from (select from outbox where refused is null limit 10000) o),
       (select coalesce(max(extract(epoch from now() - o.created_at)), 0)::bigint
        from outbox_leases l cross join lateral (
            select o.created_at from outbox o
            where o.partition = l.partition and o.refused is null order by o.xid, o.id limit 1) o),
       (select count(*) from outbox where refused is not null);

-- name: outbox.delete
delete from outbox where id = any(:ids::bigint[]);

-- name: outbox.refuse
update outbox set refused = :why where id = :id::bigint;

-- name: outbox.release
update outbox_leases set until = '-infinity' where relay = :relay and until <> '-infinity';

-- name: outbox.events
select event_id, topic from outbox;

-- name: outbox.was_published
delete from outbox where event_id = :event::uuid;
