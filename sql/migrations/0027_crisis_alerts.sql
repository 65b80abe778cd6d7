-- The safety of conversations: the state of each, the decision on each message that needed one, and alerts for people.
set search_path = airi;

drop function if exists messages_screen;

-- safety: the state as platform/safety/conversation.hpp writes it, with a version that rises with each change; NULL:
-- NORMAL with nothing to remember. crisis_at: the last message that led to HIGH_RISK.
alter table conversations add column safety jsonb, add column crisis_at timestamptz;
-- The part of the reply's metadata that says how safe its conversation was.
alter table generations add column safety jsonb;
-- The decision on a message that was not answered as any other, without a word of it: workers/moderation/crisis.hpp.
alter table moderation_decisions add column safety jsonb;

-- One row for each message that led to HIGH_RISK, and for each call for help by hand. The evidence outlives the
-- account until keep_until: user_id refers to nobody then.
create table crisis_alerts (
    id               uuid primary key,
    user_id          uuid not null,
    conversation_id  uuid,
    message_id       uuid unique,
    origin           text not null default 'detection' check (origin in ('detection', 'user', 'admin')),
    severity         text not null check (severity in ('low', 'medium', 'high', 'critical')),
    trigger_type     text not null
        check (trigger_type in ('suicide', 'self_harm', 'violence', 'eating_disorder', 'other')),
    detected_signals text[] not null default '{}',         -- names of rules
    rules_version    text not null default '',
    score            real not null default 0,
    context          text not null default '',             -- sealed with EVIDENCE_KEY: what the person wrote
    status           text not null default 'pending' check (status in ('pending', 'reviewed', 'resolved', 'escalated')),
    assigned_to      uuid references users on delete set null,
    reviewed_by      uuid references users on delete set null,
    reviewed_at      timestamptz,
    resolution_notes text,
    false_alarm      text check (false_alarm in ('user', 'admin')), -- who said so; NULL: nobody
    resources_shown     boolean not null default false,
    contacts_notified   boolean not null default false,
    emergency_contacted boolean not null default false,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    resolved_at      timestamptz,
    keep_until       timestamptz not null
);
create index crisis_alerts_of_user on crisis_alerts (user_id, created_at desc);
create index crisis_alerts_to_do on crisis_alerts (created_at desc, id) where status in ('pending', 'escalated');
create index crisis_alerts_by_time on crisis_alerts (created_at desc, id);

-- People who work on alerts, beside the administrators.
alter table users drop constraint users_role_check;
alter table users add constraint users_role_check check (role in ('user', 'crisis', 'admin', 'super'));
