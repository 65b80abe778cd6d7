-- Companions, conversations, messages, and the generations that answer them. The tables that every message writes to
-- have enum types instead of checks and no foreign keys: each writing statement would parse a check again, and a
-- foreign key locks the row it refers to.
set search_path = airi;

create type message_role as enum ('user', 'assistant', 'system');
create type message_content_type as enum ('text', 'voice', 'image');
-- A question is accepted, rejected, or failed (without a reply); a reply is completed, cancelled or failed.
create type message_status as enum ('accepted', 'completed', 'rejected', 'cancelled', 'failed');
create type generation_state as enum ('queued', 'running', 'completed', 'rejected', 'cancelled', 'failed');

create table companions (
    id          uuid primary key,
    owner       uuid references users on delete cascade,   -- NULL: the gallery, for every user
    name        text not null check (length(name) between 1 and 80),
    tagline     text not null default '',
    personality text not null,                             -- the system prompt
    voice       text,
    avatar      text,
    model       text,
    position    int not null default 0,
    created_at  timestamptz not null default now(),
    deleted_at  timestamptz
);

create table conversations (
    id                   uuid primary key,
    user_id              uuid not null references users on delete cascade,
    companion_id         uuid references companions,
    title                varchar(200) not null default '',
    model                text,
    system_prompt        varchar(8000),
    starred              boolean not null default false,
    archived             boolean not null default false,
    tags                 text[] not null default '{}',
    message_count        int not null default 0,
    tokens_total         bigint not null default 0,
    last_message_at      timestamptz,
    last_message_preview text,
    request_digest       text not null default '',         -- of the request with its Idempotency-Key
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    deleted_at           timestamptz
);
-- Includes deleted ones, so that one generic plan serves every combination of a list's parameters.
create index conversations_of_user on conversations (user_id, updated_at desc, id);

-- A message's id is derived from its cause, and a reply's time is its question's plus a microsecond: a redelivery
-- refers to the same row.
create table messages (
    id                uuid not null,
    conversation_id   uuid not null,
    user_id           uuid not null,                       -- the owner of the conversation
    role              message_role not null,
    content           text not null,
    content_type      message_content_type not null default 'text',
    status            message_status not null,
    client_message_id text,
    generation_id     uuid,
    metadata          jsonb not null default '{}',
    created_at        timestamptz not null,
    deleted_at        timestamptz,
    primary key (id, created_at)
) partition by range (created_at);
create index messages_of_conversation on messages (conversation_id, created_at desc, id);
create table messages_default partition of messages default;

-- One per user message: from queued to exactly one final state. Its owner has a lease with an epoch that only rises.
create table generations (
    id                  uuid primary key,
    conversation_id     uuid not null,
    user_id             uuid not null,
    message_id          uuid not null unique,
    message_created_at  timestamptz not null,
    reply_id            uuid not null,
    model               text,                              -- requested; NULL: the plan's chain
    parameters          jsonb not null default '{}',       -- max_tokens, temperature, turns (for /v1)
    state               generation_state not null default 'queued',
    epoch               int not null default 0,
    attempts            int not null default 0,
    owner               text,
    lease_until         timestamptz,
    checkpoint          text,                              -- text shown so far in this epoch
    checkpoint_offset   int not null default 0,
    provider            text,
    used_model          text,
    tokens_in           bigint not null default 0,
    tokens_out          bigint not null default 0,
    cost_nanousd        bigint not null default 0,
    latency_ms          bigint,
    error_code          text,
    created_at          timestamptz not null default now(),
    finished_at         timestamptz
) with (fillfactor = 70);                                  -- for HOT updates: no index covers the columns that change
create index generations_of_conversation on generations (conversation_id, created_at desc);

-- Cancellations, which may precede the generation's row.
create table cancellations (
    generation_id uuid not null,
    user_id       uuid not null references users on delete cascade,
    created_at    timestamptz not null default now(),
    primary key (generation_id, user_id)
);

-- Our costs per provider call, aborted calls included. Users are billed by the generation's row only.
create table provider_calls (
    generation_id uuid not null,
    epoch         int not null,
    call          int not null,
    user_id       uuid not null,
    provider      text not null,
    model         text not null,
    outcome       text not null,                           -- completed, cancelled, or the error's name
    tokens_in     bigint not null,
    tokens_out    bigint not null,
    cost_nanousd  bigint not null,
    latency_ms    bigint not null,
    created_at    timestamptz not null default now(),
    primary key (generation_id, epoch, call)
);

create table moderation_decisions (
    message_id  uuid primary key,
    user_id     uuid not null,
    action      text not null check (action in ('warn', 'block', 'review')),
    categories  text[] not null default '{}',
    confidence  double precision not null,
    reason      text not null,
    created_at  timestamptz not null default now()
);
create index moderation_decisions_of_user on moderation_decisions (user_id, created_at desc);
