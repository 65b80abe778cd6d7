-- Begins a request with an Idempotency-Key: {outcome, seed, at (ms since 1970), answer, wait (s)}. `fresh`: it is the
-- first one. `again`: it was begun, and left no answer: it is carried out again, with the same ids. `answered`: the
-- answer is known. `busy`: the first one is still running. `reused`: the key belongs to another request.
create or replace function idempotency_begin(
    p_id text, p_request text, p_seed uuid, p_generation uuid, p_busy_ms int
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    k idempotency_keys;
    outcome text;
    until timestamptz := clock_timestamp() + make_interval(secs => p_busy_ms / 1000.0);
begin
    insert into idempotency_keys as i (id, user_id, request, seed, generation, busy_until)
    values (p_id, caller(), p_request, p_seed, p_generation, until)
    on conflict (id) do update set
        request = excluded.request, seed = excluded.seed, generation = excluded.generation, status = null,
        answer = null, busy_until = excluded.busy_until, created_at = now()
    where i.created_at < now() - interval '1 day'
    returning * into k;
    if found then
        outcome := 'fresh';
    else
        select * into k from idempotency_keys where id = p_id for update;
        if not found then
            -- It ended without an answer to be repeated, this moment.
            return json_build_object('outcome', 'busy', 'wait', 1);
        end if;
        outcome := case
            when k.request <> p_request then 'reused'
            when k.status is not null then 'answered'
            when k.busy_until > clock_timestamp() and not exists (
                select from generations g where g.id = k.generation and g.state not in ('queued', 'running'))
                then 'busy'
            else 'again' end;
        if outcome = 'again' then update idempotency_keys set busy_until = until where id = p_id; end if;
    end if;
    return json_build_object('outcome', outcome, 'seed', k.seed,
        'at', floor(extract(epoch from k.created_at) * 1000)::bigint, 'answer', k.answer,
        'wait', greatest(1, least(5, ceil(extract(epoch from k.busy_until - clock_timestamp()))))::int);
end $$;

-- Stores the answer of a request that was begun.
create or replace function idempotency_end(p_id text, p_status int, p_answer text) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update idempotency_keys set status = p_status, answer = p_answer
    where id = p_id and user_id is not distinct from caller() and status is null
$$;

-- Forgets a request that changed nothing, so that it may be tried again. One whose message was sent is kept.
create or replace function idempotency_forget(p_id text) returns void
language sql security definer set search_path = airi, pg_temp as $$
    delete from idempotency_keys k
    where id = p_id and user_id is not distinct from caller() and status is null
      and not exists (select from generations g where g.id = k.generation)
$$;
