-- People whom a user wants to be told when the user may need support, the notices to them, and the messages of both.
set search_path = airi;

create table trusted_contacts (
    id               uuid primary key,
    user_id          uuid not null references users on delete cascade,
    name             varchar(255) not null,
    relationship     varchar(100) not null default '',
    phone            varchar(50),                           -- E.164
    email            varchar(255),
    notify_on_crisis boolean not null default true,
    is_active        boolean not null default true,         -- false: the contact has declined, or has stopped it
    token_hash       text not null unique,                  -- of the contact's link, which works for ever
    accepted_at      timestamptz,
    declined_at      timestamptz,                           -- after accepted_at: when the contact stopped it
    last_notified_at timestamptz,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    check (phone is not null or email is not null)
);
create index trusted_contacts_of_user on trusted_contacts (user_id, created_at);

-- A notice to the contacts of a user, which the user may cancel until it is sent. Alerts that come meanwhile join it.
create table crisis_notices (
    id           uuid primary key,                          -- derived from the first alert
    user_id      uuid not null references users on delete cascade,
    alert_ids    uuid[] not null default '{}',              -- of crisis_alerts, which outlive the account
    severity     text not null check (severity in ('high', 'critical')),
    -- skipped: when it was due, no contact was to be told.
    state        text not null default 'pending' check (state in ('pending', 'cancelled', 'sent', 'skipped')),
    send_at      timestamptz not null,
    ended_at     timestamptz,
    created_at   timestamptz not null default now()
);
create unique index crisis_notices_pending on crisis_notices (user_id) where state = 'pending';
create index crisis_notices_of_user on crisis_notices (user_id, created_at);
create index crisis_notices_due on crisis_notices (send_at) where state = 'pending';

-- Each message to a contact. One that a phone gets is claimed before it is sent: `attempts` rises with each claim, and
-- only the newest one may end it. A claim that never ends is over at due_at.
create table contact_messages (
    id             uuid primary key,                        -- also the provider's idempotency id
    user_id        uuid not null references users on delete cascade,
    contact_id     uuid references trusted_contacts on delete set null,
    notice_id      uuid references crisis_notices on delete cascade,  -- NULL: the invitation
    kind           text not null check (kind in ('invite', 'notice')),
    channel        text not null check (channel in ('email', 'sms', 'call')),
    recipient_hash text not null,                           -- of the number or address
    link_token     text,                                    -- the link of an invitation, until it is sent
    state          text not null default 'queued' check (state in ('queued', 'sent', 'failed')),
    due_at         timestamptz not null default now(),      -- of the next attempt
    attempts       int not null default 0,
    maybe_sent     boolean not null default false,          -- an attempt began, and its outcome is unknown
    declined       boolean not null default false,          -- the contact does not want another invitation
    provider_sid   text,
    error          text,
    created_at     timestamptz not null default now(),
    sent_at        timestamptz
);
create index contact_messages_due on contact_messages (due_at) where state = 'queued';
create index contact_messages_of_user on contact_messages (user_id, created_at);
create index contact_messages_of_contact on contact_messages (contact_id);
create index contact_messages_of_notice on contact_messages (notice_id);
create index contact_messages_to on contact_messages (recipient_hash, created_at);

-- The ways to a phone that a crisis worker has lately had: sms, call.
create table contact_channels (
    name    text primary key,
    seen_at timestamptz not null default now()
);
