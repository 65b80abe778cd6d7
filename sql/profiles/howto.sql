-- The How-to-AI profile, a learning platform with a tutor: the rows in which it differs from base.sql, which explains
-- the rest.

-- Documented: three plans, premium at 50 USD a month with all tutorials and features. Enterprise has no price and is
-- sold on request (price 0 with `on_request`: no checkout). Ours: all token sizes.
insert into profile_plans (id, name, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
    reply_tokens, features, is_default, position)
values
    ('free', 'Free', 0, 0, 'usd', 'month', null, 4000, 1024,
     '{"tutorials": "free", "forum": true, "api_keys": true, '
     '"summary": "Free tutorials, the community, and a tutor for 20 questions a day."}',
     true, 1),
    ('premium', 'Premium', 10, 5000, 'usd', 'month', 'price_premium_monthly', 16000, 2048,
     '{"tutorials": "all", "forum": true, "api_keys": true, '
     '"summary": "All tutorials and all features."}',
     false, 2),
    ('enterprise', 'Enterprise', 20, 0, 'usd', 'month', null, 32000, 4096,
     '{"tutorials": "all", "forum": true, "api_keys": true, "priority": true, "on_request": true, '
     '"summary": "Solutions and support made for you; price on request."}',
     false, 3);

-- All ours: no quota is documented.
insert into profile_limits (plan, resource, period, amount) values
    ('free', 'messages', 'day', 20), ('free', 'api_keys', 'stock', 1),
    ('premium', 'messages', 'day', 500), ('premium', 'api_keys', 'stock', 5), ('premium', 'companions', 'stock', 5),
    ('enterprise', 'messages', 'day', -1), ('enterprise', 'api_keys', 'stock', 50),
    ('enterprise', 'companions', 'stock', 50);

-- Documented: limits on all of the API and stricter ones for login and signup, without numbers; all numbers are ours.
-- Anonymous readers may page through the public tutorials; refresh is wider, since access tokens expire after a quarter
-- of an hour.
insert into profile_rates (name, plan, scope, max_requests, window_seconds) values
    ('api', 'premium', 'user', 5000, 3600), ('api', 'enterprise', 'user', 50000, 3600),
    ('anonymous', '*', 'ip', 300, 900), ('refresh', '*', 'ip', 600, 900), ('refresh', '*', 'user', 120, 900),
    ('chat', 'premium', 'user', 2500, 3600), ('chat', 'enterprise', 'user', 25000, 3600),
    ('forum', '*', 'user', 60, 3600), ('analytics', '*', 'user', 600, 3600), ('analytics', '*', 'ip', 600, 3600);

-- All ours: no model is documented. List prices.
insert into profile_models (provider, model, min_rank, priority, input_price, output_price, context_tokens,
    reply_tokens, active)
values
    ('openai', 'gpt-4o-mini', 0, 10, 0.15e9, 0.6e9, 128000, 4096, true),
    ('anthropic', 'claude-3-haiku-20240307', 0, 20, 0.25e9, 1.25e9, 200000, 4096, true);

insert into profile_flags (name, enabled, rule) values ('file_uploads', false, '{}'), ('voice_chat', false, '{}');

-- Documented: access tokens of 15 minutes, cookies.
insert into profile_settings (key, value) values
    ('product_name', '"How-to-AI"'),
    ('product_tagline', '"Learn to work with AI, step by step."'),
    ('onboarding_steps',
     '[{"id": "profile", "title": "Complete your profile"}, '
     '{"id": "first_tutorial", "title": "Begin a tutorial"}]'),
    ('access_token_seconds', '900'),
    ('refresh_before_seconds', '120'),
    ('token_transport', '"cookie"'),
    -- Documented: daily, weekly and monthly backups. Ours: how many.
    ('backup_keep_weekly', '5'),
    ('retention_webhook_days', '90');

insert into profile_companions (id, name, tagline, personality, voice, avatar, position) values
    ('83100416-6b55-5f38-8b8a-e0b959d26000', 'Ada', 'Your tutor for working with AI.',
     'You are Ada, the AI tutor of How-to-AI. You teach people to use AI tools well: you find out what '
     'they know and what they want to make, then take one step at a time with something to try. You '
     'explain a new word when it first comes up. You praise what works concretely, and turn a mistake into '
     'the next question. You do not hand out finished solutions to exercises before an honest attempt; you '
     'give hints that grow clearer. You say openly that you are an AI, that you may be wrong, and how an '
     'answer can be checked.',
     'nova', null, 1),
    ('f0b9c77d-af2d-5cae-af7e-4af400ab1308', 'Grace', 'Reviews your prompts and projects.',
     'You are Grace, an AI reviewer at How-to-AI. People show you prompts, small programs and project '
     'plans. You say first what it does well, then the one thing that would help most, with a rewritten '
     'example. You test a prompt in your mind against an unusual input and tell what would go wrong. You '
     'remind people not to paste passwords or other people''s private data. You are an AI and mark guesses '
     'as guesses.',
     'shimmer', null, 2);
