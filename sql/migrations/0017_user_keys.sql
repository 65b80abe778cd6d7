-- The keys that encrypt users' text in Kafka: without its user's row it is unreadable, wherever it is stored.
set search_path = airi;

create table user_keys (
    user_id    uuid primary key references users on delete cascade,
    -- wrapped by ENCRYPTION_KEY, whose mark is the first four bytes
    sealed_key bytea not null check (octet_length(sealed_key) = 76),
    created_at timestamptz not null default now()
);
