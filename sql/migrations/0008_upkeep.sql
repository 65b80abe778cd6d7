-- Periodic jobs: each is a function, and due by its row here.
set search_path = airi;

create table jobs (
    name      text primary key,                            -- its function is job_<name>()
    every     interval not null,
    last_run  timestamptz,
    last_done text not null default ''                     -- the number of changed rows, or the error
);
insert into jobs (name, every) values
    ('partitions', '1 day'), ('expired_sessions', '6 hours'), ('stale_rows', '1 day'), ('trash', '1 hour'),
    ('retention', '1 day');

create index conversations_deleted on conversations (deleted_at) where deleted_at is not null;
