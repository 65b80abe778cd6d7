-- The workers' side of sessions of games: a companion's tools, and the life of a session under its lease.

-- A companion's call of a tool, once for each id: {id}, or {problem}. p_call: as the model wrote it.
create or replace function gaming_tool_call(
    p_conversation uuid, p_id uuid, p_verb text, p_arguments jsonb, p_call json
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
    refused json;
begin
    select * into s from gaming_sessions
    where conversation_id = p_conversation and user_id = caller() and status = 'active' for no key update;
    if not found then return refusal(409, 'GAMING_SESSION_ENDED', 'the session has ended'); end if;
    if not exists (select from game_commands where id = p_id) then
        refused := game_command_refusal(s, p_verb);
        if refused is not null then return refused; end if;
    end if;
    perform game_command_add(s, p_id, 'companion', p_verb, p_arguments, p_call);
    return json_build_object('id', p_id, 'session_id', s.id);
end $$;

-- The result of a command of the caller's; NULL: not yet.
create or replace function gaming_command_result(p_id uuid) returns jsonb
language sql stable security definer set search_path = airi, pg_temp as $$
    select c.result from game_commands c join gaming_sessions s on s.id = c.session_id
    where c.id = p_id and s.user_id = caller()
$$;

-- A reply in the conversation of a session is said in the game, once.
create or replace function gaming_speak(p_conversation uuid, p_reply uuid, p_text text) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
begin
    select * into s from gaming_sessions where conversation_id = p_conversation and status = 'active' and not ending
    for key share;
    if not found or coalesce(p_text, '') = '' or game_command_refusal(s, 'say') is not null then return; end if;
    perform game_command_add(s, md5(p_reply || '/said')::uuid, 'reply', 'say',
        jsonb_build_object('text', left(p_text, 1000)), null);
end $$;

-- The sessions that a worker may claim: those whose worker is silent, and those without a worker.
create or replace function gaming_due(p_limit int) returns setof uuid
language sql stable security definer set search_path = airi, pg_temp as $$
    select id from gaming_sessions
    where status in ('pending', 'active') and (lease_until is null or lease_until < now())
    order by owner is null, lease_until, created_at limit p_limit
$$;

-- True: the server takes sessions. Each in force is checked, or named by a worker, again and again. p_too: a state that
-- also counts, beside ready.
create or replace function game_server_is_up(v game_servers, p_too text default '') returns boolean
language sql stable as $$
    select v.state in ('ready', p_too)
        and v.checked_at > now() - case v.driver when '' then interval '2 minutes' else interval '30 s' end
$$;

-- The server that a session gets a place on, of the games that the worker plays: its own, else the fullest with a free
-- one; none of p_tried. NULL: there is none. The caller has locked the session's row.
create or replace function game_server_for(s gaming_sessions, p_games text[], p_tried uuid[]) returns game_servers
language plpgsql as $$
declare
    g game_servers;
begin
    perform game_pool_lock(s.game);
    select v.* into g
    from game_servers v cross join lateral (
        select count(*) as used from gaming_sessions o where o.server_id = v.id and o.status in ('pending', 'active')) n
    where v.game = s.game and v.game = any (p_games) and v.id <> all (p_tried)
      and case when v.id = s.server_id then game_server_is_up(v, 'draining')
          else game_server_is_up(v) and v.capacity > n.used end
    order by v.id = s.server_id desc nulls last, n.used desc, v.created_at
    limit 1;
    return g;
end $$;

-- A worker takes the session, with a place on a server. {"is": "claimed", …}, "leased", "ended", or "waiting" while
-- this worker does not play the game or every server is full; after p_patience the session ends with an error. A
-- command of an earlier worker that was running has an unknown outcome: it is not repeated.
create or replace function gaming_claim(
    p_id uuid, p_owner text, p_lease interval, p_patience interval, p_games text[]
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
    g game_servers;
begin
    select * into s from gaming_sessions where id = p_id for no key update;
    if not found or s.status in ('completed', 'error') then return json_build_object('is', 'ended'); end if;
    if s.lease_until > now() and s.owner <> p_owner then return json_build_object('is', 'leased'); end if;
    if s.ending or s.ends_at < now() then
        s := gaming_settle(s, 'completed', case when s.ending then 'user' else 'time_over' end, null);
        return json_build_object('is', 'ended', 'session', gaming_session_json(s));
    end if;
    g := game_server_for(s, p_games, '{}');
    if g.id is null then
        if clock_timestamp() < coalesce(s.waiting_since, s.created_at) + p_patience then
            return json_build_object('is', 'waiting');
        end if;
        s := gaming_settle(s, 'error', 'no_server', 'NO_GAME_SERVER');
        return json_build_object('is', 'ended', 'session', gaming_session_json(s));
    end if;
    update game_commands set state = 'done', executed_at = coalesce(executed_at, now()),
        result = '{"outcome": "unknown", "error": "WORKER_LOST"}'
    where session_id = p_id and result is null and state = 'running';
    update gaming_sessions set owner = p_owner, epoch = epoch + 1, lease_until = now() + p_lease, server_id = g.id,
        waiting_since = null
    where id = p_id returning * into s;
    return json_build_object('is', 'claimed', 'epoch', s.epoch, 'game', s.game, 'user_id', s.user_id,
        'conversation_id', s.conversation_id, 'companion_name', s.companion_name, 'server_id', g.id, 'host', g.host,
        'port', g.port, 'version', g.version, 'access_code', s.access_code,
        'blocks', (select coalesce(sum((result ->> 'blocks')::int), 0) from game_commands where session_id = p_id),
        'players', (select coalesce(json_agg(name order by granted_at, name), '[]')
                    from game_players where session_id = p_id));
end $$;

-- Another server of the game for a session that cannot join its own: {server_id, host, port, version}. p_tried: those
-- that it could not join. NULL: there is none with a place, or another worker has the session.
create or replace function gaming_move(p_id uuid, p_epoch int, p_tried uuid[], p_games text[]) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
    g game_servers;
begin
    select * into s from gaming_sessions
    where id = p_id and epoch = p_epoch and status in ('pending', 'active') for no key update;
    if not found then return null; end if;
    g := game_server_for(s, p_games, p_tried);
    if g.id is null then return null; end if;
    update gaming_sessions set server_id = g.id where id = p_id;
    return json_build_object('server_id', g.id, 'host', g.host, 'port', g.port, 'version', g.version);
end $$;

-- The companion has joined: the session's time begins, unless it has begun before. NULL: another worker has it.
create or replace function gaming_begin(p_id uuid, p_epoch int) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
    begins boolean;
begin
    select status = 'pending' into begins from gaming_sessions where id = p_id for no key update;
    update gaming_sessions set status = 'active', started_at = coalesce(started_at, now()),
        ends_at = coalesce(ends_at, now() + make_interval(secs => max_seconds))
    where id = p_id and epoch = p_epoch and status in ('pending', 'active') returning * into s;
    if not found then return null; end if;
    if begins then perform gaming_changed(s, 'status', '', 'joined'); end if;
    return gaming_session_json(s);
end $$;

-- Extends the lease and stores what the companion sees (NULL: as before). A player who may command and was seen in the
-- game loses that when a list of its players lacks them, unless it has a hundred, the most that there are in it.
-- {is: ok | over | lost, reason, left_ms, players: who may command}.
create or replace function gaming_heartbeat(p_id uuid, p_epoch int, p_lease interval, p_snapshot jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
begin
    update gaming_sessions set lease_until = now() + p_lease, snapshot = coalesce(p_snapshot, snapshot)
    where id = p_id and epoch = p_epoch and status in ('pending', 'active') returning * into s;
    if not found then return json_build_object('is', 'lost'); end if;
    if jsonb_typeof(p_snapshot -> 'players') = 'array' and s.game = 'minecraft' then
        update game_players set seen = true
        where session_id = p_id and not seen and p_snapshot -> 'players' ? name;
        if jsonb_array_length(p_snapshot -> 'players') < 100 then
            delete from game_players where session_id = p_id and seen and not p_snapshot -> 'players' ? name;
            if found then perform gaming_changed(s, 'player', '', 'lapsed'); end if;
        end if;
    end if;
    if not exists (select from users where id = s.user_id and status = 'active') then
        return json_build_object('is', 'over', 'reason', 'account');
    end if;
    return json_build_object('is', case when s.ending or s.ends_at <= now() then 'over' else 'ok' end,
        'reason', case when s.ending then 'user' else 'time_over' end,
        'players', (select coalesce(json_agg(name order by granted_at, name), '[]')
                    from game_players where session_id = p_id),
        'left_ms', ceil(extract(epoch from s.ends_at - clock_timestamp()) * 1000));
end $$;

-- The next command of a session, which is running from now on: {id, origin, verb, arguments, call, more: whether one
-- that may pass it waits}; p_urgent: only of those that may pass a running one. NULL: none waits.
create or replace function game_command_take(p_session uuid, p_urgent boolean) returns json
language plpgsql as $$
declare
    c game_commands;
begin
    update game_commands set state = 'running', executed_at = clock_timestamp()
    where id = (select n.id from game_commands n
                where n.session_id = p_session and n.result is null and n.state = 'queued'
                  and (not p_urgent or n.command_type in ('say', 'stop'))
                order by n.created_at, n.id limit 1)
      and state = 'queued'
    returning * into c;
    if not found then return null; end if;
    return json_build_object('id', c.id, 'origin', c.origin, 'verb', c.command_type, 'arguments', c.command_data,
        'call', c.call, 'more', exists (
            select from game_commands
            where session_id = p_session and result is null and state = 'queued' and command_type in ('say', 'stop')));
end $$;

create or replace function gaming_next_command(p_id uuid, p_epoch int, p_urgent boolean) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    perform from gaming_sessions where id = p_id and epoch = p_epoch and status = 'active';
    if not found then return null; end if;
    -- The answer with a command may have been lost: nobody runs that one.
    if not p_urgent then
        update game_commands set state = 'done', result = '{"outcome": "unknown", "error": "WORKER_LOST"}'
        where session_id = p_id and result is null and state = 'running' and command_type not in ('say', 'stop');
    end if;
    return game_command_take(p_id, p_urgent);
end $$;

-- The end of a command, recorded with its inputs: {more: whether others wait, next: the next command or null}. p_next:
-- any, urgent (only one that may pass a running one) or none.
create or replace function gaming_command_end(
    p_command uuid, p_epoch int, p_result jsonb, p_number int, p_record text, p_next text
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
    c game_commands;
    next json;
begin
    -- The session before the command, as whoever claims or ends it has it.
    select x.* into s from gaming_sessions x join game_commands d on d.session_id = x.id
    where d.id = p_command and x.epoch = p_epoch for no key update of x;
    update game_commands set state = 'done', result = p_result
    where id = p_command and state = 'running' and session_id = s.id returning * into c;
    if not found then return json_build_object('more', true, 'next', null); end if;
    if c.origin <> 'user' then
        insert into ai_game_actions (id, session_id, action_type, action_data, ai_response, executed_at)
        values (c.id, c.session_id, c.command_type, c.command_data, p_result ->> 'detail', c.executed_at)
        on conflict do nothing;
    end if;
    perform gaming_recorded(s, 'command', c.id::text, coalesce(p_result ->> 'outcome', ''), p_number, p_record);
    if p_next <> 'none' and s.status = 'active' then next := game_command_take(s.id, p_next = 'urgent'); end if;
    return json_build_object('next', next, 'more', exists (
        select from game_commands where session_id = s.id and result is null and state = 'queued'));
end $$;

-- Stores the words of a player in the game with the worker's decision about them (granted, command, heard or blocked),
-- which holds for the access code p_code and for p_may_command: {is: the decision}. Granted also changes the access
-- code, since others may have read it, and returns {code, session}. {is: stale, code, may_command}: the code or the
-- player's right has changed, and nothing was stored. p_number: of the record; 0: none.
create or replace function gaming_hear(
    p_id uuid, p_epoch int, p_player text, p_text text, p_decision text, p_code text, p_may_command boolean,
    p_number int, p_record text
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
    may_command boolean;
begin
    select * into s from gaming_sessions where id = p_id and epoch = p_epoch and status = 'active' for no key update;
    if not found then return null; end if;
    may_command := exists (select from game_players where session_id = p_id and name = p_player);
    if s.access_code <> p_code or may_command <> p_may_command then
        return json_build_object('is', 'stale', 'code', s.access_code, 'may_command', may_command);
    end if;
    if p_decision = 'granted' then
        insert into game_players (session_id, name) values (p_id, p_player) on conflict do nothing;
        update gaming_sessions set access_code = game_access_code() where id = p_id returning * into s;
        perform gaming_recorded(s, 'player', '', p_decision, p_number, p_record);
        return json_build_object('is', p_decision, 'code', s.access_code, 'session', gaming_session_json(s));
    end if;
    insert into game_chat (session_id, player, text, decision) values (p_id, p_player, p_text, p_decision);
    if p_number > 0 then perform gaming_recorded(s, 'words', '', p_decision, p_number, p_record); end if;
    return json_build_object('is', p_decision);
end $$;

-- A player's words as a message of the session's user, counted against the day's quota like any other. p_event is a
-- chat_requested. False: the quota is used up.
create or replace function gaming_ask(p_user uuid, p_message uuid, p_event uuid, p_key text, p_value json)
returns boolean
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    taken text;
begin
    if not exists (select from users where id = p_user and status = 'active') then return false; end if;
    perform set_config('airi.user_id', p_user::text, true);
    taken := quota_take((now() at time zone 'utc')::date,
        coalesce((select l.amount from plan_limits l join users u on u.plan = l.plan
                  where u.id = p_user and l.resource = 'messages' and l.period = 'day'), 0),
        p_message,
        coalesce((select l.amount from plan_limits l join users u on u.plan = l.plan
                  where u.id = p_user and l.resource = 'tokens' and l.period = 'day'), -1));
    if taken not in ('allowed', 'repeated') then return false; end if;
    if taken = 'allowed' then
        perform outbox_add(p_event, 'chat.requested.v1', p_key, p_value, '', '');
    end if;
    return true;
end $$;

-- Ends the session. NULL: another worker has it, or it has ended.
create or replace function gaming_end(p_id uuid, p_epoch int, p_status text, p_reason text, p_error text) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    s gaming_sessions;
begin
    select * into s from gaming_sessions
    where id = p_id and epoch = p_epoch and status in ('pending', 'active') for no key update;
    if not found then return null; end if;
    return gaming_session_json(gaming_settle(s, p_status, p_reason, p_error));
end $$;

-- Another worker may take the session at once.
create or replace function gaming_release(p_id uuid, p_epoch int) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update gaming_sessions set lease_until = null where id = p_id and epoch = p_epoch
$$;

-- A server of the operator's. It gets sessions as long as a worker names it every other minute.
create or replace function game_server_declare(
    p_id uuid, p_game text, p_host text, p_port int, p_version text
) returns void
language sql security definer set search_path = airi, pg_temp as $$
    insert into game_servers (id, game, host, port, version, capacity)
    values (p_id, p_game, p_host, p_port, p_version,
            setting_int('gaming_sessions_per_server'))
    on conflict (id) do update set
        version = excluded.version, capacity = excluded.capacity, checked_at = excluded.checked_at
$$;

-- Words of strangers in games are kept for a week.
create or replace function job_game_chat() returns bigint language sql as $$
    with gone as (delete from game_chat where said_at < now() - interval '7 days' returning 1)
    select count(*) from gone
$$;
