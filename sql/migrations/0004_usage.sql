-- Usage: one row per event, and the daily sums. The event's id as the key makes a redelivery harmless.
set search_path = airi;

create table usage_log (
    event_id     uuid primary key,
    user_id      uuid not null,
    resource     text not null,                            -- messages, voice_seconds, …
    quantity     bigint not null,
    provider     text not null default '',
    model        text not null default '',
    tokens_in    bigint not null default 0,
    tokens_out   bigint not null default 0,
    cost_nanousd bigint not null default 0,
    outcome      text not null default 'completed',
    reference    uuid,                                     -- of the generation, session, …
    occurred_at  timestamptz not null,
    created_at   timestamptz not null default now()
);
create index usage_log_of_user on usage_log (user_id, occurred_at desc);

create table usage_daily (
    user_id      uuid not null,
    day          date not null,                            -- UTC
    resource     text not null,
    model        text not null default '',
    requests     bigint not null default 0,
    quantity     bigint not null default 0,
    tokens_in    bigint not null default 0,
    tokens_out   bigint not null default 0,
    cost_nanousd bigint not null default 0,
    primary key (user_id, day, resource, model)
);

-- The messages that count against a day's quota, stored before they are published: an acknowledged message counts even
-- before a worker handles it or after Redis lost it. Only for users whose plan has a limit.
create table message_quota (
    user_id    uuid not null references users on delete cascade,
    day        date not null,                              -- UTC
    message_id uuid not null,
    primary key (user_id, day, message_id)
);

-- Handled events of consumers whose effects have no unique key.
create table inbox (
    consumer   text not null,
    event_id   uuid not null,
    handled_at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_by_age on inbox (handled_at);
