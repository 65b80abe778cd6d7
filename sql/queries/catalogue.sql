-- name: catalogue.rate_limits
-- The limits for callers without an account.
select name, max_requests, window_seconds from rate_limits where scope = 'ip' and plan = '*';

-- name: catalogue.models
select provider, model, min_rank, priority, input_nanousd, output_nanousd, context_tokens, reply_tokens, version
from model_prices where active order by priority, provider, model;

-- name: catalogue.plans
select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'price_cents', p.price_cents, 'currency', p.currency,
    'billing_period', p.billing_period, 'features', p.features, 'context_tokens', p.context_tokens,
    'limits', (select coalesce(jsonb_object_agg(l.resource || '_per_' || l.period, l.amount), '{}') from plan_limits l where l.plan = p.id))
    order by p.position), '[]')::text
from plans p where p.active;

-- name: catalogue.public_settings
select coalesce(jsonb_object_agg(key, value), '{}')::text from system_settings where is_public;

-- name: catalogue.setting
select value #>> '{}' from system_settings where key = :key;

-- name: catalogue.blocked_terms
select term, category, action from blocked_terms;

-- name: provider_health.save
insert into provider_health as h (provider, instance, state, success_rate, latency_ms, failures, last_error, updated_at)
select e.provider, :instance, e.state, e.success_rate, e.latency_ms, e.failures, e.last_error, now()
from jsonb_to_recordset(:health::jsonb) as e(provider text, state text, success_rate double precision, latency_ms bigint, failures int, last_error text)
on conflict (provider, instance) do update set state = excluded.state, success_rate = excluded.success_rate,
    latency_ms = excluded.latency_ms, failures = excluded.failures, last_error = excluded.last_error, updated_at = now();

-- name: provider_health.list
select coalesce(jsonb_agg(jsonb_build_object('provider', provider, 'state', state, 'success_rate', success_rate,
    'latency_ms', latency_ms, 'updated_at', updated_at)), '[]')::text
from (select distinct on (provider) * from provider_health where updated_at > now() - interval '5 minutes'
      order by provider, (state = 'closed') desc, updated_at desc) h;
