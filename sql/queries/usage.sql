-- name: usage.today
select usage_today()::text;

-- name: usage.report
select usage_report(:from::date, :to::date, :group_by)::text;

-- name: usage.receipt
select usage_receipt(:id::uuid)::text;

-- name: usage.costs
select usage_costs(:days::int)::text;

-- name: usage.add_mail
-- A mail that was sent, in the transaction that records its event as handled: each has its line and its cost once. It
-- is the operator's: it stands under an id that no user has.
with handled as (
    select event_id from (select :event::uuid as event_id, :at::timestamptz as at) given
    where inbox_add(:consumer, event_id, at)
)
select outbox_add(event_id, 'usage.recorded.v1', operator, json_build_object(
    'user_id', operator, 'resource', 'emails', 'quantity', 1, 'provider', '', 'model', '', 'tokens_in', 0,
    'tokens_out', 0, 'cost_nanousd', setting_int('mail_cost_nanousd'), 'outcome', 'completed', 'reference', event_id,
    'occurred_at', now()), :traceparent, '')
from handled, lateral (select md5('operator')::uuid::text) as o (operator);

-- name: usage.record
-- The day's changed sums of the resources that the user's plan names, each with its limit and what counts against it.
-- Others, as the calls for titles and summaries, are internal.
select coalesce(jsonb_agg(s || jsonb_build_object('limit', l.amount)
    || case when l.amount >= 0 then jsonb_strip_nulls(jsonb_build_object('used', quota_used(u.id, l.resource)))
            else '{}' end), '[]')::text
from jsonb_array_elements(usage_record(:events::jsonb)) s
join users u on u.id = (s ->> 'user_id')::uuid
join (select plan, resource, max(amount) filter (where period = 'day') as amount from plan_limits group by 1, 2) l
    on l.plan = u.plan and l.resource = s ->> 'resource';

-- name: usage.correct_sums
select usage_correct_sums('-infinity');
