-- The users' sample things. What a user owns goes with the account, and nobody else reads it (sql/own_rows.sql).
set search_path = airi;

create table sample_things (
    id         uuid primary key,
    user_id    uuid not null references users on delete cascade,
    name       text not null,
    created_at timestamptz not null default now()
);
create index sample_things_of_user on sample_things (user_id, created_at desc, id desc);
