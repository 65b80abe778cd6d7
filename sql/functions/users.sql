-- A user as they themselves and administrators see them; NULL for anybody else.
create or replace function user_profile(p_id uuid) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select profile_json(u) from users u where u.id = p_id and (p_id = caller() or unless_admin() is null)
$$;

-- Changes the caller's profile or, for an administrator, another user's; NULL for anybody else.
create or replace function user_update(p_id uuid, p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    done json;
begin
    if p_id = caller() then return profile_change(p_id, p_body); end if;
    if unless_admin() is not null then return null; end if;
    select a.done into done from admin_act(p_id, 'update', p_body) a;
    return case when done -> 'problem' is not null then done else user_profile(p_id) end;
end $$;

-- The figures of a user; NULL as in user_profile.
create or replace function user_stats(p_id uuid) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select json_build_object(
        'conversations', c.number, 'messages', c.messages, 'conversation_seconds', c.seconds,
        'tokens', d.tokens, 'days_active', d.days, 'first_day', d.first_day)
    from (
        select count(*) as number, coalesce(sum(message_count), 0) as messages,
               coalesce(sum(floor(extract(epoch from ended_at - created_at))), 0)::bigint as seconds
        from conversations where user_id = p_id and deleted_at is null
    ) c, (
        select coalesce(sum(tokens_in + tokens_out), 0) as tokens, count(distinct day) as days, min(day) as first_day
        from usage_daily where user_id = p_id
    ) d
    where user_profile(p_id) is not null
$$;

-- A page of the audit log of a user, newest first; `next` is "at|id" of its last row when there are more. No row as in
-- user_profile.
create or replace function user_activity(p_id uuid, p_cursor text, p_limit int)
returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select * from audit_log
        where user_id = p_id
          and (p_cursor is null
               or (at, id) < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by at desc, id desc limit p_limit + 1
    ), shown as (select * from page order by at desc, id desc limit p_limit)
    select coalesce(json_agg(json_build_object(
            'id', id, 'action', action, 'subject', subject, 'details', details, 'address', host(address), 'at', at,
            'by_me', coalesce(actor = user_id, true)) order by at desc, id desc), '[]'),
        case when (select count(*) from page) > p_limit
             then (select at || '|' || id from shown order by at, id limit 1) end
    from shown
    having user_profile(p_id) is not null
$$;
