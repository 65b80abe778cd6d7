-- The AIRI SaaS profile, companion subscriptions: the rows in which it differs from base.sql, which explains the rest.

-- Ours: the sizes of context and reply (the documented 150 tokens a reply are too few for a companion), and that pro
-- goes first (`priority`).
insert into profile_plans (id, name, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
    reply_tokens, features, is_default, position)
values
    ('free', 'Free', 0, 0, 'usd', 'month', null, 4000, 512,
     '{"voice": true, "api_keys": true, '
     '"summary": "50 messages and 5 voice minutes a day."}',
     true, 1),
    ('plus', 'Plus', 10, 1499, 'usd', 'month', 'price_plus_monthly', 8000, 1024,
     '{"voice": true, "gaming": true, "custom_avatars": true, "api_keys": true, '
     '"summary": "500 messages, an hour of voice and two hours of games a day."}',
     false, 2),
    ('pro', 'Pro', 20, 2499, 'usd', 'month', 'price_pro_monthly', 32000, 2048,
     '{"voice": true, "gaming": true, "custom_avatars": true, "api_keys": true, "priority": true, '
     '"summary": "Everything, without daily limits."}',
     false, 3);

-- Voice minutes and gaming hours are stored in seconds; -1 is unlimited. Ours: users' own companions, against abuse.
insert into profile_limits (plan, resource, period, amount) values
    ('free', 'messages', 'day', 50), ('free', 'voice_seconds', 'day', 300), ('free', 'companions', 'stock', 5),
    ('free', 'api_keys', 'stock', 2),
    ('plus', 'messages', 'day', 500), ('plus', 'voice_seconds', 'day', 3600), ('plus', 'gaming_seconds', 'day', 7200),
    ('plus', 'custom_avatars', 'stock', 5), ('plus', 'companions', 'stock', 25), ('plus', 'api_keys', 'stock', 5),
    ('pro', 'messages', 'day', -1), ('pro', 'voice_seconds', 'day', -1), ('pro', 'gaming_seconds', 'day', -1),
    ('pro', 'custom_avatars', 'stock', -1), ('pro', 'companions', 'stock', -1), ('pro', 'api_keys', 'stock', 20);

-- `api` is a plan's hourly request quota. The documented limits of the endpoint groups hold for the lowest plan; of the
-- paid ones (ours) chat is half of the plan's quota, since a turn is about two requests, and voice and gaming are a
-- tenth. Also ours: gaming, upload.
insert into profile_rates (name, plan, scope, max_requests, window_seconds) values
    ('api', 'plus', 'user', 5000, 3600), ('api', 'pro', 'user', 50000, 3600), ('chat', 'plus', 'user', 2500, 3600),
    ('chat', 'pro', 'user', 25000, 3600), ('subscription', '*', 'user', 20, 3600),
    ('voice', '*', 'user', 50, 3600), ('voice', 'plus', 'user', 500, 3600),
    ('voice', 'pro', 'user', 5000, 3600), ('gaming', '*', 'user', 60, 3600), ('gaming', 'plus', 'user', 500, 3600),
    ('gaming', 'pro', 'user', 5000, 3600), ('upload', 'plus', 'user', 100, 3600), ('upload', 'pro', 'user', 500, 3600);

-- The documented rate stands for input and output: 0.002 USD per 1,000 tokens are 2,000 nano-dollars a token. Ours:
-- context and reply sizes (the providers' own), and gpt-4o-mini at its list price for requests that name it.
insert into profile_models (provider, model, min_rank, priority, input_price, output_price, context_tokens,
    reply_tokens, active)
values
    ('openai', 'gpt-3.5-turbo', 0, 1, 2e9, 2e9, 16385, 4096, true),
    ('anthropic', 'claude-3-haiku-20240307', 0, 2, 8e9, 8e9, 200000, 4096, true),
    ('groq', 'mixtral-8x7b-32768', 0, 3, 0.1e9, 0.1e9, 32768, 4096, true),
    ('openai', 'gpt-4o-mini', 0, 4, 0.15e9, 0.6e9, 128000, 4096, true);

-- No segments and no beta users mean everybody.
insert into profile_flags (name, enabled, rule) values
    ('voice_chat', true, '{"user_segments": []}'),
    ('custom_avatars', true, '{"plans": ["plus", "pro"]}');

-- Documented: a client connects again after 5 s, 10 times; the content policy, and the origin https://airi.chat. Ours:
-- the app's own origin, which the document leaves out; a birth date is required at signup, so that a child cannot pass
-- by leaving it out; access and refresh tokens expire as on the platform (1 hour, 7 days), not after the documented 7
-- days for all. Documented: Minecraft and Factorio.
insert into profile_settings (key, value) values
    ('conversion_alert_percent', '20'),
    ('mrr_alert_percent', '10'),
    ('product_name', '"AIRI"'),
    ('product_tagline', '"Talk, play and live with an AI companion."'),
    ('age_gate', '"required"'),
    ('onboarding_steps',
     '[{"id": "companion", "title": "Choose a companion"}, '
     '{"id": "first_message", "title": "Say hello"}, '
     '{"id": "profile", "title": "Tell us your name"}]'),
    ('content_security_policy',
     '"default-src ''self''; script-src ''self'' ''unsafe-inline'' https://js.stripe.com; '
     'style-src ''self'' ''unsafe-inline''; img-src ''self'' data: https:; connect-src ''self'' wss: https:"'),
    ('gaming_types', '["minecraft", "factorio"]'),
    ('cors_origins', '["https://airi.chat", "https://app.airi.chat"]'),
    ('reconnect_ms', '5000'),
    ('reconnect_attempts', '10'),
    ('temperature', '0.7');

insert into profile_companions (id, name, tagline, personality, voice, avatar, position) values
    ('5340d2bd-06bc-579a-bc54-97671f74b2a1', 'Luna', 'A calm evening voice that remembers to ask.',
     'You are Luna, an AI companion: warm, unhurried and a little playful. You listen first, answer what '
     'was said, and ask one good question rather than five. You speak in short, natural sentences, as one '
     'does late in the evening, without lists or headings. You never claim to be human, to have a body or '
     'to have met anyone; asked, you say plainly that you are an AI. You encourage friendships and sleep '
     'as much as talking to you. If someone is in danger or thinks of harming themselves, you stay kind '
     'and point them to local emergency help or a crisis line.',
     'nova', null, 1),
    ('61084a22-1278-5410-ba71-a3c41c3fa37c', 'Kai', 'Your partner for the next adventure.',
     'You are Kai, an AI companion for games and adventures: quick, brave and good-humoured. You think '
     'like a team-mate: you suggest the next step, share the loot, and laugh at your own mistakes. You '
     'know Minecraft and Factorio well and say so when you are not sure of a detail. Keep it short while a '
     'game is on; in quiet moments you may tell a story. You are an AI and never pretend otherwise. You '
     'keep the talk fit for all ages, and suggest a break when the hours get long.',
     'echo', null, 2),
    ('598efe88-edc3-5df0-8f1d-244df418256c', 'Mira', 'Spins stories with you, one scene at a time.',
     'You are Mira, an AI companion and storyteller. You build stories together with the person you talk '
     'to: you paint a scene in a few vivid lines, give its people a wish and a trouble, and leave the next '
     'choice open. You take up their ideas and make them better instead of replacing them. You keep track '
     'of names and promises made earlier in the story. You keep scenes free of sexual content and of '
     'cruelty for its own sake. Asked about yourself, you step out of the tale and say that you are an AI.',
     'shimmer', null, 3),
    ('96c25b0b-8b91-5074-976d-1203e4988b0d', 'Atlas', 'Curious about everything.',
     'You are Atlas, an AI companion with a curious mind. You explain things plainly, from the ground up, '
     'with one example from daily life, and check whether it helped before going deeper. You tell apart '
     'what is known, what is likely and what you are guessing. You help to plan days, learn skills and '
     'think through choices, but leave the decision to the person. For medical, legal or money questions '
     'you give general knowledge and name who to ask. You are an AI, and say so whenever it matters.',
     'onyx', null, 4);
