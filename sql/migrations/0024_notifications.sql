-- Notices to users, and views by which the products' specifications name data that has another name here.
set search_path = airi;

create table notifications (
    id         uuid primary key,                           -- of the event that requested it
    user_id    uuid not null references users on delete cascade,
    kind       varchar(40) not null,                       -- welcome, export_ready, …
    type       varchar(100) not null check (type in ('info', 'warning', 'success', 'crisis')),
    title      varchar(500) not null,
    message    text not null,
    sent_via   text[] not null default '{}',               -- the channels besides the sockets: push, email, sms
    is_read    boolean not null default false,
    read_at    timestamptz,
    metadata   jsonb not null default '{}',
    created_at timestamptz not null
);
create index notifications_of_user on notifications (user_id, created_at desc, id desc);
create index notifications_unread on notifications (user_id, created_at desc, id desc) where not is_read;
create index notifications_by_age on notifications (created_at);

-- The views. `security_invoker`: their readers need the rights of the tables, and row-level security is the readers'.
-- AIRI: usage per request, with the provider's failures; SaaS: what a user has used of a resource.
create view usage_logs with (security_invoker = true) as
select event_id as id, user_id, resource as resource_type, quantity as amount, provider, model, tokens_in, tokens_out,
       tokens_in + tokens_out as tokens_used, cost_nanousd, cost_nanousd / 1e9 as cost_usd, outcome,
       null::text as error, reference as generation_id, occurred_at as created_at
from usage_log
union all
select md5(generation_id || '/' || epoch || '/' || call)::uuid, user_id, 'messages', 0, provider, model, tokens_in,
       tokens_out, tokens_in + tokens_out, cost_nanousd, cost_nanousd / 1e9, outcome, outcome, generation_id, created_at
from provider_calls where outcome not in ('completed', 'cancelled');

create view usage_daily_aggregates with (security_invoker = true) as
select user_id, day as date, resource as resource_type, model, requests, quantity as amount, tokens_in, tokens_out,
       tokens_in + tokens_out as total_tokens, cost_nanousd, cost_nanousd / 1e9 as cost_usd
from usage_daily;

create view recent_conversations with (security_invoker = true) as
select id, user_id, companion_id, title, model, starred, archived, tags, message_count, tokens_total, last_message_at,
       last_message_preview, created_at, updated_at
from conversations where deleted_at is null;

-- Who used a resource or signed in: today, in the last 7 and the last 30 days (UTC).
create view active_users_summary with (security_invoker = true) as
with today as (
    select (now() at time zone 'utc')::date as day
), active as (
    select d.user_id, d.day from usage_daily d, today t where d.day > t.day - 30
    union
    select h.user_id, (h.at at time zone 'utc')::date from login_history h, today t
    where h.outcome = 'success' and h.at >= (t.day - 29) at time zone 'utc'
)
select t.day as date, count(distinct a.user_id) filter (where a.day = t.day) as daily_active_users,
       count(distinct a.user_id) filter (where a.day > t.day - 7) as weekly_active_users,
       count(distinct a.user_id) as monthly_active_users
from today t left join active a on true group by t.day;

-- The use of each feature by day, with the models and providers that served it.
create view feature_usage with (security_invoker = true) as
select (occurred_at at time zone 'utc')::date as date, resource as feature, provider, model,
       count(distinct user_id) as users, count(*) as requests, sum(quantity)::bigint as amount,
       sum(tokens_in)::bigint as tokens_in, sum(tokens_out)::bigint as tokens_out,
       sum(cost_nanousd)::bigint as cost_nanousd
from usage_log group by 1, 2, 3, 4;

-- AIRI's and SaaS's name for a user's record.
create view user_profiles with (security_invoker = true) as
select u.id, u.email, u.display_name, u.avatar as avatar_url, u.role, u.status, u.plan as subscription_tier,
       case when p.price_cents = 0 then 'free' else 'active' end as subscription_status, u.locale, u.timezone,
       u.preferences, u.metadata, u.created_at, u.updated_at
from users u join plans p on p.id = u.plan;

create view profiles with (security_invoker = true) as
select id, email, display_name, avatar as avatar_url, plan as tier, birth_date,
       case when consent_pending then 'pending' else 'none' end as parental_consent, created_at, updated_at
from users;

create view chat_messages with (security_invoker = true) as
select id, conversation_id, user_id, role, content, content_type, status, metadata ->> 'provider' as provider,
       metadata ->> 'model' as model, (metadata ->> 'tokens_in')::bigint as tokens_in,
       (metadata ->> 'tokens_out')::bigint as tokens_out, (metadata ->> 'latency_ms')::bigint as response_time_ms,
       rating, created_at
from messages where deleted_at is null;

-- Ezri's.
create view conversation_messages with (security_invoker = true) as
select m.id, m.conversation_id, m.role, m.content, null::text as audio_url, null::text as transcript,
       m.metadata ->> 'model' as model,
       ((m.metadata ->> 'tokens_in')::bigint + (m.metadata ->> 'tokens_out')::bigint) as tokens_used,
       d.message_id is not null as flagged, d.reason as flag_reason, m.created_at as "timestamp"
from messages m left join moderation_decisions d on d.message_id = m.id
where m.deleted_at is null;

create view audit_logs with (security_invoker = true) as
select a.id, a.actor as actor_id, u.email as actor_email, u.role as actor_role, a.action,
       split_part(a.action, '.', 1) as resource_type, a.subject as resource_id, a.details as changes,
       a.address as ip_address, a.at as "timestamp"
from audit_log a left join users u on u.id = a.actor;

-- Statex's: a question with its reply.
create view ai_responses with (security_invoker = true) as
select r.id, r.user_id, q.content as prompt, r.content as response, upper(g.provider) as tier,
       g.tokens_in + g.tokens_out as tokens_used, g.cost_nanousd / 1e9 as cost_usd,
       g.provider || ':' || g.used_model as model_used, g.latency_ms as processing_time_ms, r.created_at
from generations g
join messages q on q.id = g.message_id and q.created_at = g.message_created_at
join messages r on r.id = g.reply_id and r.created_at = g.message_created_at + interval '1 microsecond'
where g.state = 'completed' and q.deleted_at is null and r.deleted_at is null;
