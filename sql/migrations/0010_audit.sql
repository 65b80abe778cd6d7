-- What was done to accounts, and by whom: written where it is done, never changed.
set search_path = airi;

create table audit_log (
    id      uuid primary key default gen_random_uuid(),
    user_id uuid,                                          -- whose account it concerns
    actor   uuid,                                          -- who did it; NULL: nobody who was signed in
    action  text not null,                                 -- area.what: "password.changed"
    subject text not null default '',                      -- the id or name of what it was done to
    details jsonb not null default '{}',
    address inet,
    at      timestamptz not null default now()
);
create index audit_log_of_user on audit_log (user_id, at desc, id);
create index audit_log_by_time on audit_log (at desc, id);
