-- Pools of game servers: a worker starts and stops the servers of a game as the sessions need them.
set search_path = airi;

-- driver: '' for a server that an operator has named; ready then. A server of a pool is starting, ready, draining (it
-- gets no new session), then stopped or failed: what it ran as is ended, which `gone_at` records.
alter table game_servers
    add column driver      text not null default '' check (driver in ('', 'process', 'docker')),
    add column state       text not null default 'ready'
        check (state in ('starting', 'ready', 'draining', 'stopped', 'failed')),
    add column place       text not null default '',        -- the machine, or the engine, that it runs on
    add column handle      text not null default '',        -- what the driver knows it by
    add column starter     text,                            -- the worker that starts it
    add column lease_until timestamptz,                     -- the end of the time in which it must be ready
    add column started_at  timestamptz,
    add column failures    int not null default 0,          -- checks in a row
    add column due_at      timestamptz not null default now(),  -- the next check, or attempt to stop it
    add column gone_at     timestamptz,
    add check (driver <> '' or state = 'ready');

create table game_pools (
    game      text primary key,
    id        uuid not null default gen_random_uuid(),      -- by which the drivers know the servers of this system
    low_since timestamptz,                                  -- since when few of the places are used
    failures  int not null default 0,                       -- starts in a row that failed
    retry_at  timestamptz not null default now()            -- no start before
);

-- When a session lost its server: from then on it waits for another one.
alter table gaming_sessions add column waiting_since timestamptz;
create index gaming_sessions_of_server on gaming_sessions (server_id, status);
