-- Requests of administrators to the operations worker: replays, decisions about dead letters, moves of groups.
set search_path = airi;

create table operations (
    id           uuid primary key,
    kind         text not null,
    parameters   jsonb not null,
    state        text not null default 'requested'
        check (state in ('requested', 'running', 'cancelling', 'done', 'failed', 'cancelled')),
    requested_by uuid,                      -- without a reference: it outlives the account, as the audit log does
    worker       text,                      -- the worker's incarnation
    lease_until  timestamptz,
    attempts     int not null default 0,
    place        jsonb,                     -- of a replay: the offset of the next record, by partition
    progress     jsonb not null default '{}',
    result       jsonb,
    error        text,
    created_at   timestamptz not null default now(),
    started_at   timestamptz,
    ended_at     timestamptz
);
create index operations_by_age on operations (created_at desc, id desc);
