-- Requests with an Idempotency-Key, for a day (sql/functions/idempotency.sql). It takes the place of digests that two
-- kinds of rows had of their own.
set search_path = airi;

create table idempotency_keys (
    id          text primary key,            -- a keyed digest of the caller or their address, the route and the key
    user_id     uuid references users on delete cascade,   -- NULL: not signed in
    request     text not null,               -- a keyed digest
    seed        uuid not null,               -- the ids of what the request creates are derived from it
    generation  uuid,                        -- of a request that sends a message: its end is the request's
    status      int,                         -- of the answer; NULL: none is stored
    answer      text,                        -- sealed with a key that only the gateway and the client's key give
    busy_until  timestamptz not null,        -- the first request may run until then
    created_at  timestamptz not null default now()
);
create index idempotency_keys_of_user on idempotency_keys (user_id);
create index idempotency_keys_by_age on idempotency_keys (created_at);

alter table conversations drop column request_digest;
alter table crisis_alerts drop column request_digest;
drop function if exists crisis_alert_create(uuid, uuid, text, text, text, text, timestamptz, uuid, text, text, json,
    text, text);
