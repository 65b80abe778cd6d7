-- The data of a finished generation from which events and frames are made; `m`: its reply, or a row of NULLs. The
-- functions that a message passes through are in plpgsql, which caches plans: a function in SQL that is not inlined is
-- parsed and planned at each call.
create or replace function generation_end(g generations, m messages, p_calls json)
returns json language plpgsql stable as $$
begin
    return json_build_object('state', g.state, 'epoch', g.epoch, 'checkpoint_offset', g.checkpoint_offset,
        'provider', g.provider, 'model', g.used_model, 'tokens_in', g.tokens_in, 'tokens_out', g.tokens_out,
        'cost_nanousd', g.cost_nanousd, 'latency_ms', g.latency_ms, 'error_code', g.error_code,
        'finished_at', g.finished_at, 'calls', p_calls, 'message', case when m.id is not null then message_json(m) end);
end $$;

create or replace function generation_end(g generations) returns json language plpgsql stable as $$
declare
    m messages;
begin
    select * into m from messages
    where id = g.reply_id and created_at = g.message_created_at + interval '1 microsecond';
    return generation_end(g, m, ledger_lines(g.id));
end $$;

-- Stores the calls of a worker that may no longer own the generation. They replace the estimate (call -1) that a
-- successor stored for its epoch. When they do, or when the generation has ended already, the ledger learns of them
-- here: an end that is being stored may not see them yet.
create or replace function generation_calls(p_id uuid, p_calls jsonb) returns void language plpgsql as $$
declare
    g generations;
    was_estimated boolean;
begin
    select * into g from generations where id = p_id for update;
    if not found then return; end if;
    update provider_calls p set
        outcome = 'replaced', tokens_in = 0, tokens_out = 0, cost_nanousd = 0, own_in = 0, own_out = 0
    from jsonb_to_recordset(p_calls) as c(epoch int)
    where p.generation_id = p_id and p.epoch = c.epoch and p.call = -1;
    was_estimated := found;
    perform provider_calls_add(p_id, g.user_id, p_calls);
    if g.state in ('queued', 'running') and not was_estimated then return; end if;
    perform usage_event(c) from provider_calls c where c.generation_id = p_id;
end $$;

-- Stores the call of a vanished owner, as of its last heartbeat. Without a heartbeat only its existence is known.
create or replace function generation_abandoned_call(g generations) returns void language sql as $$
    insert into provider_calls (generation_id, epoch, call, user_id, provider, model, outcome, tokens_in, tokens_out,
                                cost_nanousd, latency_ms, own_in, own_out)
    select g.id, g.epoch, -1, g.user_id, coalesce(g.provider, 'unknown'), coalesce(g.used_model, 'unknown'),
           'abandoned', g.tokens_in, g.tokens_out, g.cost_nanousd, 0, g.tokens_in, g.tokens_out
    where g.state = 'running'
      and not exists (select from provider_calls p where p.generation_id = g.id and p.epoch = g.epoch)
    on conflict do nothing
$$;

-- Leases the generations to their owners ("slot#incarnation") and returns the data for answering each. `state`: mine |
-- leased (wait_ms) | unknown | completed, rejected, cancelled, failed (with generation_end). The history begins where
-- the summary ends. Plans as in messages_screen.
create or replace function generations_claim(p_id uuid[], p_owner text[], p_lease_ms bigint[])
returns table (ordinal bigint, claim json)
language plpgsql set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    return query
    with given as (
        select g.* from unnest(p_id, p_owner, p_lease_ms) with ordinality as g(id, owner, lease_ms, ordinal)
    ), mine as (
        -- The usual case is a first claim.
        update generations g set
            state = 'running', epoch = epoch + 1, attempts = attempts + 1, owner = given.owner,
            lease_until = clock_timestamp() + make_interval(secs => given.lease_ms / 1000.0)
        from given where g.id = given.id and g.state = 'queued'
        returning given.ordinal, g.id, g.epoch, g.attempts, g.model, g.parameters, g.user_id, g.conversation_id,
            g.message_created_at, g.message_id, g.safety
    )
    select g.ordinal, json_build_object('state', 'mine', 'epoch', g.epoch, 'attempts', g.attempts,
        'cancelled', exists (select 1 from cancellations c where c.generation_id = g.id and c.user_id = g.user_id),
        'model', coalesce(g.model, v.model, c.model), 'parameters', g.parameters, 'plan', p.id, 'rank', p.rank,
        'context_tokens', p.context_tokens, 'reply_tokens', p.reply_tokens,
        'providers', coalesce(p.features -> 'providers', '[]'),
        'system_prompt', v.system_prompt, 'personality', c.personality, 'summary', v.summary, 'safety', g.safety,
        'quota_tokens', (select q.tokens from message_quota q
                         where q.user_id = g.user_id and q.day = (g.message_created_at at time zone 'utc')::date
                           and q.message_id = g.message_id and q.tokens > 0),
        'tools', (select json_agg(json_build_object('type', 'function', 'function', to_json(t)) order by t.name)
                  from (select name, description, parameters from companion_tools
                        where name = any (c.tools) and (name <> 'memory_search' or not exists (
                            -- The words of a player in a game (sealed_message): memories are the owner's.
                            select from messages m where m.id = g.message_id and m.created_at = g.message_created_at
                                and m.client_message_id like 'game-%'))
                        union all
                        select 'game_' || a.name, a.description, a.parameters
                        from game_verbs a where a.game = s.game and a.min_rank <= p.rank) t),
        'game_session', s.id,
        'history', coalesce((
            select json_agg(h)
            from (select m.role, m.content from messages m
                  where m.conversation_id = g.conversation_id and m.created_at <= g.message_created_at
                    and m.created_at > coalesce(v.summary_until, '-infinity')
                    and m.status in ('accepted', 'completed', 'cancelled') and m.deleted_at is null
                  order by m.created_at desc limit 60) h), '[]'))
    from mine g
    join users u on u.id = g.user_id
    join plans p on p.id = u.plan
    left join conversations v on v.id = g.conversation_id
    left join companions c on c.id = v.companion_id
    left join gaming_sessions s on s.conversation_id = g.conversation_id and s.status = 'active'
    union all
    select given.ordinal, generation_reclaim(given.id, given.owner, given.lease_ms)
    from given where not exists (select from mine where mine.ordinal = given.ordinal);
end $$;

-- Claims a generation that is not queued. When its lease has expired it is queued again and claimed like any other. A
-- lease of an earlier incarnation of the same slot is taken over at once, as that process is dead.
create or replace function generation_reclaim(p_id uuid, p_owner text, p_lease_ms bigint) returns json
language plpgsql as $$
declare
    g generations;
begin
    select * into g from generations where id = p_id for update;
    if not found then return json_build_object('state', 'unknown'); end if;
    if g.state not in ('queued', 'running') then return generation_end(g); end if;
    if g.lease_until > clock_timestamp() and split_part(g.owner, '#', 1) <> split_part(p_owner, '#', 1) then
        return json_build_object('state', 'leased',
            'wait_ms', ceil(extract(epoch from g.lease_until - clock_timestamp()) * 1000));
    end if;
    if g.state = 'running' then perform generation_abandoned_call(g); end if;
    update generations set
        state = 'queued', checkpoint = null, checkpoint_offset = 0, provider = null, used_model = null, tokens_in = 0,
        tokens_out = 0, cost_nanousd = 0
    where id = p_id;
    return (select c.claim from generations_claim(array[p_id], array[p_owner], array[p_lease_ms]) c);
end $$;

-- Extends the lease; stores the text shown so far and the cost of the unfinished call. ok | lost (another owner: stop
-- now) | cancel (the user cancelled).
create or replace function generation_heartbeat(
    p_id uuid, p_epoch int, p_lease_ms bigint, p_text text, p_offset int, p_provider text, p_model text,
    p_in bigint, p_out bigint, p_cost bigint
) returns text
language plpgsql as $$
declare
    owner uuid;
begin
    update generations set
        lease_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0),
        checkpoint = p_text, checkpoint_offset = p_offset, provider = p_provider, used_model = p_model,
        tokens_in = p_in, tokens_out = p_out, cost_nanousd = p_cost
    where id = p_id and epoch = p_epoch and state = 'running' returning user_id into owner;
    if not found then return 'lost'; end if;
    if exists (select 1 from cancellations where generation_id = p_id and user_id = owner) then return 'cancel'; end if;
    return 'ok';
end $$;

-- Begins a new epoch for the same owner, when the next provider will not continue the text shown so far. NULL: lost.
create or replace function generation_restart(p_id uuid, p_epoch int) returns int language sql as $$
    update generations set
        epoch = epoch + 1, checkpoint = null, checkpoint_offset = 0, provider = null, used_model = null,
        tokens_in = 0, tokens_out = 0, cost_nanousd = 0
    where id = p_id and epoch = p_epoch and state = 'running' returning epoch
$$;

-- Returns the lease (drain), so that the next claim need not wait.
create or replace function generation_release(p_id uuid, p_epoch int) returns void language sql as $$
    update generations set lease_until = null, attempts = attempts - 1
    where id = p_id and epoch = p_epoch and state = 'running'
$$;

-- Raises AI001: the lease was lost.
create or replace function generation_fenced(p_id uuid, p_epoch int) returns json language plpgsql as $$
begin
    raise exception 'generation % is not in epoch % any more', p_id, p_epoch using errcode = 'AI001';
end $$;

-- Stores the ends, element by element of the arrays: replies, bills and calls. Raises AI001 when a lease was lost.
-- Returns each one's generation_end. `p_cached`: the reply is the stored one of an earlier, equal request; `p_details`
-- are added to the reply's metadata; `moderation` in them is a decision on the reply, stored once, with its end. A
-- reply whose question was replaced or deleted meanwhile is stored as part of that earlier version: the update waits
-- for the holder of the generation's row, and reads it as it is then. Plans as in messages_screen.
create or replace function generations_finish(
    p_id uuid[], p_epoch int[], p_state text[], p_content text[], p_error text[], p_provider text[], p_model text[],
    p_in bigint[], p_out bigint[], p_cost bigint[], p_latency bigint[], p_offset int[], p_calls jsonb[],
    p_cached boolean[], p_question_bytes int[], p_details jsonb[], p_words text[]
) returns table (ordinal bigint, ended json)
language plpgsql set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    return query
    with given as (
        select g.*
        from unnest(p_id, p_epoch, p_state, p_content, p_error, p_provider, p_model, p_in, p_out, p_cost, p_latency,
                    p_offset, p_calls, p_cached, p_question_bytes, p_details, p_words) with ordinality
            as g(id, epoch, state, content, error, provider, model, tokens_in, tokens_out, cost, latency, "offset",
                 calls, cached, question_bytes, details, words, ordinal)
    ), ends as (
        update generations g set
            state = n.state::generation_state, error_code = n.error, provider = n.provider, used_model = n.model,
            tokens_in = n.tokens_in, tokens_out = n.tokens_out, cost_nanousd = n.cost, latency_ms = n.latency,
            lease_until = null, checkpoint = null, checkpoint_offset = n."offset", finished_at = clock_timestamp()
        from given n where g.id = n.id and g.epoch = n.epoch and g.state = 'running'
        returning n.ordinal, g as generation, n.content, n.words, n.calls, n.cached, n.question_bytes, n.details
    ), replies as (
        insert into messages as m (id, conversation_id, user_id, role, content, content_type, status, generation_id,
                                   created_at, deleted_at, superseded_by, metadata, words)
        select (g).reply_id, (g).conversation_id, (g).user_id, 'assistant', content, 'text',
               (g).state::text::message_status, (g).id, (g).message_created_at + interval '1 microsecond', (g).gone_at,
               case when (g).gone_at is not null then (g).replaced_by end,
               jsonb_build_object('model', (g).used_model, 'provider', (g).provider, 'tokens_in', (g).tokens_in,
                   'tokens_out', (g).tokens_out, 'cost_nanousd', (g).cost_nanousd, 'latency_ms', (g).latency_ms,
                   'generation_id', (g).id, 'attempts', (g).attempts, 'error_code', (g).error_code,
                   'finished_at', (g).finished_at)
               || case when cached then '{"cached": true}' else '{}' end::jsonb || details
               || case when (g).gone_at is not null then '{"superseded": true}' else '{}' end::jsonb
               || coalesce((g).safety, '{}'),
               words::tsvector
        from (select generation as g, content, words, cached, details from ends) e
        returning m as reply
    ), decided as (
        insert into moderation_decisions (message_id, user_id, action, categories, confidence, reason, origin)
        select (e.generation).reply_id, (e.generation).user_id, d.action, d.categories, d.confidence, d.reason, 'reply'
        from ends e, jsonb_to_record(e.details -> 'moderation')
            as d(action text, categories text[], confidence double precision, reason text)
        where e.details ? 'moderation'
        on conflict do nothing
    ), called as (
        insert into provider_calls
        select c.* from ends e, provider_calls_of((e.generation).id, (e.generation).user_id, e.calls) c
        on conflict do nothing returning provider_calls as call
    ), settled as (
        -- The tokens that were reserved and not used are free again. A cached reply has used none.
        update message_quota q set
            tokens = case when e.cached then 0 else (e.generation).tokens_in + (e.generation).tokens_out end,
            settled = true
        from ends e
        where q.user_id = (e.generation).user_id and q.message_id = (e.generation).message_id and not q.settled
          and q.day = ((e.generation).message_created_at at time zone 'utc')::date and q.tokens > 0
    ), counted as (
        -- The question of a reply that belongs no more was taken off in advance (see forget_in_list).
        update conversations c set
            message_count = message_count + t.turns + t.current, tokens_total = tokens_total + t.tokens,
            recent_messages = recent_messages + 2 * t.current, recent_tokens = recent_tokens + t.recent,
            last_message_at = case when t.current > 0 then clock_timestamp() else last_message_at end,
            updated_at = now(),
            last_message_preview = case when t.current > 0 then cut_text(t.last, 120) else last_message_preview end,
            paused_at = case when t.current = 0 or paused_at >= t.asked then paused_at end,
            ended_at = case when t.current = 0 or ended_at >= t.asked then ended_at end
        from (select (generation).conversation_id, count(*) as turns,
                     count(*) filter (where (generation).gone_at is null) as current,
                     max((generation).message_created_at) filter (where (generation).gone_at is null) as asked,
                     sum((generation).tokens_in + (generation).tokens_out) as tokens,
                     coalesce(sum(memory_tokens(octet_length(content)) + memory_tokens(question_bytes))
                              filter (where (generation).gone_at is null), 0) as recent,
                     (array_agg(content order by (generation).message_created_at desc)
                      filter (where (generation).gone_at is null))[1] as last
              from ends group by 1) t
        where c.id = t.conversation_id
    )
    select n.ordinal, case when e.ordinal is null then generation_fenced(n.id, n.epoch)
                           else generation_end(e.generation, r.reply, l.lines) end
    from given n
    left join ends e on e.ordinal = n.ordinal
    left join replies r on (r.reply).id = (e.generation).reply_id
    -- Those of earlier epochs, and those stored above, which the table does not show yet.
    left join lateral (
        select coalesce(json_agg(ledger_line(c.call) order by (c.call).epoch, (c.call).call), '[]') as lines
        from (select p as call from provider_calls p where p.generation_id = n.id
              union all select call from called where (call).generation_id = n.id) c
    ) l on true;
    -- A reply in the conversation of a session is said in its game too.
    perform gaming_speak(g.conversation_id, g.reply_id, n.content)
    from unnest(p_id, p_state, p_content) as n(id, state, content)
    join generations g on g.id = n.id
    join gaming_sessions s on s.conversation_id = g.conversation_id and s.status = 'active'
    where n.state = 'completed' and g.gone_at is null;
    if 'failed' = any (p_state) then
        update messages m set status = 'failed' from generations g
        where g.id = any (p_id) and g.state = 'failed' and m.id = g.message_id and m.created_at = g.message_created_at;
    end if;
end $$;

-- Fails a generation whose record went to the dead letters; a finished one stays as it is.
create or replace function generation_abandon(p_id uuid, p_error text) returns json language plpgsql as $$
declare
    g generations;
begin
    select * into g from generations where id = p_id for update;
    if not found then return null; end if;
    if g.state in ('queued', 'running') then
        perform generation_abandoned_call(g);
        update generations set epoch = epoch + 1, state = 'running' where id = p_id returning * into g;
        return (
            select f.ended
            from generations_finish(array[p_id], array[g.epoch], array['failed'], array[''], array[p_error],
                array[null::text], array[null::text], array[0::bigint], array[0::bigint], array[0::bigint],
                array[0::bigint], array[0], array['[]'::jsonb], array[false], array[0], array['{}'::jsonb],
                array['']) f);
    end if;
    return generation_end(g);
end $$;
