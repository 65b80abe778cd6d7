-- Backups of this database: one row each, and the requests of administrators. Written by deploy/backup.sh.
set search_path = airi;

create table backup_log (
    id           uuid primary key,
    kind         text not null check (kind in ('daily', 'weekly', 'monthly', 'manual')),
    name         text unique,                   -- in the place of backups; none before it begins
    state        text not null default 'requested' check (state in ('requested', 'running', 'done', 'failed')),
    requested_by uuid,                          -- without a reference: it outlives the account, as the audit log does
    size         bigint,                        -- of what is encrypted, in bytes
    sha256       text,
    error        text,
    verified_at  timestamptz,                   -- when it was restored into a server of its own, and was complete
    verify_error text,
    removed_at   timestamptz,                   -- when it was no longer in the place of backups
    created_at   timestamptz not null default now(),
    started_at   timestamptz,
    ended_at     timestamptz
);
create index backup_log_by_age on backup_log (created_at desc, id desc);
