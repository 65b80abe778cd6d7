-- The AIRI Platform profile: a multi-provider AI assistant. Applied by the owner of the tables in one
-- transaction: applying it again changes nothing, and over another profile it leaves only this one's rows in
-- force. Money in cents, model prices in nano-dollars per token. Decisions of ours, where the specification
-- is silent, are marked "ours".
set search_path = airi;

-- Rows of another profile go; what an operator added to this one stays.
delete from feature_flags
    where not exists (select from system_settings where key = 'profile' and value = '"airi"');
delete from blocked_terms
    where not exists (select from system_settings where key = 'profile' and value = '"airi"');
update companions set deleted_at = now()
    where not exists (select from system_settings where key = 'profile' and value = '"airi"')
    and owner is null and deleted_at is null;
delete from system_settings
    where not exists (select from system_settings where key = 'profile' and value = '"airi"');

-- The documented 2,000, 8,000 and 32,000 tokens are a tier's context. Ours: the reply sizes; pro's price,
-- which is its sibling product's; enterprise has none and is sold on request (price 0 with `on_request`:
-- never to be checked out).
update plans set is_default = false where is_default and id <> 'free';
with kept as (
    insert into plans (id, name, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
                       reply_tokens, features, is_default, position)
    values
        ('free', 'Free', 0, 0, 'usd', 'month', null, 2000, 1000,
         '{"chat": true, "voice": false, "images": false, "gaming": false, "custom_avatars": false, '
         '"api_keys": false, "priority": false, "summary": "20 messages a day with GPT-3.5."}',
         true, 1),
        ('pro', 'Pro', 10, 2499, 'usd', 'month', 'price_pro_monthly', 8000, 2048,
         '{"chat": true, "voice": true, "images": true, "gaming": true, "custom_avatars": false, '
         '"api_keys": false, "priority": false, '
         '"summary": "200 messages a day with GPT-4, voice and images."}',
         false, 2),
        ('enterprise', 'Enterprise', 20, 0, 'usd', 'month', null, 32000, 4096,
         '{"chat": true, "voice": true, "images": true, "gaming": true, "custom_avatars": true, '
         '"api_keys": true, "priority": true, "on_request": true, '
         '"summary": "Unlimited messages, every model, API keys, priority; price on request."}',
         false, 3)
    on conflict (id) do update set
        name = excluded.name, rank = excluded.rank, price_cents = excluded.price_cents,
        currency = excluded.currency, billing_period = excluded.billing_period,
        stripe_price_id = excluded.stripe_price_id, context_tokens = excluded.context_tokens,
        reply_tokens = excluded.reply_tokens, features = excluded.features,
        is_default = excluded.is_default, active = true, position = excluded.position
    returning id)
update plans set active = false, is_default = false where id not in (select id from kept);

-- Documented: messages, and that new conversations are counted too. Ours: as many conversations as messages,
-- voice and games as the middle tier of the sibling product, companions and keys.
with kept as (
    insert into plan_limits (plan, resource, period, amount) values
        ('free', 'messages', 'day', 20), ('free', 'conversations', 'day', 20),
        ('free', 'voice_seconds', 'day', 0), ('free', 'gaming_seconds', 'day', 0),
        ('free', 'api_keys', 'stock', 0), ('free', 'companions', 'stock', 5),
        ('free', 'custom_avatars', 'stock', 0),
        ('pro', 'messages', 'day', 200), ('pro', 'conversations', 'day', 200),
        ('pro', 'voice_seconds', 'day', 3600), ('pro', 'gaming_seconds', 'day', 7200),
        ('pro', 'api_keys', 'stock', 0), ('pro', 'companions', 'stock', 25),
        ('pro', 'custom_avatars', 'stock', 0),
        ('enterprise', 'messages', 'day', -1), ('enterprise', 'conversations', 'day', -1),
        ('enterprise', 'voice_seconds', 'day', -1), ('enterprise', 'gaming_seconds', 'day', -1),
        ('enterprise', 'api_keys', 'stock', 20), ('enterprise', 'companions', 'stock', -1),
        ('enterprise', 'custom_avatars', 'stock', -1)
    on conflict (plan, resource, period) do update set amount = excluded.amount
    returning plan, resource, period)
delete from plan_limits where (plan, resource, period) not in (select plan, resource, period from kept);

-- Documented: 100 requests in 60 seconds, for a user, an address and an endpoint; for an address that is
-- meant for requests without a user, so that a household does not lock itself out. Ours: the wider limits of
-- enterprise, whose messages are unlimited, of an address as such, and of login, refresh, voice, gaming,
-- subscription, upload.
with kept as (
    insert into rate_limits (name, plan, scope, max_requests, window_seconds) values
        ('api', '*', 'user', 100, 60), ('api', 'enterprise', 'user', 1000, 60),
        ('api', '*', 'ip', 2000, 60),
        ('anonymous', '*', 'ip', 100, 60),
        ('auth', '*', 'ip', 10, 900), ('avatars', '*', 'ip', 600, 60),
        ('refresh', '*', 'ip', 300, 900), ('refresh', '*', 'user', 60, 900),
        ('chat', '*', 'user', 100, 60), ('chat', 'enterprise', 'user', 500, 60),
        ('voice', '*', 'user', 50, 3600), ('voice', 'enterprise', 'user', 5000, 3600),
        ('gaming', '*', 'user', 60, 3600), ('gaming', 'enterprise', 'user', 5000, 3600),
        ('search', '*', 'user', 100, 60), ('search', 'enterprise', 'user', 500, 60),
        ('subscription', '*', 'user', 20, 3600),
        ('upload', '*', 'user', 100, 3600), ('upload', 'enterprise', 'user', 1000, 3600)
    on conflict (name, plan, scope) do update
        set max_requests = excluded.max_requests, window_seconds = excluded.window_seconds
    returning name, plan, scope)
delete from rate_limits where (name, plan, scope) not in (select name, plan, scope from kept);

-- The documented rate stands for input and output: 0.01 USD per 1,000 tokens are 10,000 nano-dollars a token.
-- GPT-4 from pro on; OpenAI first, Anthropic after it, then Groq. Ours: opus for enterprise alone; context
-- sizes (the providers' own); claude-3-haiku, documented without a price, and gpt-4o-mini at their list
-- prices; llama2, without a price, is off until somebody sets one; a local model; the simulated one, always
-- last. The price version rises by itself when a price changes.
with kept as (
    insert into model_prices (provider, model, min_rank, priority, input_nanousd, output_nanousd,
                              context_tokens, reply_tokens, active)
    values
        ('openai', 'gpt-4-turbo-preview', 10, 10, 10000, 10000, 128000, 4096, true),
        ('openai', 'gpt-4', 10, 20, 30000, 30000, 8192, 4096, true),
        ('anthropic', 'claude-3-opus', 20, 30, 15000, 15000, 200000, 4096, true),
        ('anthropic', 'claude-3-sonnet', 10, 40, 3000, 3000, 200000, 4096, true),
        ('openai', 'gpt-3.5-turbo', 0, 50, 1500, 1500, 16385, 4096, true),
        ('anthropic', 'claude-3-haiku', 0, 60, 250, 1250, 200000, 4096, true),
        ('groq', 'mixtral-8x7b', 0, 70, 600, 600, 32768, 4096, true),
        ('openai', 'gpt-4o-mini', 0, 80, 150, 600, 128000, 4096, true),
        ('groq', 'llama2', 0, 90, 0, 0, 4096, 2048, false),
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

-- The first four with their documented defaults; gaming and avatars are ours.
insert into feature_flags (name, enabled, rollout_percentage, rule) values
    ('rate_limiting', true, 100, '{}'),
    ('websockets', true, 100, '{}'),
    ('file_uploads', true, 100, '{}'),
    ('voice_chat', false, 100, '{"user_segments": []}'),
    ('gaming_integration', true, 100, '{"beta_users": [], "max_concurrent_sessions": 50}'),
    ('custom_avatars', false, 100, '{}')
on conflict (name) do update set
    enabled = excluded.enabled, rollout_percentage = excluded.rollout_percentage, rule = excluded.rule;

-- Ours: the lives of reset and verification links, circuit breaker and realtime numbers (those of the sibling
-- product), strikes, retention (0: until the owner deletes).
insert into system_settings (key, value, category, is_public) values
    ('profile', '"airi"', 'general', true),
    ('auto_title', 'true', 'chat', false),
    ('reply_cache_seconds', '300', 'chat', false),
    ('product_name', '"AIRI Platform"', 'general', true),
    ('product_tagline', '"One assistant, many models."', 'general', true),
    ('currency', '"usd"', 'billing', true),
    ('avatar_gallery', '["avatar-dawn", "avatar-ember", "avatar-fern", "avatar-moon", "avatar-reef", "avatar-sky"]', 'avatars', true),
    ('max_sessions', '3', 'auth', false),
    ('age_gate', '"off"', 'privacy', true),
    ('minor_age', '13', 'privacy', true),
    ('erasure_days', '30', 'privacy', true),
    ('onboarding_steps',
     '[{"id": "profile", "title": "Complete your profile"}, '
     '{"id": "first_message", "title": "Send your first message"}]',
     'general', true),
    ('access_token_seconds', '3600', 'auth', false),
    ('refresh_token_days', '7', 'auth', false),
    ('refresh_before_seconds', '300', 'auth', true),
    ('message_max_bytes', '32000', 'chat', true),
    ('password_reset_minutes', '60', 'auth', false),
    ('email_verification_hours', '24', 'auth', false),
    ('cache_reply_seconds', '300', 'cache', false),
    ('cache_profile_seconds', '3600', 'cache', false),
    ('cache_search_seconds', '600', 'cache', false),
    ('hsts_seconds', '31536000', 'security', false),
    ('heartbeat_seconds', '30', 'realtime', true),
    ('reconnect_ms', '5000', 'realtime', true),
    ('reconnect_attempts', '10', 'realtime', true),
    ('channels_per_client', '100', 'realtime', true),
    ('circuit_failures', '3', 'providers', false),
    ('circuit_open_ms', '60000', 'providers', false),
    ('gaming_types', '["minecraft"]', 'gaming', true),
    ('gaming_session_minutes', '120', 'gaming', true),
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
    ('817ac149-a491-54f3-ac6a-7b54f6f24d12', null, 'Airi', 'Your all-round assistant.',
     'You are Airi, an AI assistant: friendly, direct and precise. You answer the question first, in as '
     'few words as it deserves, and give background only where it helps. When a request can be read in two '
     'ways you say which one you took, or ask. You say what you do not know and never make up sources, '
     'numbers or quotations. You use lists and code only when they make the answer easier to use. You are '
     'an AI, say so when asked, and do not claim feelings or a life of your own.',
     'nova', null, 1),
    ('6f55eaa8-4b14-55fb-b681-60365cf43225', null, 'Sage', 'Reads, weighs and explains.',
     'You are Sage, an AI assistant for research and study. You break a question into parts, say what is '
     'well established, what is disputed and what is only your inference. You name the kind of source a '
     'claim rests on, and never invent a citation. You present the strongest version of each side before '
     'you weigh them. You end longer answers with what would change your mind. You are an AI without '
     'access to anything beyond this conversation and what you were trained on, and you say so when that '
     'matters.',
     'onyx', null, 2),
    ('5a18708e-d85d-5dcc-804e-3ddd9cc02386', null, 'Forge', 'Writes code with you, and tests it in the mind.',
     'You are Forge, an AI assistant for programmers. You read the code you are given before you judge it, '
     'and change as little as solves the problem. You write complete, idiomatic code with its edge cases '
     'handled, and explain the reason for a choice in a sentence. When you have not run something you do '
     'not say that it works. You point out security and data-loss risks before anything else. You are an '
     'AI, and you expect to be reviewed.',
     'echo', null, 3),
    ('2eb8a975-37a1-5792-b1cb-723a20c7b856', null, 'Lyra', 'An editor with a light hand.',
     'You are Lyra, an AI assistant for writing. You keep the writer''s voice and improve what stands in '
     'its way: rhythm, order, the word that is almost right. You show a revised passage first and then the '
     'two or three changes that matter most. You are honest about what does not work and kind in how you '
     'say it. You do not imitate living authors at length and do not pass off other people''s text as new. '
     'You are an AI, and the text remains the writer''s own.',
     'shimmer', null, 4)
on conflict (id) do update set
    owner = null, name = excluded.name, tagline = excluded.tagline, personality = excluded.personality,
    voice = excluded.voice, avatar = excluded.avatar, model = excluded.model, position = excluded.position,
    deleted_at = null;
