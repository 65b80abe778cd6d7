-- The steps of a message's way, one function each, so that each is one statement in one flight. Every step may be
-- repeated with the same ids and changes nothing the second time.
set search_path = airi;

-- A message as clients see it.
create function message_json(m messages) returns json language sql stable as $$
    select json_build_object('id', m.id, 'conversation_id', m.conversation_id, 'role', m.role, 'content', m.content,
        'content_type', m.content_type, 'status', m.status, 'client_message_id', m.client_message_id,
        'generation_id', m.generation_id, 'created_at', m.created_at, 'metadata', m.metadata)
$$;

-- Moderation's result: the message, its generation, and a decision unless it is `allow`. Only `block` refuses; `warn` and
-- `review` pass and are kept for people to see. The generation's row is the judge: a repeated message id with another time changes nothing.
create function message_screen(p_message uuid, p_conversation uuid, p_user uuid, p_generation uuid, p_reply uuid,
    p_client text, p_content text, p_content_type text, p_model text, p_parameters jsonb, p_listed boolean,
    p_created timestamptz, p_action text, p_categories text[], p_confidence double precision, p_reason text, p_replaces uuid)
returns void language plpgsql as $$
declare
    refused boolean := p_action = 'block';
    hidden int;
begin
    insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, model, parameters,
                             state, error_code, finished_at)
    values (p_generation, p_conversation, p_user, p_message, p_created, p_reply, nullif(p_model, ''),
            coalesce(p_parameters, '{}'), case when refused then 'rejected'::generation_state else 'queued' end,
            case when refused then p_reason end, case when refused then now() end)
    on conflict do nothing;
    if not found then return; end if;
    insert into messages (id, conversation_id, user_id, role, content, content_type, status, client_message_id,
                          generation_id, created_at)
    values (p_message, p_conversation, p_user, 'user', p_content, p_content_type::message_content_type,
            case when refused then 'rejected'::message_status else 'accepted' end, nullif(p_client, ''), p_generation, p_created);
    if p_action <> 'allow' then
        insert into moderation_decisions (message_id, user_id, action, categories, confidence, reason)
        values (p_message, p_user, p_action, p_categories, p_confidence, p_reason) on conflict do nothing;
    end if;
    -- What a question takes the place of stays as an earlier version.
    if p_replaces is not null and not refused then
        update messages set deleted_at = now(), superseded_by = p_message
        where conversation_id = p_conversation and user_id = p_user and created_at < p_created and deleted_at is null
          and created_at >= (select created_at from messages where id = p_replaces and conversation_id = p_conversation);
        get diagnostics hidden = row_count;
        update conversations set message_count = message_count - hidden where id = p_conversation;
    end if;
    -- A turn is counted, and moves its conversation up, when it ends; before that only the first one names it.
    if p_listed then
        update conversations set title = case when title = '' then left(p_content, 60) else title end,
               message_count = message_count + refused::int, last_message_at = p_created, updated_at = now(),
               last_message_preview = left(p_content, 120)
        where id = p_conversation and (refused or title = '');
    end if;
end $$;

-- The end of a message that could not be stored as it was: its generation has failed, its text is in the dead letters.
create function message_abandon(p_message uuid, p_conversation uuid, p_user uuid, p_generation uuid, p_reply uuid,
    p_created timestamptz, p_error text) returns void language sql as $$
    with fresh as (
        insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, state, error_code, finished_at)
        values (p_generation, p_conversation, p_user, p_message, p_created, p_reply, 'failed', p_error, now())
        on conflict do nothing returning id)
    insert into messages (id, conversation_id, user_id, role, content, status, generation_id, created_at)
    select p_message, p_conversation, p_user, 'user', '', 'failed', id, p_created from fresh
$$;

-- The facts of a finished generation that its derived events and frames are made of; `m`: its reply, if there is one. Like
-- everything on a message's way in plpgsql, which keeps its plans: a function in SQL that is not inlined is parsed and
-- planned at each call. Its JSON is `json`, which is only ever read by programs.
create function generation_end(g generations, m messages) returns json language plpgsql stable as $$
begin
    return json_build_object('state', g.state, 'epoch', g.epoch, 'checkpoint_offset', g.checkpoint_offset,
        'provider', g.provider, 'model', g.used_model, 'tokens_in', g.tokens_in, 'tokens_out', g.tokens_out,
        'cost_nanousd', g.cost_nanousd, 'latency_ms', g.latency_ms, 'error_code', g.error_code,
        'finished_at', g.finished_at, 'message', case when m.id is not null then message_json(m) end);
end $$;

create function generation_end(g generations) returns json language plpgsql stable as $$
declare
    m messages;
begin
    select * into m from messages where id = g.reply_id and created_at = g.message_created_at + interval '1 microsecond';
    return generation_end(g, m);
end $$;

-- What provider calls cost us.
create function provider_calls_add(p_id uuid, p_user uuid, p_calls jsonb) returns void language plpgsql as $$
begin
    insert into provider_calls (generation_id, epoch, call, user_id, provider, model, outcome, tokens_in, tokens_out,
                                cost_nanousd, latency_ms)
    select p_id, c.epoch, c.call, p_user, c.provider, c.model, c.outcome, c.tokens_in, c.tokens_out, c.cost_nanousd, c.latency_ms
    from jsonb_to_recordset(p_calls) as c(epoch int, call int, provider text, model text, outcome text, tokens_in bigint,
                                          tokens_out bigint, cost_nanousd bigint, latency_ms bigint)
    on conflict do nothing;
end $$;

-- The calls of a worker that may no longer own the generation; it knows better than the mark that a successor left of its epoch.
create function generation_calls(p_id uuid, p_calls jsonb) returns void language plpgsql as $$
begin
    delete from provider_calls p using jsonb_to_recordset(p_calls) as c(epoch int)
    where p.generation_id = p_id and p.epoch = c.epoch and p.call = -1;
    perform provider_calls_add(id, user_id, p_calls) from generations where id = p_id;
end $$;

-- The call of an owner that is gone, as its last heartbeat told of it. Before that, nothing is known but that there was one.
create function generation_abandoned_call(g generations) returns void language sql as $$
    insert into provider_calls (generation_id, epoch, call, user_id, provider, model, outcome, tokens_in, tokens_out,
                                cost_nanousd, latency_ms)
    select g.id, g.epoch, -1, g.user_id, coalesce(g.provider, 'unknown'), coalesce(g.used_model, 'unknown'), 'abandoned',
           g.tokens_in, g.tokens_out, g.cost_nanousd, 0
    where g.state = 'running'
      and not exists (select from provider_calls p where p.generation_id = g.id and p.epoch = g.epoch)
    on conflict do nothing
$$;

-- Takes the generation for p_owner ("slot#incarnation") and tells all that answering needs. `state`: mine | leased
-- (wait_ms) | unknown | completed, rejected, cancelled, failed (with generation_end). A lease of an earlier incarnation
-- of the same slot is taken over at once: that process is dead.
create function generation_claim(p_id uuid, p_owner text, p_lease_ms bigint) returns json language plpgsql as $$
declare
    g generations;
begin
    -- Nearly always nobody has had it yet, and this one statement is all.
    update generations set state = 'running', epoch = epoch + 1, attempts = attempts + 1, owner = p_owner,
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
        update generations set state = 'running', epoch = epoch + 1, attempts = attempts + 1, owner = p_owner,
               lease_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0), checkpoint = null, checkpoint_offset = 0,
               provider = null, used_model = null, tokens_in = 0, tokens_out = 0, cost_nanousd = 0
        where id = p_id returning * into g;
    end if;
    return (
        select json_build_object('state', 'mine', 'epoch', g.epoch, 'attempts', g.attempts,
            'cancelled', exists (select 1 from cancellations c where c.generation_id = p_id and c.user_id = g.user_id),
            'model', coalesce(g.model, v.model, c.model), 'parameters', g.parameters, 'plan', p.id, 'rank', p.rank,
            'context_tokens', p.context_tokens, 'reply_tokens', p.reply_tokens,
            'providers', coalesce(p.features -> 'providers', '[]'),
            'system_prompt', v.system_prompt, 'personality', c.personality,
            'history', coalesce((
                select json_agg(h)
                from (select m.role, m.content from messages m
                      where m.conversation_id = g.conversation_id and m.created_at <= g.message_created_at
                        and m.status in ('accepted', 'completed', 'cancelled') and m.deleted_at is null
                      order by m.created_at desc limit 60) h), '[]'))
        from users u join plans p on p.id = u.plan
        left join conversations v on v.id = g.conversation_id
        left join companions c on c.id = v.companion_id
        where u.id = g.user_id);
end $$;

-- Extends the lease and keeps the text shown so far and what the call under way has cost. ok | lost (someone else owns it:
-- stop now) | cancel (the user's wish).
create function generation_heartbeat(p_id uuid, p_epoch int, p_lease_ms bigint, p_text text, p_offset int, p_provider text,
    p_model text, p_in bigint, p_out bigint, p_cost bigint) returns text
language plpgsql as $$
declare
    owner uuid;
begin
    update generations set lease_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0),
           checkpoint = p_text, checkpoint_offset = p_offset, provider = p_provider, used_model = p_model,
           tokens_in = p_in, tokens_out = p_out, cost_nanousd = p_cost
    where id = p_id and epoch = p_epoch and state = 'running' returning user_id into owner;
    if not found then return 'lost'; end if;
    if exists (select 1 from cancellations where generation_id = p_id and user_id = owner) then return 'cancel'; end if;
    return 'ok';
end $$;

-- A new epoch for the same owner, when text was shown that the next provider will not continue. NULL: lost.
create function generation_restart(p_id uuid, p_epoch int) returns int language sql as $$
    update generations set epoch = epoch + 1, checkpoint = null, checkpoint_offset = 0, provider = null, used_model = null,
           tokens_in = 0, tokens_out = 0, cost_nanousd = 0
    where id = p_id and epoch = p_epoch and state = 'running' returning epoch
$$;

-- Gives the lease back (drain): the next claim need not wait.
create function generation_release(p_id uuid, p_epoch int) returns void language sql as $$
    update generations set lease_until = null, attempts = attempts - 1 where id = p_id and epoch = p_epoch and state = 'running'
$$;

-- The end: reply, bill and calls, or nothing and AI001 when the lease was lost. Returns generation_end.
create function generation_finish(p_id uuid, p_epoch int, p_state text, p_content text, p_error text, p_provider text,
    p_model text, p_in bigint, p_out bigint, p_cost bigint, p_latency bigint, p_offset int, p_calls jsonb) returns json
language plpgsql as $$
declare
    g generations;
    m messages;
begin
    update generations set state = p_state::generation_state, error_code = p_error, provider = p_provider, used_model = p_model,
           tokens_in = p_in, tokens_out = p_out, cost_nanousd = p_cost, latency_ms = p_latency, lease_until = null,
           checkpoint = null, checkpoint_offset = p_offset, finished_at = clock_timestamp()
    where id = p_id and epoch = p_epoch and state = 'running' returning * into g;
    if not found then
        raise exception 'generation % is not in epoch % any more', p_id, p_epoch using errcode = 'AI001';
    end if;
    insert into messages (id, conversation_id, user_id, role, content, content_type, status, generation_id, created_at, metadata)
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
    update conversations set message_count = message_count + 2, tokens_total = tokens_total + p_in + p_out,
           last_message_at = clock_timestamp(), updated_at = now(), last_message_preview = left(p_content, 120)
    where id = g.conversation_id;
    return generation_end(g, m);
end $$;

-- The end of a generation whose record went to the dead letters; one that has ended already stays as it is.
create function generation_abandon(p_id uuid, p_error text) returns json language plpgsql as $$
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

-- Usage events, each counted once: the log's key decides which are new, only the new ones are added to the day. Returns
-- today's sums of the users and resources that changed: [{user_id, resource, used}].
create function usage_record(p_events jsonb) returns jsonb language plpgsql as $$
declare
    changed jsonb;
begin
    with fresh as (
        insert into usage_log (event_id, user_id, resource, quantity, provider, model, tokens_in, tokens_out,
                               cost_nanousd, outcome, reference, occurred_at)
        select e.event_id, e.user_id, e.resource, e.quantity, e.provider, e.model, e.tokens_in, e.tokens_out,
               e.cost_nanousd, e.outcome, e.reference, e.occurred_at
        from jsonb_to_recordset(p_events) as e(event_id uuid, user_id uuid, resource text, quantity bigint, provider text,
             model text, tokens_in bigint, tokens_out bigint, cost_nanousd bigint, outcome text, reference uuid,
             occurred_at timestamptz)
        on conflict do nothing
        returning *
    ), summed as (
        insert into usage_daily as d (user_id, day, resource, model, requests, quantity, tokens_in, tokens_out, cost_nanousd)
        select user_id, (occurred_at at time zone 'utc')::date, resource, model, count(*), sum(quantity), sum(tokens_in),
               sum(tokens_out), sum(cost_nanousd)
        from fresh group by 1, 2, 3, 4 order by 1, 2, 3, 4
        on conflict (user_id, day, resource, model) do update set
            requests = d.requests + excluded.requests, quantity = d.quantity + excluded.quantity,
            tokens_in = d.tokens_in + excluded.tokens_in, tokens_out = d.tokens_out + excluded.tokens_out,
            cost_nanousd = d.cost_nanousd + excluded.cost_nanousd
        returning user_id, day, resource, model, quantity
    ), today as (
        select s.user_id, s.resource, sum(s.quantity) + coalesce((
                   select sum(d.quantity) from usage_daily d
                   where d.user_id = s.user_id and d.day = s.day and d.resource = s.resource
                     and d.model <> all (array_agg(s.model))), 0) as used
        from summed s where s.day = (now() at time zone 'utc')::date group by s.user_id, s.day, s.resource
    )
    select coalesce(jsonb_agg(jsonb_build_object('user_id', user_id, 'resource', resource, 'used', used)), '[]')
    into changed from today;
    return changed;
end $$;

do $$ begin
    for i in -1..3 loop
        perform create_monthly_partition((now() + make_interval(months => i))::date);
    end loop;
end $$;

revoke all on function message_screen, message_abandon, generation_claim, provider_calls_add, generation_calls,
    generation_abandoned_call, generation_heartbeat, generation_restart,
    generation_release, generation_finish, generation_abandon, usage_record from public;
grant execute on function message_screen, message_abandon, generation_claim, provider_calls_add, generation_calls,
    generation_abandoned_call, generation_heartbeat, generation_restart,
    generation_release, generation_finish, generation_abandon, usage_record to airi_worker;
revoke all on function message_json, generation_end(generations), generation_end(generations, messages) from public;
grant execute on function message_json, generation_end(generations), generation_end(generations, messages) to airi_app, airi_worker;
