create or replace function appeal_json(a appeals) returns json language sql stable as $$
    select json_build_object('id', a.id, 'violation_id', a.violation_id, 'statement', a.statement, 'state', a.state,
        'answer', a.answer, 'created_at', a.created_at, 'decided_at', a.decided_at)
$$;

-- A violation as its user sees it.
create or replace function violation_json(v violations) returns json language sql stable as $$
    select json_build_object('id', v.id, 'category', v.category, 'reason', v.reason, 'points', v.points,
        'action', v.action, 'until', v.until, 'counts_until', v.counts_until, 'reversed_at', v.reversed_at,
        'created_at', v.created_at, 'appeal', (select appeal_json(a) from appeals a where a.violation_id = v.id))
$$;

-- Stores a violation, and where it has an action the event for the worker that informs the user. What an administrator
-- does is in the audit log already.
create or replace function violation_add(v violations) returns void language sql as $$
    insert into violations select v.*;
    select audit(v.user_id, 'violation.' || v.action, v.id::text,
        jsonb_build_object('category', v.category, 'reason', v.reason, 'points', v.points, 'until', v.until))
    where v.category <> 'administrator';
    select outbox_add(gen_random_uuid(), 'violation.recorded.v1', v.user_id::text, json_build_object(
        'violation_id', v.id, 'user_id', v.user_id, 'action', v.action, 'category', v.category,
        'until', coalesce(to_json(v.until) #>> '{}', ''), 'recorded_at', v.created_at), '', '')
    where v.action <> 'none';
$$;

-- Records the violation of a blocked message: its points are added to those of the user's other violations that still
-- count. People with a role are not sanctioned by a rule.
create or replace function violation_record(d moderation_decisions) returns void language plpgsql as $$
declare
    u users;
    v violations;
    total int;
begin
    select * into u from users where id = d.user_id for update;
    if not found or u.erased_at is not null then return; end if;
    v.id := d.message_id;
    v.user_id := d.user_id;
    v.category := coalesce(d.categories[1], '');
    v.reason := d.reason;
    v.created_at := now();
    v.counts_until := now() + make_interval(days => setting_int('violation_days'));
    select coalesce(max(r.points), 1) into v.points from violation_rules r where r.category = any (d.categories);
    if v.points = 0 then return; end if;
    select v.points + coalesce(sum(points), 0) into total from violations
    where user_id = u.id and reversed_at is null and counts_until > now();
    v.action := case
        when u.role <> 'user' or u.status in ('banned', 'deleted') then 'none'
        when total >= setting_int('violation_ban_points') then 'ban'
        when total >= setting_int('violation_suspension_points') then 'suspension'
        else 'warning' end;
    if v.action = 'suspension' then
        v.until := greatest(now() + make_interval(hours => setting_int('violation_suspension_hours')),
            case when u.status = 'suspended' then u.status_until end);
        update users set status = 'suspended', status_until = v.until, status_reason = 'violation', updated_at = now()
        where id = u.id and (status <> 'suspended' or status_until is not null);
    elsif v.action = 'ban' then
        update users set status = 'banned', status_until = null, status_reason = 'violation', updated_at = now()
        where id = u.id;
    end if;
    perform violation_add(v);
end $$;

create or replace function record_violations() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    -- A reply of a model is nobody's violation.
    perform violation_record(made) from made where made.action = 'block' and made.origin = 'message';
    return null;
end $$;
create or replace trigger record_violations after insert on moderation_decisions referencing new table as made
    for each statement execute function record_violations();

-- An administrator suspends or bans a user.
create or replace function violation_by_admin(u users, p_action text, p_reason text) returns void language plpgsql as $$
declare
    v violations;
begin
    v.id := gen_random_uuid();
    v.user_id := u.id;
    v.category := 'administrator';
    v.reason := coalesce(p_reason, '');
    v.points := 0;
    v.action := p_action;
    v.until := u.status_until;
    v.counts_until := now();
    v.created_at := now();
    perform violation_add(v);
end $$;

-- Takes a violation back: the user may act again unless another one says otherwise.
create or replace function violation_reverse(p_id uuid) returns void language plpgsql as $$
declare
    v violations;
    other violations;
begin
    update violations set reversed_at = now() where id = p_id and reversed_at is null returning * into v;
    if not found then return; end if;
    select * into other from violations
    where user_id = v.user_id and reversed_at is null
      and (action = 'ban' or action = 'suspension' and (until is null or until > now()))
    order by action = 'ban' desc, until desc nulls first limit 1;
    update users set
        status = case other.action when 'ban' then 'banned' when 'suspension' then 'suspended' else 'active' end,
        status_until = other.until, status_reason = case when other.id is not null then other.reason end,
        updated_at = now()
    where id = v.user_id and status in ('suspended', 'banned');
end $$;

-- A page of the caller's own violations, newest first.
create or replace function violations_page(p_cursor text, p_limit int) returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select * from violations v
        where v.user_id = caller() and (p_cursor is null or (v.created_at, v.id)
              < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by v.created_at desc, v.id desc limit p_limit + 1
    ), shown as (select * from page order by created_at desc, id desc limit p_limit)
    select coalesce(json_agg(violation_json(s.*::violations) order by created_at desc, id desc), '[]'),
        case when (select count(*) from page) > p_limit
             then (select created_at || '|' || id from shown order by created_at, id limit 1) end
    from shown s
$$;

-- The violation of a link, for its user, who may not be able to sign in. NULL: no such link.
create or replace function violation_of_link(p_hash text) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select violation_json(v) from violations v where v.appeal_hash = p_hash
$$;

-- Stores the appeal against a violation: the caller's own of that id, or the one of the link. The violation then, or a
-- refusal; NULL: there is no such violation.
create or replace function appeal_add(p_new uuid, p_violation uuid, p_hash text, p_statement text) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    v violations;
begin
    select * into v from violations
    where id = p_violation and user_id = caller() or appeal_hash = p_hash for update;
    if not found then return null; end if;
    if v.reversed_at is not null then return refusal(409, 'VIOLATION_REVERSED', 'it was taken back'); end if;
    insert into appeals (id, user_id, violation_id, statement) values (p_new, v.user_id, v.id, p_statement)
    on conflict do nothing;
    if found then
        perform audit(v.user_id, 'appeal.created', p_new::text, jsonb_build_object('violation_id', v.id));
    elsif not exists (select from appeals where id = p_new) then
        return refusal(409, 'APPEAL_EXISTS', 'there is an appeal already');
    end if;
    return violation_json(v);
end $$;

-- An appeal as administrators see it, with the message where it is still stored.
create or replace function appeal_details(a appeals) returns json language sql stable as $$
    select (appeal_json(a)::jsonb || jsonb_build_object('violation', violation_json(v), 'proposal', a.proposal,
        'proposed_by', a.proposed_by, 'decided_by', a.decided_by,
        'message', (select m.content from messages m where m.id = v.id limit 1),
        'user', (select jsonb_build_object('id', u.id, 'email', u.email, 'status', u.status,
                     'violations', (select count(*) from violations o where o.user_id = u.id))
                 from users u where u.id = a.user_id)))::json
    from violations v where v.id = a.violation_id
$$;

-- A page of everybody's appeals, newest first; `p_state` NULL: of every state.
create or replace function appeals_page(p_state text, p_cursor text, p_limit int)
returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select * from appeals a
        where unless_admin() is null and (p_state is null or a.state = p_state)
          and (p_cursor is null or (a.created_at, a.id)
               < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by a.created_at desc, a.id desc limit p_limit + 1
    ), shown as (select * from page order by created_at desc, id desc limit p_limit)
    select coalesce(json_agg(appeal_details(s.*::appeals) order by created_at desc, id desc), '[]'),
        case when (select count(*) from page) > p_limit
             then (select created_at || '|' || id from shown order by created_at, id limit 1) end
    from shown s
$$;

-- An administrator decides. About a ban two decide: the first one proposes, another one confirms or starts anew. The
-- appeal then, or a refusal; NULL: there is no such appeal.
create or replace function appeal_decide(p_id uuid, p_decision text, p_answer text) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    a appeals;
    v violations;
begin
    if refused is not null then return refused; end if;
    select * into a from appeals where id = p_id for update;
    if not found then return null; end if;
    select * into v from violations where id = a.violation_id for update;
    if a.state not in ('pending', 'confirming') then
        return refusal(409, 'APPEAL_DECIDED', 'the appeal is decided');
    end if;
    if a.user_id = caller() then return refusal(403, 'OWN_ACCOUNT', 'this is your own appeal'); end if;
    if v.action = 'ban' and a.proposed_by = caller() then
        return refusal(409, 'SECOND_PERSON_NEEDED', 'another administrator has to decide too');
    end if;
    if v.action = 'ban' and (a.proposal is null or a.proposal <> p_decision) then
        update appeals set state = case when a.proposal is null then 'confirming' else 'pending' end,
            proposal = case when a.proposal is null then p_decision end,
            proposed_by = case when a.proposal is null then caller() end, answer = p_answer
        where id = a.id returning * into a;
        perform audit(a.user_id, 'appeal.' || case when a.proposal is null then 'contested' else 'proposed' end,
            a.id::text, jsonb_build_object('decision', p_decision));
        return appeal_details(a);
    end if;
    update appeals set state = case p_decision when 'reverse' then 'reversed' else 'upheld' end, answer = p_answer,
        decided_by = caller(), decided_at = now()
    where id = a.id returning * into a;
    if p_decision = 'reverse' then perform violation_reverse(v.id); end if;
    perform audit(a.user_id, 'appeal.' || a.state, a.id::text, jsonb_build_object('violation_id', v.id));
    perform email_add(gen_random_uuid(), u.id, u.email, 'appeal_' || a.state, u.locale::text, '',
        jsonb_build_object('name', coalesce(u.display_name, ''), 'answer', coalesce(p_answer, '')),
        now() + interval '7 days', '', '')
    from users u where u.id = a.user_id and u.erased_at is null;
    return appeal_details(a);
end $$;

-- Stores the digest of the link's token and returns whom to inform; no row: nobody any more. `ended`: the sessions and
-- keys that gateways have to forget.
create or replace function violation_recipient(p_id uuid, p_hash text)
returns table (email text, locale text, name text, ended text)
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    update violations set appeal_hash = p_hash where id = p_id and appeal_hash is null;
    return query
        select u.email::text, u.locale::text, coalesce(u.display_name, '')::text, (
            select coalesce(json_agg(x.id), '[]')::text from (
                select s.id from sessions s where s.user_id = u.id and s.ended_at is null union all
                select k.id from api_keys k where k.user_id = u.id and k.revoked_at is null) x)
        from violations v join users u on u.id = v.user_id
        where v.id = p_id and u.erased_at is null;
end $$;

-- Warns administrators, once a day each, of a text that was blocked for several users, and of an address from which
-- several users signed in whose messages were blocked.
create or replace function job_violation_patterns() returns bigint language sql as $$
    with recent as materialized (
        select v.id, v.user_id from violations v
        where v.created_at > now() - interval '1 day' and v.category <> 'administrator'
    ), alike as (
        select 'text' as kind, md5(m.content) as found, count(distinct r.user_id)::int as users
        from recent r join messages m on m.id = r.id where m.content <> ''
        group by 2
        union all
        select 'address', md5(host(h.address)), count(distinct r.user_id)::int
        from (select distinct user_id from recent) r
        join login_history h on h.user_id = r.user_id and h.at > now() - interval '1 day'
        group by 2
    ), fresh as (
        insert into violation_patterns (kind, found, users)
        select kind, found, users from alike where users >= setting_int('violation_pattern_users')
        on conflict do nothing returning *
    )
    select coalesce(sum(notify_administrators('violation_pattern', 'Violations that are alike',
        case kind when 'text' then format('The same text was blocked for %s users within a day.', users)
                  else format('%s users whose messages were blocked signed in from one address within a day.', users)
        end, jsonb_build_object('kind', kind, 'found', found))), 0)::bigint
    from fresh
$$;
