-- The usage ledger. Each call of a model is stored with what it cost (provider_calls), and is one line of usage_log, as
-- is each message; the events of the lines may come in any order, late and more than once.

-- A worker's JSON array of calls as rows. A worker of the previous version leaves members out.
create or replace function provider_calls_of(p_id uuid, p_user uuid, p_calls jsonb) returns setof provider_calls
language sql stable as $$
    select p_id, c.epoch, c.call, p_user, c.provider, c.model, c.outcome, c.tokens_in, c.tokens_out, c.cost_nanousd,
           c.latency_ms, now(), coalesce(c.tokens_cached, 0), coalesce(c.tokens_cache_write, 0),
           coalesce(c.tokens_reasoning, 0), coalesce(c.own_in, 0), coalesce(c.own_out, 0),
           coalesce(c.counted_by, 'airi'), c.reported, c.price_version
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

-- Publishes a call's line again: usage.recorded.v1 as events/usage.hpp declares it.
create or replace function usage_event(c provider_calls) returns void language sql as $$
    select outbox_add((l ->> 'id')::uuid, 'usage.recorded.v1', c.user_id::text, json_build_object(
        'user_id', c.user_id, 'resource', 'tokens', 'quantity', c.tokens_in + c.tokens_out, 'provider', c.provider,
        'model', c.model, 'tokens_in', c.tokens_in, 'tokens_out', c.tokens_out, 'cost_nanousd', c.cost_nanousd,
        'outcome', c.outcome, 'reference', c.generation_id, 'occurred_at', c.created_at,
        'tokens_cached', c.tokens_cached, 'tokens_reasoning', c.tokens_reasoning,
        'price_version', coalesce(c.price_version, 0)), '', '')
    from ledger_line(c) l
$$;

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

-- The feature of a row of the ledger: messages and the calls for them are one, every other resource is its own.
create or replace function usage_feature(p_resource text) returns text language sql immutable as $$
    select case when p_resource in ('messages', 'tokens') then 'chat' else p_resource end
$$;

-- The caller's usage of today: {resource: quantity}; of a limited resource, the use of its quota.
create or replace function usage_today() returns json language sql stable as $$
    with today as (
        select (now() at time zone 'utc')::date as day
    ), counted as (
        select resource, sum(quantity)::bigint as used from usage_daily, today
        where user_id = caller() and usage_daily.day = today.day group by resource
        union all
        select 'conversations', count(*) from conversations, today
        where user_id = caller() and created_at >= today.day at time zone 'utc'
    ), reserved as (
        select l.resource, quota_used(u.id, l.resource) as used
        from plan_limits l join users u on u.plan = l.plan and u.id = caller()
        where l.resource in ('messages', 'tokens', 'gaming_seconds') and l.period = 'day' and l.amount >= 0
    )
    select coalesce(json_object_agg(resource, used), '{}') from (
        select * from reserved
        union all select * from counted c where c.resource not in (select resource from reserved)) u
$$;

-- Sums of rows of usage_daily, as reports have them.
create or replace function usage_sums(d usage_daily[]) returns json language sql immutable as $$
    select json_build_object(
        'messages', coalesce(sum(quantity) filter (where resource = 'messages'), 0),
        'calls', coalesce(sum(requests) filter (where model <> '' and resource <> 'messages'), 0),
        'tokens_in', coalesce(sum(tokens_in), 0), 'tokens_out', coalesce(sum(tokens_out), 0),
        'tokens_cached', coalesce(sum(tokens_cached), 0), 'tokens_reasoning', coalesce(sum(tokens_reasoning), 0),
        'cost_nanousd', coalesce(sum(cost_nanousd), 0))
    from unnest(d)
$$;

-- The caller's usage from one day (UTC) to another, by day, model or feature, or by all of them: a row a group.
create or replace function usage_report(p_from date, p_to date, p_by text) returns json
language plpgsql stable as $$
declare
    first date := coalesce(p_from, (now() at time zone 'utc')::date - 29);
    last date := coalesce(p_to, (now() at time zone 'utc')::date);
begin
    if last < first or last - first > 366 then
        return refusal(422, 'VALIDATION_FAILED', 'from and to must be at most 366 days apart, from first');
    end if;
    return json_build_object('from', first, 'to', last, 'rows', (
        select coalesce(json_agg(json_build_object(
            'day', g.day, 'feature', g.feature, 'model', g.model, 'sums', usage_sums(g.rows))
            order by g.day, g.feature, g.model), '[]')
        from (select case when p_by in ('day', 'all') then day end as day,
                     case when p_by in ('feature', 'all') then usage_feature(resource) end as feature,
                     case when p_by in ('model', 'all') then model end as model, array_agg(d) as rows
              from usage_daily d
              where user_id = caller() and day between first and last
              group by 1, 2, 3) g));
end $$;

-- How the cost of one of the caller's messages, or of its reply, came about. NULL: there is none.
create or replace function usage_receipt(p_message uuid) returns json language sql stable as $$
    select json_build_object(
        'message_id', g.message_id, 'reply_id', g.reply_id, 'generation_id', g.id, 'state', g.state,
        'attempts', g.attempts,
        'calls', (
            select coalesce(json_agg(json_build_object(
                'epoch', c.epoch, 'call', c.call, 'provider', c.provider, 'model', c.model, 'outcome', c.outcome,
                'counted_by', c.counted_by, 'tokens_in', c.tokens_in, 'tokens_out', c.tokens_out,
                'tokens_cached', c.tokens_cached, 'tokens_cache_write', c.tokens_cache_write,
                'tokens_reasoning', c.tokens_reasoning, 'own_tokens_in', c.own_in, 'own_tokens_out', c.own_out,
                'reported', c.reported::json, 'price_version', c.price_version, 'cost_nanousd', c.cost_nanousd,
                'latency_ms', c.latency_ms, 'at', c.created_at) order by c.epoch, c.call), '[]')
            from provider_calls c where c.generation_id = g.id),
        'ledger', (
            select coalesce(json_agg(json_build_object(
                'id', l.event_id, 'resource', l.resource, 'quantity', l.quantity, 'model', l.model,
                'outcome', l.outcome, 'cost_nanousd', l.cost_nanousd, 'at', l.occurred_at)
                order by l.occurred_at, l.event_id), '[]')
            from usage_log l where l.user_id = g.user_id and l.reference = g.id),
        'cost_nanousd', (select coalesce(sum(c.cost_nanousd), 0) from provider_calls c where c.generation_id = g.id))
    from messages m join generations g on g.id = m.generation_id
    where m.id = p_message and m.user_id = caller() and g.user_id = caller()
$$;

-- The costs of this month so far and its budget, in nano-dollars; no budget: NULL.
create or replace function usage_month() returns table (month date, cost bigint, budget bigint)
language sql stable as $$
    select date_trunc('month', now() at time zone 'utc')::date,
           (select coalesce(sum(cost_nanousd), 0)::bigint from usage_daily
            where day >= date_trunc('month', now() at time zone 'utc')::date),
           nullif((setting('monthly_budget_cents_usd') #>> '{}')::bigint, 0) * 10000000
$$;

-- For administrators: the costs of the last days, the budget, and each model's speed, failures and the difference
-- between our counts and its provider's.
create or replace function usage_costs(p_days int) returns json
language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    first date := (now() at time zone 'utc')::date - p_days + 1;
begin
    if refused is not null then return refused; end if;
    return json_build_object(
        'days', p_days,
        'budget', (select json_build_object('month', m.month, 'cost_nanousd', m.cost, 'budget_nanousd', m.budget,
            'warnings', (select coalesce(json_agg(json_build_object('percent', w.percent, 'at', w.created_at)
                                                  order by w.percent), '[]')
                         from budget_warnings w where w.month = m.month)) from usage_month() m),
        'by_day', (
            select coalesce(json_agg(json_build_object('day', g.day, 'feature', g.feature, 'sums', usage_sums(g.rows))
                                     order by g.day, g.feature), '[]')
            from (select day, usage_feature(resource) as feature, array_agg(d) as rows
                  from usage_daily d where day >= first group by 1, 2) g),
        'models', (
            select coalesce(json_agg(json_build_object('provider', c.provider, 'model', c.model, 'calls', c.calls,
                'estimated_calls', c.estimated, 'provider_tokens_in', c.their_in, 'own_tokens_in', c.our_in,
                'provider_tokens_out', c.their_out, 'own_tokens_out', c.our_out, 'failed_calls', c.failed,
                'latency_ms_p50', c.latency[1]::int, 'latency_ms_p95', c.latency[2]::int)
                order by c.provider, c.model), '[]')
            from (select provider, model, count(*) as calls, count(*) filter (where counted_by = 'airi') as estimated,
                         count(*) filter (where outcome not in ('completed', 'cancelled')) as failed,
                         percentile_cont(array[0.5, 0.95]) within group (order by latency_ms)
                             filter (where outcome = 'completed') as latency,
                         coalesce(sum(tokens_in) filter (where counted_by = 'provider'), 0) as their_in,
                         coalesce(sum(own_in) filter (where counted_by = 'provider'), 0) as our_in,
                         coalesce(sum(tokens_out) filter (where counted_by = 'provider'), 0) as their_out,
                         coalesce(sum(own_out) filter (where counted_by = 'provider'), 0) as our_out
                  from provider_calls where created_at >= first at time zone 'utc' and outcome <> 'replaced'
                  group by 1, 2) c));
end $$;

-- Warns the administrators when 80 and 100 % of the month's budget are used, once each.
create or replace function job_budget() returns bigint language plpgsql as $$
declare
    told bigint;
begin
    with reached as (
        insert into budget_warnings (month, percent, cost_nanousd, budget_nanousd)
        select m.month, t.percent, m.cost, m.budget from usage_month() m, unnest(array[80, 100]) as t(percent)
        where m.cost * 100 >= m.budget * t.percent
        on conflict do nothing returning *
    )
    select coalesce(sum(notify_administrators('budget', format('%s %% of the month''s budget are used', r.percent),
        format('%s of %s USD are used since %s.', round(r.cost_nanousd / 1e9, 2), round(r.budget_nanousd / 1e9, 2),
               r.month),
        jsonb_build_object('percent', r.percent, 'month', r.month))), 0) into told from reached r;
    return told;
end $$;

-- The sums of the log since a day, where usage_daily has others. Both are of one moment.
create or replace function usage_wrong_sums(p_first date) returns table (
    user_id uuid, day date, resource text, model text, requests bigint, quantity numeric, tokens_in numeric,
    tokens_out numeric, cost_nanousd numeric, tokens_cached numeric, tokens_reasoning numeric)
language sql stable as $$
    select s.* from (
        select l.user_id, (l.occurred_at at time zone 'utc')::date as day, l.resource, l.model,
               count(*) filter (where l.outcome <> 'replaced') as requests, sum(l.quantity) as quantity,
               sum(l.tokens_in) as tokens_in, sum(l.tokens_out) as tokens_out, sum(l.cost_nanousd) as cost_nanousd,
               sum(l.tokens_cached) as tokens_cached, sum(l.tokens_reasoning) as tokens_reasoning
        from usage_log l where l.occurred_at >= p_first at time zone 'utc' group by 1, 2, 3, 4) s
    left join usage_daily d using (user_id, day, resource, model)
    where (d.requests, d.quantity, d.tokens_in, d.tokens_out, d.cost_nanousd, d.tokens_cached, d.tokens_reasoning)
        is distinct from (s.requests, s.quantity, s.tokens_in, s.tokens_out, s.cost_nanousd, s.tokens_cached,
                          s.tokens_reasoning)
$$;

-- Makes the sums of usage_daily since a day those of the log. Returns the number of corrected rows.
create or replace function usage_correct_sums(p_first date) returns bigint language plpgsql as $$
declare
    wrong bigint := 0;
begin
    if exists (select from usage_wrong_sums(p_first)) then
        -- No event is being counted meanwhile.
        lock table usage_daily in share row exclusive mode;
        insert into usage_daily as d (user_id, day, resource, model, requests, quantity, tokens_in, tokens_out,
                                      cost_nanousd, tokens_cached, tokens_reasoning)
        select * from usage_wrong_sums(p_first)
        on conflict (user_id, day, resource, model) do update set
            requests = excluded.requests, quantity = excluded.quantity, tokens_in = excluded.tokens_in,
            tokens_out = excluded.tokens_out, cost_nanousd = excluded.cost_nanousd,
            tokens_cached = excluded.tokens_cached, tokens_reasoning = excluded.tokens_reasoning;
        get diagnostics wrong = row_count;
    end if;
    return wrong;
end $$;

-- Compares the ledger with the calls and the sums with the ledger, and corrects both: the event of a call without a
-- line is published again, and the last days' sums become those of the log. Returns the number of corrected rows.
create or replace function job_usage_reconciliation() returns bigint language plpgsql as $$
declare
    first date := (now() at time zone 'utc')::date - 2;
    lost bigint;
begin
    select count(*) into lost
    from provider_calls c
    join generations g on g.id = c.generation_id and g.state not in ('queued', 'running')
    cross join lateral usage_event(c) sent
    where c.created_at between (first at time zone 'utc') and now() - interval '10 minutes'
      and not exists (select from usage_log l where l.event_id = (ledger_line(c) ->> 'id')::uuid);
    return lost + usage_correct_sums(first);
end $$;
