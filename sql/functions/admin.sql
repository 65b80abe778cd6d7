create or replace function admin_user_json(u users) returns json language sql stable as $$
    select json_build_object(
        'id', u.id, 'email', u.email, 'email_verified', u.email_verified_at is not null,
        'display_name', u.display_name, 'role', u.role, 'plan', u.plan,
        'status', case when standing(u) is null then 'active' else u.status end, 'status_until', u.status_until,
        'status_reason', u.status_reason, 'created_at', u.created_at, 'updated_at', u.updated_at)
$$;

-- A page of users, newest first, by the filters that are not NULL; `next` is "created_at|id" of the last one when there
-- are more. Planned at each call, so that a part of an email address uses its trigram index.
create or replace function admin_users(
    p_email text, p_status text, p_plan text, p_role text, p_cursor text, p_limit int
)
returns table (page json, next text)
language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    part text := '%' || replace(replace(replace(lower(p_email), '\', '\\'), '%', '\%'), '_', '\_') || '%';
begin
    if refused is not null then return query select refused, null::text; return; end if;
    return query execute $q$
        with page as (
            select * from users u
            where ($1 is null or u.email_key like $1) and ($2 is null or u.status = $2)
              and ($3 is null or u.plan = $3) and ($4 is null or u.role = $4)
              and ($5 is null or (u.created_at, u.id) < ($5, $6))
            order by u.created_at desc, u.id desc limit $7 + 1
        ), shown as (select * from page order by created_at desc, id desc limit $7)
        select coalesce(json_agg(admin_user_json(shown.*::users) order by created_at desc, id desc), '[]'),
            case when (select count(*) from page) > $7
                 then (select created_at || '|' || id from shown order by created_at, id limit 1) end
        from shown $q$
    using part, p_status, p_plan, p_role,
        split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid, p_limit;
end $$;

-- A user with their sessions, usage and moderation decisions; NULL when there is no such user.
create or replace function admin_user(p_id uuid) returns json
language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
begin
    if refused is not null then return refused; end if;
    return (
        select json_build_object('user', admin_user_json(u), 'sessions', (
            select coalesce(json_agg(json_build_object(
                'id', s.id, 'device', device_of(s.user_agent), 'address', host(s.address),
                'created_at', s.created_at, 'last_used_at', s.last_used_at) order by s.last_used_at desc), '[]')
            from sessions s where s.user_id = u.id and s.ended_at is null and s.expires_at > now()
        ), 'usage', (
            select coalesce(json_agg(json_build_object(
                'day', d.day, 'resource', d.resource, 'requests', d.requests, 'quantity', d.quantity)
                order by d.day desc, d.resource), '[]')
            from (select day, resource, sum(requests) as requests, sum(quantity) as quantity from usage_daily
                  where user_id = u.id and day > (now() at time zone 'utc')::date - 30 group by 1, 2) d
        ), 'violations', (
            select coalesce(json_agg(json_build_object(
                'message_id', m.message_id, 'action', m.action, 'categories', m.categories, 'at', m.created_at)
                order by m.created_at desc), '[]')
            from (select * from moderation_decisions where user_id = u.id order by created_at desc limit 50) m
        ))
        from users u where u.id = p_id);
end $$;

-- A refusal when the body names a plan that is none; otherwise NULL.
create or replace function unless_plan(p_body jsonb) returns json language sql stable as $$
    select refusal(422, 'VALIDATION_FAILED', 'plan must be the id of an active plan',
        '[{"pointer": "/plan", "message": "must be the id of an active plan"}]')
    where p_body ? 'plan' and not exists (select from plans where id = p_body ->> 'plan' and active)
$$;

-- An administrator's action on a user. `done`: the user afterwards, a refusal, or no row when there is no such user.
-- `ended`: the sessions and keys that gateways have to invalidate.
create or replace function admin_act(p_user uuid, p_action text, p_body jsonb)
returns table (done json, ended uuid[])
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json;
    u users;
    told uuid[] := '{}';
begin
    -- One action at a time: of two super administrators who demote each other at once, one remains.
    perform pg_advisory_xact_lock(hashtextextended('admin_act', 0));
    refused := unless_admin(p_action = 'role' or p_action = 'update' and p_body ? 'role');
    if refused is not null then return query select refused, told; return; end if;
    select * into u from users where id = p_user for update;
    if not found then return; end if;
    if u.erased_at is not null then
        return query select refusal(409, 'ACCOUNT_ERASED', 'this account was erased'), told; return;
    end if;
    if u.id = caller() then
        return query select refusal(403, 'OWN_ACCOUNT', 'administrators cannot change their own account'), told; return;
    end if;
    if u.role <> 'user' and acting_role() <> 'super' then
        return query select refusal(403, 'FORBIDDEN', 'this is for super administrators'), told; return;
    end if;
    case p_action
        when 'suspend' then
            if (p_body ->> 'until')::timestamptz <= now() or not isfinite((p_body ->> 'until')::timestamptz) then
                return query select refusal(422, 'VALIDATION_FAILED', 'until must be in the future',
                    '[{"pointer": "/until", "message": "must be in the future"}]'), told; return;
            end if;
            update users set status = 'suspended', status_until = (p_body ->> 'until')::timestamptz,
                status_reason = p_body ->> 'reason'
            where id = u.id;
        when 'ban' then
            update users set status = 'banned', status_until = null, status_reason = p_body ->> 'reason'
            where id = u.id;
        when 'reinstate' then
            update users set status = 'active', status_until = null, status_reason = null, erase_at = null
            where id = u.id;
        -- Erased after the same grace period, which only an administrator can end (see account_restore).
        when 'delete' then
            update users set status = 'deleted', status_until = null, status_reason = 'deleted by an administrator',
                erase_at = now() + make_interval(days => setting_int('erasure_days'))
            where id = u.id;
        when 'role' then
            update users set role = p_body ->> 'role' where id = u.id;
        when 'update' then
            refused := coalesce(unless_plan(p_body), profile_change(u.id, p_body - 'plan' - 'role'));
            if refused -> 'problem' is not null then return query select refused, told; return; end if;
            update users set
                plan = coalesce(p_body ->> 'plan', plan), role = coalesce(p_body ->> 'role', role)
            where id = u.id;
        when 'plan' then
            refused := unless_plan(p_body);
            if refused is not null then return query select refused, told; return; end if;
            update users set plan = p_body ->> 'plan' where id = u.id;
        when 'end_sessions' then
            with over as (
                update sessions set ended_at = now(), ended_why = 'admin'
                where user_id = u.id and ended_at is null
                returning id)
            select coalesce(array_agg(id), '{}') into told from over;
    end case;
    update users set updated_at = now() where id = u.id returning * into u;
    if p_action in ('suspend', 'ban') then
        perform violation_by_admin(u, case p_action when 'suspend' then 'suspension' else 'ban' end, u.status_reason);
    elsif p_action = 'reinstate' then
        update violations set reversed_at = now()
        where user_id = u.id and reversed_at is null and action in ('suspension', 'ban');
    end if;
    if p_action in ('suspend', 'ban', 'reinstate', 'delete', 'role') or p_body ? 'role' then
        select array(select id from sessions where user_id = u.id and ended_at is null union all
                     select id from api_keys where user_id = u.id and revoked_at is null) into told;
    end if;
    perform audit(u.id, 'admin.' || p_action, u.id::text, coalesce(p_body, '{}'));
    return query select admin_user_json(u), told;
end $$;

-- A value that an administrator set survives the next run of the profile, which does not touch `changed_at`.
create or replace function keep_what_was_set() returns trigger language plpgsql as $$
begin
    return case when old.changed_at is not null and new.changed_at is not distinct from old.changed_at
                then old else new end;
end $$;
create or replace trigger keep_what_was_set before update on system_settings for each row
    execute function keep_what_was_set();
create or replace trigger keep_what_was_set before update on feature_flags for each row
    execute function keep_what_was_set();

create or replace function setting_json(s system_settings) returns json language sql stable as $$
    select json_build_object('key', s.key, 'value', s.value, 'category', s.category, 'public', s.is_public,
        'changed_at', s.changed_at, 'domain', setting_domain(s.key))
$$;

create or replace function flag_json(f feature_flags) returns json language sql stable as $$
    select json_build_object('name', f.name, 'enabled', f.enabled, 'rollout_percentage', f.rollout_percentage,
        'rule', f.rule, 'changed_at', f.changed_at)
$$;

create or replace function admin_settings(p_category text) returns json
language plpgsql stable security definer set search_path = airi, pg_temp as $$
begin
    return coalesce(unless_admin(), (
        select coalesce(json_agg(setting_json(s) order by s.category, s.key), '[]') from system_settings s
        where p_category is null or s.category = p_category));
end $$;

-- Sets a setting to a value that its declaration allows. Fields that the body lacks stay.
create or replace function admin_set(p_key text, p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    mistake text := setting_mistake(p_key, p_body -> 'value');
    made system_settings;
begin
    if refused is not null then return refused; end if;
    if mistake is not null then
        return refusal(422, 'VALIDATION_FAILED', mistake,
            jsonb_build_array(jsonb_build_object('pointer', '/value', 'message', mistake)));
    end if;
    insert into system_settings as s (key, value, category, is_public, changed_at)
    select p_key, p_body -> 'value', coalesce(p_body ->> 'category', d.category),
        coalesce((p_body ->> 'public')::boolean, d.is_public), clock_timestamp()
    from setting_declarations() d where d.key = p_key
    on conflict (key) do update set
        value = excluded.value, category = coalesce(p_body ->> 'category', s.category),
        is_public = coalesce((p_body ->> 'public')::boolean, s.is_public), changed_at = excluded.changed_at
    returning * into made;
    perform audit(null, 'admin.setting', p_key, p_body);
    return setting_json(made);
end $$;

-- Sets all of these settings, or none: the first refusal, or the settings as they are then.
create or replace function admin_set_all(p_values jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    one record;
    done json;
begin
    if unless_admin() is not null then return unless_admin(); end if;
    begin
        for one in select key, value from jsonb_each(p_values) loop
            done := admin_set(one.key, jsonb_build_object('value', one.value));
            if done -> 'problem' is not null then raise sqlstate 'AR422'; end if;
        end loop;
    exception when sqlstate 'AR422' then
        return refusal((done #>> '{problem,status}')::int, done #>> '{problem,code}', done #>> '{problem,message}',
            jsonb_build_array(jsonb_build_object(
                'pointer', '/' || one.key, 'message', done #>> '{problem,message}')));
    end;
    return (select json_agg(setting_json(s) order by s.category, s.key) from system_settings s
            where p_values ? s.key);
end $$;

create or replace function admin_flags() returns json
language plpgsql stable security definer set search_path = airi, pg_temp as $$
begin
    return coalesce(unless_admin(), (
        select coalesce(json_agg(flag_json(f) order by f.name), '[]') from feature_flags f));
end $$;

-- Sets a declared flag; fields that the body lacks stay.
create or replace function admin_flag(p_name text, p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    mistake text := flag_mistake(p_name, coalesce(p_body -> 'rule', '{}'));
    made feature_flags;
begin
    if refused is not null then return refused; end if;
    if mistake is not null then
        return refusal(422, 'VALIDATION_FAILED', mistake,
            jsonb_build_array(jsonb_build_object('pointer', '/rule', 'message', mistake)));
    end if;
    insert into feature_flags as f (name, enabled, rollout_percentage, rule, changed_at)
    values (p_name, (p_body ->> 'enabled')::boolean, coalesce((p_body ->> 'rollout_percentage')::int, 100),
            coalesce(p_body -> 'rule', '{}'), clock_timestamp())
    on conflict (name) do update set
        enabled = excluded.enabled,
        rollout_percentage = coalesce((p_body ->> 'rollout_percentage')::int, f.rollout_percentage),
        rule = coalesce(p_body -> 'rule', f.rule), changed_at = excluded.changed_at
    returning * into made;
    perform audit(null, 'admin.flag', p_name, p_body);
    return flag_json(made);
end $$;

-- A page of the audit log, newest first: of one account, or of all with p_user NULL. Planned at each call.
create or replace function admin_audit(p_user uuid, p_cursor text, p_limit int)
returns table (page json, next text)
language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
begin
    if refused is not null then return query select refused, null::text; return; end if;
    return query execute $q$
        with page as (
            select * from audit_log a where ($1 is null or a.user_id = $1) and ($2 is null or (a.at, a.id) < ($2, $3))
            order by a.at desc, a.id desc limit $4 + 1
        ), shown as (select * from page order by at desc, id desc limit $4)
        select coalesce(json_agg(json_build_object(
                'id', id, 'user_id', user_id, 'actor', actor, 'action', action, 'subject', subject,
                'details', details, 'address', host(address), 'at', at) order by at desc, id desc), '[]'),
            case when (select count(*) from page) > $4
                 then (select at || '|' || id from shown order by at, id limit 1) end
        from shown $q$
    using p_user, split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid, p_limit;
end $$;

-- A page of a user's conversations, the deleted ones included, newest first, or of a conversation's messages, newest
-- last; no row when there is none. Each access is logged: they are the user's health records where the product is one.
create or replace function admin_conversations(p_user uuid, p_cursor text, p_limit int)
returns table (page json, next text)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
begin
    if refused is not null then return query select refused, null::text; return; end if;
    if not exists (select from users where id = p_user) then return; end if;
    perform audit(p_user, 'admin.read_conversations', p_user::text);
    return query
        with page as (
            select * from conversations c
            where c.user_id = p_user
              and (p_cursor is null or (c.updated_at, c.id)
                   < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
            order by c.updated_at desc, c.id desc limit p_limit + 1
        ), shown as (select * from page order by updated_at desc, id desc limit p_limit)
        select coalesce(json_agg(conversation_json(s.*::conversations) order by updated_at desc, id desc), '[]'),
            case when (select count(*) from page) > p_limit
                 then (select updated_at || '|' || id from shown order by updated_at, id limit 1) end
        from shown s;
end $$;
create or replace function admin_messages(p_conversation uuid, p_cursor text, p_limit int)
returns table (page json, next text)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    c conversations;
begin
    if refused is not null then return query select refused, null::text; return; end if;
    select * into c from conversations where id = p_conversation;
    if not found then return; end if;
    perform audit(c.user_id, 'admin.read_messages', c.id::text);
    return query
        with page as (
            select * from messages m
            where m.conversation_id = c.id
              and (p_cursor is null or (m.created_at, m.id)
                   < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
            order by m.created_at desc, m.id desc limit p_limit + 1
        ), shown as (select * from page order by created_at desc, id desc limit p_limit)
        select coalesce(json_agg(message_json(s.*::messages) order by created_at, id), '[]'),
            case when (select count(*) from page) > p_limit
                 then (select created_at || '|' || id from shown order by created_at, id limit 1) end
        from shown s;
end $$;

-- Makes the first super administrator, for an operator with access to the database. No row: no user has this email.
create or replace function make_super(p_email text) returns text language sql set search_path = airi, pg_temp as $$
    with made as (
        update users set role = 'super', updated_at = now() where email_key = lower(p_email) returning id, email)
    select email from made, lateral audit(id, 'admin.make_super', id::text)
$$;
