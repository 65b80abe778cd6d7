-- Companions, conversations, messages, and the generations that answer them. Rows on a message's way have types where
-- other tables have checks and foreign keys: a check is parsed again by each statement that writes, and a foreign key locks the row
-- it names.
set search_path = airi;

create type message_role as enum ('user', 'assistant', 'system');
create type message_content_type as enum ('text', 'voice', 'image');
-- A question is accepted, rejected, or failed when no reply came of it; a reply is completed, cancelled or failed.
create type message_status as enum ('accepted', 'completed', 'rejected', 'cancelled', 'failed');
create type generation_state as enum ('queued', 'running', 'completed', 'rejected', 'cancelled', 'failed');

create table companions (
    id          uuid primary key,
    owner       uuid references users on delete cascade,   -- NULL: the gallery, everybody's
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
    request_digest       text not null default '',         -- what was asked under its Idempotency-Key
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    deleted_at           timestamptz
);
-- Deleted ones too: one plan lists them and the others, whatever a statement's parameters are.
create index conversations_of_user on conversations (user_id, updated_at desc, id);

-- Ids of messages are derived from what caused them, and a reply's time is its question's plus a microsecond, so that a
-- redelivery names the same row.
create table messages (
    id                uuid not null,
    conversation_id   uuid not null,
    user_id           uuid not null,                       -- whose conversation it is
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

-- One per user message: its way from queued to exactly one end. Owned by a lease with an epoch that only rises.
create table generations (
    id                  uuid primary key,
    conversation_id     uuid not null,
    user_id             uuid not null,
    message_id          uuid not null unique,
    message_created_at  timestamptz not null,
    reply_id            uuid not null,
    model               text,                              -- asked for; NULL: the plan's chain
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
) with (fillfactor = 70);                                  -- claimed and finished in place: no index has what these change
create index generations_of_conversation on generations (conversation_id, created_at desc);

-- A wish to stop, which may come before the generation's row.
create table cancellations (
    generation_id uuid not null,
    user_id       uuid not null references users on delete cascade,
    created_at    timestamptz not null default now(),
    primary key (generation_id, user_id)
);

-- What we paid, per provider call: the aborted ones too. Only the generation's own row is billed.
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
