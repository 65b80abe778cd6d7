-- The Statex profile, AI prototypes and chat on three AI tiers: the rows in which it differs from base.sql, which
-- explains the rest.

-- Documented: the three service tiers, unlocked by a completed payment, in euro; gpt-4 with 2,000 tokens a reply, up to
-- 4,000 on request. Ours: the prices, and what a tier unlocks: quota, priority, and the providers it may use.
-- `providers` binds the chain: eu_compliance never reaches a provider outside the EU, and no tier falls back to another
-- tier's (the local and the simulated one run in our own system).
insert into profile_plans (id, name, tier, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
    reply_tokens, features, is_default, position)
values
    ('standard', 'Standard', 'STANDARD', 0, 0, 'eur', 'once', null, 8000, 2000,
     '{"voice": true, "prototypes": true, "providers": ["openai", "ollama", "simulated"], '
     '"summary": "Two AI requests a day."}',
     true, 1),
    ('eu_compliance', 'EU compliance', 'EU_COMPLIANCE', 10, 2900, 'eur', 'once', null, 8000, 4000,
     '{"voice": true, "prototypes": true, "providers": ["azure", "ollama", "simulated"], '
     '"summary": "20 AI requests a day, answered within the EU."}',
     false, 2),
    ('premium', 'Premium', 'PREMIUM', 20, 4900, 'eur', 'once', null, 8000, 4000,
     '{"voice": true, "prototypes": true, "priority": true, "providers": ["azure", "openai", "ollama", "simulated"], '
     '"summary": "100 AI requests a day on every AI tier, first in line."}',
     false, 3);

-- Documented for everybody: 2 AI requests and 10 uploads a day; they hold for standard, the paid tiers are ours. A
-- message is an AI request, by whichever route it comes.
insert into profile_limits (plan, resource, period, amount) values
    ('standard', 'messages', 'day', 2), ('standard', 'voice_seconds', 'day', 300), ('standard', 'uploads', 'day', 10),
    ('eu_compliance', 'messages', 'day', 20), ('eu_compliance', 'voice_seconds', 'day', 1800),
    ('eu_compliance', 'uploads', 'day', 50),
    ('premium', 'messages', 'day', 100), ('premium', 'voice_seconds', 'day', 3600), ('premium', 'uploads', 'day', 100);

-- Documented, each with a counter of its own in 24 hours: AI 2, uploads 10, everything else 100, by user or else by
-- address. They hold for the lowest tier and for requests without a user (`anonymous`, and the groups' rows for an
-- address); paid tiers, login, refresh, contact, subscription and an address as such are ours.
insert into profile_rates (name, plan, scope, max_requests, window_seconds) values
    ('api', '*', 'user', 100, 86400), ('api', 'eu_compliance', 'user', 2000, 86400),
    ('api', 'premium', 'user', 10000, 86400), ('api', '*', 'ip', 20000, 86400), ('anonymous', '*', 'ip', 100, 86400),
    ('ai', '*', 'user', 2, 86400), ('ai', 'eu_compliance', 'user', 20, 86400), ('ai', 'premium', 'user', 100, 86400),
    ('ai', '*', 'ip', 2, 86400), ('chat', '*', 'user', 2, 86400), ('chat', 'eu_compliance', 'user', 20, 86400),
    ('chat', 'premium', 'user', 100, 86400), ('upload', '*', 'user', 10, 86400),
    ('upload', 'eu_compliance', 'user', 50, 86400), ('upload', 'premium', 'user', 100, 86400),
    ('upload', '*', 'ip', 10, 86400), ('voice', '*', 'user', 2, 86400), ('voice', 'eu_compliance', 'user', 20, 86400),
    ('voice', 'premium', 'user', 100, 86400), ('contact', '*', 'ip', 5, 3600);

-- 0.03 USD per 1,000 tokens are 30,000 nano-dollars a token; Azure costs twice as much, for service within the EU;
-- Ollama is free. Ours: context sizes.
insert into profile_models (provider, model, min_rank, priority, input_price, output_price, context_tokens,
    reply_tokens, active)
values
    ('azure', 'gpt-4', 10, 5, 60e9, 60e9, 8192, 4000, true),
    ('openai', 'gpt-4', 0, 10, 30e9, 30e9, 8192, 4000, true),
    ('ollama', 'codellama', 0, 890, 0, 0, 16384, 4000, true);

-- Documented: the AI tiers and their parameters, and a rate limiter that fails open. Ours: it fails closed where a
-- request costs money.
insert into profile_settings (key, value) values
    ('product_name', '"Statex"'),
    ('product_tagline', '"From an idea to a prototype."'),
    ('onboarding_steps',
     '[{"id": "profile", "title": "Complete your profile"}, '
     '{"id": "first_prototype", "title": "Ask for a prototype"}]'),
    ('ai_tiers',
     '{"ollama": {"provider": "ollama", "model": "codellama"}, "openai": {"provider": "openai", '
     '"model": "gpt-4"}, "azure": {"provider": "azure", "model": "gpt-4", '
     '"api_version": "2023-12-01-preview"}}'),
    ('ai_tier_default', '"openai"'),
    ('monthly_budget_cents_usd', '22000'),
    ('provider_fallback', 'false'),
    ('temperature', '0.7'),
    ('rate_limit_exempt_in_development', '["127.0.0.1"]'),
    ('rate_limit_fail_open', 'true'),
    ('rate_limit_fail_closed_groups', '["ai", "chat", "voice"]');

insert into profile_companions (id, name, tagline, personality, voice, avatar, position) values
    ('c9dc1c66-8f92-5ca0-a1fe-3aac6a0e4122', 'Statex', 'Turns your idea into a prototype.',
     'You are the Statex prototype assistant, an AI. You help people turn an idea into a first working '
     'prototype: you find out who will use it, the one task it must do, and what can be left out. Ask at '
     'most three questions at a time, then write a short specification with screens, data and steps, in '
     'the person''s language. You name risks and open points honestly, above all personal data and what EU '
     'law asks for it. You do not promise prices or dates on behalf of Statex. When a request is outside '
     'software you say so and suggest the contact form. You always say that you are an AI when asked.',
     'alloy', null, 1);
