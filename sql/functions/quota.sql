-- Today's use of a user's quota of messages, tokens or seconds of games; NULL for any other resource.
create or replace function quota_used(p_user uuid, p_resource text) returns bigint language sql stable as $$
    select case p_resource when 'messages' then count(*) when 'tokens' then coalesce(sum(tokens), 0)::bigint
        when 'gaming_seconds' then (
            select coalesce(sum(seconds), 0) from gaming_quota
            where user_id = p_user and day = (now() at time zone 'utc')::date) end
    from message_quota where user_id = p_user and day = (now() at time zone 'utc')::date
$$;

-- Counts a message of the caller's against the day's quotas: allowed | repeated (counted before) | used_up |
-- tokens_used_up | tokens_reserved (the rest is for replies under way, which may not need it); -1: no limit. With a
-- limit of tokens the message reserves as many as a prompt and a reply of the plan may have, or the rest of the day's:
-- the bound of its stream. The end of the reply sets the tokens used. Exact across gateways. Past days are deleted.
create or replace function quota_take(p_day date, p_max bigint, p_message uuid, p_max_tokens bigint) returns text
language plpgsql as $$
declare
    messages bigint;
    taken bigint;
    used bigint;
    most bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('message_quota/' || caller(), 0));
    if exists (select from message_quota where user_id = caller() and day = p_day and message_id = p_message) then
        return 'repeated';
    end if;
    select count(*), coalesce(sum(tokens), 0), coalesce(sum(tokens) filter (where settled), 0)
    into messages, taken, used
    from message_quota where user_id = caller() and day = p_day;
    if p_max >= 0 and messages >= p_max then return 'used_up'; end if;
    if p_max_tokens >= 0 then
        select p.context_tokens into most from users u join plans p on p.id = u.plan where u.id = caller();
        if used >= p_max_tokens then return 'tokens_used_up'; end if;
        -- The rest may be too little for a prompt: a message gets it only when no other one is under way.
        if taken + most > p_max_tokens and taken > used then return 'tokens_reserved'; end if;
    end if;
    insert into message_quota (user_id, day, message_id, tokens)
    values (caller(), p_day, p_message,
            case when p_max_tokens >= 0 then least(most, p_max_tokens - taken) else 0 end);
    delete from message_quota where user_id = caller() and day < p_day - 1;
    return 'allowed';
end $$;
