create or replace function conversation_json(c conversations) returns json language sql stable as $$
    select json_build_object(
        'id', c.id, 'title', c.title, 'companion_id', c.companion_id, 'model', c.model,
        'system_prompt', c.system_prompt, 'starred', c.starred, 'archived', c.archived, 'tags', c.tags,
        'message_count', c.message_count, 'tokens_total', c.tokens_total, 'last_message_at', c.last_message_at,
        'last_message_preview', c.last_message_preview,
        'unread', coalesce(c.last_message_at > c.last_read_at, c.last_message_at is not null),
        'created_at', c.created_at, 'updated_at', c.updated_at, 'deleted_at', c.deleted_at)
$$;

-- A refusal when the plan's conversations of the day are used up, deleted ones included; NULL when the caller may
-- create this one, or has it already. Exact across gateways: the lock makes concurrent creations wait for each other.
create or replace function conversation_refusal(p_id uuid) returns json language plpgsql as $$
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
