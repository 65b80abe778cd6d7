-- name: operations.request
select operation_request(:id::uuid, :body::jsonb)::text;

-- name: operations.publish
-- Behind operations.request, in its transaction: no row unless it has such an operation.
select outbox_add(:event::uuid, :topic, :key, :value::json, :traceparent, :request_id)
from operation_read(:id::uuid) o where o ->> 'id' is not null;

-- name: operations.list
select page::text, next from operations_page(:cursor, :limit::int);

-- name: operations.read
select operation_read(:id::uuid)::text;

-- name: operations.cancel
select operation_cancel(:id::uuid)::text;

-- name: operations.claim
select operation_claim(:id::uuid, :worker, :lease::interval)::text;

-- name: operations.heartbeat
select operation_heartbeat(:id::uuid, :worker, :lease::interval, :progress::jsonb);

-- name: operations.store
select operation_store(:id::uuid, :worker, :place::jsonb);

-- name: operations.release
select operation_release(:id::uuid, :worker);

-- name: operations.finish
select operation_finish(:id::uuid, :worker, :state, :progress::jsonb, :result::jsonb, :error);

-- name: operations.give_up
select operation_give_up(:id::uuid);

-- name: operations.operator
-- First in a transaction of airi-ctl: the operator's name, see operator_name().
select set_config('airi.operator', :name, true);

-- name: operations.audit
select audit(null, :action, :subject, :details::jsonb);
