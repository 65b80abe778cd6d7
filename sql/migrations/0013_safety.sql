-- Account status, known devices, and API keys with rotation, counters and limits.
set search_path = airi;

alter table users add column status_reason text check (length(status_reason) <= 500);
-- Whether this was the first login from such a device and network.
alter table sessions add column new_device boolean not null default false;

-- Rotation: a replaced key expires after an overlap.
alter table api_keys
    add column replaced_by uuid references api_keys on delete set null,
    add column requests_per_hour int check (requests_per_hour > 0),  -- NULL: the plan's only
    add column uses bigint not null default 0;
create index api_keys_replaced on api_keys (replaced_by) where replaced_by is not null;
