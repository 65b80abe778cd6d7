-- name: provider_health.save
-- A worker's own view of each provider. `open_ms`: how much longer it is excluded; `age_ms`: since the last call or
-- probe.
insert into provider_health as h (provider, instance, state, success_rate, latency_ms, failures, last_error, open_until,
                                  measured_at, updated_at)
select e.provider, :instance, e.state, e.success_rate, e.latency_ms, e.failures, e.last_error,
       now() + make_interval(secs => e.open_ms / 1000.0), now() - make_interval(secs => e.age_ms / 1000.0), now()
from jsonb_to_recordset(:health::jsonb) as e(
    provider text, state text, success_rate double precision, latency_ms bigint, failures int, last_error text,
    open_ms bigint, age_ms bigint)
on conflict (provider, instance) do update set state = excluded.state, success_rate = excluded.success_rate,
    latency_ms = excluded.latency_ms, failures = excluded.failures, last_error = excluded.last_error,
    open_until = excluded.open_until, measured_at = excluded.measured_at, updated_at = now();

-- name: provider_health.others
-- The views of the other workers that were alive in the last minute, taken together. A rate or latency is the mean of
-- those that have measured one; -1: no such worker.
select provider, count(*) as workers, count(measured_at) as measured,
    coalesce(avg(success_rate) filter (where measured_at is not null), 1) as success_rate,
    coalesce(round(avg(latency_ms) filter (where latency_ms > 0)), 0)::bigint as latency_ms,
    coalesce(ceil(extract(epoch from max(open_until) - now()) * 1000), 0)::bigint as open_ms,
    coalesce(floor(extract(epoch from now() - max(measured_at)) * 1000), -1)::bigint as age_ms
from provider_health where instance <> :instance and updated_at > now() - interval '1 minute'
group by provider;

-- name: provider_health.list
select coalesce(jsonb_agg(jsonb_build_object('provider', provider, 'state', state, 'success_rate', success_rate,
    'latency_ms', latency_ms, 'updated_at', updated_at)), '[]')::text
from (select distinct on (provider) * from provider_health where updated_at > now() - interval '5 minutes'
      order by provider, (state = 'closed') desc, updated_at desc) h;
