-- The Ezri profile: a companion for mental wellness. Applied by the owner of the tables in one transaction:
-- applying it again changes nothing, and over another profile it leaves only this one's rows in force. Money
-- in cents, model prices in nano-dollars per token. Decisions of ours, where the specification is silent, are
-- marked "ours".
set search_path = airi;

-- Rows of another profile go; what an operator added to this one stays.
delete from feature_flags
    where not exists (select from system_settings where key = 'profile' and value = '"ezri"');
delete from blocked_terms
    where not exists (select from system_settings where key = 'profile' and value = '"ezri"');
update companions set deleted_at = now()
    where not exists (select from system_settings where key = 'profile' and value = '"ezri"')
    and owner is null and deleted_at is null;
delete from system_settings
    where not exists (select from system_settings where key = 'profile' and value = '"ezri"');

-- Documented: the names of four plans and dollars as the default. All else is ours: the prices, the sizes;
-- enterprise is sold on request (price 0 with `on_request`: never to be checked out).
update plans set is_default = false where is_default and id <> 'free';
with kept as (
    insert into plans (id, name, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
                       reply_tokens, features, is_default, position)
    values
        ('free', 'Free', 0, 0, 'usd', 'month', null, 4000, 700,
         '{"chat": true, "voice": true, "images": false, "gaming": false, "custom_avatars": false, '
         '"api_keys": false, "priority": false, "summary": "Mood, journal, goals, and 30 messages a day."}',
         true, 1),
        ('basic', 'Basic', 10, 999, 'usd', 'month', 'price_basic_monthly', 8000, 1024,
         '{"chat": true, "voice": true, "images": false, "gaming": false, "custom_avatars": false, '
         '"api_keys": false, "priority": false, '
         '"summary": "200 messages and half an hour of voice a day."}',
         false, 2),
        ('pro', 'Pro', 20, 1999, 'usd', 'month', 'price_pro_monthly', 16000, 1024,
         '{"chat": true, "voice": true, "images": false, "gaming": false, "custom_avatars": false, '
         '"api_keys": false, "priority": true, '
         '"summary": "Unlimited messages and two hours of voice a day."}',
         false, 3),
        ('enterprise', 'Enterprise', 30, 0, 'usd', 'month', null, 32000, 1024,
         '{"chat": true, "voice": true, "images": false, "gaming": false, "custom_avatars": false, '
         '"api_keys": false, "priority": true, "on_request": true, '
         '"summary": "For organisations; price on request."}',
         false, 4)
    on conflict (id) do update set
        name = excluded.name, rank = excluded.rank, price_cents = excluded.price_cents,
        currency = excluded.currency, billing_period = excluded.billing_period,
        stripe_price_id = excluded.stripe_price_id, context_tokens = excluded.context_tokens,
        reply_tokens = excluded.reply_tokens, features = excluded.features,
        is_default = excluded.is_default, active = true, position = excluded.position
    returning id)
update plans set active = false, is_default = false where id not in (select id from kept);

-- All ours: no quota is documented. Companions of one's own are not offered: their limits could not be
-- vouched for.
with kept as (
    insert into plan_limits (plan, resource, period, amount) values
        ('free', 'messages', 'day', 30), ('free', 'voice_seconds', 'day', 300),
        ('free', 'gaming_seconds', 'day', 0), ('free', 'companions', 'stock', 0),
        ('free', 'custom_avatars', 'stock', 0),
        ('basic', 'messages', 'day', 200), ('basic', 'voice_seconds', 'day', 1800),
        ('basic', 'gaming_seconds', 'day', 0), ('basic', 'companions', 'stock', 0),
        ('basic', 'custom_avatars', 'stock', 0),
        ('pro', 'messages', 'day', -1), ('pro', 'voice_seconds', 'day', 7200),
        ('pro', 'gaming_seconds', 'day', 0), ('pro', 'companions', 'stock', 0),
        ('pro', 'custom_avatars', 'stock', 0),
        ('enterprise', 'messages', 'day', -1), ('enterprise', 'voice_seconds', 'day', -1),
        ('enterprise', 'gaming_seconds', 'day', 0), ('enterprise', 'companions', 'stock', 0),
        ('enterprise', 'custom_avatars', 'stock', 0)
    on conflict (plan, resource, period) do update set amount = excluded.amount
    returning plan, resource, period)
delete from plan_limits where (plan, resource, period) not in (select plan, resource, period from kept);

-- Documented without numbers; all numbers are ours. `crisis` has no limit: nobody in need is told to wait.
with kept as (
    insert into rate_limits (name, plan, scope, max_requests, window_seconds) values
        ('api', '*', 'user', 1000, 3600), ('api', 'basic', 'user', 5000, 3600),
        ('api', 'pro', 'user', 20000, 3600), ('api', 'enterprise', 'user', 50000, 3600),
        ('api', '*', 'ip', 100000, 3600),
        ('anonymous', '*', 'ip', 100, 900),
        ('auth', '*', 'ip', 10, 900), ('avatars', '*', 'ip', 600, 60),
        ('refresh', '*', 'ip', 300, 900), ('refresh', '*', 'user', 60, 900),
        ('chat', '*', 'user', 100, 3600), ('chat', 'basic', 'user', 2500, 3600),
        ('chat', 'pro', 'user', 10000, 3600), ('chat', 'enterprise', 'user', 25000, 3600),
        ('voice', '*', 'user', 50, 3600), ('voice', 'basic', 'user', 500, 3600),
        ('voice', 'pro', 'user', 2000, 3600), ('voice', 'enterprise', 'user', 5000, 3600),
        ('crisis', '*', 'user', -1, 60), ('crisis', '*', 'ip', -1, 60),
        ('subscription', '*', 'user', 20, 3600),
        ('upload', '*', 'user', 20, 3600)
    on conflict (name, plan, scope) do update
        set max_requests = excluded.max_requests, window_seconds = excluded.window_seconds
    returning name, plan, scope)
delete from rate_limits where (name, plan, scope) not in (select name, plan, scope from kept);

-- Documented: OpenAI, Anthropic as the alternative, no models. Ours: the models, at list prices; a local one;
-- the simulated one, always last. The price version rises by itself when a price changes.
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

-- The community is optional in the specification, and off.
insert into feature_flags (name, enabled, rollout_percentage, rule) values
    ('rate_limiting', true, 100, '{}'),
    ('websockets', true, 100, '{}'),
    ('file_uploads', true, 100, '{}'),
    ('voice_chat', true, 100, '{"user_segments": []}'),
    ('gaming_integration', false, 100, '{}'),
    ('custom_avatars', false, 100, '{}'),
    ('crisis_detection', true, 100, '{}'),
    ('community', false, 100, '{}'),
    ('magic_links', true, 100, '{}'),
    ('socket_io', true, 100, '{}')
on conflict (name) do update set
    enabled = excluded.enabled, rollout_percentage = excluded.rollout_percentage, rule = excluded.rule;

-- Documented: the value sets, the keywords and the two sentiment thresholds. Ours: which severity a state
-- has, the words of the fixed reply, the public help lines by country, refresh of 7 days (the platform's),
-- realtime and circuit breaker numbers, strikes, and retention: audit rows six years, as health records law
-- asks, messages until deleted (0).
insert into system_settings (key, value, category, is_public) values
    ('profile', '"ezri"', 'general', true),
    ('auto_title', 'true', 'chat', false),
    ('reply_cache_seconds', '300', 'chat', false),
    ('product_name', '"Ezri"', 'general', true),
    ('product_tagline', '"A quiet place to notice how you are."', 'general', true),
    ('currency', '"usd"', 'billing', true),
    ('avatar_gallery', '["avatar-dawn", "avatar-ember", "avatar-fern", "avatar-moon", "avatar-reef", "avatar-sky"]', 'avatars', true),
    ('max_sessions', '3', 'auth', false),
    ('age_gate', '"off"', 'privacy', true),
    ('minor_age', '13', 'privacy', true),
    ('erasure_days', '30', 'privacy', true),
    ('onboarding_steps',
     '[{"id": "welcome", "title": "Welcome"}, '
     '{"id": "avatar", "title": "Choose an avatar"}, '
     '{"id": "preferences", "title": "Notifications, privacy and reminders"}]',
     'general', true),
    ('access_token_seconds', '3600', 'auth', false),
    ('refresh_token_days', '7', 'auth', false),
    ('refresh_before_seconds', '300', 'auth', true),
    ('message_max_bytes', '32000', 'chat', true),
    ('billing_intervals', '["month", "year"]', 'billing', true),
    ('avatars', '["avatar-1", "avatar-2"]', 'general', true),
    ('user_defaults',
     '{"timezone": "UTC", "language": "en", "theme": "light", "mood_check_frequency": "daily", '
     '"email_notifications": true, "push_notifications": true, "sms_notifications": false, '
     '"data_sharing": false, "analytics_tracking": true}',
     'general', false),
    ('moods', '["very_happy", "happy", "neutral", "sad", "very_sad", "anxious", "angry"]', 'wellness', true),
    ('mood_score_max', '10', 'wellness', true),
    ('crisis_keywords',
     '{"high": ["suicide", "kill myself", "end my life", "not worth living", "want to die", '
     '"better off dead"], "medium": ["self harm", "hurt myself", "cutting", "hopeless", "can''t go on", '
     '"give up"], "low": ["depressed", "anxious", "struggling", "overwhelmed"]}',
     'crisis', false),
    ('crisis_sentiment', '{"high_risk": 0.9, "elevated_concern": 0.7}', 'crisis', false),
    ('crisis_states', '["NORMAL", "ELEVATED_CONCERN", "HIGH_RISK", "SAFETY_MODE"]', 'crisis', false),
    ('crisis_severities',
     '{"ELEVATED_CONCERN": "medium", "HIGH_RISK": "high", "SAFETY_MODE": "critical"}',
     'crisis', false),
    ('crisis_reply',
     '"I''m really concerned about what you just told me, and I''m glad you said it. Your wellbeing matters. '
     'I''m an AI and can''t give you the help a person can: please reach out to one of these now, or call '
     'your local emergency number if you are in danger."',
     'crisis', true),
    ('crisis_resources',
     '{"default": [{"name": "Find A Helpline", "url": "https://findahelpline.com", '
     '"about": "Crisis lines in most countries"}], '
     '"US": [{"name": "988 Suicide & Crisis Lifeline", "phone": "988", "text": "988", "hours": "24/7"}, '
     '{"name": "Crisis Text Line", "text": "HOME to 741741", "hours": "24/7"}, {"name": "Emergency", '
     '"phone": "911"}], '
     '"CA": [{"name": "9-8-8 Suicide Crisis Helpline", "phone": "988", "text": "988", "hours": "24/7"}, '
     '{"name": "Emergency", "phone": "911"}], '
     '"GB": [{"name": "Samaritans", "phone": "116 123", "hours": "24/7"}, {"name": "Shout", '
     '"text": "SHOUT to 85258", "hours": "24/7"}, {"name": "Emergency", "phone": "999"}], '
     '"IE": [{"name": "Samaritans", "phone": "116 123", "hours": "24/7"}, {"name": "Emergency", '
     '"phone": "112"}], '
     '"AU": [{"name": "Lifeline", "phone": "13 11 14", "hours": "24/7"}, {"name": "Emergency", '
     '"phone": "000"}], '
     '"DE": [{"name": "TelefonSeelsorge", "phone": "0800 1110111", "hours": "24/7"}, {"name": "Emergency", '
     '"phone": "112"}], '
     '"EU": [{"name": "Emergency", "phone": "112"}]}',
     'crisis', true),
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
    ('retention_log_days', '90', 'retention', false),
    ('retention_audit_days', '2190', 'retention', false)
on conflict (key) do update
    set value = excluded.value, category = excluded.category, is_public = excluded.is_public;

-- Ours: a starter list, for whole words. Nothing about harming oneself is blocked: what is documented as high
-- risk is for `review` (no model answers it: people and resources do), the rest passes and is recorded
-- (`warn`). Words of daily life among the documented keywords (cutting, hopeless, give up) stay with the
-- crisis keywords.
insert into blocked_terms (term, category, action) values
    ('nigger', 'hate', 'block'), ('faggot', 'hate', 'block'), ('kike', 'hate', 'block'),
    ('heil hitler', 'hate', 'block'), ('gas the jews', 'hate', 'block'), ('white power', 'hate', 'review'),
    ('kill yourself', 'harassment', 'review'), ('kys', 'harassment', 'review'),
    ('i will find out where you live', 'harassment', 'block'),
    ('i will leak your nudes', 'harassment', 'block'),
    ('shoot up a school', 'violence', 'block'), ('shoot up the school', 'violence', 'block'),
    ('build a pipe bomb', 'violence', 'block'), ('make a pipe bomb', 'violence', 'block'),
    ('plant a bomb', 'violence', 'block'), ('i will kill you', 'violence', 'warn'),
    ('child porn', 'sexual', 'block'), ('underage nudes', 'sexual', 'block'),
    ('revenge porn', 'sexual', 'block'),
    ('suicide', 'self_harm', 'review'), ('kill myself', 'self_harm', 'review'),
    ('end my life', 'self_harm', 'review'), ('not worth living', 'self_harm', 'review'),
    ('want to die', 'self_harm', 'review'), ('better off dead', 'self_harm', 'review'),
    ('self harm', 'self_harm', 'warn'), ('hurt myself', 'self_harm', 'warn'),
    ('double your bitcoin', 'spam', 'block'), ('free crypto giveaway', 'spam', 'block'),
    ('buy followers', 'spam', 'block'), ('cheap viagra', 'spam', 'block'),
    ('click here to claim', 'spam', 'warn'), ('guaranteed returns', 'spam', 'warn')
on conflict (term) do update set category = excluded.category, action = excluded.action;

insert into companions (id, owner, name, tagline, personality, voice, avatar, position) values
    ('6a0d52ad-aa71-5b3c-8495-69431e26ba93', null, 'Ezri', 'A gentle companion for your day.',
     'You are Ezri, an AI wellness companion. You help people notice how they feel, put it into words, and '
     'find one small next step. You listen without judging, reflect what you heard, and ask before you '
     'suggest an exercise such as breathing, grounding or a line in the journal. You are an AI, not a '
     'therapist or a doctor: you give no diagnosis, no advice on medication, and you say so when it comes '
     'up. You never promise secrecy or that all will be well, and you encourage contact with people close '
     'by and with professionals. If someone speaks of suicide, of harming themselves or others, or is not '
     'safe, you stay calm and warm, say that you are concerned, ask whether they are safe right now, and '
     'give the local crisis line or emergency number before anything else. You never describe or compare '
     'methods of self-harm.',
     'nova', 'avatar-1', 1),
    ('6de0b6ae-3d44-5223-9c75-cb1df8cd9a5f', null, 'Sol', 'For steady habits and small wins.',
     'You are Sol, an AI companion for goals and habits. You help people choose one goal that is small '
     'enough for this week, tie it to a moment of the day, and look back kindly at what happened. You '
     'celebrate effort, treat a missed day as information, and never shame. You are an AI, not a therapist '
     'or a doctor: you give no diagnosis and no advice on medication, diets or training against medical '
     'advice. When low mood, exhaustion or hopelessness speak through a goal, you slow down, ask how the '
     'person is, and suggest talking to someone they trust or a professional. If someone may harm '
     'themselves or others, you leave the goals aside and point at once to the local crisis line or '
     'emergency number.',
     'echo', 'avatar-2', 2)
on conflict (id) do update set
    owner = null, name = excluded.name, tagline = excluded.tagline, personality = excluded.personality,
    voice = excluded.voice, avatar = excluded.avatar, model = excluded.model, position = excluded.position,
    deleted_at = null;
