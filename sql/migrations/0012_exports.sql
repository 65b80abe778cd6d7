-- Export (GDPR, article 20) and erasure (article 17) of a user's data.
set search_path = airi;

-- An archive is one JSON document, written part by part. The row has the progress, so that every worker that
-- continues it writes each part once.
create table exports (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    state        text not null default 'requested'
        check (state in ('requested', 'running', 'ready', 'failed', 'expired')),
    token_hash   text unique,                              -- SHA-256, hex, of the link's token
    section      int not null default 0,                   -- the next one
    conversation uuid,                                     -- the current one; after_*: its last written message
    inside       boolean not null default false,
    after_at     timestamptz,
    after_id     uuid,
    parts        int not null default 0,
    bytes        bigint not null default 0,
    created_at   timestamptz not null default now(),
    finished_at  timestamptz,
    expires_at   timestamptz
);
create index sessions_by_user on sessions (user_id);      -- ended ones included
create index exports_of_user on exports (user_id, created_at desc);

create table export_parts (
    export_id uuid not null references exports on delete cascade,
    part      int not null,
    body      text not null,
    primary key (export_id, part)
);
create index exports_to_expire on exports (expires_at) where expires_at is not null;

insert into jobs (name, every) values ('exports', '1 hour'), ('erasures', '1 hour');
