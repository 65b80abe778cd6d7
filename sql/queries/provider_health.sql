-- name: provider_health.save
insert into provider_health as h (provider, instance, state, success_rate, latency_ms, failures, last_error, updated_at)
select e.provider, :instance, e.state, e.success_rate, e.latency_ms, e.failures, e.last_error, now()
from jsonb_to_recordset(:health::jsonb) as e(
    provider text, state text, success_rate double precision, latency_ms bigint, failures int, last_error text)
on conflict (provider, instance) do update set state = excluded.state, success_rate = excluded.success_rate,
    latency_ms = excluded.latency_ms, failures = excluded.failures, last_error = excluded.last_error,
    updated_at = now();

-- name: provider_health.list
select coalesce(jsonb_agg(jsonb_build_object('provider', provider, 'state', state, 'success_rate', success_rate,
    'latency_ms', latency_ms, 'updated_at', updated_at)), '[]')::text
from (select distinct on (provider) * from provider_health where updated_at > now() - interval '5 minutes'
      order by provider, (state = 'closed') desc, updated_at desc) h;
