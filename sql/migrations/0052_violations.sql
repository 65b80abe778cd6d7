-- Violations of the rules by users, their consequences, and appeals against them.
set search_path = airi;

-- How much a violation counts, by the category of the decision; 1 for a category without a row, 0: it does not count.
create table violation_rules (
    category text primary key,
    points   int not null check (points between 0 and 100)
);

create table violations (
    id           uuid primary key,          -- of the message that was blocked; of its own for an administrator's act
    user_id      uuid not null references users on delete cascade,
    category     text not null,
    reason       text not null,
    points       int not null default 0,
    action       text not null default 'none' check (action in ('none', 'warning', 'suspension', 'ban')),
    until        timestamptz,               -- of a suspension; NULL: without an end
    counts_until timestamptz not null default now(),
    appeal_hash  text unique,               -- of the token in the link of the mail
    reversed_at  timestamptz,
    created_at   timestamptz not null default now()
);
create index violations_of_user on violations (user_id, created_at desc, id);
create index violations_by_age on violations (created_at);

create table appeals (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    violation_id uuid not null unique references violations on delete cascade,
    statement    text not null,
    state        text not null default 'pending' check (state in ('pending', 'confirming', 'upheld', 'reversed')),
    proposal     text check (proposal in ('uphold', 'reverse')),  -- the first of two decisions about a ban
    proposed_by  uuid,                      -- without a reference, as in the audit log
    answer       text,                      -- to the user
    decided_by   uuid,
    decided_at   timestamptz,
    created_at   timestamptz not null default now()
);
create index appeals_of_user on appeals (user_id);
create index appeals_by_age on appeals (created_at desc, id desc);

-- Warnings to administrators about users whose violations are alike, once a day each.
create table violation_patterns (
    day   date not null default current_date,
    kind  text not null check (kind in ('text', 'address')),
    found text not null,                    -- a digest
    users int not null,
    primary key (day, kind, found)
);
insert into jobs (name, every) values ('violation_patterns', '1 hour');
