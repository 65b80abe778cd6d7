-- name: exports.request
select export_request(:id::uuid)::text;

-- name: exports.seal
select export_seal(:id::uuid, :hash);

-- name: exports.publish
-- Behind exports.request, in its transaction: no row unless it created this export.
select outbox_add(:event::uuid, :topic, :key, :value::json, :traceparent, :request_id)
from exports where id = :id::uuid and user_id = caller();

-- name: exports.list
select id, state, export_json(x)::text, token_hash from exports x
where user_id = caller() order by created_at desc limit 20;

-- name: exports.open
select export_open(:hash)::text;

-- name: exports.part
select export_part(:hash, :part::int);

-- name: exports.step
select export_step(:id::uuid)::text;

-- name: exports.fail
select export_fail(:id::uuid);
