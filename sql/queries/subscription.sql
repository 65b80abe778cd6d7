-- name: subscription.current
select json_build_object('plan', p.id, 'name', p.name,
    'status', case when p.price_cents = 0 then 'free' else 'active' end,
    'price_cents', p.price_cents, 'currency', p.currency, 'billing_period', p.billing_period, 'features', p.features,
    'limits', (select coalesce(jsonb_object_agg(l.resource || '_per_' || l.period, l.amount), '{}')
               from plan_limits l where l.plan = p.id))::text
from users u join plans p on p.id = u.plan where u.id = caller();
