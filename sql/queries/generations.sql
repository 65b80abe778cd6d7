-- name: generations.status
-- The state of one of the caller's generations, `held` while its message waits for a person, with its reply once there
-- is one.
select conversation_id, reply_id,
    case when state = 'queued' and exists (
             select from messages m
             where m.id = g.message_id and m.created_at = g.message_created_at and m.status = 'held')
         then 'held' else state::text end,
    epoch, checkpoint, checkpoint_offset, generation_end(g)::text, message_id
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

-- name: generations.judged
-- The decisions of moderation on messages, by their generations: allow, warn, review, block, or NULL where nobody has
-- judged the message. With the decision on the crisis and the scores, as they were stored.
select g.id,
    case when d.message_id is not null then d.action
         when g.state = 'rejected' and g.error_code = 'moderation_unavailable'
              or g.state = 'failed' and (g.attempts = 0 or g.error_code = any (lost_codes())) then null
         else 'allow' end,
    coalesce(d.categories[1], ''), coalesce(d.safety, 'null')::text, coalesce(d.scores, 'null')::text
from generations g left join moderation_decisions d on d.message_id = g.message_id where g.id = any (:ids::uuid[]);

-- name: generations.replies
-- Of ended generations: the state, the error, the author, our count of the prompt's tokens (0: unknown), whether the
-- summary has grown over the message since, the reply, its calls, the decision on it with the category, and the prompt
-- as generations_claim has it, without the verbs of a game.
select g.id, g.state, coalesce(g.error_code, ''), coalesce(g.provider, ''), coalesce(g.used_model, ''),
    coalesce((select min(c.own_in) from provider_calls c
              where c.generation_id = g.id and c.provider = g.provider and c.model = g.used_model and c.own_in > 0
                and c.call >= 0), 0),
    coalesce(v.summary_until >= g.message_created_at, false), coalesce(r.content, ''),
    coalesce(r.metadata -> 'tool_calls', '[]')::text, coalesce(d.action, 'allow'), coalesce(d.categories[1], ''),
    json_build_object('state', 'mine', 'model', coalesce(g.model, v.model, c.model), 'parameters', g.parameters,
        'rank', p.rank, 'context_tokens', p.context_tokens, 'reply_tokens', p.reply_tokens,
        'system_prompt', v.system_prompt, 'personality', c.personality, 'summary', v.summary, 'safety', g.safety,
        'tools', (select json_agg(json_build_object('type', 'function', 'function', to_json(t)) order by t.name)
                  from companion_tools t where t.name = any (c.tools)),
        'history', coalesce((
            select json_agg(h)
            from (select m.role, m.content from messages m
                  where m.conversation_id = g.conversation_id and m.created_at <= g.message_created_at
                    and m.created_at > coalesce(v.summary_until, '-infinity')
                    and m.status in ('accepted', 'completed', 'cancelled') and m.deleted_at is null
                  order by m.created_at desc limit 60) h), '[]'))::text
from generations g
join users u on u.id = g.user_id
join plans p on p.id = u.plan
left join conversations v on v.id = g.conversation_id
left join companions c on c.id = v.companion_id
left join messages r on r.id = g.reply_id and r.created_at = g.message_created_at + interval '1 microsecond'
left join moderation_decisions d on d.message_id = g.reply_id and d.origin = 'reply'
where g.id = any (:ids::uuid[]) and g.state in ('completed', 'rejected', 'cancelled', 'failed');
