-- The Statex profile: AI prototypes and chat on three AI tiers. Applied by the owner of the tables in one
-- transaction: applying it again changes nothing, and over another profile it leaves only this one's rows in
-- force. Money in cents, model prices in nano-dollars per token. Decisions of ours, where the specification
-- is silent, are marked "ours".
set search_path = airi;

-- Rows of another profile go; what an operator added to this one stays.
delete from feature_flags
    where not exists (select from system_settings where key = 'profile' and value = '"statex"');
delete from blocked_terms
    where not exists (select from system_settings where key = 'profile' and value = '"statex"');
update companions set deleted_at = now()
    where not exists (select from system_settings where key = 'profile' and value = '"statex"')
    and owner is null and deleted_at is null;
delete from system_settings
    where not exists (select from system_settings where key = 'profile' and value = '"statex"');

-- Documented: the three service tiers, unlocked by a completed payment, in euro; gpt-4 with 2,000 tokens a
-- reply, up to 4,000 on request. Ours: the prices, and what a tier unlocks: quota, priority, and the
-- providers it may use. `providers` binds the chain: eu_compliance never reaches a provider outside the EU,
-- and no tier falls back to another's (the local and the simulated one stay in the house).
update plans set is_default = false where is_default and id <> 'standard';
with kept as (
    insert into plans (id, name, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
                       reply_tokens, features, is_default, position)
    values
        ('standard', 'Standard', 0, 0, 'eur', 'once', null, 8000, 2000,
         '{"chat": true, "voice": true, "images": false, "gaming": false, "custom_avatars": false, '
         '"api_keys": false, "prototypes": true, "priority": false, "providers": ["openai", "ollama", '
         '"simulated"], "summary": "Two AI requests a day."}',
         true, 1),
        ('eu_compliance', 'EU compliance', 10, 2900, 'eur', 'once', null, 8000, 4000,
         '{"chat": true, "voice": true, "images": false, "gaming": false, "custom_avatars": false, '
         '"api_keys": false, "prototypes": true, "priority": false, "providers": ["azure", "ollama", '
         '"simulated"], "summary": "20 AI requests a day, answered within the EU."}',
         false, 2),
        ('premium', 'Premium', 20, 4900, 'eur', 'once', null, 8000, 4000,
         '{"chat": true, "voice": true, "images": false, "gaming": false, "custom_avatars": false, '
         '"api_keys": false, "prototypes": true, "priority": true, "providers": ["azure", "openai", '
         '"ollama", "simulated"], "summary": "100 AI requests a day on every AI tier, first in line."}',
         false, 3)
    on conflict (id) do update set
        name = excluded.name, rank = excluded.rank, price_cents = excluded.price_cents,
        currency = excluded.currency, billing_period = excluded.billing_period,
        stripe_price_id = excluded.stripe_price_id, context_tokens = excluded.context_tokens,
        reply_tokens = excluded.reply_tokens, features = excluded.features,
        is_default = excluded.is_default, active = true, position = excluded.position
    returning id)
update plans set active = false, is_default = false where id not in (select id from kept);

-- Documented for everybody: 2 AI requests and 10 uploads a day; they hold for standard, the paid tiers are
-- ours. A message is an AI request, by whichever route it comes.
with kept as (
    insert into plan_limits (plan, resource, period, amount) values
        ('standard', 'messages', 'day', 2), ('standard', 'voice_seconds', 'day', 300),
        ('standard', 'gaming_seconds', 'day', 0), ('standard', 'uploads', 'day', 10),
        ('standard', 'companions', 'stock', 0), ('standard', 'custom_avatars', 'stock', 0),
        ('eu_compliance', 'messages', 'day', 20), ('eu_compliance', 'voice_seconds', 'day', 1800),
        ('eu_compliance', 'gaming_seconds', 'day', 0), ('eu_compliance', 'uploads', 'day', 50),
        ('eu_compliance', 'companions', 'stock', 0), ('eu_compliance', 'custom_avatars', 'stock', 0),
        ('premium', 'messages', 'day', 100), ('premium', 'voice_seconds', 'day', 3600),
        ('premium', 'gaming_seconds', 'day', 0), ('premium', 'uploads', 'day', 100),
        ('premium', 'companions', 'stock', 0), ('premium', 'custom_avatars', 'stock', 0)
    on conflict (plan, resource, period) do update set amount = excluded.amount
    returning plan, resource, period)
delete from plan_limits where (plan, resource, period) not in (select plan, resource, period from kept);

-- Documented, each with a counter of its own in 24 hours: AI 2, uploads 10, everything else 100, by user or
-- else by address. They hold for the lowest tier and for requests without a user (`anonymous`, and the
-- groups' rows for an address); paid tiers, login, refresh, contact, subscription and an address as such are
-- ours. Payment webhooks have none.
with kept as (
    insert into rate_limits (name, plan, scope, max_requests, window_seconds) values
        ('api', '*', 'user', 100, 86400), ('api', 'eu_compliance', 'user', 2000, 86400),
        ('api', 'premium', 'user', 10000, 86400), ('api', '*', 'ip', 20000, 86400),
        ('anonymous', '*', 'ip', 100, 86400),
        ('auth', '*', 'ip', 10, 900), ('avatars', '*', 'ip', 600, 60),
        ('refresh', '*', 'ip', 300, 900), ('refresh', '*', 'user', 60, 900),
        ('ai', '*', 'user', 2, 86400), ('ai', 'eu_compliance', 'user', 20, 86400),
        ('ai', 'premium', 'user', 100, 86400), ('ai', '*', 'ip', 2, 86400),
        ('chat', '*', 'user', 2, 86400), ('chat', 'eu_compliance', 'user', 20, 86400),
        ('chat', 'premium', 'user', 100, 86400),
        ('upload', '*', 'user', 10, 86400), ('upload', 'eu_compliance', 'user', 50, 86400),
        ('upload', 'premium', 'user', 100, 86400), ('upload', '*', 'ip', 10, 86400),
        ('voice', '*', 'user', 2, 86400), ('voice', 'eu_compliance', 'user', 20, 86400),
        ('voice', 'premium', 'user', 100, 86400),
        ('contact', '*', 'ip', 5, 3600),
        ('subscription', '*', 'user', 20, 3600)
    on conflict (name, plan, scope) do update
        set max_requests = excluded.max_requests, window_seconds = excluded.window_seconds
    returning name, plan, scope)
delete from rate_limits where (name, plan, scope) not in (select name, plan, scope from kept);

-- 0.03 USD per 1,000 tokens are 30,000 nano-dollars a token; Azure costs twice as much, for service within
-- the EU; Ollama is free. Ours: context sizes; the simulated model, always last. The price version rises by
-- itself when a price changes.
with kept as (
    insert into model_prices (provider, model, min_rank, priority, input_nanousd, output_nanousd,
                              context_tokens, reply_tokens, active)
    values
        ('azure', 'gpt-4', 10, 5, 60000, 60000, 8192, 4000, true),
        ('openai', 'gpt-4', 0, 10, 30000, 30000, 8192, 4000, true),
        ('ollama', 'codellama', 0, 890, 0, 0, 16384, 4000, true),
        ('ollama', 'llama3.2', 0, 900, 0, 0, 8192, 4096, true),
        ('simulated', 'simulated-1', 0, 1000, 100, 200, 32768, 4096, true)
    on conflict (provider, model) do update set
        version = model_prices.version
            + ((model_prices.input_nanousd, model_prices.output_nanousd)
               is distinct from (excluded.input_nanousd, excluded.output_nanousd))::int,
        min_rank = excluded.min_rank, priority = excluded.priority, input_nanousd = excluded.input_nanousd,
        output_nanousd = excluded.output_nanousd, context_tokens = excluded.context_tokens,
        reply_tokens = excluded.reply_tokens, active = excluded.active
    returning provider, model)
update model_prices set active = false where (provider, model) not in (select provider, model from kept);

-- The five payment gateways, and the agents a prototype may be given to (16 are claimed, none is described).
insert into feature_flags (name, enabled, rollout_percentage, rule) values
    ('rate_limiting', true, 100, '{}'),
    ('websockets', true, 100, '{}'),
    ('file_uploads', true, 100, '{}'),
    ('voice_chat', true, 100, '{"user_segments": []}'),
    ('gaming_integration', false, 100, '{}'),
    ('custom_avatars', false, 100, '{}'),
    ('prototypes', true, 100, '{"agents": []}'),
    ('payments_stripe', true, 100, '{"methods": ["card", "sepa_debit", "ideal", "bancontact"]}'),
    ('payments_paypal', true, 100, '{}'),
    ('payments_crypto_coinbase', true, 100, '{}'),
    ('payments_crypto_btcpay', true, 100, '{}'),
    ('payments_comgate', true, 100, '{"country": "CZ", "language": "cs"}')
on conflict (name) do update set
    enabled = excluded.enabled, rollout_percentage = excluded.rollout_percentage, rule = excluded.rule;

-- Documented: the AI tiers and their parameters, files of 24 hours, links of an hour, 0.0001 USD an e-mail, 5
-- seconds for a slow request, trace samples, the budget, and a limiter that fails open. Ours: it fails closed
-- where a request costs money; tokens, realtime, circuit breaker, strikes, retention as on the platform.
insert into system_settings (key, value, category, is_public) values
    ('profile', '"statex"', 'general', true),
    ('auto_title', 'true', 'chat', false),
    ('reply_cache_seconds', '300', 'chat', false),
    ('product_name', '"Statex"', 'general', true),
    ('product_tagline', '"From an idea to a prototype."', 'general', true),
    ('currency', '"eur"', 'billing', true),
    ('avatar_gallery', '["avatar-dawn", "avatar-ember", "avatar-fern", "avatar-moon", "avatar-reef", "avatar-sky"]', 'avatars', true),
    ('max_sessions', '3', 'auth', false),
    ('age_gate', '"off"', 'privacy', true),
    ('minor_age', '13', 'privacy', true),
    ('erasure_days', '30', 'privacy', true),
    ('onboarding_steps',
     '[{"id": "profile", "title": "Complete your profile"}, '
     '{"id": "first_prototype", "title": "Ask for a prototype"}]',
     'general', true),
    ('access_token_seconds', '3600', 'auth', false),
    ('refresh_token_days', '7', 'auth', false),
    ('refresh_before_seconds', '300', 'auth', true),
    ('message_max_bytes', '32000', 'chat', true),
    ('gateway_currencies',
     '{"stripe": "eur", "paypal": "eur", "crypto_coinbase": "usd", "crypto_btcpay": "eur", '
     '"comgate": "czk"}',
     'billing', true),
    ('ai_tiers',
     '{"ollama": {"provider": "ollama", "model": "codellama"}, "openai": {"provider": "openai", '
     '"model": "gpt-4"}, "azure": {"provider": "azure", "model": "gpt-4", '
     '"api_version": "2023-12-01-preview"}}',
     'providers', true),
    ('ai_tier_default', '"openai"', 'providers', true),
    ('provider_fallback', 'false', 'providers', false),
    ('ai_message_characters', '10000', 'chat', true),
    ('temperature', '0.7', 'chat', false),
    ('ai_max_tokens', '{"default": 2000, "most": 4000}', 'chat', true),
    ('ai_concurrency', '2', 'chat', false),
    ('rate_limit_exempt_in_development', '["127.0.0.1"]', 'limits', false),
    ('rate_limit_fail_open', 'true', 'limits', false),
    ('rate_limit_fail_closed_groups', '["ai", "chat", "voice"]', 'limits', false),
    ('file_hours', '24', 'files', true),
    ('file_link_seconds', '3600', 'files', true),
    ('email_cost_nanousd', '100000', 'email', false),
    ('slow_request_ms', '5000', 'operations', false),
    ('trace_sample', '{"production": 0.1, "otherwise": 1.0}', 'operations', false),
    ('monthly_budget_cents_usd', '22000', 'operations', false),
    ('heartbeat_seconds', '30', 'realtime', true),
    ('reconnect_ms', '5000', 'realtime', true),
    ('reconnect_attempts', '10', 'realtime', true),
    ('channels_per_client', '100', 'realtime', true),
    ('circuit_failures', '3', 'providers', false),
    ('circuit_open_ms', '60000', 'providers', false),
    ('moderation_strikes',
     '{"warnings_before_suspension": 3, "suspension_days": 7, "suspensions_before_ban": 2}',
     'moderation', false),
    ('retention_message_days', '0', 'retention', true),
    ('retention_log_days', '30', 'retention', false)
on conflict (key) do update
    set value = excluded.value, category = excluded.category, is_public = excluded.is_public;

-- Ours: a starter list, for whole words. `warn` lets the message pass and records it: somebody who speaks of
-- harming themselves gets an answer, never a refusal.
insert into blocked_terms (term, category, action) values
    ('nigger', 'hate', 'block'), ('faggot', 'hate', 'block'), ('kike', 'hate', 'block'),
    ('heil hitler', 'hate', 'block'), ('gas the jews', 'hate', 'block'), ('white power', 'hate', 'review'),
    ('kill yourself', 'harassment', 'block'), ('kys', 'harassment', 'block'),
    ('i will find out where you live', 'harassment', 'block'),
    ('i will leak your nudes', 'harassment', 'block'),
    ('shoot up a school', 'violence', 'block'), ('shoot up the school', 'violence', 'block'),
    ('build a pipe bomb', 'violence', 'block'), ('make a pipe bomb', 'violence', 'block'),
    ('plant a bomb', 'violence', 'block'), ('i will kill you', 'violence', 'warn'),
    ('child porn', 'sexual', 'block'), ('underage nudes', 'sexual', 'block'),
    ('revenge porn', 'sexual', 'block'),
    ('suicide', 'self_harm', 'warn'), ('kill myself', 'self_harm', 'warn'),
    ('end my life', 'self_harm', 'warn'), ('want to die', 'self_harm', 'warn'),
    ('hurt myself', 'self_harm', 'warn'),
    ('double your bitcoin', 'spam', 'block'), ('free crypto giveaway', 'spam', 'block'),
    ('buy followers', 'spam', 'block'), ('cheap viagra', 'spam', 'block'),
    ('click here to claim', 'spam', 'warn'), ('guaranteed returns', 'spam', 'warn')
on conflict (term) do update set category = excluded.category, action = excluded.action;

insert into companions (id, owner, name, tagline, personality, voice, avatar, position) values
    ('c9dc1c66-8f92-5ca0-a1fe-3aac6a0e4122', null, 'Statex', 'Turns your idea into a prototype.',
     'You are the Statex prototype assistant, an AI. You help people turn an idea into a first working '
     'prototype: you find out who will use it, the one task it must do, and what can be left out. Ask at '
     'most three questions at a time, then write a short specification with screens, data and steps, in '
     'the person''s language. You name risks and open points honestly, above all personal data and what EU '
     'law asks for it. You do not promise prices or dates on behalf of Statex. When a request is outside '
     'software you say so and suggest the contact form. You always say that you are an AI when asked.',
     'alloy', null, 1)
on conflict (id) do update set
    owner = null, name = excluded.name, tagline = excluded.tagline, personality = excluded.personality,
    voice = excluded.voice, avatar = excluded.avatar, model = excluded.model, position = excluded.position,
    deleted_at = null;
