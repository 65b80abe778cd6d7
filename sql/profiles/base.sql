-- Applies the profile of one product, which the psql variable `profile` names. <profile>.sql adds the rows in which the
-- product differs, this file the rows that all products share, and both are carried over into the tables. Run by the
-- owner of the tables in one transaction. Applying a profile again changes nothing; applied over another profile it
-- leaves only its own rows in force. Rows that an operator added stay as long as the profile is the same, and so does
-- what an admin set (trigger keep_what_was_set). Money in cents, model prices in nano-dollars per million tokens (1e9:
-- a dollar). Decisions on which the specifications are silent are marked "ours".
set search_path = airi;

create temporary table profile_plans (like plans including defaults including indexes) on commit drop;
create temporary table profile_limits (like plan_limits including indexes) on commit drop;
create temporary table profile_rates (like rate_limits including defaults including indexes) on commit drop;
create temporary table profile_models (like model_prices including defaults including indexes) on commit drop;
create temporary table profile_flags (like feature_flags including defaults including indexes) on commit drop;
create temporary table profile_settings (like system_settings including defaults including indexes) on commit drop;
create temporary table profile_terms (like blocked_terms including defaults including indexes) on commit drop;
create temporary table profile_moderation_rules (like moderation_rules including defaults including indexes)
    on commit drop;
create temporary table profile_companions (like companions including defaults including indexes) on commit drop;
create temporary table profile_crisis_resources (like crisis_resources including defaults including indexes)
    on commit drop;
create temporary table profile_disclosures (like ai_disclosures including defaults including indexes) on commit drop;

\ir :profile.sql
\ir shared/crisis_resources.sql
\ir shared/ai_disclosures.sql

-- A shared row is left out where the product has one of its own. A plan lacks each feature that it does not name.
update profile_plans set features =
    '{"chat": true, "voice": false, "images": false, "gaming": false, "custom_avatars": false, "api_keys": false, '
    '"priority": false}' || features;

insert into profile_limits (plan, resource, period, amount)
select plan.id, resource, period, 0
from profile_plans plan,
    (values ('voice_seconds', 'day'), ('gaming_seconds', 'day'), ('companions', 'stock'), ('custom_avatars', 'stock'))
        as absent (resource, period)
on conflict do nothing;

-- `api` is a user's quota over all routes; an address as such is limited above the largest plan (ours), so that a
-- household does not lock itself out, and `anonymous` limits an address's requests without a user. `auth` is login and
-- signup, and what a signed-in user does with a password or a second factor (ours); refresh, logout and session have
-- `refresh`; `ai` is a question outside every conversation, counted in `chat` too. Webhooks have no limit, and `crisis`
-- has none (ours): people in need are never rejected.
insert into profile_rates (name, plan, scope, max_requests, window_seconds) values
    ('api', '*', 'user', 1000, 3600), ('api', '*', 'ip', 100000, 3600), ('anonymous', '*', 'ip', 100, 900),
    ('auth', '*', 'ip', 10, 900), ('auth', '*', 'user', 30, 900), ('refresh', '*', 'ip', 300, 900),
    ('refresh', '*', 'user', 60, 900), ('chat', '*', 'user', 100, 3600), ('search', '*', 'user', 100, 60),
    ('ai', '*', 'user', 1000, 3600), ('gaming', '*', 'user', 60, 3600), ('subscription', '*', 'user', 100, 3600),
    ('upload', '*', 'user', 20, 3600),
    ('avatars', '*', 'ip', 600, 60), ('webhooks', '*', 'ip', -1, 60), ('crisis', '*', 'user', -1, 60),
    ('crisis', '*', 'ip', -1, 60)
on conflict do nothing;

-- The others keep a log of the window. That of 100,000 requests would be large; a page loads many avatars at once.
update profile_rates set strategy = 'fixed_window' where name = 'api' and scope = 'ip';
update profile_rates set strategy = 'token_bucket' where name = 'avatars';

-- The ids that the providers accept today for names that they have retired: the successors that they name
-- (developers.openai.com/api/docs/deprecations, platform.claude.com/docs/en/about-claude/model-deprecations,
-- console.groq.com/docs/deprecations; read in November 2026). Of OpenAI's, those that take a temperature and do not
-- reason first; they, and gpt-4o-mini, are accepted until 14 January 2027. Azure's ids are the operator's deployments.
-- Users pay the documented price of the name.
insert into model_ids (provider, model, api_id) values
    ('openai', 'gpt-4-turbo-preview', 'gpt-4.1'),
    ('openai', 'gpt-4', 'gpt-4.1'),
    ('openai', 'gpt-3.5-turbo', 'gpt-4.1-mini'),
    ('anthropic', 'claude-3-opus', 'claude-opus-4-6'),
    ('anthropic', 'claude-3-sonnet', 'claude-sonnet-4-6'),
    ('anthropic', 'claude-3-haiku', 'claude-haiku-4-5-20251001'),
    ('anthropic', 'claude-3-haiku-20240307', 'claude-haiku-4-5-20251001'),
    ('groq', 'mixtral-8x7b', 'openai/gpt-oss-120b'),
    ('groq', 'mixtral-8x7b-32768', 'openai/gpt-oss-120b'),
    ('groq', 'llama2', 'openai/gpt-oss-20b')
on conflict (provider, model) do update set api_id = excluded.api_id;

-- A local model; the simulated one is always last.
insert into profile_models (provider, model, priority, input_price, output_price, context_tokens) values
    ('ollama', 'llama3.2', 900, 0, 0, 8192), ('simulated', 'simulated-1', 1000, 0.1e9, 0.2e9, 32768)
on conflict do nothing;

-- The standard values of sql/functions/settings.sql.
insert into profile_flags (name, enabled, rule) select name, enabled, '{}' from flag_declarations()
on conflict do nothing;

insert into profile_settings (key, value) values ('profile', to_jsonb(:'profile'::text));
insert into profile_settings (key, value) select key, standard from setting_declarations()
on conflict do nothing;
update profile_settings p set category = d.category, is_public = d.is_public
from setting_declarations() d where d.key = p.key;

-- Ours: a starter list, for whole words. `warn` lets the message pass and records it: people who speak of harming
-- themselves get an answer, never a rejection.
insert into profile_terms (term, category, action) values
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
    ('double your bitcoin', 'spam', 'block'), ('free crypto giveaway', 'spam', 'block'),
    ('buy followers', 'spam', 'block'), ('cheap viagra', 'spam', 'block'),
    ('click here to claim', 'spam', 'warn'), ('guaranteed returns', 'spam', 'warn')
on conflict do nothing;

-- Ours, for OpenAI's moderation scores: the documents name categories and actions, no numbers. What harms people most
-- is blocked from a lower score, a fitting insult is not, and minors are protected earlier. Self-harm is never blocked
-- or held. Categories of later models are reviewed by people.
insert into profile_moderation_rules (category, audience, warn, review, block) values
    ('*', 'everyone', null, 0.9, null),
    ('sexual', 'everyone', 0.7, 0.9, null), ('sexual', 'minors', 0.2, 0.4, 0.6),
    ('sexual/minors', 'everyone', null, 0.2, 0.4),
    ('harassment', 'everyone', 0.6, 0.9, null), ('harassment', 'minors', 0.5, 0.7, 0.9),
    ('harassment/threatening', 'everyone', 0.5, 0.7, 0.9),
    ('hate', 'everyone', 0.4, 0.6, 0.85), ('hate/threatening', 'everyone', 0.3, 0.5, 0.7),
    ('illicit', 'everyone', 0.6, 0.9, null), ('illicit', 'minors', 0.5, 0.7, 0.9),
    ('illicit/violent', 'everyone', 0.4, 0.6, 0.85),
    ('self-harm', 'everyone', 0.5, null, null), ('self-harm/intent', 'everyone', 0.5, null, null),
    ('self-harm/instructions', 'everyone', 0.4, null, null),
    ('violence', 'everyone', 0.7, 0.9, null), ('violence', 'minors', 0.6, 0.8, 0.95),
    ('violence/graphic', 'everyone', 0.7, 0.9, null), ('violence/graphic', 'minors', 0.5, 0.7, 0.85),
    ('term:sexual', 'minors', null, null, 0.8)
on conflict do nothing;

-- Into the tables. What belongs to another profile goes first.
select not exists (select from system_settings where key = 'profile' and value = to_jsonb(:'profile'::text)) as changes
\gset
\if :changes
delete from feature_flags;
delete from blocked_terms;
delete from moderation_rules;
delete from system_settings;
update companions set deleted_at = now() where owner is null and deleted_at is null;
\endif

-- Rows of an earlier version that nothing reads any more.
delete from system_settings where key not in (select key from setting_declarations());
delete from feature_flags where name not in (select name from flag_declarations());

update plans set is_default = false where is_default and id not in (select id from profile_plans where is_default);
insert into plans select * from profile_plans
on conflict (id) do update set
    name = excluded.name, tier = excluded.tier, rank = excluded.rank, price_cents = excluded.price_cents,
    currency = excluded.currency, billing_period = excluded.billing_period, stripe_price_id = excluded.stripe_price_id,
    context_tokens = excluded.context_tokens, reply_tokens = excluded.reply_tokens, features = excluded.features,
    is_default = excluded.is_default, active = true, position = excluded.position,
    yearly_price_cents = excluded.yearly_price_cents, stripe_yearly_price_id = excluded.stripe_yearly_price_id,
    trial_days = excluded.trial_days;
update plans set active = false, is_default = false where id not in (select id from profile_plans);

insert into plan_limits select * from profile_limits
on conflict (plan, resource, period) do update set amount = excluded.amount;
delete from plan_limits
where (plan, resource, period) not in (select plan, resource, period from profile_limits);

insert into rate_limits select * from profile_rates
on conflict (name, plan, scope) do update
    set max_requests = excluded.max_requests, window_seconds = excluded.window_seconds, strategy = excluded.strategy;
delete from rate_limits where (name, plan, scope) not in (select name, plan, scope from profile_rates);

-- A changed price raises the version.
insert into model_prices select * from profile_models
on conflict (provider, model) do update set
    version = model_prices.version
        + ((model_prices.input_price, model_prices.output_price, model_prices.cached_price,
            model_prices.cache_write_price, model_prices.reasoning_price)
           is distinct from (excluded.input_price, excluded.output_price, excluded.cached_price,
                             excluded.cache_write_price, excluded.reasoning_price))::int,
    min_rank = excluded.min_rank, priority = excluded.priority, input_price = excluded.input_price,
    output_price = excluded.output_price, cached_price = excluded.cached_price,
    cache_write_price = excluded.cache_write_price, reasoning_price = excluded.reasoning_price,
    context_tokens = excluded.context_tokens,
    reply_tokens = excluded.reply_tokens, active = excluded.active, stand_in = excluded.stand_in;
update model_prices set active = false where (provider, model) not in (select provider, model from profile_models);

insert into feature_flags select * from profile_flags
on conflict (name) do update set
    enabled = excluded.enabled, rollout_percentage = excluded.rollout_percentage, rule = excluded.rule;

insert into system_settings select * from profile_settings
on conflict (key) do update set
    value = excluded.value, category = excluded.category, is_public = excluded.is_public;

insert into blocked_terms select * from profile_terms
on conflict (term, pattern, shadow) do update set category = excluded.category, action = excluded.action
where blocked_terms.changed_at is null;

-- Ours: what a blocked message of a category counts. Signs of self-harm are no violation.
insert into violation_rules (category, points) values
    ('spam', 1), ('other', 1), ('harassment', 1), ('hate', 2), ('sexual', 2), ('violence', 2), ('self_harm', 0),
    ('harassment/threatening', 2), ('hate/threatening', 3), ('illicit', 1), ('illicit/violent', 3),
    ('sexual/minors', 15), ('violence/graphic', 1), ('self-harm', 0), ('self-harm/intent', 0),
    ('self-harm/instructions', 0)
on conflict (category) do update set points = excluded.points;

insert into moderation_rules select * from profile_moderation_rules
on conflict (category, audience, plan, shadow) do update
    set warn = excluded.warn, review = excluded.review, block = excluded.block;

insert into companions select * from profile_companions
on conflict (id) do update set
    owner = null, name = excluded.name, tagline = excluded.tagline, personality = excluded.personality,
    voice = excluded.voice, avatar = excluded.avatar, model = excluded.model, position = excluded.position,
    deleted_at = null;

-- A person who has called a number has called that number. Rows of the operator's own stay.
insert into crisis_resources as old select * from profile_crisis_resources
on conflict (id) do update set
    country = excluded.country, position = excluded.position, kind = excluded.kind, name = excluded.name,
    dial = excluded.dial, sms_number = excluded.sms_number, sms_keyword = excluded.sms_keyword, url = excluded.url,
    opens = excluded.opens, closes = excluded.closes, days = excluded.days, time_zone = excluded.time_zone,
    languages = excluded.languages, source_kind = excluded.source_kind, source_url = excluded.source_url,
    verified_on = excluded.verified_on, expires_on = excluded.expires_on, doubt = excluded.doubt,
    reviewed_by = case when (old.dial, old.sms_number, old.sms_keyword)
                            is not distinct from (excluded.dial, excluded.sms_number, excluded.sms_keyword)
                       then old.reviewed_by end;
delete from crisis_resources
where source_kind <> 'operator' and id not in (select id from profile_crisis_resources);

insert into ai_disclosures select * from profile_disclosures
on conflict (id) do update set
    jurisdiction = excluded.jurisdiction, places = excluded.places, audience = excluded.audience, kind = excluded.kind,
    every_seconds = excluded.every_seconds, suggests_break = excluded.suggests_break, interrupts = excluded.interrupts,
    texts = excluded.texts, law = excluded.law, valid_from = excluded.valid_from, source_kind = excluded.source_kind,
    source_url = excluded.source_url, doubt = excluded.doubt
where ai_disclosures.source_kind <> 'operator';
delete from ai_disclosures where source_kind <> 'operator' and id not in (select id from profile_disclosures);
