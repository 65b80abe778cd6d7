-- name: messages.screen
select message_screen(:message::uuid, :conversation::uuid, :user::uuid, :generation::uuid, :reply::uuid, :client, :content,
    :content_type, :model, :parameters::jsonb, :listed::boolean, :created::timestamptz, :action, :categories::text[],
    :confidence::double precision, :reason, nullif(:replaces, '')::uuid);

-- name: messages.abandon
select message_abandon(:message::uuid, :conversation::uuid, :user::uuid, :generation::uuid, :reply::uuid, :created::timestamptz, :error);

-- name: generations.claim
select generation_claim(:id::uuid, :owner, :lease_ms::bigint)::text;

-- name: generations.heartbeat
select generation_heartbeat(:id::uuid, :epoch::int, :lease_ms::bigint, :text, :offset::int, nullif(:provider, ''),
    nullif(:model, ''), :tokens_in::bigint, :tokens_out::bigint, :cost::bigint);

-- name: generations.calls
select generation_calls(:id::uuid, :calls::jsonb);

-- name: generations.restart
select generation_restart(:id::uuid, :epoch::int);

-- name: generations.release
select generation_release(:id::uuid, :epoch::int);

-- name: generations.finish
select generation_finish(:id::uuid, :epoch::int, :state, :content, :error, :provider, :model, :tokens_in::bigint,
    :tokens_out::bigint, :cost::bigint, :latency::bigint, :offset::int, :calls::jsonb)::text;

-- name: generations.finish_cached
select generation_finish_cached(:id::uuid, :epoch::int, :content, :provider, :model, :tokens_in::bigint, :tokens_out::bigint,
    :latency::bigint, :offset::int)::text;

-- name: generations.abandon
select generation_abandon(:id::uuid, :error)::text;

-- name: memory.look
select memory_look(:conversation::uuid, :generation::uuid, :title::uuid, :summary::uuid)::text;

-- name: memory.title
select memory_title(:conversation::uuid, :user::uuid, :id::uuid, :title, :calls::jsonb)::text;

-- name: memory.fold
select memory_fold(:conversation::uuid, :user::uuid, :id::uuid, :summary, nullif(:before, '')::timestamptz, nullif(:until, '')::timestamptz,
    :count::int, :calls::jsonb)::text;

-- name: usage.record
-- The day's sums that changed, each with its plan's limit.
select coalesce(jsonb_agg(s || jsonb_build_object('limit', l.amount)), '[]')::text
from jsonb_array_elements(usage_record(:events::jsonb)) s
left join users u on u.id = (s ->> 'user_id')::uuid
left join plan_limits l on l.plan = u.plan and l.resource = s ->> 'resource' and l.period = 'day';

-- name: inbox.knows
select exists (select from inbox where consumer = :consumer and event_id = :event::uuid);

-- name: inbox.remember
insert into inbox (consumer, event_id) values (:consumer, :event::uuid) on conflict do nothing;

-- name: user_keys.of
select user_id, encode(sealed_key, 'hex') from user_keys where user_id = any(:users::uuid[]);

-- name: user_keys.outdated
-- Some of those that the previous ENCRYPTION_KEY wrapped.
select user_id, encode(sealed_key, 'hex') from user_keys where substr(sealed_key, 1, 4) = decode(:mark, 'hex') limit 1000;

-- name: user_keys.rewrap
-- Changes only those that are still as they were read.
update user_keys k set sealed_key = decode(n.fresh, 'hex')
from jsonb_to_recordset(:keys::jsonb) as n(user_id uuid, old text, fresh text)
where k.user_id = n.user_id and k.sealed_key = decode(n.old, 'hex');
