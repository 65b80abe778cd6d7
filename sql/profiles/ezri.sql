-- The Ezri profile, a companion for mental wellness: the rows in which it differs from base.sql, which explains the
-- rest.

-- Documented: the names of four plans, and dollars as the default. Ours: prices and sizes. Enterprise is sold on
-- request (price 0 with `on_request`: no checkout).
insert into profile_plans (id, name, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
    reply_tokens, features, is_default, position)
values
    ('free', 'Free', 0, 0, 'usd', 'month', null, 4000, 700,
     '{"voice": true, '
     '"summary": "Mood, journal, goals, and 30 messages a day."}',
     true, 1),
    ('basic', 'Basic', 10, 999, 'usd', 'month', 'price_basic_monthly', 8000, 1024,
     '{"voice": true, '
     '"summary": "200 messages and half an hour of voice a day."}',
     false, 2),
    ('pro', 'Pro', 20, 1999, 'usd', 'month', 'price_pro_monthly', 16000, 1024,
     '{"voice": true, "priority": true, '
     '"summary": "Unlimited messages and two hours of voice a day."}',
     false, 3),
    ('enterprise', 'Enterprise', 30, 0, 'usd', 'month', null, 32000, 1024,
     '{"voice": true, "priority": true, "on_request": true, '
     '"summary": "For organisations; price on request."}',
     false, 4);

-- Documented: billed by the month or the year. Ours: a year costs ten months.
update profile_plans set yearly_price_cents = 10 * price_cents, stripe_yearly_price_id = format('price_%s_yearly', id)
where stripe_price_id is not null;

-- All ours: no quota is documented. Users' own companions are not offered, since nobody could vouch for their limits.
insert into profile_limits (plan, resource, period, amount) values
    ('free', 'messages', 'day', 30), ('free', 'voice_seconds', 'day', 300),
    ('basic', 'messages', 'day', 200), ('basic', 'voice_seconds', 'day', 1800),
    ('pro', 'messages', 'day', -1), ('pro', 'voice_seconds', 'day', 7200),
    ('enterprise', 'messages', 'day', -1), ('enterprise', 'voice_seconds', 'day', -1);

-- Documented without numbers; all numbers are ours.
insert into profile_rates (name, plan, scope, max_requests, window_seconds) values
    ('api', 'basic', 'user', 5000, 3600), ('api', 'pro', 'user', 20000, 3600),
    ('api', 'enterprise', 'user', 50000, 3600), ('chat', 'basic', 'user', 2500, 3600),
    ('chat', 'pro', 'user', 10000, 3600), ('chat', 'enterprise', 'user', 25000, 3600), ('voice', '*', 'user', 50, 3600),
    ('voice', 'basic', 'user', 500, 3600), ('voice', 'pro', 'user', 2000, 3600),
    ('voice', 'enterprise', 'user', 5000, 3600);

-- Documented: OpenAI, and Anthropic as the alternative, without models. Ours: the models, at list prices.
insert into profile_models (provider, model, min_rank, priority, input_price, output_price, context_tokens,
    reply_tokens, active)
values
    ('openai', 'gpt-4o-mini', 0, 10, 0.15e9, 0.6e9, 128000, 4096, true),
    ('anthropic', 'claude-3-haiku-20240307', 0, 20, 0.25e9, 1.25e9, 200000, 4096, true);

-- Documented: the service's name, trusted contacts. Ours: the refresh token as a cookie, which is recommended, and the
-- access token for the client to hold.
insert into profile_settings (key, value) values
    ('product_name', '"Ezri"'),
    ('product_tagline', '"A quiet place to notice how you are."'),
    ('onboarding_steps',
     '[{"id": "welcome", "title": "Welcome"}, '
     '{"id": "avatar", "title": "Choose an avatar"}, '
     '{"id": "preferences", "title": "Notifications, privacy and reminders"}]'),
    ('service_name', '"ai-service"'),
    ('avatar_gallery', '["avatar-1", "avatar-2"]'),
    ('crisis_contacts', 'true'),
    ('token_transport', '"refresh_cookie"'),
    -- Documented: retention as health records demand it. Ours: the audit log for six years, which 45 CFR 164.316(b)(2)
    -- demands of such records, and 90 days of sign-ins.
    ('retention_log_days', '90'),
    ('retention_audit_days', '2190'),
    -- Documented: the keywords and their levels, of which platform/safety lacks these, and the two thresholds.
    ('crisis_policy', '{"negative_elevated": 0.7, "negative_high": 0.9}'),
    ('message_sentiment', 'true'),
    ('user_defaults',
     '{"timezone": "UTC", "language": "en", "theme": "light", "mood_check_frequency": "daily", '
     '"email_notifications": true, "push_notifications": true, "sms_notifications": false, '
     '"data_sharing": false, "analytics_tracking": true}');

-- Ours, over the shared list: what may be said of oneself is recorded, and neither blocked nor held. Signs of a crisis
-- are no terms: platform/safety recognises them.
insert into profile_terms (term, category, action) values
    ('kill yourself', 'harassment', 'warn'), ('kys', 'harassment', 'warn');

-- Ours, over the shared rules: in a talk about feelings, violence is told more often than planned.
insert into profile_moderation_rules (category, audience, warn, review, block) values
    ('violence', 'everyone', 0.9, null, null), ('violence', 'minors', 0.8, null, null);

insert into profile_companions (id, name, tagline, personality, voice, avatar, position) values
    ('6a0d52ad-aa71-5b3c-8495-69431e26ba93', 'Ezri', 'A gentle companion for your day.',
     'You are Ezri, an AI wellness companion. You help people notice how they feel, put it into words, and '
     'find one small next step. You listen without judging, reflect what you heard, and ask before you '
     'suggest an exercise such as breathing, grounding or a line in the journal. You are an AI, not a '
     'therapist or a doctor: you give no diagnosis, no advice on medication, and you say so when it comes '
     'up. You never promise secrecy or that all will be well, and you encourage contact with people close '
     'by and with professionals. If someone speaks of suicide, of harming themselves or others, or is not '
     'safe, you stay calm and warm, say that you are concerned, ask whether they are safe right now, and '
     'give the local crisis line or emergency number before anything else. You never describe or compare '
     'methods of self-harm.',
     'nova', '/avatar-1.svg', 1),
    ('6de0b6ae-3d44-5223-9c75-cb1df8cd9a5f', 'Sol', 'For steady habits and small wins.',
     'You are Sol, an AI companion for goals and habits. You help people choose one goal that is small '
     'enough for this week, tie it to a moment of the day, and look back kindly at what happened. You '
     'celebrate effort, treat a missed day as information, and never shame. You are an AI, not a therapist '
     'or a doctor: you give no diagnosis and no advice on medication, diets or training against medical '
     'advice. When low mood, exhaustion or hopelessness speak through a goal, you slow down, ask how the '
     'person is, and suggest talking to someone they trust or a professional. If someone may harm '
     'themselves or others, you leave the goals aside and point at once to the local crisis line or '
     'emergency number.',
     'echo', '/avatar-2.svg', 2);
