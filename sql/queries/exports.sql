-- name: exports.request
select export_request(:id::uuid)::text;

-- name: exports.publish
-- Behind exports.request, in its transaction: no row unless it created this export.
select outbox_add(:event::uuid, :topic, :key, :value::json, :traceparent, :request_id)
from exports where id = :id::uuid and user_id = caller();

-- name: exports.list
select id, state, export_json(x)::text from exports x
where user_id = caller() order by created_at desc limit 20;

-- name: exports.open
select export_open(:id::uuid, :session::uuid);

-- name: exports.take
-- No row: the caller has no such archive. NULL: this session has not opened it.
select export_take(id, :session::uuid) from exports where id = :id::uuid and user_id = caller() and state = 'ready';

-- name: exports.part
select export_part(:id::uuid, :part::int);

-- name: exports.step
select export_step(:id::uuid)::text;

-- name: exports.fail
select export_fail(:id::uuid);
