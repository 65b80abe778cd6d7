-- The differences between the products are data: plans, limits, prices, flags, settings. sql/profiles fills these
-- tables.
create schema if not exists airi;
revoke all on schema public from public;
grant usage on schema airi to airi_app, airi_worker;
-- An owner without CREATEROLE may not set another role's search_path, but may set the database's.
do $$ begin execute format('alter database %I set search_path = airi', current_database()); end $$;
set search_path = airi;

create table plans (
    id              text primary key check (id ~ '^[a-z][a-z0-9_]*$'),
    name            text not null,
    rank            int not null,                       -- models and features require a minimum rank
    price_cents     bigint not null default 0 check (price_cents >= 0),
    currency        text not null default 'usd',
    billing_period  text not null default 'month' check (billing_period in ('month', 'year', 'once')),
    stripe_price_id text,
    context_tokens  int not null default 4000 check (context_tokens > 0),   -- of prompt and reply together
    reply_tokens    int not null default 1024 check (reply_tokens > 0),
    features        jsonb not null default '{}',
    is_default      boolean not null default false,     -- new users get this plan
    active          boolean not null default true,
    position        int not null default 0
);
create unique index plans_one_default on plans (is_default) where is_default;

create table plan_limits (
    plan     text not null references plans on update cascade on delete cascade,
    resource text not null,                             -- messages, voice_seconds, gaming_seconds, custom_avatars, …
    period   text not null check (period in ('day', 'hour', 'month', 'stock')),
    amount   bigint not null check (amount >= -1),      -- -1: unlimited
    primary key (plan, resource, period)
);

-- Request rates: sliding windows. The row of the caller's plan takes precedence over the row for every plan ('*').
create table rate_limits (
    name           text not null,                       -- the route group: chat, auth, voice, …, or api for all
    plan           text not null default '*',
    scope          text not null check (scope in ('user', 'ip')),
    max_requests   int not null check (max_requests >= -1),
    window_seconds int not null check (window_seconds > 0),
    primary key (name, plan, scope)
);

-- Prices in nano-dollars per token. A plan's default chain is every active row that its rank permits, by priority.
create table model_prices (
    provider       text not null,
    model          text not null,                       -- the provider's own name
    min_rank       int not null default 0,
    priority       int not null default 100,            -- the lowest is tried first
    input_nanousd  bigint not null check (input_nanousd >= 0),
    output_nanousd bigint not null check (output_nanousd >= 0),
    context_tokens int not null default 8192 check (context_tokens > 0),
    reply_tokens   int not null default 4096 check (reply_tokens > 0),
    version        int not null default 1,              -- raised with every change of price
    active         boolean not null default true,
    primary key (provider, model)
);

create table feature_flags (
    name               text primary key,
    enabled            boolean not null default false,
    rollout_percentage int not null default 100 check (rollout_percentage between 0 and 100),
    rule               jsonb not null default '{}'
);

create table system_settings (
    key       text primary key,
    value     jsonb not null,
    category  text not null default 'general',
    is_public boolean not null default false
);

create table blocked_terms (
    term     text primary key,                          -- normalised: lower case, folded
    category text not null
        check (category in ('harassment', 'hate', 'self_harm', 'sexual', 'violence', 'spam', 'other')),
    action   text not null default 'block' check (action in ('warn', 'block', 'review'))
);

create table provider_health (
    provider     text not null,
    instance     text not null,                         -- the worker that measured it
    state        text not null check (state in ('closed', 'open', 'half_open')),
    success_rate double precision not null,
    latency_ms   bigint not null,
    failures     int not null,
    last_error   text,
    updated_at   timestamptz not null default now(),
    primary key (provider, instance)
);
