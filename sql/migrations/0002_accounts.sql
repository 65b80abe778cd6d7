-- Users and their sessions. The gateway's role sees the caller's rows only; login, signup and refresh, which precede a
-- known caller, are functions of airi_owner.
set search_path = airi;

create table users (
    id            uuid primary key,
    email         text not null check (length(email) <= 254),
    email_key     text generated always as (lower(email)) stored unique,
    password_hash text,
    role          text not null default 'user' check (role in ('user', 'admin', 'super')),
    status        text not null default 'active' check (status in ('active', 'suspended', 'banned', 'deleted')),
    status_until  timestamptz,
    plan          text not null references plans on update cascade,
    display_name  text check (length(display_name) <= 100),
    metadata      jsonb not null default '{}',
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);

create table sessions (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    user_agent   text,
    address      inet,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    ended_at     timestamptz,
    ended_why    text check (ended_why in ('logout', 'reuse', 'limit', 'password', 'admin'))
);
create index sessions_of_user on sessions (user_id, created_at) where ended_at is null;

-- One row per issued refresh token: its hash only. Reuse of a token after its grace period ends the session.
create table refresh_tokens (
    hash       text primary key,                        -- SHA-256, hex
    session_id uuid not null references sessions on delete cascade,
    created_at timestamptz not null default now(),
    used_at    timestamptz
);
create index refresh_tokens_of_session on refresh_tokens (session_id);
