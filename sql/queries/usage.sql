-- name: usage.today
select coalesce(jsonb_object_agg(resource, used), '{}')::text from (
    select resource, sum(quantity) as used from usage_daily
    where user_id = caller() and day = (now() at time zone 'utc')::date group by resource) d;

-- name: usage.record
-- The day's changed sums of the resources that the user's plan names, each with its limit. Others, as the calls for
-- titles and summaries, are internal.
select coalesce(jsonb_agg(s || jsonb_build_object('limit', l.amount)), '[]')::text
from jsonb_array_elements(usage_record(:events::jsonb)) s
join users u on u.id = (s ->> 'user_id')::uuid
join (select plan, resource, max(amount) filter (where period = 'day') as amount from plan_limits group by 1, 2) l
    on l.plan = u.plan and l.resource = s ->> 'resource';
