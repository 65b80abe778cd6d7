-- Counts a message of the caller's: allowed | repeated (counted before) | used_up. Exact across gateways. Past days are
-- deleted.
create or replace function quota_take(p_day date, p_max bigint, p_message uuid) returns text language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('message_quota/' || caller(), 0));
    if exists (select from message_quota where user_id = caller() and day = p_day and message_id = p_message) then
        return 'repeated';
    end if;
    if (select count(*) from message_quota where user_id = caller() and day = p_day) >= p_max then
        return 'used_up';
    end if;
    insert into message_quota (user_id, day, message_id) values (caller(), p_day, p_message);
    delete from message_quota where user_id = caller() and day < p_day - 1;
    return 'allowed';
end $$;
