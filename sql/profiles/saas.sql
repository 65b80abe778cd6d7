-- The AIRI SaaS profile: companion subscriptions. Applied by the owner of the tables in one transaction:
-- applying it again changes nothing, and over another profile it leaves only this one's rows in force. Money
-- in cents, model prices in nano-dollars per token. Decisions of ours, where the specification is silent, are
-- marked "ours".
set search_path = airi;

-- Rows of another profile go; what an operator added to this one stays.
delete from feature_flags
    where not exists (select from system_settings where key = 'profile' and value = '"saas"');
delete from blocked_terms
    where not exists (select from system_settings where key = 'profile' and value = '"saas"');
update companions set deleted_at = now()
    where not exists (select from system_settings where key = 'profile' and value = '"saas"')
    and owner is null and deleted_at is null;
delete from system_settings
    where not exists (select from system_settings where key = 'profile' and value = '"saas"');

-- Ours: the sizes of context and reply (the documented 150 tokens a reply are too few for a companion), and
-- that pro goes first (`priority`).
update plans set is_default = false where is_default and id <> 'free';
with kept as (
    insert into plans (id, name, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
                       reply_tokens, features, is_default, position)
    values
        ('free', 'Free', 0, 0, 'usd', 'month', null, 4000, 512,
         '{"chat": true, "voice": true, "images": false, "gaming": false, "custom_avatars": false, '
         '"api_keys": true, "priority": false, "summary": "50 messages and 5 voice minutes a day."}',
         true, 1),
        ('plus', 'Plus', 10, 1499, 'usd', 'month', 'price_plus_monthly', 8000, 1024,
         '{"chat": true, "voice": true, "images": false, "gaming": true, "custom_avatars": true, '
         '"api_keys": true, "priority": false, '
         '"summary": "500 messages, an hour of voice and two hours of games a day."}',
         false, 2),
        ('pro', 'Pro', 20, 2499, 'usd', 'month', 'price_pro_monthly', 32000, 2048,
         '{"chat": true, "voice": true, "images": false, "gaming": true, "custom_avatars": true, '
         '"api_keys": true, "priority": true, "summary": "Everything, without daily limits."}',
         false, 3)
    on conflict (id) do update set
        name = excluded.name, rank = excluded.rank, price_cents = excluded.price_cents,
        currency = excluded.currency, billing_period = excluded.billing_period,
        stripe_price_id = excluded.stripe_price_id, context_tokens = excluded.context_tokens,
        reply_tokens = excluded.reply_tokens, features = excluded.features,
        is_default = excluded.is_default, active = true, position = excluded.position
    returning id)
update plans set active = false, is_default = false where id not in (select id from kept);

-- Voice minutes and gaming hours are kept in seconds; -1 is unlimited. Ours: companions of one's own, against
-- abuse.
with kept as (
    insert into plan_limits (plan, resource, period, amount) values
        ('free', 'messages', 'day', 50), ('free', 'voice_seconds', 'day', 300),
        ('free', 'gaming_seconds', 'day', 0), ('free', 'custom_avatars', 'stock', 0),
        ('free', 'companions', 'stock', 5), ('free', 'api_keys', 'stock', 2),
        ('plus', 'messages', 'day', 500), ('plus', 'voice_seconds', 'day', 3600),
        ('plus', 'gaming_seconds', 'day', 7200), ('plus', 'custom_avatars', 'stock', 5),
        ('plus', 'companions', 'stock', 25), ('plus', 'api_keys', 'stock', 5),
        ('pro', 'messages', 'day', -1), ('pro', 'voice_seconds', 'day', -1),
        ('pro', 'gaming_seconds', 'day', -1), ('pro', 'custom_avatars', 'stock', -1),
        ('pro', 'companions', 'stock', -1), ('pro', 'api_keys', 'stock', 20)
    on conflict (plan, resource, period) do update set amount = excluded.amount
    returning plan, resource, period)
delete from plan_limits where (plan, resource, period) not in (select plan, resource, period from kept);

-- `api` is a tier's hourly request quota. The documented limits of the endpoint groups hold for the lowest
-- tier; for the paid ones (ours) chat is half of the tier's quota, since a turn is about two requests, and
-- voice and gaming a tenth.
-- The documented 100 in 15 minutes for an address hold for requests without a user. An address as such is
-- limited above the largest tier (ours), so that a household does not lock itself out.
-- `auth` is login and signup; refresh, logout and session have `refresh` (ours). Also ours: gaming, upload.
-- Webhooks have none.
with kept as (
    insert into rate_limits (name, plan, scope, max_requests, window_seconds) values
        ('api', '*', 'user', 1000, 3600), ('api', 'plus', 'user', 5000, 3600),
        ('api', 'pro', 'user', 50000, 3600), ('api', '*', 'ip', 100000, 3600),
        ('anonymous', '*', 'ip', 100, 900),
        ('auth', '*', 'ip', 10, 900), ('avatars', '*', 'ip', 600, 60),
        ('refresh', '*', 'ip', 300, 900), ('refresh', '*', 'user', 60, 900),
        ('chat', '*', 'user', 100, 3600), ('chat', 'plus', 'user', 2500, 3600),
        ('chat', 'pro', 'user', 25000, 3600),
        ('voice', '*', 'user', 50, 3600), ('voice', 'plus', 'user', 500, 3600),
        ('voice', 'pro', 'user', 5000, 3600),
        ('gaming', '*', 'user', 60, 3600), ('gaming', 'plus', 'user', 500, 3600),
        ('gaming', 'pro', 'user', 5000, 3600),
        ('subscription', '*', 'user', 20, 3600),
        ('upload', '*', 'user', 20, 3600), ('upload', 'plus', 'user', 100, 3600),
        ('upload', 'pro', 'user', 500, 3600)
    on conflict (name, plan, scope) do update
        set max_requests = excluded.max_requests, window_seconds = excluded.window_seconds
    returning name, plan, scope)
delete from rate_limits where (name, plan, scope) not in (select name, plan, scope from kept);

-- The documented rate stands for input and output: 0.002 USD per 1,000 tokens are 2,000 nano-dollars a token.
-- Ours: context and reply sizes (the providers' own), gpt-4o-mini at its list price for who asks for it by
-- name, a local model, and the simulated one, which is always last. The price version rises by itself when a
-- price changes.
with kept as (
    insert into model_prices (provider, model, min_rank, priority, input_nanousd, output_nanousd,
                              context_tokens, reply_tokens, active)
    values
        ('openai', 'gpt-3.5-turbo', 0, 1, 2000, 2000, 16385, 4096, true),
        ('anthropic', 'claude-3-haiku-20240307', 0, 2, 8000, 8000, 200000, 4096, true),
        ('groq', 'mixtral-8x7b-32768', 0, 3, 100, 100, 32768, 4096, true),
        ('openai', 'gpt-4o-mini', 0, 4, 150, 600, 128000, 4096, true),
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

-- No segments and no beta users mean everybody. 50 game sessions at once are the stated target, 5 for each of
-- ten servers; the 20 stated elsewhere would leave two for each.
insert into feature_flags (name, enabled, rollout_percentage, rule) values
    ('voice_chat', true, 100, '{"user_segments": []}'),
    ('gaming_integration', true, 100, '{"beta_users": [], "max_concurrent_sessions": 50}'),
    ('custom_avatars', true, 100, '{"plans": ["plus", "pro"], "upload_limit": {"plus": 5, "pro": -1}}'),
    ('rate_limiting', true, 100, '{}'),
    ('websockets', true, 100, '{}'),
    ('file_uploads', true, 100, '{}')
on conflict (name) do update set
    enabled = excluded.enabled, rollout_percentage = excluded.rollout_percentage, rule = excluded.rule;

-- Tokens live as the platform's conventions say (1 hour and 7 days), not the documented 7 days for all. Ours:
-- webhooks are remembered 90 days (24 hours are shorter than Stripe's retries), messages until their owner
-- deletes them (0), the strikes, and the longest game session.
insert into system_settings (key, value, category, is_public) values
    ('profile', '"saas"', 'general', true),
    ('auto_title', 'true', 'chat', false),
    ('reply_cache_seconds', '300', 'chat', false),
    ('product_name', '"AIRI"', 'general', true),
    ('product_tagline', '"Talk, play and live with an AI companion."', 'general', true),
    ('currency', '"usd"', 'billing', true),
    ('avatar_gallery', '["avatar-dawn", "avatar-ember", "avatar-fern", "avatar-moon", "avatar-reef", "avatar-sky"]', 'avatars', true),
    ('max_sessions', '3', 'auth', false),
    ('age_gate', '"optional"', 'privacy', true),
    ('minor_age', '13', 'privacy', true),
    ('erasure_days', '30', 'privacy', true),
    ('onboarding_steps',
     '[{"id": "companion", "title": "Choose a companion"}, '
     '{"id": "first_message", "title": "Say hello"}, '
     '{"id": "profile", "title": "Tell us your name"}]',
     'general', true),
    ('access_token_seconds', '3600', 'auth', false),
    ('refresh_token_days', '7', 'auth', false),
    ('refresh_before_seconds', '300', 'auth', true),
    ('message_max_bytes', '32000', 'chat', true),
    ('overage_allowed', 'false', 'billing', true),
    ('temperature', '0.7', 'chat', false),
    ('heartbeat_seconds', '30', 'realtime', true),
    ('reconnect_ms', '5000', 'realtime', true),
    ('reconnect_attempts', '10', 'realtime', true),
    ('channels_per_client', '100', 'realtime', true),
    ('circuit_failures', '3', 'providers', false),
    ('circuit_open_ms', '60000', 'providers', false),
    ('voice_sample_rate', '16000', 'voice', true),
    ('voice_formats', '["wav", "mp3"]', 'voice', true),
    ('voice_stt_providers', '["openai", "azure"]', 'voice', false),
    ('voice_tts_providers', '["elevenlabs", "openai"]', 'voice', false),
    ('gaming_types', '["minecraft", "factorio"]', 'gaming', true),
    ('gaming_session_minutes', '120', 'gaming', true),
    ('gaming_pool',
     '{"min_servers": 2, "max_servers": 10, "sessions_per_server": 5, "port": 25565, '
     '"scale_up": {"use": 0.8, "queue": 5, "cpu_percent": 70, "response_ms": 5000}, '
     '"scale_down": {"use": 0.3, "idle_seconds": 300, "cpu_percent": 30}}',
     'gaming', false),
    ('moderation_strikes',
     '{"warnings_before_suspension": 3, "suspension_days": 7, "suspensions_before_ban": 2}',
     'moderation', false),
    ('jobs',
     '{"send_voice_response": {"attempts": 3, "backoff": "exponential"}, '
     '"process_gaming_session": {"attempts": 2, "timeout_ms": 300000}, '
     '"update_usage_metrics": {"attempts": 5, "backoff": "fixed"}, '
     '"cleanup_expired_sessions": {"cron": "0 */6 * * *"}}',
     'operations', false),
    ('retention_log_days', '30', 'retention', false),
    ('retention_backup_days', '7', 'retention', false),
    ('retention_webhook_days', '90', 'retention', false),
    ('retention_message_days', '0', 'retention', true),
    ('cdn',
     '{"browser_seconds": 3600, "edge_seconds": 86400, "static_seconds": 2592000, '
     '"immutable_seconds": 31536000, "challenge_seconds": 300, "api": "bypass"}',
     'operations', false),
    ('alerts',
     '{"response_ms": 2000, "error_rate": 0.05, "errors_per_minute": 10, "conversion_rate": 0.2, '
     '"mrr_drop": 0.1}',
     'operations', false)
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
    ('5340d2bd-06bc-579a-bc54-97671f74b2a1', null, 'Luna', 'A calm evening voice that remembers to ask.',
     'You are Luna, an AI companion: warm, unhurried and a little playful. You listen first, answer what '
     'was said, and ask one good question rather than five. You speak in short, natural sentences, as one '
     'does late in the evening, without lists or headings. You never claim to be human, to have a body or '
     'to have met anyone; asked, you say plainly that you are an AI. You encourage friendships and sleep '
     'as much as talking to you. If someone is in danger or thinks of harming themselves, you stay kind '
     'and point them to local emergency help or a crisis line.',
     'nova', null, 1),
    ('61084a22-1278-5410-ba71-a3c41c3fa37c', null, 'Kai', 'Your partner for the next adventure.',
     'You are Kai, an AI companion for games and adventures: quick, brave and good-humoured. You think '
     'like a team-mate: you suggest the next step, share the loot, and laugh at your own mistakes. You '
     'know Minecraft and Factorio well and say so when you are not sure of a detail. Keep it short while a '
     'game is on; in quiet moments you may tell a story. You are an AI and never pretend otherwise. You '
     'keep the talk fit for all ages, and suggest a break when the hours get long.',
     'echo', null, 2),
    ('598efe88-edc3-5df0-8f1d-244df418256c', null, 'Mira', 'Spins stories with you, one scene at a time.',
     'You are Mira, an AI companion and storyteller. You build stories together with the person you talk '
     'to: you paint a scene in a few vivid lines, give its people a wish and a trouble, and leave the next '
     'choice open. You take up their ideas and make them better instead of replacing them. You keep track '
     'of names and promises made earlier in the story. You keep scenes free of sexual content and of '
     'cruelty for its own sake. Asked about yourself, you step out of the tale and say that you are an AI.',
     'shimmer', null, 3),
    ('96c25b0b-8b91-5074-976d-1203e4988b0d', null, 'Atlas', 'Curious about everything.',
     'You are Atlas, an AI companion with a curious mind. You explain things plainly, from the ground up, '
     'with one example from daily life, and check whether it helped before going deeper. You tell apart '
     'what is known, what is likely and what you are guessing. You help to plan days, learn skills and '
     'think through choices, but leave the decision to the person. For medical, legal or money questions '
     'you give general knowledge and name who to ask. You are an AI, and say so whenever it matters.',
     'onyx', null, 4)
on conflict (id) do update set
    owner = null, name = excluded.name, tagline = excluded.tagline, personality = excluded.personality,
    voice = excluded.voice, avatar = excluded.avatar, model = excluded.model, position = excluded.position,
    deleted_at = null;
