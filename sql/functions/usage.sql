-- The usage ledger. Each call of a model is stored with what it cost (provider_calls), and is one line of usage_log, as
-- is each message; the events of the lines may come in any order, late and more than once.

-- The rows that a worker's JSON array of calls stands for.
create or replace function provider_calls_of(p_id uuid, p_user uuid, p_calls jsonb) returns setof provider_calls
language sql stable as $$
    select p_id, c.epoch, c.call, p_user, c.provider, c.model, c.outcome, c.tokens_in, c.tokens_out, c.cost_nanousd,
           c.latency_ms, now(), c.tokens_cached, c.tokens_cache_write, c.tokens_reasoning, c.own_in, c.own_out,
           c.counted_by, c.reported, c.price_version
    from jsonb_to_recordset(p_calls) as c(
        epoch int, call int, provider text, model text, outcome text, tokens_in bigint, tokens_out bigint,
        cost_nanousd bigint, latency_ms bigint, tokens_cached bigint, tokens_cache_write bigint,
        tokens_reasoning bigint, own_in bigint, own_out bigint, counted_by text, reported text, price_version int)
$$;

create or replace function provider_calls_add(p_id uuid, p_user uuid, p_calls jsonb) returns void
language plpgsql as $$
begin
    insert into provider_calls select * from provider_calls_of(p_id, p_user, p_calls) on conflict do nothing;
end $$;

-- A call as a line of the ledger; its id is the event's.
create or replace function ledger_line(c provider_calls) returns json language plpgsql stable as $$
begin
    return json_build_object(
        'id', md5(c.generation_id || '/' || c.epoch || '/' || c.call)::uuid, 'provider', c.provider,
        'model', c.model, 'outcome', c.outcome, 'tokens_in', c.tokens_in, 'tokens_out', c.tokens_out,
        'tokens_cached', c.tokens_cached, 'tokens_reasoning', c.tokens_reasoning, 'cost_nanousd', c.cost_nanousd,
        'price_version', coalesce(c.price_version, 0), 'at', c.created_at);
end $$;

-- The lines of one generation, title or summary: [ledger_line].
create or replace function ledger_lines(p_id uuid) returns json language plpgsql stable as $$
begin
    return (select coalesce(json_agg(ledger_line(c) order by c.epoch, c.call), '[]')
            from provider_calls c where c.generation_id = p_id);
end $$;

-- Stores usage events, each once: the log's key decides which are new, and only those are added to the day. A line that
-- was replaced is taken off again, and stays off when it comes late. Returns today's sums of the users and resources
-- that changed: [{user_id, resource, used}].
create or replace function usage_record(p_events jsonb) returns jsonb language plpgsql as $$
declare
    changed jsonb;
begin
    with given as (
        select distinct on (e.event_id) e.*
        from jsonb_to_recordset(p_events) as e(
            event_id uuid, user_id uuid, resource text, quantity bigint, provider text, model text, tokens_in bigint,
            tokens_out bigint, cost_nanousd bigint, outcome text, reference uuid, occurred_at timestamptz,
            tokens_cached bigint, tokens_reasoning bigint, price_version int)
        order by e.event_id, e.outcome = 'replaced' desc
    ), replaced as (
        select l.* from usage_log l join given g on g.event_id = l.event_id
        where g.outcome = 'replaced' and l.outcome <> 'replaced' for update of l
    ), emptied as (
        update usage_log l set
            outcome = 'replaced', quantity = 0, tokens_in = 0, tokens_out = 0, cost_nanousd = 0, tokens_cached = 0,
            tokens_reasoning = 0
        from replaced r where l.event_id = r.event_id
    ), fresh as (
        insert into usage_log (event_id, user_id, resource, quantity, provider, model, tokens_in, tokens_out,
                               cost_nanousd, outcome, reference, occurred_at, tokens_cached, tokens_reasoning,
                               price_version)
        select event_id, user_id, resource, quantity, provider, model, tokens_in, tokens_out, cost_nanousd, outcome,
               reference, occurred_at, coalesce(tokens_cached, 0), coalesce(tokens_reasoning, 0),
               nullif(price_version, 0)
        from given
        on conflict do nothing
        returning *
    ), changes as (
        select f.*, (outcome <> 'replaced')::int as requests from fresh f
        union all
        select event_id, user_id, resource, -quantity, provider, model, -tokens_in, -tokens_out, -cost_nanousd, outcome,
               reference, occurred_at, created_at, -tokens_cached, -tokens_reasoning, price_version, -1
        from replaced
    ), summed as (
        insert into usage_daily as d (user_id, day, resource, model, requests, quantity, tokens_in, tokens_out,
                                      cost_nanousd, tokens_cached, tokens_reasoning)
        select user_id, (occurred_at at time zone 'utc')::date, resource, model, sum(requests), sum(quantity),
               sum(tokens_in), sum(tokens_out), sum(cost_nanousd), sum(tokens_cached), sum(tokens_reasoning)
        from changes group by 1, 2, 3, 4 order by 1, 2, 3, 4
        on conflict (user_id, day, resource, model) do update set
            requests = d.requests + excluded.requests, quantity = d.quantity + excluded.quantity,
            tokens_in = d.tokens_in + excluded.tokens_in, tokens_out = d.tokens_out + excluded.tokens_out,
            cost_nanousd = d.cost_nanousd + excluded.cost_nanousd,
            tokens_cached = d.tokens_cached + excluded.tokens_cached,
            tokens_reasoning = d.tokens_reasoning + excluded.tokens_reasoning
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
