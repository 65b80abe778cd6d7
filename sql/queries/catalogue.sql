-- name: catalogue.rate_limits
-- The rate limits for unauthenticated requests.
select name, max_requests, window_seconds, strategy from rate_limits where scope = 'ip' and plan = '*';

-- name: catalogue.models
-- `api_id` is the model's id at its provider. `tier` is another name for it (setting ai_tiers), with the version of the
-- provider's API for it. `connected`: a worker that was alive lately has the provider; before the first worker, all
-- are.
select m.provider, m.model, m.min_rank, m.priority, m.input_price, m.output_price, m.context_tokens, m.reply_tokens,
    m.version, coalesce(i.api_id, m.model) as api_id, m.stand_in, t.tier, t.api_version,
    h.providers is null or m.provider = any (h.providers) as connected,
    coalesce(m.cached_price, m.input_price) as cached_price,
    coalesce(m.cache_write_price, m.input_price) as cache_write_price,
    coalesce(m.reasoning_price, m.output_price) as reasoning_price
from model_prices m
left join model_ids i using (provider, model)
left join (
    select e.key as tier, e.value ->> 'provider' as provider, e.value ->> 'model' as model,
           e.value ->> 'api_version' as api_version
    from jsonb_each(setting('ai_tiers')) e) t using (provider, model)
cross join (
    select array_agg(distinct provider) as providers from provider_health
    where updated_at > (select max(updated_at) from provider_health) - interval '5 minutes') h
where m.active order by m.priority, m.provider, m.model;

-- name: catalogue.plans
select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name,
    'tier', coalesce(p.tier, p.id), 'price_cents', p.price_cents,
    'currency', p.currency, 'billing_period', p.billing_period, 'features', p.features,
    'sold', p.stripe_price_id is not null, 'yearly_price_cents', p.yearly_price_cents,
    'trial_days', p.trial_days, 'context_tokens', p.context_tokens, 'limits', (
        select coalesce(jsonb_object_agg(l.resource || '_per_' || l.period, l.amount), '{}')
        from plan_limits l where l.plan = p.id))
    order by p.position), '[]')::text
from plans p where p.active;

-- name: catalogue.settings
-- All of them, and the public ones.
select jsonb_object_agg(key, value)::text, coalesce(jsonb_object_agg(key, value) filter (where is_public), '{}')::text
from settings_in_force();

-- name: catalogue.flags
select d.name, coalesce(f.enabled, d.enabled), coalesce(f.rollout_percentage, 100), coalesce(f.rule, '{}')::text
from flag_declarations() d left join feature_flags f using (name) order by d.name;

-- name: catalogue.setting
select setting(:key) #>> '{}';

-- name: catalogue.provider_settings
-- The settings by which the workers choose providers and ask them.
select coalesce(jsonb_object_agg(key, value), '{}')::text from settings_in_force() where category = 'providers';

-- name: catalogue.blocked_terms
select coalesce(json_agg(json_build_object('term', term, 'category', category, 'action', action, 'pattern', pattern)
    order by term, pattern), '[]')::text
from blocked_terms where not shadow and action <> 'none';

-- name: catalogue.moderation_rules
select coalesce(json_agg(json_build_object('category', category, 'audience', audience, 'plan', plan, 'warn', warn,
    'review', review, 'block', block) order by category, audience, plan), '[]')::text
from moderation_rules where not shadow;

-- name: catalogue.shadow_rules
-- The terms and rules that would be in force if the shadow's rows were. No row: the shadow has none.
select
    (select coalesce(json_agg(json_build_object('term', term, 'category', category, 'action', action,
         'pattern', pattern) order by term, pattern), '[]')
     from (select distinct on (term, pattern) * from blocked_terms order by term, pattern, shadow desc) t
     where action <> 'none')::text,
    (select coalesce(json_agg(json_build_object('category', category, 'audience', audience, 'plan', plan, 'warn', warn,
         'review', review, 'block', block) order by category, audience, plan), '[]')
     from (select distinct on (category, audience, plan) * from moderation_rules
           order by category, audience, plan, shadow desc) r)::text
where exists (select from blocked_terms where shadow) or exists (select from moderation_rules where shadow);
