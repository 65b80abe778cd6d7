-- name: usage.today
select coalesce(jsonb_object_agg(resource, used), '{}')::text from (
    select resource, sum(quantity) as used from usage_daily
    where user_id = caller() and day = (now() at time zone 'utc')::date group by resource) d;

-- name: usage.record
-- The day's changed sums, each with its plan's limit.
select coalesce(jsonb_agg(s || jsonb_build_object('limit', l.amount)), '[]')::text
from jsonb_array_elements(usage_record(:events::jsonb)) s
left join users u on u.id = (s ->> 'user_id')::uuid
left join plan_limits l on l.plan = u.plan and l.resource = s ->> 'resource' and l.period = 'day';
