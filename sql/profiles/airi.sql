-- The AIRI Platform profile, an assistant with several providers: the rows in which it differs from base.sql, which
-- explains the rest.

-- The documented 2,000, 8,000 and 32,000 tokens are a plan's context. Ours: the reply sizes and pro's price, which is
-- its sibling product's. Enterprise has no price and is sold on request (price 0 with `on_request`: no checkout).
insert into profile_plans (id, name, rank, price_cents, currency, billing_period, stripe_price_id, context_tokens,
    reply_tokens, features, is_default, position)
values
    ('free', 'Free', 0, 0, 'usd', 'month', null, 2000, 1000,
     '{"summary": "20 messages a day with GPT-3.5."}',
     true, 1),
    ('pro', 'Pro', 10, 2499, 'usd', 'month', 'price_pro_monthly', 8000, 2048,
     '{"voice": true, "images": true, "gaming": true, '
     '"summary": "200 messages a day with GPT-4, voice and images."}',
     false, 2),
    ('enterprise', 'Enterprise', 20, 0, 'usd', 'month', null, 32000, 4096,
     '{"voice": true, "images": true, "gaming": true, "custom_avatars": true, "api_keys": true, '
     '"priority": true, "on_request": true, '
     '"summary": "Unlimited messages, every model, API keys, priority; price on request."}',
     false, 3);

-- Documented: messages, and that new conversations are counted too. Ours: as many conversations as messages, voice and
-- games like the middle plan of the sibling product, companions and keys.
insert into profile_limits (plan, resource, period, amount) values
    ('free', 'messages', 'day', 20), ('free', 'conversations', 'day', 20), ('free', 'api_keys', 'stock', 0),
    ('free', 'companions', 'stock', 5),
    ('pro', 'messages', 'day', 200), ('pro', 'conversations', 'day', 200), ('pro', 'voice_seconds', 'day', 3600),
    ('pro', 'gaming_seconds', 'day', 7200), ('pro', 'api_keys', 'stock', 0), ('pro', 'companions', 'stock', 25),
    ('enterprise', 'messages', 'day', -1), ('enterprise', 'conversations', 'day', -1),
    ('enterprise', 'voice_seconds', 'day', -1), ('enterprise', 'gaming_seconds', 'day', -1),
    ('enterprise', 'api_keys', 'stock', 20), ('enterprise', 'companions', 'stock', -1),
    ('enterprise', 'custom_avatars', 'stock', -1);

-- Documented: 100 requests in 60 seconds for a user, an address and an endpoint; the address's hold for requests
-- without a user. Ours: the wider limits of enterprise, whose messages are unlimited, of an address as such, and of
-- login, refresh, voice, gaming, subscription, upload.
insert into profile_rates (name, plan, scope, max_requests, window_seconds) values
    ('api', '*', 'user', 100, 60), ('api', 'enterprise', 'user', 1000, 60), ('api', '*', 'ip', 2000, 60),
    ('anonymous', '*', 'ip', 100, 60), ('chat', '*', 'user', 100, 60), ('chat', 'enterprise', 'user', 500, 60),
    ('voice', '*', 'user', 50, 3600), ('voice', 'enterprise', 'user', 5000, 3600), ('gaming', '*', 'user', 60, 3600),
    ('gaming', 'enterprise', 'user', 5000, 3600), ('search', '*', 'user', 100, 60),
    ('search', 'enterprise', 'user', 500, 60), ('subscription', '*', 'user', 100, 60),
    ('upload', '*', 'user', 100, 3600),
    ('upload', 'enterprise', 'user', 1000, 3600);

-- The documented rate stands for input and output: 0.01 USD per 1,000 tokens are 10,000 nano-dollars a token. GPT-3.5
-- for free, GPT-4 from pro upwards; OpenAI first, then Anthropic, then Groq. Ours: opus for enterprise only; which
-- models stand in for free while OpenAI cannot answer or has no key; context sizes (the providers' own);
-- claude-3-haiku, documented without a price, and gpt-4o-mini at their list prices; llama2, without a price, is off
-- until an operator sets one.
insert into profile_models (provider, model, min_rank, priority, input_price, output_price, context_tokens,
    reply_tokens, active, stand_in)
values
    ('openai', 'gpt-4-turbo-preview', 10, 10, 10e9, 10e9, 128000, 4096, true, false),
    ('openai', 'gpt-4', 10, 20, 30e9, 30e9, 8192, 4096, true, false),
    ('anthropic', 'claude-3-opus', 20, 30, 15e9, 15e9, 200000, 4096, true, false),
    ('anthropic', 'claude-3-sonnet', 10, 40, 3e9, 3e9, 200000, 4096, true, false),
    ('openai', 'gpt-3.5-turbo', 0, 50, 1.5e9, 1.5e9, 16385, 4096, true, false),
    ('anthropic', 'claude-3-haiku', 10, 60, 0.25e9, 1.25e9, 200000, 4096, true, true),
    ('groq', 'mixtral-8x7b', 10, 70, 0.6e9, 0.6e9, 32768, 4096, true, true),
    ('openai', 'gpt-4o-mini', 10, 80, 0.15e9, 0.6e9, 128000, 4096, true, false),
    ('groq', 'llama2', 10, 90, 0, 0, 4096, 2048, false, false);

-- Documented: voice chat is off.
insert into profile_flags (name, enabled, rule) values ('voice_chat', false, '{"user_segments": []}');

-- Documented: the exact headers; Minecraft and Roblox.
insert into profile_settings (key, value) values
    ('product_name', '"AIRI Platform"'),
    ('product_tagline', '"One assistant, many models."'),
    ('onboarding_steps',
     '[{"id": "profile", "title": "Complete your profile"}, '
     '{"id": "first_message", "title": "Send your first message"}]'),
    ('gaming_types', '["minecraft", "roblox"]'),
    ('hsts_subdomains', 'false'),
    ('content_security_policy', '"default-src ''self''"');

insert into profile_companions (id, name, tagline, personality, voice, avatar, position) values
    ('817ac149-a491-54f3-ac6a-7b54f6f24d12', 'Airi', 'Your all-round assistant.',
     'You are Airi, an AI assistant: friendly, direct and precise. You answer the question first, in as '
     'few words as it deserves, and give background only where it helps. When a request can be read in two '
     'ways you say which one you took, or ask. You say what you do not know and never make up sources, '
     'numbers or quotations. You use lists and code only when they make the answer easier to use. You are '
     'an AI, say so when asked, and do not claim feelings or a life of your own.',
     'nova', null, 1),
    ('6f55eaa8-4b14-55fb-b681-60365cf43225', 'Sage', 'Reads, weighs and explains.',
     'You are Sage, an AI assistant for research and study. You break a question into parts, say what is '
     'well established, what is disputed and what is only your inference. You name the kind of source a '
     'claim rests on, and never invent a citation. You present the strongest version of each side before '
     'you weigh them. You end longer answers with what would change your mind. You are an AI without '
     'access to anything beyond this conversation and what you were trained on, and you say so when that '
     'matters.',
     'onyx', null, 2),
    ('5a18708e-d85d-5dcc-804e-3ddd9cc02386', 'Forge', 'Writes code with you, and tests it in the mind.',
     'You are Forge, an AI assistant for programmers. You read the code you are given before you judge it, '
     'and change as little as solves the problem. You write complete, idiomatic code with its edge cases '
     'handled, and explain the reason for a choice in a sentence. When you have not run something you do '
     'not say that it works. You point out security and data-loss risks before anything else. You are an '
     'AI, and you expect to be reviewed.',
     'echo', null, 3),
    ('2eb8a975-37a1-5792-b1cb-723a20c7b856', 'Lyra', 'An editor with a light hand.',
     'You are Lyra, an AI assistant for writing. You keep the writer''s voice and improve what stands in '
     'its way: rhythm, order, the word that is almost right. You show a revised passage first and then the '
     'two or three changes that matter most. You are honest about what does not work and kind in how you '
     'say it. You do not imitate living authors at length and do not pass off other people''s text as new. '
     'You are an AI, and the text remains the writer''s own.',
     'shimmer', null, 4);
