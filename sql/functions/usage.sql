-- Stores usage events, each once: the log's key decides which are new, and only those are added to the day. Returns
-- today's sums of the users and resources that changed: [{user_id, resource, used}].
create or replace function usage_record(p_events jsonb) returns jsonb language plpgsql as $$
declare
    changed jsonb;
begin
    with fresh as (
        insert into usage_log (event_id, user_id, resource, quantity, provider, model, tokens_in, tokens_out,
                               cost_nanousd, outcome, reference, occurred_at)
        select e.event_id, e.user_id, e.resource, e.quantity, e.provider, e.model, e.tokens_in, e.tokens_out,
               e.cost_nanousd, e.outcome, e.reference, e.occurred_at
        from jsonb_to_recordset(p_events) as e(
            event_id uuid, user_id uuid, resource text, quantity bigint, provider text, model text, tokens_in bigint,
            tokens_out bigint, cost_nanousd bigint, outcome text, reference uuid, occurred_at timestamptz)
        on conflict do nothing
        returning *
    ), summed as (
        insert into usage_daily as d (user_id, day, resource, model, requests, quantity, tokens_in, tokens_out,
                                      cost_nanousd)
        select user_id, (occurred_at at time zone 'utc')::date, resource, model, count(*), sum(quantity),
               sum(tokens_in), sum(tokens_out), sum(cost_nanousd)
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
