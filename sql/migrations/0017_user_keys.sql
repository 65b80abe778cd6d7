-- The keys of what users say: text in Kafka opens with its user's key only, so that removing the row makes it unreadable
-- wherever it is kept.
set search_path = airi;

create table user_keys (
    user_id    uuid primary key references users on delete cascade,
    sealed_key bytea not null check (octet_length(sealed_key) = 76),  -- wrapped under ENCRYPTION_KEY; its first four bytes say which
    created_at timestamptz not null default now()
);
select isolate('user_keys', 'user_id = caller()');

-- Gives the caller this key unless there is one, and tells which it is; NULL when he may not act.
create function user_key_make(p_key bytea) returns bytea language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    insert into user_keys (user_id, sealed_key) select id, p_key from users where id = caller() and status <> 'deleted' on conflict do nothing;
    return (select sealed_key from user_keys where user_id = caller());
end $$;

-- The end of a message that could not be stored as it was. Whether that is its end now: one that had ended before, or is on
-- its way, keeps to that. Nothing is stored for a user who is gone.
drop function message_abandon;
create function message_abandon(p_message uuid, p_conversation uuid, p_user uuid, p_generation uuid, p_reply uuid,
    p_created timestamptz, p_error text) returns boolean language plpgsql as $$
begin
    insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, state, error_code, finished_at)
    select p_generation, p_conversation, p_user, p_message, p_created, p_reply, 'failed', p_error, now() from users where id = p_user
    on conflict do nothing;
    if found then
        insert into messages (id, conversation_id, user_id, role, content, status, generation_id, created_at)
        values (p_message, p_conversation, p_user, 'user', '', 'failed', p_generation, p_created);
    end if;
    return coalesce((select state = 'failed' and error_code = p_error from generations where id = p_generation), true);
end $$;

-- How many conversations a plan opens a day, the deleted ones too: NULL when the caller may open this one, or has it already.
-- Exact over all gateways: who asks waits for who opens one.
create function conversation_refusal(p_id uuid) returns json language plpgsql as $$
declare
    today timestamptz := date_trunc('day', now() at time zone 'utc') at time zone 'utc';
    most bigint;
begin
    select amount into most from plan_limits l join users u on u.plan = l.plan
    where u.id = caller() and l.resource = 'conversations' and l.period = 'day';
    if coalesce(most, -1) < 0 then return null; end if;
    perform pg_advisory_xact_lock(hashtextextended('conversations/' || caller(), 0));
    if exists (select from conversations where id = p_id)
       or (select count(*) from conversations where user_id = caller() and created_at >= today) < most then
        return null;
    end if;
    return json_build_object('problem', json_build_object('status', 429, 'code', 'QUOTA_EXCEEDED',
        'message', format('today''s %s conversations are used up', most),
        'retry_after', ceil(extract(epoch from today + interval '1 day' - now()))::int));
end $$;

revoke all on function user_key_make, message_abandon, conversation_refusal from public;
grant execute on function user_key_make, conversation_refusal to airi_app;
grant execute on function message_abandon to airi_worker;
grant select (user_id, sealed_key) on user_keys to airi_app;
grant select, update (sealed_key) on user_keys to airi_worker;
