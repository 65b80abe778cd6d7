-- Age, consents, parental consent, account deletion.
set search_path = airi;

alter table users
    add column birth_date date,
    add column parent_email text check (length(parent_email) <= 254),   -- a child's, until the parent answers
    add column consent_pending boolean not null default false,          -- a child without parental consent so far
    add column erase_at timestamptz,                                    -- a closed account is erased after this time
    add column erased_at timestamptz;
create index users_to_erase on users (erase_at) where erase_at is not null and erased_at is null;
create index users_pending on users (created_at) where consent_pending;

-- Consents given and withdrawn. Rows are never changed; the newest of a kind is in force.
create table consents (
    id      uuid primary key default gen_random_uuid(),
    user_id uuid not null references users on delete cascade,
    kind    text not null check (kind in ('terms', 'privacy', 'analytics', 'marketing', 'parental')),
    granted boolean not null,
    version varchar(40) not null,                          -- of the text
    at      timestamptz not null default now(),
    address inet
);
create index consents_of_user on consents (user_id, kind, at desc);

alter table email_links drop constraint email_links_kind_check;
alter table email_links add check (
    kind in ('verify_email', 'reset_password', 'magic_link', 'parental_consent', 'account_deletion'));
create index email_links_to_parents on email_links (email, created_at) where kind = 'parental_consent';
