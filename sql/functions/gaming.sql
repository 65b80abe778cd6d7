-- Sessions of games. A session is a leased row: its worker holds it by owner and epoch, another one takes over when the
-- lease ends. Its seconds are reserved when it is created and settled with its end.

create or replace function gaming_session_json(s gaming_sessions) returns json language sql stable as $$
    select json_build_object('id', s.id, 'session_id', s.id, 'user_id', s.user_id, 'game', s.game, 'game_type', s.game,
        'status', s.status, 'conversation_id', s.conversation_id, 'companion_name', s.companion_name,
        'max_duration', s.max_seconds / 60, 'server_id', s.server_id, 'started_at', s.started_at, 'ends_at', s.ends_at,
        'ended_at', s.ended_at, 'end_reason', s.end_reason, 'error_code', s.error_code, 'seconds', s.seconds,
        'connection_details', case when s.status in ('pending', 'active') then json_build_object(
            'server_address', g.host, 'port', g.port, 'version', nullif(g.version, ''),
            'access_code', s.access_code) end,
        'players', (select coalesce(json_agg(p.name order by p.name), '[]')
                    from game_players p where p.session_id = s.id),
        'state', s.snapshot, 'metadata', json_build_object('companion_name', s.companion_name),
        'created_at', s.created_at)
    from (select 1) one left join game_servers g on g.id = s.server_id
$$;

create or replace function game_command_json(c game_commands) returns json language sql immutable as $$
    select json_build_object('id', c.id, 'session_id', c.session_id, 'origin', c.origin, 'verb', c.command_type,
        'arguments', c.command_data, 'state', c.state, 'result', c.result, 'created_at', c.created_at,
        'executed_at', c.executed_at)
$$;

-- Nobody can guess it while the session lasts; letters and digits that are not mistaken for others.
create or replace function game_access_code() returns text language sql volatile as $$
    select string_agg(substr('ABCDEFGHJKMNPQRSTUVWXYZ23456789', get_byte(b, i) % 31 + 1, 1), '')
    from uuid_send(gen_random_uuid()) b, unnest('{0,1,2,3,4,5,9,10}'::int[]) i
$$;

-- Publishes that a session changed: gaming.changed.v1 as events/gaming.hpp declares it.
create or replace function gaming_changed(s gaming_sessions, p_kind text, p_reference text, p_outcome text)
returns void language plpgsql as $$
begin
    perform outbox_add(gen_random_uuid(), 'gaming.changed.v1', s.id::text, json_build_object(
        'session_id', s.id, 'user_id', s.user_id, 'kind', p_kind, 'game', s.game, 'status', s.status,
        'reference', p_reference, 'outcome', p_outcome, 'changed_at', clock_timestamp()), '', '');
end $$;

-- The same for a decision of the session's worker, with its number and its sealed inputs.
create or replace function gaming_recorded(s gaming_sessions, p_kind text, p_reference text, p_outcome text,
    p_number int, p_record text) returns void language plpgsql as $$
begin
    perform outbox_add(gen_random_uuid(), 'gaming.changed.v1', s.id::text, json_build_object(
        'session_id', s.id, 'user_id', s.user_id, 'kind', p_kind, 'game', s.game, 'status', s.status,
        'reference', p_reference, 'outcome', p_outcome, 'changed_at', clock_timestamp(), 'epoch', s.epoch,
        'number', p_number, 'record', p_record), '', '');
end $$;

create or replace function gaming_requested(s gaming_sessions, p_event uuid, p_kind text, p_reference text,
    p_traceparent text, p_request text) returns void language plpgsql as $$
begin
    perform outbox_add(p_event, 'gaming.requested.v1', s.id::text, json_build_object(
        'session_id', s.id, 'user_id', s.user_id, 'kind', p_kind, 'reference', p_reference,
        'requested_at', clock_timestamp()), p_traceparent, p_request);
end $$;

-- Creates a session of the caller's with its reservation and the event for the worker, or refuses. Repeated with the
-- same id it changes nothing. p_body: companion_id, conversation_id, max_duration (minutes), player_name (the caller's
-- in the game, who may command). NULL: there is no such conversation or companion of the caller's.
create or replace function gaming_start(
    p_id uuid, p_game text, p_body jsonb, p_event uuid, p_traceparent text, p_request text
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
    available bigint;
    plan_amount bigint;
    wanted int := coalesce((p_body ->> 'max_duration')::int, setting_int('gaming_standard_minutes')) * 60;
    companion companions;
    conversation uuid := (p_body ->> 'conversation_id')::uuid;
    refused json;
begin
    perform pg_advisory_xact_lock(hashtextextended('gaming/' || caller(), 0));
    select * into s from gaming_sessions where id = p_id and user_id = caller();
    if found then return gaming_session_json(s); end if;
    select amount into plan_amount from plan_limits l join users u on u.plan = l.plan
    where u.id = caller() and l.resource = 'gaming_seconds' and l.period = 'day';
    if coalesce(plan_amount, 0) = 0 then
        return refusal(402, 'PLAN_LIMIT', 'your plan does not include games');
    end if;
    if not (setting('gaming_types') ? p_game) then
        return refusal(422, 'VALIDATION_FAILED', format('this server does not offer %s', p_game));
    end if;
    if (select count(*) from gaming_sessions where user_id = caller() and status in ('pending', 'active'))
        >= setting_int('gaming_sessions_per_user') then
        return refusal(409, 'GAMING_SESSION_EXISTS', 'end your other session first');
    end if;
    wanted := least(wanted, setting_int('gaming_most_minutes') * 60);
    available := case when plan_amount >= 0 then plan_amount - quota_used(caller(), 'gaming_seconds') end;
    if available < 60 then
        return refusal(429, 'QUOTA_EXCEEDED', 'today''s time for games is used up');
    end if;
    wanted := least(wanted, coalesce(available, wanted));
    if conversation is not null then
        perform from conversations where id = conversation and user_id = caller() and deleted_at is null;
        if not found then return null; end if;
        if exists (select from gaming_sessions
                   where conversation_id = conversation and status in ('pending', 'active')) then
            return refusal(409, 'GAMING_SESSION_EXISTS', 'this conversation has a session already');
        end if;
    else
        conversation := md5(p_id || '/conversation')::uuid;
        refused := conversation_refusal(conversation);
        if refused is not null then return refused; end if;
        insert into conversations (id, user_id, companion_id, title, titled_by)
        select conversation, caller(), c.id, initcap(p_game), 'user'
        from (select 1) one left join companions c on c.id = (p_body ->> 'companion_id')::uuid
            and c.deleted_at is null and (c.owner is null or c.owner = caller())
        where p_body ->> 'companion_id' is null or c.id is not null;
        if not found then return null; end if;
    end if;
    select c.* into companion from conversations v join companions c on c.id = v.companion_id where v.id = conversation;
    insert into gaming_sessions (id, user_id, conversation_id, game, companion_name, access_code, max_seconds)
    values (p_id, caller(), conversation, p_game,
        left(coalesce(nullif(regexp_replace(companion.name, '[^A-Za-z0-9_]', '', 'g'), ''), 'Airi'), 10)
            || '_' || left(md5(p_id::text), 4),
        game_access_code(), wanted)
    returning * into s;
    insert into game_players (session_id, name)
    select p_id, p_body ->> 'player_name' where p_body ->> 'player_name' is not null;
    insert into gaming_quota (user_id, day, session_id, seconds)
    values (caller(), (now() at time zone 'utc')::date, p_id, wanted);
    perform gaming_requested(s, p_event, 'start', '', p_traceparent, p_request);
    return gaming_session_json(s);
end $$;

create or replace function gaming_page(p_cursor text, p_limit int) returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select * from gaming_sessions s
        where s.user_id = caller() and (p_cursor is null or (s.created_at, s.id)
               < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by s.created_at desc, s.id desc limit p_limit + 1
    ), shown as (select * from page order by created_at desc, id desc limit p_limit)
    select coalesce(json_agg(gaming_session_json(s.*::gaming_sessions) order by created_at desc, id desc), '[]'),
        case when (select count(*) from page) > p_limit
             then (select created_at || '|' || id from shown order by created_at, id limit 1) end
    from shown s
$$;

-- NULL: the caller has no such session.
create or replace function gaming_read(p_id uuid) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select gaming_session_json(s) from gaming_sessions s where id = p_id and user_id = caller()
$$;

-- Asks for the end. One that no worker has begun ends here. NULL: the caller has no such session.
create or replace function gaming_stop(p_id uuid, p_event uuid, p_traceparent text, p_request text) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
begin
    select * into s from gaming_sessions where id = p_id and user_id = caller() for no key update;
    if not found then return null; end if;
    if s.status in ('completed', 'error') or s.ending then return gaming_session_json(s); end if;
    update gaming_sessions set ending = true where id = p_id returning * into s;
    perform gaming_requested(s, p_event, 'end', '', p_traceparent, p_request);
    if s.owner is null then s := gaming_settle(s, 'completed', 'user', null); end if;
    return gaming_session_json(s);
end $$;

-- A player may command no more. NULL: the caller has no such session, or it has no such player.
create or replace function gaming_revoke(p_session uuid, p_name text) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
begin
    select * into s from gaming_sessions where id = p_session and user_id = caller() for no key update;
    if not found then return null; end if;
    delete from game_players where session_id = p_session and name = p_name;
    if not found then return null; end if;
    perform gaming_changed(s, 'player', '', 'revoked');
    return gaming_session_json(s);
end $$;

-- The refusal of a command to a session that does not take it; NULL when it does. Not in SQL, whose functions are
-- planned again with each call.
create or replace function game_command_refusal(s gaming_sessions, p_verb text) returns json
language plpgsql stable as $$
begin
    if s.status not in ('pending', 'active') or s.ending then
        return refusal(409, 'GAMING_SESSION_ENDED', 'the session has ended');
    end if;
    perform from game_verbs v join users u on u.id = s.user_id join plans p on p.id = u.plan
    where v.game = s.game and v.name = p_verb and v.min_rank <= p.rank;
    if not found then return refusal(422, 'VALIDATION_FAILED', format('%s has no verb %s', s.game, p_verb)); end if;
    if (select count(*) from game_commands c where c.session_id = s.id and c.result is null) >= 20 then
        return refusal(429, 'TOO_MANY_COMMANDS', 'twenty commands are waiting');
    end if;
    return null;
end $$;

-- Stores a command, once for each id, without an event: the session's worker is woken through Redis, or looks. The
-- command's end is an event.
create or replace function game_command_add(
    s gaming_sessions, p_id uuid, p_origin text, p_verb text, p_arguments jsonb, p_call json
) returns game_commands language plpgsql as $$
declare
    c game_commands;
begin
    insert into game_commands (id, session_id, origin, command_type, command_data, call)
    values (p_id, s.id, p_origin, p_verb, p_arguments, p_call) on conflict (id) do nothing returning * into c;
    if not found then
        select * into c from game_commands where id = p_id;
    end if;
    return c;
end $$;

-- A command of the caller's to a session. NULL: the caller has no such session.
create or replace function gaming_command(p_session uuid, p_id uuid, p_verb text, p_arguments jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
    c game_commands;
    refused json;
begin
    select * into s from gaming_sessions where id = p_session and user_id = caller() for no key update;
    if not found then return null; end if;
    if not exists (select from game_commands where id = p_id) then
        refused := game_command_refusal(s, p_verb);
        if refused is not null then return refused; end if;
    end if;
    c := game_command_add(s, p_id, 'user', p_verb, p_arguments, null);
    return game_command_json(c);
end $$;

-- No row: the caller has no such session.
create or replace function gaming_commands_page(p_session uuid, p_cursor text, p_limit int)
returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select c.* from gaming_sessions s join game_commands c on c.session_id = s.id
        where s.id = p_session and s.user_id = caller() and (p_cursor is null or (c.created_at, c.id)
               < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by c.created_at desc, c.id desc limit p_limit + 1
    ), shown as (select * from page order by created_at desc, id desc limit p_limit)
    select coalesce((select json_agg(game_command_json(s.*::game_commands) order by created_at desc, id desc)
                     from shown s), '[]'),
        case when (select count(*) from page) > p_limit
             then (select created_at || '|' || id from shown order by created_at, id limit 1) end
    where exists (select from gaming_sessions where id = p_session and user_id = caller())
$$;

create or replace function gaming_chat_page(p_session uuid, p_cursor text, p_limit int)
returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select c.* from gaming_sessions s join game_chat c on c.session_id = s.id
        where s.id = p_session and s.user_id = caller() and c.decision <> 'blocked'
          and (p_cursor is null or (c.said_at, c.id)
               < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by c.said_at desc, c.id desc limit p_limit + 1
    ), shown as (select * from page order by said_at desc, id desc limit p_limit)
    select coalesce((select json_agg(json_build_object('player', player, 'text', text, 'said_at', said_at)
                                     order by said_at desc, id desc) from shown), '[]'),
        case when (select count(*) from page) > p_limit
             then (select said_at || '|' || id from shown order by said_at, id limit 1) end
    where exists (select from gaming_sessions where id = p_session and user_id = caller())
$$;

-- The end of a session: its seconds are settled, and what waited is over.
create or replace function gaming_settle(s gaming_sessions, p_status text, p_reason text, p_error text)
returns gaming_sessions language plpgsql as $$
declare
    used int := case when s.started_at is null then 0
        else least(s.max_seconds, ceil(extract(epoch from clock_timestamp() - s.started_at)))::int end;
begin
    update gaming_sessions set status = p_status, end_reason = p_reason, error_code = p_error, seconds = used,
        ended_at = clock_timestamp(), owner = null, lease_until = null
    where id = s.id returning * into s;
    update gaming_quota set seconds = used, settled = true where session_id = s.id and user_id = s.user_id;
    update game_commands set state = 'done', result = '{"outcome": "stopped", "error": "SESSION_ENDED"}'
    where session_id = s.id and result is null;
    perform gaming_changed(s, 'status', '', p_reason);
    if used > 0 then
        perform outbox_add(md5(s.id || '/usage')::uuid, 'usage.recorded.v1', s.user_id::text, json_build_object(
            'user_id', s.user_id, 'resource', 'gaming_seconds', 'quantity', used, 'provider', '', 'model', '',
            'tokens_in', 0, 'tokens_out', 0, 'cost_nanousd', 0, 'outcome', 'completed', 'reference', s.id,
            'occurred_at', s.ended_at), '', '');
    end if;
    return s;
end $$;
