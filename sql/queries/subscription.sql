-- name: subscription.current
select json_build_object('plan', p.id, 'name', p.name,
    'status', coalesce(s.status, case when p.is_default then 'free' else 'active' end),
    'price_cents', p.price_cents, 'currency', p.currency, 'billing_period', p.billing_period, 'features', p.features,
    'limits', (select coalesce(jsonb_object_agg(l.resource || '_per_' || l.period, l.amount), '{}')
               from plan_limits l where l.plan = p.id),
    'subscription', case when s.id is not null then json_build_object('id', s.id, 'provider', s.provider,
        'plan', s.plan, 'amount', s.amount, 'currency', s.currency, 'interval', s.interval,
        'current_period_start', s.period_start, 'current_period_end', s.period_end, 'trial_end', s.trial_end,
        'cancel_at', s.cancel_at, 'canceled_at', s.canceled_at, 'next_plan', s.next_plan,
        'next_interval', s.next_interval, 'withdraw_until', s.withdraw_until) end)::text
from users u
join plans p on p.id = u.plan
left join lateral (
    select x.*, withdraw_until(x) from subscriptions x
    where x.user_id = u.id and x.status not in ('canceled', 'incomplete_expired')
    order by x.created_at desc limit 1) s on true
where u.id = caller();
