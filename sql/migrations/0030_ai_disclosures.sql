-- Notices that a person talks with an AI, by the law of the place, and the yearly numbers of referrals to help.
set search_path = airi;

-- The rules of sql/profiles/shared/ai_disclosures.sql and the operator's own.
create table ai_disclosures (
    id             text primary key check (id ~ '^[a-z0-9_]+$'),
    jurisdiction   text not null check (jurisdiction in ('*', 'EU') or jurisdiction ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$'),
    places         text[] not null check (places <> '{}'), -- where it holds: ISO 3166-1 or 3166-2; '*': everywhere
    audience       text not null check (audience in ('all', 'minors')),
    kind           text not null check (kind in (
        'start',                                        -- when continued use begins
        'reminder')),                                   -- during continued use
    every_seconds  int not null check (every_seconds > 0), -- start: no more often than; reminder: the interval
    suggests_break boolean not null default false,
    interrupts     boolean not null default false,      -- the law also demands to interrupt a conversation on signs of
                                                        -- suicide: the fixed reply does, in every jurisdiction
    texts          jsonb not null check (jsonb_typeof(texts -> 'en') = 'string'), -- by language
    law            text not null,
    valid_from     date not null,                       -- UTC
    source_kind    text not null check (source_kind in (
        'statute',                                      -- the text of the law was read
        'summary',                                      -- what others publish about it
        'ours',                                         -- no law
        'operator')),                                   -- a row of the operator's own; profiles leave it alone
    source_url     text check (source_url ~ '^https?://'),
    doubt          text,                                -- on what the sources disagree
    check ((source_url is null) = (source_kind = 'ours'))
);

alter table users add column region text check (region ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$');

-- The continued use of a person, and the messages at which they were told last.
create table continued_use (
    user_id     uuid primary key references users on delete cascade,
    began_at    timestamptz not null,
    used_at     timestamptz not null,                   -- of the last message; up to a minute old
    told_at     timestamptz,                            -- the last start notice
    reminded_at timestamptz
);

-- Referrals to help by calendar year (UTC) and by the country whose help lines were shown, without anything that
-- identifies a person. Counted daily from the rows that are there, plus those that were erased.
create table crisis_referrals (
    year                int not null,
    country             text not null check (country = '*' or country ~ '^[A-Z]{2}$'), -- '*': unknown
    kind                text not null check (kind in (
        'ask',                                          -- the kind question, with help lines
        'help',                                         -- the fixed reply with help lines
        'by_hand')),                                    -- the person called for help
    shown               int not null default 0,
    false_alarms        int not null default 0,
    erased_shown        int not null default 0,         -- of `shown`: the rows have been deleted since
    erased_false_alarms int not null default 0,
    counted_at          timestamptz,                    -- NULL: not since the first row was deleted
    primary key (year, country, kind)
);
insert into jobs (name, every) values ('crisis_referrals', '1 day');

create index moderation_decisions_referring on moderation_decisions (created_at)
    where safety ->> 'way' in ('ask', 'help');
-- Whose help lines were shown for an alert without a message.
alter table crisis_alerts add column country text check (country = '*' or country ~ '^[A-Z]{2}$');
