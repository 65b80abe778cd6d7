-- Accounts: profile, login history and lockout, second factor, email links, API keys.
set search_path = airi;
create extension if not exists pgcrypto with schema public;

alter table users
    add column email_verified_at timestamptz,
    add column locale varchar(35) not null default 'en',
    add column timezone varchar(64) not null default 'UTC',
    add column avatar varchar(300),
    add column preferences jsonb not null default '{}',
    add column onboarding jsonb not null default '{}';

-- Every login attempt on a user's account.
create table login_history (
    id         uuid primary key default gen_random_uuid(),
    user_id    uuid not null references users on delete cascade,
    outcome    text not null check (outcome in ('success', 'wrong_password', 'wrong_code', 'locked')),
    address    inet,
    user_agent text,
    at         timestamptz not null default now()
);
create index login_history_of_user on login_history (user_id, at desc);

-- Consecutive failures by email, with or without an account, so that lockouts do not reveal which emails have one.
create table login_failures (
    email_key    text primary key,
    failures     int not null,
    locked_until timestamptz,
    changed_at   timestamptz not null default now()
);

-- RFC 6238 with SHA-1, six digits, 30 s. The secret never leaves the database after setup.
create table two_factor (
    user_id        uuid primary key references users on delete cascade,
    secret         bytea not null,
    enabled_at     timestamptz,
    last_step      bigint not null default 0,               -- of the last used code: none is used twice
    recovery_codes text[] not null default '{}',            -- SHA-256 of each unused code
    failures       int not null default 0,                  -- consecutive wrong codes
    failed_at      timestamptz
);

-- Links sent by email, each valid once: the hash of its token only.
create table email_links (
    hash       text primary key,                           -- SHA-256, hex
    user_id    uuid not null references users on delete cascade,
    kind       text not null check (kind in ('verify_email', 'reset_password', 'magic_link')),
    email      text not null,                              -- the address it was sent to
    expires_at timestamptz not null,
    used_at    timestamptz,
    created_at timestamptz not null default now()
);
create index email_links_of_user on email_links (user_id, created_at desc);

create table api_keys (
    id                uuid primary key,
    user_id           uuid not null references users on delete cascade,
    name              varchar(80) not null,
    prefix            text not null,                        -- the part that is shown
    hash              text not null unique,                 -- SHA-256, hex, of the whole key
    scopes            text[] not null,
    allowed_addresses cidr[] not null default '{}',         -- empty: every address
    expires_at        timestamptz,
    last_used_at      timestamptz,
    created_at        timestamptz not null default now(),
    revoked_at        timestamptz
);
create index api_keys_of_user on api_keys (user_id) where revoked_at is null;
