create or replace function conversation_json(c conversations) returns json language sql stable as $$
    select json_build_object(
        'id', c.id, 'title', c.title, 'companion_id', c.companion_id, 'model', c.model,
        'system_prompt', c.system_prompt, 'starred', c.starred, 'archived', c.archived, 'tags', c.tags,
        'message_count', greatest(c.message_count, 0), 'tokens_total', c.tokens_total,
        'last_message_at', c.last_message_at, 'last_message_preview', c.last_message_preview,
        'unread', coalesce(c.last_message_at > c.last_read_at, c.last_message_at is not null),
        'session_id', c.id, 'avatar_id', (select avatar_name(p.avatar) from companions p where p.id = c.companion_id),
        'status', case when c.ended_at is not null then 'ended' when c.paused_at is not null then 'paused'
                       else 'active' end,
        'started_at', c.created_at, 'ended_at', c.ended_at,
        'duration_seconds', floor(extract(epoch from c.ended_at - c.created_at))::bigint,
        'safety_state', coalesce(c.safety ->> 'state', 'NORMAL'), 'crisis_detected', c.crisis_at is not null,
        'crisis_timestamp', c.crisis_at,
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

-- Keeps a conversation's place in lists true when messages are deleted or become an earlier version: their number, the
-- preview, and a title that is the words of one of them. A message of a turn that has not ended is taken off in
-- advance, as the end of the turn counts it. The row is locked first: a turn that ends meanwhile is seen, or sets the
-- preview itself.
create or replace function forget_in_list() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    gone record;
begin
    for gone in
        select b.conversation_id as id, count(*) as messages, array_agg(one_line(b.content, 60)) as titles
        from before b
        where b.deleted_at is null and not exists (
            select from messages m where m.id = b.id and m.created_at = b.created_at and m.deleted_at is null)
        group by 1 order by 1
    loop
        perform from conversations where id = gone.id for update;
        update conversations c set
            message_count = message_count - gone.messages,
            last_message_preview = cut_text(newest.content, 120),
            last_message_at = case when newest.id is not null then least(last_message_at,
                coalesce((newest.metadata ->> 'finished_at')::timestamptz, newest.created_at)) end,
            title = case when titled_by = 'words' and title = any (gone.titles) then coalesce((
                select one_line(content, 60) from messages
                where conversation_id = gone.id and deleted_at is null and role = 'user'
                order by created_at, id limit 1), '') else title end
        from (select) one left join lateral (
            select * from messages
            where conversation_id = gone.id and deleted_at is null and content <> ''
            order by created_at desc, id desc limit 1) newest on true
        where c.id = gone.id;
    end loop;
    return null;
end $$;
create or replace trigger list_of_hidden after update on messages referencing old table as before
    for each statement execute function forget_in_list();
create or replace trigger list_of_removed after delete on messages referencing old table as before
    for each statement execute function forget_in_list();
