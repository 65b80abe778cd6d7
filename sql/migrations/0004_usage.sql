-- Usage: one row per recorded event, and the daily sums the meter reads. The event's id makes a redelivery harmless.
set search_path = airi;

create table usage_log (
    event_id     uuid primary key,
    user_id      uuid not null,
    resource     text not null,                            -- messages, voice_seconds, …
    quantity     bigint not null,
    provider     text not null default '',
    model        text not null default '',
    tokens_in    bigint not null default 0,
    tokens_out   bigint not null default 0,
    cost_nanousd bigint not null default 0,
    outcome      text not null default 'completed',
    reference    uuid,                                     -- the generation, session, … it was for
    occurred_at  timestamptz not null,
    created_at   timestamptz not null default now()
);
create index usage_log_of_user on usage_log (user_id, occurred_at desc);
select isolate('usage_log', 'user_id = caller()');

create table usage_daily (
    user_id      uuid not null,
    day          date not null,                            -- UTC
    resource     text not null,
    model        text not null default '',
    requests     bigint not null default 0,
    quantity     bigint not null default 0,
    tokens_in    bigint not null default 0,
    tokens_out   bigint not null default 0,
    cost_nanousd bigint not null default 0,
    primary key (user_id, day, resource, model)
);
select isolate('usage_daily', 'user_id = caller()');

-- The messages that count against a day's quota, from before they are published: what is acknowledged is counted although
-- nobody has handled it yet and Redis may have forgotten it. Only users whose plan has a limit are in here.
create table message_quota (
    user_id    uuid not null references users on delete cascade,
    day        date not null,                              -- UTC
    message_id uuid not null,
    primary key (user_id, day, message_id)
);
select isolate('message_quota', 'user_id = caller()');

-- Counts a message of the caller's: allowed | repeated (counted before) | used_up. Exact over all gateways; days that are
-- over are forgotten.
create function quota_take(p_day date, p_max bigint, p_message uuid) returns text language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('message_quota/' || caller(), 0));
    if exists (select from message_quota where user_id = caller() and day = p_day and message_id = p_message) then
        return 'repeated';
    end if;
    if (select count(*) from message_quota where user_id = caller() and day = p_day) >= p_max then return 'used_up'; end if;
    insert into message_quota (user_id, day, message_id) values (caller(), p_day, p_message);
    delete from message_quota where user_id = caller() and day < p_day - 1;
    return 'allowed';
end $$;

-- Events a consumer has handled whose effects have no unique key of their own.
create table inbox (
    consumer   text not null,
    event_id   uuid not null,
    handled_at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_by_age on inbox (handled_at);

revoke all on function quota_take from public;
grant execute on function quota_take to airi_app;
grant select on usage_daily to airi_app;
grant select, insert, delete on message_quota to airi_app;
grant select, insert on usage_log, inbox to airi_worker;
grant select, insert, update on usage_daily to airi_worker;
