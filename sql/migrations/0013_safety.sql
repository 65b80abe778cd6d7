-- Whether an account may act, which devices it was used from, and API keys that are replaced, counted and limited.
set search_path = airi;

alter table users add column status_reason text check (length(status_reason) <= 500);
-- Whether nobody had signed in from such a device and network before.
alter table sessions add column new_device boolean not null default false;

-- Keys that one takes the place of: the old one ends after an overlap.
alter table api_keys
    add column replaced_by uuid references api_keys on delete set null,
    add column requests_per_hour int check (requests_per_hour > 0),  -- NULL: no limit of its own
    add column uses bigint not null default 0;
create index api_keys_replaced on api_keys (replaced_by) where replaced_by is not null;
