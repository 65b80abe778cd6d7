-- The keys of what users say: text in Kafka opens with its user's key only, so that removing the row makes it unreadable
-- wherever it is kept.
set search_path = airi;

create table user_keys (
    user_id    uuid primary key references users on delete cascade,
    sealed_key bytea not null check (octet_length(sealed_key) = 76),  -- wrapped under ENCRYPTION_KEY; its first four bytes say which
    created_at timestamptz not null default now()
);
