-- The pool of a game: its servers, which the gaming workers start, check and stop. Each function that changes a server
-- has the game's lock, which game_server_for() takes too.

create or replace function game_pool_lock(p_game text) returns void language sql as $$
    select pg_advisory_xact_lock(hashtextextended('game_servers/' || p_game, 0))
$$;

-- By which the drivers know the servers of this system from those of another one on the same machine.
create or replace function game_pool_id(p_game text) returns uuid
language sql security definer set search_path = airi, pg_temp as $$
    insert into game_pools (game) values (p_game) on conflict do nothing;
    select id from game_pools where game = p_game
$$;

-- Whether few places are used, and nobody waits.
create or replace function game_pool_is_low(p_places int, p_used int, p_waiting int) returns boolean
language sql stable as $$
    select p_places > 0 and p_waiting = 0 and p_used <= (setting('gaming_pool_down') #>> '{}')::numeric * p_places
$$;

-- How many servers more; -1: one less. p_servers start (p_starting) or are ready; p_used of p_places have a session; of
-- p_waiting sessions without a server the oldest waits for p_oldest; p_low: for how long the pool has been low.
create or replace function game_pool_decision(p_servers int, p_starting int, p_places int, p_used int, p_waiting int,
    p_oldest interval, p_low interval) returns int
language sql stable as $$
    select case
        when p_servers < least(fewest, most) then least(fewest, most) - p_servers
        when p_starting > 0 then 0
        when p_servers < most and (
            (p_places > 0 and p_used >= (setting('gaming_pool_up') #>> '{}')::numeric * p_places)
            or p_waiting >= setting_int('gaming_pool_waiting')
            or (p_waiting > 0 and p_oldest >= make_interval(secs => setting_int('gaming_pool_wait_seconds')))) then 1
        when p_servers > fewest and p_low >= make_interval(mins => setting_int('gaming_pool_low_minutes'))
            and game_pool_is_low(p_places, p_used, p_waiting) then -1
        else 0 end
    from (select setting_int('gaming_pool_min') as fewest, setting_int('gaming_pool_max') as most) one
$$;

create or replace function game_server_sessions(p_server uuid) returns bigint language sql stable as $$
    select count(*) from gaming_sessions where server_id = p_server and status in ('pending', 'active')
$$;

-- The end of a server that does not work: what it runs as is ended, and its sessions look for another one.
create or replace function game_server_fail(p_id uuid) returns void language sql as $$
    update game_pools p set failures = p.failures + 1,
        retry_at = clock_timestamp() + least(interval '1 s' * power(2, least(p.failures, 6)), interval '1 minute')
    from game_servers v where v.id = p_id and v.state = 'starting' and p.game = v.game;
    update game_servers set state = 'failed', due_at = clock_timestamp() where id = p_id and driver <> ''
$$;

-- Takes the game's sessions from servers that do not run, for whichever worker claims them next. A row that is locked
-- is left to the next step: gaming_claim() has the session before the game's lock.
create or replace function game_pool_free_sessions(p_game text) returns void language sql as $$
    update gaming_sessions set server_id = null, lease_until = null, epoch = epoch + 1,
        waiting_since = clock_timestamp()
    where id in (select s.id from gaming_sessions s join game_servers v on v.id = s.server_id
                 where v.game = p_game and s.status in ('pending', 'active') and v.state in ('stopped', 'failed')
                 for no key update of s skip locked)
$$;

-- Decides on the pool's size and does it in the rows, as far as that is possible: new rows are `starting`.
create or replace function game_pool_resize(p_game text, p_driver text, p_place text, p_owner text, p_version text)
returns void language plpgsql as $$
declare
    pool game_pools;
    now_is timestamptz := clock_timestamp();
    n record;
    w record;
    change int;
    back int := 0;
begin
    select * into pool from game_pools where game = p_game;
    select count(*) filter (where driver <> '' and state in ('starting', 'ready')) as servers,
        count(*) filter (where state = 'starting') as starting,
        count(*) filter (where state = 'draining') as draining,
        coalesce(sum(capacity) filter (where state = 'ready'), 0) as places,
        coalesce(sum(least(capacity, game_server_sessions(id))) filter (where state = 'ready'), 0) as used
    into n from game_servers v where game = p_game and (state = 'starting' or game_server_is_up(v, 'draining'));
    select count(*) as waiting, now_is - min(coalesce(waiting_since, created_at)) as oldest into w
    from gaming_sessions where game = p_game and status in ('pending', 'active') and server_id is null and not ending;
    update game_pools set low_since = case
        when n.starting = 0 and game_pool_is_low(n.places::int, n.used::int, w.waiting::int)
        then coalesce(low_since, now_is) end
    where game = p_game returning * into pool;
    change := game_pool_decision(n.servers::int, n.starting::int, n.places::int, n.used::int, w.waiting::int, w.oldest,
        now_is - pool.low_since);
    if change > 0 then
        -- One that drains works at once.
        update game_servers set state = 'ready' where id in (
            select id from game_servers v
            where game = p_game and state = 'draining' and game_server_is_up(v, 'draining')
            order by started_at limit change);
        get diagnostics back = row_count;
        insert into game_servers (id, game, host, port, version, capacity, driver, state, place, starter, lease_until,
            due_at)
        select gen_random_uuid(), p_game, '', 0, p_version, setting_int('gaming_sessions_per_server'), p_driver,
            'starting', p_place, p_owner, now_is + interval '30 s', now_is + interval '30 s'
        from generate_series(1, least(change - back, setting_int('gaming_pool_max') - n.servers - n.draining))
        where pool.retry_at <= now_is;
    elsif change < 0 then
        update game_servers set state = 'draining' where id = (
            select id from game_servers where game = p_game and driver <> '' and state = 'ready'
            order by game_server_sessions(id), started_at desc limit 1);
        update game_pools set low_since = null where game = p_game;
    end if;
end $$;

-- One step of a game's pool for a worker: {start: [{id}], stop: [{id, handle}], check: [{id, handle, host, port}]}.
-- No two workers get the same action, until it is due again. p_place is where the worker's driver starts servers.
create or replace function game_pool_step(
    p_game text, p_driver text, p_place text, p_owner text, p_version text, p_check interval
) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    now_is timestamptz;
    steps json;
begin
    perform game_pool_lock(p_game);
    now_is := clock_timestamp();
    -- The worker that started it has died, or it was never ready; or no worker is left where it runs.
    perform game_server_fail(id) from game_servers
    where game = p_game and driver <> '' and ((state = 'starting' and lease_until < now_is)
        or (state in ('ready', 'draining') and checked_at < now_is - interval '2 minutes'));
    perform game_pool_free_sessions(p_game);
    perform game_pool_resize(p_game, p_driver, p_place, p_owner, p_version);
    update game_servers set state = 'stopped', due_at = now_is
    where game = p_game and state = 'draining' and game_server_sessions(id) = 0;
    now_is := clock_timestamp();  -- behind the due_at of what has just failed
    with mine as (
        select * from game_servers
        where game = p_game and driver = p_driver and place = p_place and gone_at is null
    ), fresh as (
        select id from mine where state = 'starting' and handle = '' and starter = p_owner
    ), due as (
        update game_servers v
        set due_at = now_is + case when m.state in ('stopped', 'failed') then interval '20 s' else p_check end
        from mine m where v.id = m.id and m.due_at <= now_is and (m.handle <> '' or m.state in ('stopped', 'failed'))
        returning v.*
    )
    select json_build_object(
        'start', (select coalesce(json_agg(json_build_object('id', id)), '[]') from fresh),
        'stop', (select coalesce(json_agg(json_build_object('id', id, 'handle', handle)), '[]')
                 from due where state in ('stopped', 'failed')),
        'check', (select coalesce(json_agg(json_build_object('id', id, 'handle', handle, 'host', host, 'port', port)),
                                  '[]')
                  from due where state not in ('stopped', 'failed')))
    into steps;
    return steps;
end $$;

-- A server runs, and has three minutes to be ready. False: it is no longer wanted, and must be stopped.
create or replace function game_server_started(p_id uuid, p_owner text, p_handle text, p_host text, p_port int)
returns boolean
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    perform game_pool_lock(game) from game_servers where id = p_id;
    update game_servers set handle = p_handle, host = p_host, port = p_port, started_at = clock_timestamp(),
        due_at = clock_timestamp(), lease_until = clock_timestamp() + interval '3 minutes'
    where id = p_id and state = 'starting' and starter = p_owner and handle = '';
    return found;
end $$;

-- The outcome of a check: well, ill (three in a row end a server that was ready) or gone, which ends it at once.
create or replace function game_server_checked(p_id uuid, p_is text) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    v game_servers;
begin
    perform game_pool_lock(game) from game_servers where id = p_id;
    select * into v from game_servers
    where id = p_id and driver <> '' and state in ('starting', 'ready', 'draining');
    if not found then return; end if;
    if p_is = 'well' then
        update game_servers set state = case state when 'starting' then 'ready' else state end, failures = 0,
            checked_at = clock_timestamp(), lease_until = null where id = p_id;
        update game_pools set failures = 0 where game = v.game and v.state = 'starting';
    elsif p_is = 'gone' or (v.state <> 'starting' and v.failures >= 2) then
        perform game_server_fail(p_id);
    else
        update game_servers set failures = failures + 1 where id = p_id;
    end if;
end $$;

-- A server could not be started, which the pool tries again later, or has been stopped. One that no session had leaves
-- no row.
create or replace function game_server_gone(p_id uuid) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    perform game_pool_lock(game) from game_servers where id = p_id;
    perform game_server_fail(id) from game_servers where id = p_id and state in ('starting', 'ready', 'draining');
    if exists (select from gaming_sessions where server_id = p_id) then
        update game_servers set gone_at = clock_timestamp() where id = p_id;
    else
        delete from game_servers where id = p_id and driver <> '';
    end if;
end $$;

-- Of the servers that a driver has found those that nobody wants.
create or replace function game_pool_orphans(p_game text, p_found uuid[]) returns setof uuid
language sql stable security definer set search_path = airi, pg_temp as $$
    select f from unnest(p_found) f
    where not exists (select from game_servers v
                      where v.id = f and v.game = p_game and v.state in ('starting', 'ready', 'draining'))
$$;
