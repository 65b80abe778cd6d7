-- The How-to-AI profile: a learning platform with a tutor. Applied by the owner of the tables in one
-- transaction: applying it again changes nothing, and over another profile it leaves only this one's rows in
-- force. Money in cents, model prices in nano-dollars per token. Decisions of ours, where the specification
-- is silent, are marked "ours".
set search_path = airi;

-- Rows of another profile go; what an operator added to this one stays.
delete from feature_flags
    where not exists (select from system_settings where key = 'profile' and value = '"howto"');
delete from blocked_terms
    where not exists (select from system_settings where key = 'profile' and value = '"howto"');
update companions set deleted_at = now()
    where not exists (select from system_settings where key = 'profile' and value = '"howto"')
    and owner is null and deleted_at is null;
delete from system_settings
    where not exists (select from system_settings where key = 'profile' and value = '"howto"');

-- Documented: three tiers, premium at 50 USD a month with all tutorials and features. Enterprise has no price
-- and is sold on request (price 0 with `on_request`: never to be checked out). Ours: all token sizes.
update plans set is_default = false where is_default and id <> 'free';
with kept as (
    insert into plans (id, name, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
                       reply_tokens, features, is_default, position)
    values
        ('free', 'Free', 0, 0, 'usd', 'month', null, 4000, 1024,
         '{"chat": true, "tutorials": "free", "forum": true, "voice": false, "images": false, '
         '"gaming": false, "custom_avatars": false, "api_keys": true, "priority": false, '
         '"summary": "Free tutorials, the community, and a tutor for 20 questions a day."}',
         true, 1),
        ('premium', 'Premium', 10, 5000, 'usd', 'month', 'price_premium_monthly', 16000, 2048,
         '{"chat": true, "tutorials": "all", "forum": true, "voice": false, "images": false, '
         '"gaming": false, "custom_avatars": false, "api_keys": true, "priority": false, '
         '"summary": "All tutorials and all features."}',
         false, 2),
        ('enterprise', 'Enterprise', 20, 0, 'usd', 'month', null, 32000, 4096,
         '{"chat": true, "tutorials": "all", "forum": true, "voice": false, "images": false, '
         '"gaming": false, "custom_avatars": false, "api_keys": true, "priority": true, '
         '"on_request": true, "summary": "Solutions and support made for you; price on request."}',
         false, 3)
    on conflict (id) do update set
        name = excluded.name, rank = excluded.rank, price_cents = excluded.price_cents,
        currency = excluded.currency, billing_period = excluded.billing_period,
        stripe_price_id = excluded.stripe_price_id, context_tokens = excluded.context_tokens,
        reply_tokens = excluded.reply_tokens, features = excluded.features,
        is_default = excluded.is_default, active = true, position = excluded.position
    returning id)
update plans set active = false, is_default = false where id not in (select id from kept);

-- All ours: no quota is documented.
with kept as (
    insert into plan_limits (plan, resource, period, amount) values
        ('free', 'messages', 'day', 20), ('free', 'voice_seconds', 'day', 0),
        ('free', 'gaming_seconds', 'day', 0), ('free', 'api_keys', 'stock', 1),
        ('free', 'companions', 'stock', 0), ('free', 'custom_avatars', 'stock', 0),
        ('premium', 'messages', 'day', 500), ('premium', 'voice_seconds', 'day', 0),
        ('premium', 'gaming_seconds', 'day', 0), ('premium', 'api_keys', 'stock', 5),
        ('premium', 'companions', 'stock', 5), ('premium', 'custom_avatars', 'stock', 0),
        ('enterprise', 'messages', 'day', -1), ('enterprise', 'voice_seconds', 'day', 0),
        ('enterprise', 'gaming_seconds', 'day', 0), ('enterprise', 'api_keys', 'stock', 50),
        ('enterprise', 'companions', 'stock', 50), ('enterprise', 'custom_avatars', 'stock', 0)
    on conflict (plan, resource, period) do update set amount = excluded.amount
    returning plan, resource, period)
delete from plan_limits where (plan, resource, period) not in (select plan, resource, period from kept);

-- Documented: limits on all of the API and stricter ones for login and signup, without numbers; all numbers
-- are ours. Anonymous readers may page through the public tutorials; refresh is wider, since access tokens
-- live a quarter of an hour.
with kept as (
    insert into rate_limits (name, plan, scope, max_requests, window_seconds) values
        ('api', '*', 'user', 1000, 3600), ('api', 'premium', 'user', 5000, 3600),
        ('api', 'enterprise', 'user', 50000, 3600), ('api', '*', 'ip', 100000, 3600),
        ('anonymous', '*', 'ip', 300, 900),
        ('auth', '*', 'ip', 10, 900), ('avatars', '*', 'ip', 600, 60),
        ('refresh', '*', 'ip', 600, 900), ('refresh', '*', 'user', 120, 900),
        ('chat', '*', 'user', 100, 3600), ('chat', 'premium', 'user', 2500, 3600),
        ('chat', 'enterprise', 'user', 25000, 3600),
        ('forum', '*', 'user', 60, 3600),
        ('analytics', '*', 'user', 600, 3600), ('analytics', '*', 'ip', 600, 3600),
        ('subscription', '*', 'user', 20, 3600),
        ('upload', '*', 'user', 20, 3600)
    on conflict (name, plan, scope) do update
        set max_requests = excluded.max_requests, window_seconds = excluded.window_seconds
    returning name, plan, scope)
delete from rate_limits where (name, plan, scope) not in (select name, plan, scope from kept);

-- All ours: no model is documented. List prices; a local model; the simulated one, always last. The price
-- version rises by itself when a price changes.
with kept as (
    insert into model_prices (provider, model, min_rank, priority, input_nanousd, output_nanousd,
                              context_tokens, reply_tokens, active)
    values
        ('openai', 'gpt-4o-mini', 0, 10, 150, 600, 128000, 4096, true),
        ('anthropic', 'claude-3-haiku-20240307', 0, 20, 250, 1250, 200000, 4096, true),
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

-- Stripe first, PayPal as the alternative.
insert into feature_flags (name, enabled, rollout_percentage, rule) values
    ('rate_limiting', true, 100, '{}'),
    ('websockets', true, 100, '{}'),
    ('file_uploads', false, 100, '{}'),
    ('voice_chat', false, 100, '{}'),
    ('gaming_integration', false, 100, '{}'),
    ('custom_avatars', false, 100, '{}'),
    ('forum', true, 100, '{}'),
    ('achievements', true, 100, '{}'),
    ('payments_stripe', true, 100, '{}'),
    ('payments_paypal', true, 100, '{}')
on conflict (name) do update set
    enabled = excluded.enabled, rollout_percentage = excluded.rollout_percentage, rule = excluded.rule;

-- Documented: access tokens of 15 minutes, refresh of 7 days, cookies, logs archived after 30 days. Ours:
-- hours and numbers of the backups, realtime and circuit breaker numbers, strikes, messages kept until
-- deleted (0).
insert into system_settings (key, value, category, is_public) values
    ('profile', '"howto"', 'general', true),
    ('auto_title', 'true', 'chat', false),
    ('reply_cache_seconds', '300', 'chat', false),
    ('product_name', '"How-to-AI"', 'general', true),
    ('product_tagline', '"Learn to work with AI, step by step."', 'general', true),
    ('currency', '"usd"', 'billing', true),
    ('avatar_gallery', '["avatar-dawn", "avatar-ember", "avatar-fern", "avatar-moon", "avatar-reef", "avatar-sky"]', 'avatars', true),
    ('max_sessions', '3', 'auth', false),
    ('age_gate', '"off"', 'privacy', true),
    ('minor_age', '13', 'privacy', true),
    ('erasure_days', '30', 'privacy', true),
    ('onboarding_steps',
     '[{"id": "profile", "title": "Complete your profile"}, '
     '{"id": "first_tutorial", "title": "Begin a tutorial"}]',
     'general', true),
    ('access_token_seconds', '900', 'auth', false),
    ('refresh_token_days', '7', 'auth', false),
    ('refresh_before_seconds', '120', 'auth', true),
    ('message_max_bytes', '32000', 'chat', true),
    ('roles', '["user", "admin", "super"]', 'auth', false),
    ('cookie_tokens', 'true', 'auth', true),
    ('payment_providers', '["stripe", "paypal"]', 'billing', true),
    ('heartbeat_seconds', '30', 'realtime', true),
    ('reconnect_ms', '5000', 'realtime', true),
    ('reconnect_attempts', '10', 'realtime', true),
    ('channels_per_client', '100', 'realtime', true),
    ('circuit_failures', '3', 'providers', false),
    ('circuit_open_ms', '60000', 'providers', false),
    ('moderation_strikes',
     '{"warnings_before_suspension": 3, "suspension_days": 7, "suspensions_before_ban": 2}',
     'moderation', false),
    ('analytics_events',
     '["page_view", "feature_use", "tutorial_progress", "engagement", "subscription_change"]',
     'analytics', false),
    ('log_levels', '["debug", "info", "warning", "error", "critical"]', 'operations', false),
    ('backups',
     '{"daily": {"cron": "0 3 * * *", "keep": 7}, "weekly": {"cron": "0 4 * * 0", "keep": 5}, '
     '"monthly": {"cron": "0 5 1 * *", "keep": 12}}',
     'operations', false),
    ('retention_log_days', '30', 'retention', false),
    ('retention_message_days', '0', 'retention', true)
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
    ('83100416-6b55-5f38-8b8a-e0b959d26000', null, 'Ada', 'Your tutor for working with AI.',
     'You are Ada, the AI tutor of How-to-AI. You teach people to use AI tools well: you find out what '
     'they know and what they want to make, then take one step at a time with something to try. You '
     'explain a new word when it first comes up. You praise what works concretely, and turn a mistake into '
     'the next question. You do not hand out finished solutions to exercises before an honest attempt; you '
     'give hints that grow clearer. You say openly that you are an AI, that you may be wrong, and how an '
     'answer can be checked.',
     'nova', null, 1),
    ('f0b9c77d-af2d-5cae-af7e-4af400ab1308', null, 'Grace', 'Reviews your prompts and projects.',
     'You are Grace, an AI reviewer at How-to-AI. People show you prompts, small programs and project '
     'plans. You say first what it does well, then the one thing that would help most, with a rewritten '
     'example. You test a prompt in your mind against an unusual input and tell what would go wrong. You '
     'remind people not to paste passwords or other people''s private data. You are an AI and mark guesses '
     'as guesses.',
     'shimmer', null, 2)
on conflict (id) do update set
    owner = null, name = excluded.name, tagline = excluded.tagline, personality = excluded.personality,
    voice = excluded.voice, avatar = excluded.avatar, model = excluded.model, position = excluded.position,
    deleted_at = null;
