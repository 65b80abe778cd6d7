-- name: generations.status
-- The state of one of the caller's generations, with its reply once there is one.
select conversation_id, reply_id, state, epoch, checkpoint, checkpoint_offset, generation_end(g)::text, message_id
from generations g where id = :id::uuid and user_id = caller();

-- name: generations.cancel
-- Stores the cancellation; returns the state if the generation's row exists.
with wish as (
    insert into cancellations (generation_id, user_id) values (:id::uuid, caller()) on conflict do nothing
)
select state, conversation_id from generations where id = :id::uuid and user_id = caller();

-- name: generations.claim (batch)
select ordinal, claim::text from generations_claim(:id::uuid[], :owner::text[], :lease_ms::bigint[]);

-- name: generations.heartbeat
select generation_heartbeat(:id::uuid, :epoch::int, :lease_ms::bigint, :text, :offset::int, nullif(:provider, ''),
    nullif(:model, ''), :tokens_in::bigint, :tokens_out::bigint, :cost::bigint);

-- name: generations.calls
select generation_calls(:id::uuid, :calls::jsonb);

-- name: generations.restart
select generation_restart(:id::uuid, :epoch::int);

-- name: generations.release
select generation_release(:id::uuid, :epoch::int);

-- name: generations.finish (batch)
select ordinal, ended::text
from generations_finish(:id::uuid[], :epoch::int[], :state::text[], :content::text[], :error::text[],
    :provider::text[], :model::text[], :tokens_in::bigint[], :tokens_out::bigint[], :cost::bigint[],
    :latency::bigint[], :offset::int[], :calls::jsonb[], :cached::boolean[], :question_bytes::int[],
    :details::jsonb[], :words::text[]);

-- name: generations.abandon
select generation_abandon(:id::uuid, :error)::text;
