-- The audit log: actions on accounts and their actors. Rows are never changed.
set search_path = airi;

create table audit_log (
    id      uuid primary key default gen_random_uuid(),
    user_id uuid,                                          -- the owner of the account
    actor   uuid,                                          -- the signed-in user who acted; NULL: none
    action  text not null,                                 -- noun.verb_past: "password.changed"
    subject text not null default '',                      -- the id or name of the object
    details jsonb not null default '{}',
    address inet,
    at      timestamptz not null default now()
);
create index audit_log_of_user on audit_log (user_id, at desc, id);
create index audit_log_by_time on audit_log (at desc, id);
