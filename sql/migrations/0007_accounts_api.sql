-- Accounts beyond signing in: profile, login history and lockout, the second factor, API keys.
set search_path = airi;
create extension if not exists pgcrypto with schema public;

alter table users
    add column email_verified_at timestamptz,
    add column locale varchar(35) not null default 'en',
    add column timezone varchar(64) not null default 'UTC',
    add column avatar varchar(300),
    add column preferences jsonb not null default '{}',
    add column onboarding jsonb not null default '{}';

create function profile_json(u users) returns json language sql stable as $$
    select json_build_object('id', u.id, 'email', u.email, 'email_verified', u.email_verified_at is not null, 'display_name', u.display_name,
        'role', u.role, 'plan', u.plan, 'locale', u.locale, 'timezone', u.timezone, 'avatar', u.avatar, 'preferences', u.preferences,
        'onboarding', u.onboarding, 'metadata', u.metadata, 'created_at', u.created_at)
$$;

-- Every try to sign in as a user.
create table login_history (
    id         uuid primary key default gen_random_uuid(),
    user_id    uuid not null references users on delete cascade,
    outcome    text not null check (outcome in ('success', 'wrong_password', 'wrong_code', 'locked')),
    address    inet,
    user_agent text,
    at         timestamptz not null default now()
);
create index login_history_of_user on login_history (user_id, at desc);
select isolate('login_history', 'user_id = caller()');

-- Failures in a row, by e-mail address, whether an account has it or not: an answer tells nobody which ones have.
create table login_failures (
    email_key    text primary key,
    failures     int not null,
    locked_until timestamptz,
    changed_at   timestamptz not null default now()
);
select isolate('login_failures', 'false');

-- RFC 6238 with SHA-1, six digits, 30 s. The secret never leaves the database after it was set up.
create table two_factor (
    user_id        uuid primary key references users on delete cascade,
    secret         bytea not null,
    enabled_at     timestamptz,
    last_step      bigint not null default 0,               -- the last code taken: none is taken twice
    recovery_codes text[] not null default '{}',            -- SHA-256 of each that is left
    failures       int not null default 0,                  -- wrong codes in a row
    failed_at      timestamptz
);
select isolate('two_factor', 'false');

-- Links sent by e-mail, each good once: the hash of its token only.
create table email_links (
    hash       text primary key,                           -- SHA-256, hex
    user_id    uuid not null references users on delete cascade,
    kind       text not null check (kind in ('verify_email', 'reset_password', 'magic_link')),
    email      text not null,                              -- the address it was sent to
    expires_at timestamptz not null,
    used_at    timestamptz,
    created_at timestamptz not null default now()
);
create index email_links_of_user on email_links (user_id, created_at desc);
select isolate('email_links', 'false');

create table api_keys (
    id                uuid primary key,
    user_id           uuid not null references users on delete cascade,
    name              varchar(80) not null,
    prefix            text not null,                        -- what may be shown of it
    hash              text not null unique,                 -- SHA-256, hex, of the whole key
    scopes            text[] not null,
    allowed_addresses cidr[] not null default '{}',         -- none: from anywhere
    expires_at        timestamptz,
    last_used_at      timestamptz,
    created_at        timestamptz not null default now(),
    revoked_at        timestamptz
);
create index api_keys_of_user on api_keys (user_id) where revoked_at is null;
select isolate('api_keys', 'user_id = caller()');

create function api_key_json(k api_keys) returns json language sql stable as $$
    select json_build_object('id', k.id, 'name', k.name, 'prefix', k.prefix, 'scopes', k.scopes,
        'allowed_addresses', (select coalesce(json_agg(a::text), '[]') from unnest(k.allowed_addresses) a), 'expires_at', k.expires_at,
        'last_used_at', k.last_used_at, 'created_at', k.created_at)
$$;

-- A key of the caller's, within the plan's number of them.
create function api_key_create(p_id uuid, p_prefix text, p_hash text, p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    most bigint;
    made api_keys;
begin
    perform pg_advisory_xact_lock(hashtextextended('api_keys/' || caller(), 0));
    select amount into most from plan_limits l join users u on u.plan = l.plan
    where u.id = caller() and l.resource = 'api_keys' and l.period = 'stock';
    most := coalesce(most, 0);
    if most >= 0 and (select count(*) from api_keys where user_id = caller() and revoked_at is null) >= most then
        return refusal(402, 'PLAN_LIMIT', format('your plan has %s API keys', most));
    end if;
    insert into api_keys (id, user_id, name, prefix, hash, scopes, allowed_addresses, expires_at)
    values (p_id, caller(), p_body ->> 'name', p_prefix, p_hash,
            array(select distinct jsonb_array_elements_text(coalesce(p_body -> 'scopes', '["chat", "read"]'))),
            array(select distinct jsonb_array_elements_text(coalesce(p_body -> 'allowed_addresses', '[]'))::cidr),
            (p_body ->> 'expires_at')::timestamptz)
    returning * into made;
    return api_key_json(made);
exception when invalid_text_representation or datetime_field_overflow or invalid_datetime_format then
    return refusal(422, 'VALIDATION_FAILED', 'an address or the time cannot be read');
end $$;

-- The owner of a key that is good from this address now; no row otherwise.
create function auth_api_key(p_hash text, p_address inet) returns table (key_id uuid, user_id uuid)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    k api_keys;
begin
    select * into k from api_keys a where a.hash = p_hash and a.revoked_at is null and (a.expires_at is null or a.expires_at > now());
    if not found or (k.allowed_addresses <> '{}' and not exists (select from unnest(k.allowed_addresses) a where p_address <<= a)) then
        return;
    end if;
    if k.last_used_at is null or k.last_used_at < now() - interval '1 minute' then
        update api_keys a set last_used_at = now() where a.id = k.id;
    end if;
    return query select k.id, k.user_id;
end $$;

-- What login needs to know of an address. `id` is NULL when there is no such user; `locked` is in seconds.
drop function auth_find(text);
create function auth_find(p_email text)
returns table (id uuid, password_hash text, status text, role text, email text, two_factor boolean, locked int)
language sql stable security definer set search_path = airi, pg_temp as $$
    select u.id, u.password_hash,
           case when u.status = 'suspended' and u.status_until < now() then 'active' else u.status end, u.role, u.email,
           exists (select from two_factor t where t.user_id = u.id and t.enabled_at is not null),
           coalesce((select ceil(extract(epoch from f.locked_until - now()))::int from login_failures f
                     where f.email_key = lower(p_email) and f.locked_until > now()), 0)
    from (select) nothing left join users u on u.email_key = lower(p_email)
$$;

-- A try to sign in. The sixth failure in a row locks the address for a minute, each further one for twice as long, up to a day.
create function auth_tried(p_email text, p_user uuid, p_outcome text, p_address inet, p_agent text) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if p_user is not null then
        insert into login_history (user_id, outcome, address, user_agent) values (p_user, p_outcome, p_address, left(p_agent, 300));
    end if;
    if p_outcome = 'success' then
        delete from login_failures where email_key = lower(p_email);
    elsif p_outcome <> 'locked' then
        insert into login_failures as f (email_key, failures) values (lower(p_email), 1)
        on conflict (email_key) do update set changed_at = now(),
            failures = case when f.changed_at < now() - interval '1 day' then 1 else f.failures + 1 end,
            locked_until = case when f.failures >= 5 and f.changed_at >= now() - interval '1 day'
                                then now() + least(interval '1 day', interval '1 minute' * 2 ^ least(f.failures - 5, 12)) end;
    end if;
end $$;

create function totp_code(p_secret bytea, p_step bigint) returns text language plpgsql immutable set search_path = airi, pg_temp as $$
declare
    mac bytea := public.hmac(int8send(p_step), p_secret, 'sha1');
    at int := get_byte(mac, 19) & 15;
    number bigint := ((get_byte(mac, at) & 127)::bigint << 24) | (get_byte(mac, at + 1) << 16) | (get_byte(mac, at + 2) << 8) | get_byte(mac, at + 3);
begin
    return lpad((number % 1000000)::text, 6, '0');
end $$;

-- Takes a code of the user's: totp | recovery | NULL when it is wrong or was taken before, and for 15 minutes after ten wrong
-- ones. One step of clock skew either way.
create function two_factor_take(p_user uuid, p_code text) returns text
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    t two_factor;
    step bigint := floor(extract(epoch from clock_timestamp()) / 30);
    used text := encode(public.digest(lower(p_code), 'sha256'), 'hex');
begin
    select * into t from two_factor where user_id = p_user for update;
    if not found or (t.failures >= 10 and t.failed_at > now() - interval '15 minutes') then return null; end if;
    for s in step - 1 .. step + 1 loop
        if s > t.last_step and p_code = totp_code(t.secret, s) then
            update two_factor set last_step = s, failures = 0 where user_id = p_user;
            return 'totp';
        end if;
    end loop;
    if t.enabled_at is not null and used = any (t.recovery_codes) then
        update two_factor set recovery_codes = array_remove(recovery_codes, used), failures = 0 where user_id = p_user;
        return 'recovery';
    end if;
    update two_factor set failures = case when failed_at > now() - interval '15 minutes' then failures + 1 else 1 end, failed_at = now()
    where user_id = p_user;
    return null;
end $$;

-- A secret that counts once a code of it was shown. A second factor that is on stays on.
create function two_factor_setup(p_secret bytea) returns boolean
language sql security definer set search_path = airi, pg_temp as $$
    insert into two_factor as t (user_id, secret) values (caller(), p_secret)
    on conflict (user_id) do update set secret = excluded.secret, last_step = 0 where t.enabled_at is null
    returning true
$$;

create function two_factor_enable(p_code text, p_recovery text[]) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if exists (select from two_factor where user_id = caller() and enabled_at is not null) then
        return refusal(409, 'TWO_FACTOR_ON', 'the second factor is on already');
    end if;
    if two_factor_take(caller(), p_code) is null then return refusal(422, 'WRONG_CODE', 'this code is not right, or was used before'); end if;
    update two_factor set enabled_at = now(), recovery_codes = p_recovery where user_id = caller();
    return json_build_object('enabled', true);
end $$;

create function two_factor_disable(p_code text) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if not exists (select from two_factor where user_id = caller() and enabled_at is not null) then
        return refusal(409, 'TWO_FACTOR_OFF', 'the second factor is not on');
    end if;
    if two_factor_take(caller(), p_code) is null then return refusal(422, 'WRONG_CODE', 'this code is not right, or was used before'); end if;
    delete from two_factor where user_id = caller();
    return json_build_object('enabled', false);
end $$;

-- The same of a user whom the caller is: on or not, and recovery codes left.
create function two_factor_status() returns json language sql stable security definer set search_path = airi, pg_temp as $$
    select json_build_object('enabled', t.enabled_at is not null, 'recovery_codes_left', coalesce(cardinality(t.recovery_codes), 0))
    from (select) nothing left join two_factor t on t.user_id = caller()
$$;

-- A link for the active user of an address, or of an id; at most five an hour for each of the three kinds. No row: none is to be sent.
create function email_link_make(p_user uuid, p_email text, p_kind text, p_hash text, p_minutes int)
returns table (user_id uuid, email text, locale text, name text, expires_at timestamptz)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
begin
    select * into u from users x
    where x.id = coalesce(p_user, (select y.id from users y where y.email_key = lower(p_email))) and x.status = 'active';
    if not found or (p_kind = 'verify_email' and u.email_verified_at is not null)
       or (select count(*) from email_links l where l.user_id = u.id and l.kind = p_kind and l.created_at > now() - interval '1 hour') >= 5 then
        return;
    end if;
    return query
        insert into email_links as l (hash, user_id, kind, email, expires_at)
        values (p_hash, u.id, p_kind, u.email, now() + make_interval(mins => p_minutes))
        returning l.user_id, l.email, u.locale::text, coalesce(u.display_name, ''), l.expires_at;
end $$;

-- Uses a link up. `outcome`: good | invalid | code (the second factor is on and no code came: the link stays good) |
-- wrong_code. `ended`: the sessions that a new password ended.
create function email_link_take(p_hash text, p_kind text, p_code text, p_password_hash text)
returns table (outcome text, user_id uuid, email text, role text, ended uuid[])
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    l email_links;
    u users;
    gone uuid[] := '{}';
begin
    select * into l from email_links x where x.hash = p_hash and x.kind = p_kind for update;
    if found then select * into u from users x where x.id = l.user_id and x.email = l.email and x.status = 'active'; end if;
    if u.id is null or l.used_at is not null or l.expires_at < now() then
        return query select 'invalid', null::uuid, null::text, null::text, gone; return;
    end if;
    if p_kind = 'magic_link' and exists (select from two_factor t where t.user_id = u.id and t.enabled_at is not null) then
        if p_code is null then return query select 'code', u.id, u.email, u.role, gone; return; end if;
        if two_factor_take(u.id, p_code) is null then return query select 'wrong_code', u.id, u.email, u.role, gone; return; end if;
    end if;
    update email_links x set used_at = now() where x.hash = p_hash;
    -- Who reads mail at an address has it.
    update users x set email_verified_at = coalesce(x.email_verified_at, now()), password_hash = coalesce(p_password_hash, x.password_hash)
    where x.id = u.id;
    if p_kind = 'reset_password' then
        update email_links x set used_at = now() where x.user_id = u.id and x.kind in ('reset_password', 'magic_link') and x.used_at is null;
        delete from login_failures f where f.email_key = u.email_key;
        with over as (update sessions s set ended_at = now(), ended_why = 'password' where s.user_id = u.id and s.ended_at is null returning s.id)
        select coalesce(array_agg(over.id), '{}') into gone from over;
    end if;
    return query select 'good', u.id, u.email, u.role, gone;
end $$;

revoke all on function email_link_make, email_link_take from public;
grant execute on function email_link_make, email_link_take to airi_app;
revoke all on function profile_json, api_key_json, api_key_create, auth_api_key, auth_find, auth_tried, totp_code, two_factor_take,
    two_factor_setup, two_factor_enable, two_factor_disable, two_factor_status from public;
grant execute on function profile_json, api_key_json, api_key_create, auth_api_key, auth_find, auth_tried, two_factor_take,
    two_factor_setup, two_factor_enable, two_factor_disable, two_factor_status to airi_app;
grant update (display_name, locale, timezone, avatar, preferences, onboarding, metadata) on users to airi_app;
grant select on login_history to airi_app;
grant select (id, user_id, name, prefix, scopes, allowed_addresses, expires_at, last_used_at, created_at, revoked_at) on api_keys to airi_app;
grant update (name, revoked_at) on api_keys to airi_app;
