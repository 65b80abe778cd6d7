create or replace function operation_json(o operations) returns json language sql stable as $$
    select json_build_object('id', o.id, 'kind', o.kind, 'parameters', o.parameters, 'state', o.state,
        'progress', o.progress, 'result', o.result, 'error', o.error, 'requested_by', o.requested_by,
        'created_at', o.created_at, 'started_at', o.started_at, 'ended_at', o.ended_at)
$$;

-- The mistake in a request of that kind; NULL: none. The worker reads the rest.
create or replace function operation_mistake(p_kind text, p_parameters jsonb) returns text
language sql immutable as $$
    select case
        when p_kind in ('replay', 'retry_dead_letters', 'park_dead_letters', 'drop_dead_letters', 'move_group')
            and p_parameters ->> 'topic' is null then 'topic is missing'
        when p_kind = 'move_group' and p_parameters ->> 'group' is null then 'group is missing'
        when p_kind = 'move_group' and p_parameters ->> 'place' is null then 'place is missing'
        when (p_parameters ->> 'from')::timestamptz >= (p_parameters ->> 'to')::timestamptz
            then 'from must be before to'
    end
$$;

-- Stores a request of the caller's and returns it, or a refusal. Repeated with the same id it changes nothing.
create or replace function operation_request(p_id uuid, p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin(true);
    mistake text := operation_mistake(p_body ->> 'kind', p_body);
    o operations;
begin
    if refused is not null then return refused; end if;
    if mistake is not null then return refusal(422, 'VALIDATION_FAILED', mistake); end if;
    insert into operations (id, kind, parameters, requested_by)
    values (p_id, p_body ->> 'kind', p_body - 'kind', caller())
    on conflict (id) do nothing;
    if found then perform audit(null, 'operation.requested', p_id::text, p_body); end if;
    select * into o from operations where id = p_id;
    return operation_json(o);
end $$;

-- A page of all operations, newest first.
create or replace function operations_page(p_cursor text, p_limit int) returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select * from operations o
        where unless_admin() is null and (p_cursor is null or (o.created_at, o.id)
               < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by o.created_at desc, o.id desc limit p_limit + 1
    ), shown as (select * from page order by created_at desc, id desc limit p_limit)
    select coalesce(json_agg(operation_json(s.*::operations) order by created_at desc, id desc), '[]'),
        case when (select count(*) from page) > p_limit
             then (select created_at || '|' || id from shown order by created_at, id limit 1) end
    from shown s
$$;

-- NULL: there is no such operation.
create or replace function operation_read(p_id uuid) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select coalesce(unless_admin(), (select operation_json(o) from operations o where o.id = p_id))
$$;

-- One that has not begun ends at once, a running one when its worker looks. NULL: there is no such operation.
create or replace function operation_cancel(p_id uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin(true);
    o operations;
begin
    if refused is not null then return refused; end if;
    update operations set
        state = case state when 'requested' then 'cancelled' else 'cancelling' end,
        ended_at = case state when 'requested' then now() end
    where id = p_id and state in ('requested', 'running') returning * into o;
    if found then
        perform audit(null, 'operation.cancelled', p_id::text);
        return operation_json(o);
    end if;
    select * into o from operations where id = p_id;
    if not found then return null; end if;
    if o.state = 'cancelling' or o.state = 'cancelled' then return operation_json(o); end if;
    return refusal(409, 'OPERATION_ENDED', 'the operation has ended');
end $$;

-- A worker begins, or goes on. {"is": "claimed", …}, "ended", or "leased" when another worker has it; NULL: there is no
-- such operation.
create or replace function operation_claim(p_id uuid, p_worker text, p_lease interval) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    o operations;
begin
    update operations set state = case state when 'requested' then 'running' else state end, worker = p_worker,
        lease_until = now() + p_lease, attempts = attempts + 1, started_at = coalesce(started_at, now())
    where id = p_id and state in ('requested', 'running', 'cancelling')
      and (worker is null or worker = p_worker or lease_until < now())
    returning * into o;
    if found then
        return json_build_object('is', 'claimed', 'kind', o.kind, 'parameters', o.parameters, 'place', o.place,
            'attempts', o.attempts);
    end if;
    return (select json_build_object('is', case when state in ('requested', 'running', 'cancelling') then 'leased'
                                           else 'ended' end)
            from operations where id = p_id);
end $$;

-- Extends the lease. The operation's state then; NULL: another worker has it.
create or replace function operation_heartbeat(p_id uuid, p_worker text, p_lease interval, p_progress jsonb)
returns text language sql security definer set search_path = airi, pg_temp as $$
    update operations set lease_until = now() + p_lease, progress = p_progress
    where id = p_id and worker = p_worker and state in ('running', 'cancelling') returning state
$$;

-- Stores how far a replay is. False: another worker has the operation.
create or replace function operation_store(p_id uuid, p_worker text, p_place jsonb) returns boolean
language sql security definer set search_path = airi, pg_temp as $$
    with stored as (
        update operations set place = p_place
        where id = p_id and worker = p_worker and state in ('running', 'cancelling') returning 1)
    select exists (select from stored)
$$;

-- Another worker may go on at once.
create or replace function operation_release(p_id uuid, p_worker text) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update operations set worker = null, lease_until = null, attempts = attempts - 1
    where id = p_id and worker = p_worker
$$;

-- Ends the operation, unless another worker has it.
create or replace function operation_finish(
    p_id uuid, p_worker text, p_state text, p_progress jsonb, p_result jsonb, p_error text
) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update operations set state = p_state, progress = p_progress, result = p_result, error = p_error,
        worker = null, lease_until = null, ended_at = now()
    where id = p_id and worker = p_worker and state in ('running', 'cancelling')
$$;

-- Its record was given up.
create or replace function operation_give_up(p_id uuid) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update operations set state = 'failed', error = 'the worker gave it up', worker = null, lease_until = null,
        ended_at = now()
    where id = p_id and state in ('requested', 'running', 'cancelling')
$$;
