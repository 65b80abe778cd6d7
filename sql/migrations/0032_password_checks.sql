-- Checks of passwords: failures by their source, browsers that are known, and the proof of a session.
set search_path = airi;

drop function if exists auth_find(text);
drop function if exists auth_tried(text, uuid, text, inet, text);

-- Failures in a row of an email, by where they come from, see login_source(); '*': all devices that are not known.
alter table login_failures add column source text not null default '*';
alter table login_failures alter column source drop default;
alter table login_failures drop constraint login_failures_pkey, add primary key (email_key, source);

alter table login_history drop constraint login_history_outcome_check;
alter table login_history add constraint login_history_outcome_check
    check (outcome in ('success', 'confirmed', 'wrong_password', 'wrong_code', 'locked'));
create index login_history_successes on login_history (user_id, at desc) where outcome = 'success';

-- The browsers in which a user has signed in, by a cookie of theirs.
create table known_devices (
    user_id      uuid not null references users on delete cascade,
    hash         text not null,                             -- SHA-256, hex, of the user and the cookie's hash
    last_used_at timestamptz not null default now(),        -- the last sign-in
    primary key (user_id, hash)
);

-- When the user last proved their identity in this session; NULL: not since they signed in.
alter table sessions add column proved_at timestamptz;
