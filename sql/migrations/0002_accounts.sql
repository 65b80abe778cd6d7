-- Users and their sessions. The gateway's role sees a user's own rows only; what must look before a user is known
-- (login, signup, refresh) are functions of airi_owner.
set search_path = airi;

-- The caller as the gateway set it for this transaction; NULL on a pooled connection that has none.
create function caller() returns uuid language sql stable parallel safe as
$$ select nullif(current_setting('airi.user_id', true), '')::uuid $$;

-- Row-level security for a table of users' rows: the owner and the workers see all, the gateway what `own` admits.
create function isolate(target regclass, own text) returns void language plpgsql as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy owner_all on %s to airi_owner using (true) with check (true)', target);
    execute format('create policy worker_all on %s to airi_worker using (true) with check (true)', target);
    execute format('create policy app_own on %s to airi_app using (%s) with check (%s)', target, own, own);
end $$;

create table users (
    id            uuid primary key,
    email         text not null check (length(email) <= 254),
    email_key     text generated always as (lower(email)) stored unique,
    password_hash text,
    role          text not null default 'user' check (role in ('user', 'admin', 'super')),
    status        text not null default 'active' check (status in ('active', 'suspended', 'banned', 'deleted')),
    status_until  timestamptz,
    plan          text not null references plans on update cascade,
    display_name  text check (length(display_name) <= 100),
    metadata      jsonb not null default '{}',
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);
select isolate('users', 'id = caller()');

create table sessions (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    user_agent   text,
    address      inet,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    ended_at     timestamptz,
    ended_why    text check (ended_why in ('logout', 'reuse', 'limit', 'password', 'admin'))
);
create index sessions_of_user on sessions (user_id, created_at) where ended_at is null;
select isolate('sessions', 'user_id = caller()');

-- One row per refresh token ever issued: the hash only. A used one presented again after its grace ends the session.
create table refresh_tokens (
    hash       text primary key,                        -- SHA-256, hex
    session_id uuid not null references sessions on delete cascade,
    created_at timestamptz not null default now(),
    used_at    timestamptz
);
create index refresh_tokens_of_session on refresh_tokens (session_id);
select isolate('refresh_tokens', 'false');

-- A new user with the default plan; NULL when the address is taken.
create function auth_signup(p_id uuid, p_email text, p_hash text, p_name text, p_metadata jsonb) returns uuid
language sql security definer set search_path = airi, pg_temp as $$
    insert into users (id, email, password_hash, plan, display_name, metadata)
    select p_id, p_email, p_hash, p.id, p_name, coalesce(p_metadata, '{}') from plans p where p.is_default
    on conflict (email_key) do nothing
    returning id
$$;

-- What login needs to know of an address. No row: no such user.
create function auth_find(p_email text)
returns table (id uuid, password_hash text, status text, role text, email text)
language sql stable security definer set search_path = airi, pg_temp as $$
    select u.id, u.password_hash,
           case when u.status = 'suspended' and u.status_until < now() then 'active' else u.status end, u.role, u.email
    from users u where u.email_key = lower(p_email)
$$;

-- Opens a session; the oldest beyond the profile's `max_sessions` end.
create function auth_open(p_user uuid, p_session uuid, p_hash text, p_agent text, p_address inet, p_days int)
returns setof uuid language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    perform 1 from users where id = p_user for update;
    insert into sessions (id, user_id, user_agent, address, expires_at)
    values (p_session, p_user, left(p_agent, 300), p_address, now() + make_interval(days => p_days));
    insert into refresh_tokens (hash, session_id) values (p_hash, p_session);
    return query
        update sessions s set ended_at = now(), ended_why = 'limit'
        where s.id in (
            select o.id from sessions o
            where o.user_id = p_user and o.ended_at is null and o.id <> p_session and o.expires_at > now()
            order by o.last_used_at desc
            offset greatest(coalesce((select (value #>> '{}')::int from system_settings where key = 'max_sessions'), 3) - 1, 0))
        returning s.id;
end $$;

-- Exchanges a refresh token for its successor. `outcome`: rotated | grace (the same successor again, within 10 s) |
-- reused (the session has just been ended) | invalid.
create function auth_refresh(p_hash text, p_next text)
returns table (outcome text, session_id uuid, user_id uuid, email text, role text)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    t refresh_tokens; s sessions; u users;
begin
    select * into t from refresh_tokens r where r.hash = p_hash for update;
    if not found then
        return query select 'invalid', null::uuid, null::uuid, null::text, null::text; return;
    end if;
    select * into s from sessions x where x.id = t.session_id for update;
    select * into u from users x where x.id = s.user_id;
    if s.ended_at is not null or s.expires_at < now()
       or not (u.status = 'active' or (u.status = 'suspended' and u.status_until < now())) then
        return query select 'invalid', s.id, u.id, u.email, u.role; return;
    end if;
    if t.used_at is not null and t.used_at < now() - interval '10 seconds' then
        update sessions x set ended_at = now(), ended_why = 'reuse' where x.id = s.id;
        return query select 'reused', s.id, u.id, u.email, u.role; return;
    end if;
    if t.used_at is null then
        update refresh_tokens r set used_at = now() where r.hash = p_hash;
        insert into refresh_tokens (hash, session_id) values (p_next, s.id) on conflict do nothing;
        update sessions x set last_used_at = now() where x.id = s.id;
        return query select 'rotated', s.id, u.id, u.email, u.role; return;
    end if;
    return query select 'grace', s.id, u.id, u.email, u.role;
end $$;

revoke all on function caller, isolate, auth_signup, auth_find, auth_open, auth_refresh from public;
grant execute on function caller to airi_app, airi_worker;
grant execute on function auth_signup, auth_find, auth_open, auth_refresh to airi_app;
-- Never role, plan or status: whoever takes the gateway over cannot raise himself.
grant select, update (password_hash, updated_at) on users to airi_app;
grant select, update (ended_at, ended_why) on sessions to airi_app;
grant select (id, plan) on users to airi_worker;
