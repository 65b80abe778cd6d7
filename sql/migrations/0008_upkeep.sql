-- What has to be done from time to time, whoever does it: each job is a function, due by its row here.
set search_path = airi;

create table jobs (
    name      text primary key,                            -- of the function job_<name>()
    every     interval not null,
    last_run  timestamptz,
    last_done text not null default ''                     -- how many rows it changed, or why it failed
);
insert into jobs (name, every) values
    ('partitions', '1 day'), ('expired_sessions', '6 hours'), ('stale_rows', '1 day'), ('trash', '1 hour'), ('retention', '1 day');

create index conversations_deleted on conversations (deleted_at) where deleted_at is not null;
