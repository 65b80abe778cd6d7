-- The pictures that users upload; the profile names the gallery.
set search_path = airi;

create table avatars (
    id         uuid primary key,
    user_id    uuid not null references users on delete cascade,
    sha256     text not null,                              -- of the bytes, hex
    media_type text not null check (media_type in ('image/png', 'image/jpeg', 'image/webp')),
    width      int not null,
    height     int not null,
    bytes      bytea not null check (length(bytes) <= 524288),
    created_at timestamptz not null default now(),
    unique (user_id, sha256)
);
alter table avatars alter column bytes set storage external;  -- the formats are compressed already
