-- The settings of a product, one row each. A profile, an admin or an operator can set no other key and no other value:
-- the trigger on system_settings rejects it. Readers call setting() or setting_int(), the gateway loads all of them
-- (gateway/services/catalogue.hpp). `reader` is a file that reads the key; tests/sql/settings_test.cpp checks it.
-- Types: boolean; integer and number from `low` to `high`; text of `low` to `high` characters, or one of `allowed`;
-- texts, a list of `low` to `high` texts; records, a list of objects that have the texts `members`; object, which has
-- `members`.
create or replace function setting_declarations()
returns table (key text, type text, standard jsonb, low numeric, high numeric, allowed text[], members text[],
               category text, is_public boolean, reader text)
language sql immutable as $$
    values
    ('profile', 'text', '"saas"'::jsonb, 1::numeric, 60::numeric, null::text[], null::text[], 'general', true,
     'sql/profiles/base.sql'),
    ('product_name', 'text', '"AIRI"', 1, 100, null, null, 'general', true, 'gateway/pages/app.js'),
    ('product_tagline', 'text', '""', 0, 200, null, null, 'general', true, 'gateway/pages/app.js'),
    ('onboarding_steps', 'records', '[]', 0, 20, null, '{id,title}', 'general', true, 'sql/functions/onboarding.sql'),
    ('avatar_gallery', 'texts',
     '["avatar-dawn", "avatar-ember", "avatar-fern", "avatar-moon", "avatar-reef", "avatar-sky"]', 0, 100, null, null,
     'avatars', true, 'sql/functions/avatars.sql'),
    ('gaming_types', 'texts', '["minecraft"]', 0, 10, null, null, 'gaming', true,
     'sql/functions/gaming.sql'),
    ('gaming_standard_minutes', 'integer', '60', 1, 1440, null, null, 'gaming', true, 'sql/functions/gaming.sql'),
    ('gaming_most_minutes', 'integer', '240', 1, 1440, null, null, 'gaming', true, 'sql/functions/gaming.sql'),
    ('gaming_sessions_per_user', 'integer', '1', 1, 10, null, null, 'gaming', false, 'sql/functions/gaming.sql'),
    ('gaming_sessions_per_server', 'integer', '5', 1, 100, null, null, 'gaming', false,
     'sql/functions/gaming_work.sql'),
    -- A game's pool of servers: how many, from which part of the places in use, number of waiting sessions or time of
    -- waiting on it grows by one, and until which part, for how long, it shrinks by one.
    ('gaming_pool_min', 'integer', '2', 0, 100, null, null, 'gaming', false, 'sql/functions/game_pool.sql'),
    ('gaming_pool_max', 'integer', '10', 1, 100, null, null, 'gaming', false, 'sql/functions/game_pool.sql'),
    ('gaming_pool_up', 'number', '0.8', 0.1, 1, null, null, 'gaming', false, 'sql/functions/game_pool.sql'),
    ('gaming_pool_waiting', 'integer', '5', 1, 1000, null, null, 'gaming', false, 'sql/functions/game_pool.sql'),
    ('gaming_pool_wait_seconds', 'integer', '5', 1, 600, null, null, 'gaming', false, 'sql/functions/game_pool.sql'),
    ('gaming_pool_down', 'number', '0.3', 0, 0.9, null, null, 'gaming', false, 'sql/functions/game_pool.sql'),
    ('gaming_pool_low_minutes', 'integer', '5', 1, 1440, null, null, 'gaming', false, 'sql/functions/game_pool.sql'),
    -- A request that takes longer is a line of the log; 0: never.
    ('slow_request_ms', 'integer', '5000', 0, 600000, null, null, 'general', false, 'gateway/api/dispatcher.cpp'),
    -- The share of requests whose traces are exported in production; elsewhere all are.
    ('trace_sample', 'number', '0.1', 0, 1, null, null, 'general', false, 'gateway/services/trace_start.cpp'),
    ('auto_title', 'boolean', 'true', null, null, null, null, 'chat', false, 'sql/functions/memory.sql'),
    ('reply_cache_seconds', 'integer', '300', 0, 86400, null, null, 'chat', false, 'workers/chat/module.cpp'),
    ('message_max_characters', 'integer', '32000', 1, 32000, null, null, 'chat', true,
     'gateway/messaging/submit_message.cpp'),
    ('max_sessions', 'integer', '3', 1, 1000, null, null, 'auth', false, 'sql/functions/sessions.sql'),
    ('access_token_seconds', 'integer', '3600', 10, 86400, null, null, 'auth', false, 'gateway/auth/cookies.cpp'),
    ('refresh_token_days', 'integer', '7', 1, 365, null, null, 'auth', false, 'sql/queries/sessions.sql'),
    -- A session whose refresh token has not been used for so long ends.
    ('session_idle_days', 'integer', '30', 1, 365, null, null, 'auth', false, 'sql/functions/auth.sql'),
    -- The time before its end at which a client exchanges an access token.
    ('refresh_before_seconds', 'integer', '300', 0, 86400, null, null, 'auth', true, 'gateway/pages/app.js'),
    -- For clients that send no X-Token-Transport.
    ('token_transport', 'text', '"bearer"', 1, 60, '{bearer,cookie,refresh_cookie}', null, 'auth', true,
     'gateway/auth/cookies.cpp'),
    ('password_reset_minutes', 'integer', '60', 5, 1440, null, null, 'auth', false, 'sql/functions/email_links.sql'),
    ('email_verification_hours', 'integer', '24', 1, 720, null, null, 'auth', false, 'sql/functions/email_links.sql'),
    -- For how long a renewal that fails leaves the plan.
    ('payment_grace_days', 'integer', '7', 0, 60, null, null, 'payments', false, 'sql/functions/payments.sql'),
    -- For how many days a consumer may withdraw from a subscription; 0: never.
    ('withdrawal_days', 'integer', '14', 0, 60, null, null, 'payments', true, 'sql/functions/payments.sql'),
    -- Of the users who pay, and of the fall of the recurring revenue in 30 days: administrators are warned; 0: never.
    ('conversion_alert_percent', 'integer', '0', 0, 100, null, null, 'payments', false, 'sql/functions/payments.sql'),
    ('mrr_alert_percent', 'integer', '0', 0, 100, null, null, 'payments', false, 'sql/functions/payments.sql'),
    -- Whether Stripe computes the tax, and asks payers for address and VAT id.
    ('stripe_tax', 'boolean', 'false', null, null, null, null, 'payments', false, 'sql/functions/payment_requests.sql'),
    ('age_gate', 'text', '"off"', 1, 60, '{off,optional,required}', null, 'privacy', true, 'sql/functions/auth.sql'),
    ('minor_age', 'integer', '13', 1, 21, null, null, 'privacy', true, 'sql/functions/auth.sql'),
    -- For how long a violation counts, and at how many points a user is suspended, for how long, or banned.
    ('violation_days', 'integer', '90', 1, 3650, null, null, 'safety', false, 'sql/functions/violations.sql'),
    ('violation_suspension_points', 'integer', '5', 1, 1000, null, null, 'safety', false,
     'sql/functions/violations.sql'),
    ('violation_suspension_hours', 'integer', '72', 1, 8760, null, null, 'safety', false,
     'sql/functions/violations.sql'),
    ('violation_ban_points', 'integer', '15', 1, 1000, null, null, 'safety', false, 'sql/functions/violations.sql'),
    -- Of how many users violations are alike when administrators are warned.
    ('violation_pattern_users', 'integer', '3', 2, 1000, null, null, 'safety', false,
     'sql/functions/violations.sql'),
    ('erasure_days', 'integer', '30', 0, 365, null, null, 'privacy', true, 'sql/functions/account_deletion.sql'),
    -- The country for a person whose own is unknown, for help lines: ISO 3166-1 alpha-2, or * for international ones.
    ('crisis_default_country', 'text', '"*"', 1, 2, null, null, 'crisis', false, 'gateway/crisis/help_lines.cpp'),
    -- The numbers of platform/safety/conversation.hpp that differ, and lines of rules: {"rules": ["high: …"]}.
    ('crisis_policy', 'object', '{}', null, null, null, null, 'crisis', false, 'sql/queries/crisis.sql'),
    -- For how long an alert and its evidence are kept, even when the account is erased.
    ('crisis_evidence_days', 'integer', '365', 1, 3650, null, null, 'crisis', false, 'sql/functions/messages.sql'),
    -- Part of the instructions to a model while a conversation is not NORMAL.
    ('crisis_instructions', 'text',
     '"The person you talk with may be in distress. Be calm and warm, and take what they say seriously. Say that '
     'you are an AI. Ask openly how they are, without judging or lecturing. Never describe or compare methods of '
     'harming oneself or others, and never promise secrecy. Encourage contact with people they trust and with '
     'professionals; help lines are shown beside your reply. In danger to life, name the local emergency number '
     'first."',
     1, 4000, null, null, 'crisis', false, 'workers/chat/module.cpp'),
    -- Two messages with less between them are continued use: reminders that this is an AI count it.
    ('continued_use_seconds', 'integer', '1800', 1, 86400, null, null, 'crisis', false,
     'sql/functions/disclosures.sql'),
    -- Whether each reply's metadata has the sentiment of its question and the state of its conversation.
    ('message_sentiment', 'boolean', 'false', null, null, null, null, 'crisis', false, 'sql/queries/crisis.sql'),
    -- Whether users may name trusted contacts, and for how long a user can stop the notice to them.
    ('crisis_contacts', 'boolean', 'false', null, null, null, null, 'crisis', true,
     'sql/functions/trusted_contacts.sql'),
    ('crisis_contact_delay_seconds', 'integer', '300', 0, 3600, null, null, 'crisis', true,
     'sql/functions/trusted_contacts.sql'),
    ('user_defaults', 'object', '{}', null, null, null, null, 'general', false, 'sql/functions/profile.sql'),
    ('heartbeat_seconds', 'integer', '30', 1, 300, null, null, 'realtime', true, 'gateway/api/websocket_upgrade.cpp'),
    -- A client's wait before it connects again, and how often it tries; 0: a growing wait, and without an end.
    ('reconnect_ms', 'integer', '0', 0, 600000, null, null, 'realtime', true, 'gateway/pages/app.js'),
    ('reconnect_attempts', 'integer', '0', 0, 1000, null, null, 'realtime', true, 'gateway/pages/app.js'),
    ('channels_per_client', 'integer', '100', 1, 10000, null, null, 'realtime', true,
     'gateway/messaging/websocket_handler.cpp'),
    -- Addresses that no limit by address counts in development.
    ('rate_limit_exempt_in_development', 'texts', '[]', 0, 20, null, null, 'limits', false,
     'gateway/services/rate_limiter.cpp'),
    -- Without Redis: whether requests pass uncounted, and the rate groups that are rejected even so.
    ('rate_limit_fail_open', 'boolean', 'true', null, null, null, null, 'limits', false,
     'gateway/services/rate_limiter.cpp'),
    ('rate_limit_fail_closed_groups', 'texts', '[]', 0, 20, null, null, 'limits', false,
     'gateway/services/rate_limiter.cpp'),
    ('hsts_seconds', 'integer', '31536000', 0, 63072000, null, null, 'security', false,
     'gateway/services/catalogue.cpp'),
    ('hsts_subdomains', 'boolean', 'true', null, null, null, null, 'security', false, 'gateway/services/catalogue.cpp'),
    -- Empty: JSON gets the strictest, and each page one of its own.
    ('content_security_policy', 'text', '""', 0, 2000, null, null, 'security', false, 'gateway/services/catalogue.cpp'),
    ('cors_origins', 'texts', '[]', 0, 100, null, null, 'security', false, 'gateway/services/catalogue.cpp'),
    ('service_name', 'text', '"airi"', 1, 60, null, null, 'operations', true, 'gateway/services/catalogue.cpp'),
    -- After how many days rows are deleted, of messages, sign-ins, the audit log and handled webhooks; 0: never.
    ('retention_message_days', 'integer', '0', 0, 36500, null, null, 'privacy', true, 'sql/functions/retention.sql'),
    ('retention_log_days', 'integer', '180', 0, 36500, null, null, 'privacy', true, 'sql/functions/retention.sql'),
    ('retention_audit_days', 'integer', '0', 0, 36500, null, null, 'privacy', false, 'sql/functions/retention.sql'),
    ('retention_webhook_days', 'integer', '0', 0, 36500, null, null, 'privacy', false, 'sql/functions/retention.sql'),
    -- The number of backups of each kind that are kept; 0: none is made.
    ('backup_keep_daily', 'integer', '7', 0, 366, null, null, 'operations', false, 'sql/functions/backups.sql'),
    ('backup_keep_weekly', 'integer', '4', 0, 104, null, null, 'operations', false, 'sql/functions/backups.sql'),
    ('backup_keep_monthly', 'integer', '12', 0, 120, null, null, 'operations', false, 'sql/functions/backups.sql'),
    ('backup_keep_manual', 'integer', '10', 1, 100, null, null, 'operations', false, 'sql/functions/backups.sql'),
    ('provider_fallback', 'boolean', 'true', null, null, null, null, 'providers', false,
     'workers/providers/rules.cpp'),
    ('provider_probe_seconds', 'integer', '30', 0, 86400, null, null, 'providers', false,
     'workers/providers/rules.cpp'),
    -- A provider behind these is called after the others.
    ('provider_min_success', 'number', '0.5', 0, 1, null, null, 'providers', false, 'workers/providers/rules.cpp'),
    ('provider_max_latency_ms', 'integer', '10000', 1, 600000, null, null, 'providers', false,
     'workers/providers/rules.cpp'),
    -- Of the operator's accounts: {"openai": {"requests_per_minute": 500, "tokens_per_minute": 200000}}.
    ('provider_budgets', 'object', '{}', null, null, null, null, 'providers', false, 'workers/providers/rules.cpp'),
    ('circuit_failures', 'integer', '3', 1, 100, null, null, 'providers', false, 'workers/providers/rules.cpp'),
    ('circuit_open_ms', 'integer', '60000', 1000, 3600000, null, null, 'providers', false,
     'workers/providers/rules.cpp'),
    -- Of a reply whose request names none.
    ('temperature', 'number', '0.7', 0, 2, null, null, 'providers', false, 'workers/providers/rules.cpp'),
    -- Of all calls and mails of a month (UTC); 0: none. Administrators are warned at 80 and 100 %.
    ('monthly_budget_cents_usd', 'integer', '0', 0, 1000000000, null, null, 'costs', false, 'sql/functions/usage.sql'),
    ('mail_cost_nanousd', 'integer', '0', 0, 1000000000, null, null, 'costs', false, 'sql/queries/usage.sql'),
    ('ai_tiers', 'object', '{}', null, null, null, null, 'providers', true, 'sql/queries/catalogue.sql'),
    ('ai_tier_default', 'text', '""', 0, 60, null, null, 'providers', true, 'workers/providers/rules.cpp')
$$;

-- The values in force of all settings.
create or replace function settings_in_force()
returns table (key text, value jsonb, category text, is_public boolean)
language sql stable as $$
    select d.key, coalesce(s.value, d.standard), d.category, coalesce(s.is_public, d.is_public)
    from setting_declarations() d left join system_settings s using (key)
$$;

-- One of them; NULL for a key that is not declared.
create or replace function setting(p_key text) returns jsonb language sql stable as $$
    select value from settings_in_force() where key = p_key
$$;
create or replace function setting_int(p_key text) returns int language sql stable as $$
    select (setting(p_key) #>> '{}')::int
$$;

-- The domain of a setting: "a whole number from 1 to 1000"; NULL for a key that is not declared.
create or replace function setting_domain(p_key text) returns text language sql immutable as $$
    select case
        when type = 'boolean' then 'true or false'
        when type = 'integer' then format('a whole number from %s to %s', low, high)
        when type = 'number' then format('a number from %s to %s', low, high)
        when type = 'text' and allowed is not null then 'one of ' || array_to_string(allowed, ', ')
        when type = 'text' then format('a text of %s to %s characters', low, high)
        when type = 'texts' then format('a list of %s to %s texts', low, high)
        when type = 'records'
            then format('a list of %s to %s objects with the texts %s', low, high, array_to_string(members, ', '))
        else 'an object' || coalesce(' with ' || array_to_string(members, ', '), '') end
    from setting_declarations() where key = p_key
$$;

-- The reason why this cannot be a setting and its value; NULL when it can.
create or replace function setting_mistake(p_key text, p_value jsonb) returns text language sql immutable as $$
    select case when d.key is null then format('there is no setting %s', p_key)
                when not coalesce(fits, false) then format('%s must be %s', p_key, setting_domain(p_key)) end
    from (select p_key as asked, jsonb_typeof(p_value) as given, p_value #>> '{}' as bare) v
    left join setting_declarations() d on d.key = v.asked
    left join lateral (select case
        when d.type in ('integer', 'number') then given = 'number' and case when given = 'number' then
            bare::numeric between d.low and d.high and (d.type = 'number' or bare ~ '^-?[0-9]+$') end
        when d.type = 'text' then given = 'string'
            and case when d.allowed is null then length(bare) between d.low and d.high else bare = any (d.allowed) end
        when d.type in ('texts', 'records') then given = 'array' and case when given = 'array' then
            jsonb_array_length(p_value) between d.low and d.high and not exists (
                select from jsonb_array_elements(p_value) e
                where case d.type when 'texts' then jsonb_typeof(e) <> 'string'
                      else exists (select from unnest(d.members) m
                                   where jsonb_typeof(e -> m) is distinct from 'string') end) end
        when d.type = 'object' then given = 'object' and (d.members is null or p_value ?& d.members)
        else given = d.type end as fits) f on true
$$;

create or replace function check_setting() returns trigger language plpgsql as $$
declare
    mistake text := setting_mistake(new.key, new.value);
begin
    if mistake is not null then raise exception using errcode = 'check_violation', message = mistake; end if;
    return new;
end $$;
create or replace trigger check_setting before insert or update on system_settings for each row
    execute function check_setting();

-- The feature flags, one row each, with the value where a profile has none. The environment's ENABLE_ variable of
-- the same feature can only switch it off.
create or replace function flag_declarations() returns table (name text, enabled boolean, reader text)
language sql immutable as $$
    values
    ('rate_limiting', true, 'gateway/services/rate_limiter.cpp'),
    ('websockets', true, 'gateway/api/websocket_upgrade.cpp'),
    ('file_uploads', true, 'gateway/routes/avatars.cpp'),
    ('voice_chat', true, 'gateway/services/feature_flags.cpp'),
    ('custom_avatars', true, 'gateway/routes/avatars.cpp'),
    ('gaming_integration', true, 'gateway/routes/gaming.cpp')
$$;

-- The reason why this cannot be a flag and its rule; NULL when it can. A rule is {"plans": […], "user_segments": […],
-- "beta_users": […]}, each a list of texts that may be missing or empty: see gateway/services/feature_flags.hpp.
create or replace function flag_mistake(p_name text, p_rule jsonb) returns text language sql immutable as $$
    select case
        when not exists (select from flag_declarations() where name = p_name)
            then format('there is no feature flag %s', p_name)
        when jsonb_typeof(p_rule) <> 'object'
             or exists (select from jsonb_each(p_rule) r
                        where r.key not in ('plans', 'user_segments', 'beta_users')
                           or jsonb_typeof(r.value) <> 'array'
                           or r.value @? '$[*] ? (@.type() != "string")'
                           or (r.key = 'user_segments'
                               and not r.value <@ '["admins", "paying", "free", "new_users"]'::jsonb))
            then 'rule may have plans, user_segments (admins, paying, free, new_users) and beta_users, lists of texts'
        end
$$;

create or replace function check_flag() returns trigger language plpgsql as $$
declare
    mistake text := flag_mistake(new.name, new.rule);
begin
    if mistake is not null then raise exception using errcode = 'check_violation', message = mistake; end if;
    return new;
end $$;
create or replace trigger check_flag before insert or update on feature_flags for each row
    execute function check_flag();
