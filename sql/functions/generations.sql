-- The data of a finished generation from which events and frames are made; `m`: its reply, or a row of NULLs. The
-- functions that a message passes through are in plpgsql, which caches plans: a function in SQL that is not inlined is
-- parsed and planned at each call.
create or replace function generation_end(g generations, m messages) returns json language plpgsql stable as $$
begin
    return json_build_object('state', g.state, 'epoch', g.epoch, 'checkpoint_offset', g.checkpoint_offset,
        'provider', g.provider, 'model', g.used_model, 'tokens_in', g.tokens_in, 'tokens_out', g.tokens_out,
        'cost_nanousd', g.cost_nanousd, 'latency_ms', g.latency_ms, 'error_code', g.error_code,
        'finished_at', g.finished_at, 'message', case when m.id is not null then message_json(m) end);
end $$;

create or replace function generation_end(g generations) returns json language plpgsql stable as $$
declare
    m messages;
begin
    select * into m from messages
    where id = g.reply_id and created_at = g.message_created_at + interval '1 microsecond';
    return generation_end(g, m);
end $$;

-- Stores provider calls with their costs.
create or replace function provider_calls_add(p_id uuid, p_user uuid, p_calls jsonb) returns void
language plpgsql as $$
begin
    insert into provider_calls (generation_id, epoch, call, user_id, provider, model, outcome, tokens_in, tokens_out,
                                cost_nanousd, latency_ms)
    select p_id, c.epoch, c.call, p_user, c.provider, c.model, c.outcome, c.tokens_in, c.tokens_out,
           c.cost_nanousd, c.latency_ms
    from jsonb_to_recordset(p_calls) as c(
        epoch int, call int, provider text, model text, outcome text, tokens_in bigint, tokens_out bigint,
        cost_nanousd bigint, latency_ms bigint)
    on conflict do nothing;
end $$;

-- Stores the calls of a worker that may no longer own the generation. They replace the estimate (call -1) that a
-- successor stored for its epoch.
create or replace function generation_calls(p_id uuid, p_calls jsonb) returns void language plpgsql as $$
begin
    delete from provider_calls p using jsonb_to_recordset(p_calls) as c(epoch int)
    where p.generation_id = p_id and p.epoch = c.epoch and p.call = -1;
    perform provider_calls_add(id, user_id, p_calls) from generations where id = p_id;
end $$;

-- Stores the call of a vanished owner, as of its last heartbeat. Without a heartbeat only its existence is known.
create or replace function generation_abandoned_call(g generations) returns void language sql as $$
    insert into provider_calls (generation_id, epoch, call, user_id, provider, model, outcome, tokens_in, tokens_out,
                                cost_nanousd, latency_ms)
    select g.id, g.epoch, -1, g.user_id, coalesce(g.provider, 'unknown'), coalesce(g.used_model, 'unknown'),
           'abandoned', g.tokens_in, g.tokens_out, g.cost_nanousd, 0
    where g.state = 'running'
      and not exists (select from provider_calls p where p.generation_id = g.id and p.epoch = g.epoch)
    on conflict do nothing
$$;

-- Leases the generation to p_owner ("slot#incarnation") and returns the data for answering it. `state`: mine | leased
-- (wait_ms) | unknown | completed, rejected, cancelled, failed (with generation_end). A lease of an earlier incarnation
-- of the same slot is taken over at once, as that process is dead. The history begins where the summary ends.
create or replace function generation_claim(p_id uuid, p_owner text, p_lease_ms bigint) returns json
language plpgsql as $$
declare
    g generations;
begin
    -- The usual case, a first claim, needs this statement only.
    update generations set
        state = 'running', epoch = epoch + 1, attempts = attempts + 1, owner = p_owner,
        lease_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
    where id = p_id and state = 'queued' returning * into g;
    if not found then
        select * into g from generations where id = p_id for update;
        if not found then return json_build_object('state', 'unknown'); end if;
        if g.state not in ('queued', 'running') then return generation_end(g); end if;
        if g.lease_until > clock_timestamp() and split_part(g.owner, '#', 1) <> split_part(p_owner, '#', 1) then
            return json_build_object('state', 'leased',
                'wait_ms', ceil(extract(epoch from g.lease_until - clock_timestamp()) * 1000));
        end if;
        if g.state = 'running' then perform generation_abandoned_call(g); end if;
        update generations set
            state = 'running', epoch = epoch + 1, attempts = attempts + 1, owner = p_owner,
            lease_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0),
            checkpoint = null, checkpoint_offset = 0, provider = null, used_model = null, tokens_in = 0,
            tokens_out = 0, cost_nanousd = 0
        where id = p_id returning * into g;
    end if;
    return (
        select json_build_object('state', 'mine', 'epoch', g.epoch, 'attempts', g.attempts,
            'cancelled', exists (select 1 from cancellations c where c.generation_id = p_id and c.user_id = g.user_id),
            'model', coalesce(g.model, v.model, c.model), 'parameters', g.parameters, 'plan', p.id, 'rank', p.rank,
            'context_tokens', p.context_tokens, 'reply_tokens', p.reply_tokens,
            'providers', coalesce(p.features -> 'providers', '[]'),
            'system_prompt', v.system_prompt, 'personality', c.personality, 'summary', v.summary,
            'history', coalesce((
                select json_agg(h)
                from (select m.role, m.content from messages m
                      where m.conversation_id = g.conversation_id and m.created_at <= g.message_created_at
                        and m.created_at > coalesce(v.summary_until, '-infinity')
                        and m.status in ('accepted', 'completed', 'cancelled') and m.deleted_at is null
                      order by m.created_at desc limit 60) h), '[]'))
        from users u join plans p on p.id = u.plan
        left join conversations v on v.id = g.conversation_id
        left join companions c on c.id = v.companion_id
        where u.id = g.user_id);
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

-- Stores the end: reply, bill and calls. Raises AI001 when the lease was lost. Returns generation_end.
create or replace function generation_finish(
    p_id uuid, p_epoch int, p_state text, p_content text, p_error text, p_provider text, p_model text,
    p_in bigint, p_out bigint, p_cost bigint, p_latency bigint, p_offset int, p_calls jsonb
) returns json
language plpgsql as $$
declare
    g generations;
    m messages;
begin
    update generations set
        state = p_state::generation_state, error_code = p_error, provider = p_provider, used_model = p_model,
        tokens_in = p_in, tokens_out = p_out, cost_nanousd = p_cost, latency_ms = p_latency, lease_until = null,
        checkpoint = null, checkpoint_offset = p_offset, finished_at = clock_timestamp()
    where id = p_id and epoch = p_epoch and state = 'running' returning * into g;
    if not found then
        raise exception 'generation % is not in epoch % any more', p_id, p_epoch using errcode = 'AI001';
    end if;
    insert into messages (id, conversation_id, user_id, role, content, content_type, status, generation_id, created_at,
                          metadata)
    values (g.reply_id, g.conversation_id, g.user_id, 'assistant', p_content, 'text', p_state::message_status, g.id,
            g.message_created_at + interval '1 microsecond',
            jsonb_build_object('model', p_model, 'provider', p_provider, 'tokens_in', p_in, 'tokens_out', p_out,
                'cost_nanousd', p_cost, 'latency_ms', p_latency, 'generation_id', g.id, 'attempts', g.attempts,
                'error_code', p_error, 'finished_at', g.finished_at))
    returning * into m;
    if p_state = 'failed' then
        update messages set status = 'failed' where id = g.message_id and created_at = g.message_created_at;
    end if;
    perform provider_calls_add(p_id, g.user_id, p_calls);
    update conversations set
        message_count = message_count + 2, tokens_total = tokens_total + p_in + p_out,
        last_message_at = clock_timestamp(), updated_at = now(), last_message_preview = left(p_content, 120)
    where id = g.conversation_id;
    return generation_end(g, m);
end $$;

-- Finishes with the stored reply of an earlier, equal request. Returns generation_end.
create or replace function generation_finish_cached(
    p_id uuid, p_epoch int, p_content text, p_provider text, p_model text, p_in bigint, p_out bigint,
    p_latency bigint, p_offset int
) returns json
language plpgsql as $$
declare
    g generations;
    m messages;
begin
    perform generation_finish(p_id, p_epoch, 'completed', p_content, null, p_provider, p_model, p_in, p_out, 0,
                              p_latency, p_offset, '[]');
    select * into g from generations where id = p_id;
    update messages set metadata = metadata || '{"cached": true}'
    where id = g.reply_id and created_at = g.message_created_at + interval '1 microsecond'
    returning * into m;
    return generation_end(g, m);
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
        return generation_finish(p_id, g.epoch, 'failed', '', p_error, null, null, 0, 0, 0, 0, 0, '[]');
    end if;
    return generation_end(g);
end $$;
