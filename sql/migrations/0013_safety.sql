-- Whether an account may act, which devices it was used from, and API keys that are replaced, counted and limited.
set search_path = airi;

alter table users add column status_reason text check (length(status_reason) <= 500);
-- Whether nobody had signed in from such a device and network before.
alter table sessions add column new_device boolean not null default false;

-- A refusal that says more.
create function refusal(p_status int, p_code text, p_message text, p_details jsonb) returns json language sql immutable as $$
    select json_build_object('problem', json_build_object('status', p_status, 'code', p_code, 'message', p_message, 'details', p_details))
$$;

-- Why the account may not act; NULL when it may. A suspension that has run out is none.
create function standing(u users) returns json language sql stable as $$
    select case
        when u.status = 'active' or (u.status = 'suspended' and u.status_until <= now()) then null
        when u.status = 'suspended' then refusal(403, 'ACCOUNT_SUSPENDED', 'this account is suspended',
            jsonb_build_object('until', u.status_until, 'reason', u.status_reason))
        when u.status = 'banned' then refusal(403, 'ACCOUNT_BANNED', 'this account is banned', jsonb_build_object('reason', u.status_reason))
        else refusal(403, 'ACCOUNT_DELETED', 'this account is deleted', '{}') end
$$;

-- The same for whoever has proved to be that user.
create function account_standing(p_user uuid) returns json language sql stable security definer set search_path = airi, pg_temp as $$
    select standing(u) from users u where u.id = p_user
$$;

-- "Firefox on Linux", as people know it.
create function device_of(p_agent text) returns text language sql immutable parallel safe as $$
    select case when coalesce(p_agent, '') = '' then 'unknown' else
        case when p_agent ~ 'Edg(e|A|iOS)?/' then 'Edge' when p_agent ~ 'OPR/|Opera' then 'Opera' when p_agent ~ 'SamsungBrowser/' then 'Samsung Internet'
             when p_agent ~ 'Firefox/|FxiOS/' then 'Firefox' when p_agent ~ 'Chrome/|CriOS/' then 'Chrome' when p_agent ~ 'Safari/' then 'Safari'
             else left(split_part(split_part(p_agent, ' ', 1), '/', 1), 60) end
        || case when p_agent ~ 'iPhone|iPad' then ' on iOS' when p_agent ~ 'Android' then ' on Android' when p_agent ~ 'Windows' then ' on Windows'
                when p_agent ~ 'Macintosh|Mac OS X' then ' on macOS' when p_agent ~ 'Linux|X11' then ' on Linux' else '' end end
$$;

-- What one customer of a provider has: an IPv4 /24, an IPv6 /64.
create function network_of(p_address inet) returns cidr language sql immutable parallel safe as $$
    select network(set_masklen(p_address, case family(p_address) when 4 then 24 else 64 end))
$$;

-- Opens a session; the oldest beyond the profile's `max_sessions` end. None is opened for an account that may not act. Of a child it
-- is not kept where it was, so that no place is a new one.
create or replace function auth_open(p_user uuid, p_session uuid, p_hash text, p_agent text, p_address inet, p_days int)
returns setof uuid language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
begin
    select * into u from users where id = p_user for update;
    if not found or standing(u) is not null then return; end if;
    insert into sessions (id, user_id, user_agent, address, expires_at, new_device)
    values (p_session, p_user, left(p_agent, 300), p_address, now() + make_interval(days => p_days), not is_child(u.birth_date) and not exists (
        select from login_history h where h.user_id = p_user and h.outcome = 'success'
            and device_of(h.user_agent) = device_of(left(p_agent, 300)) and network_of(h.address) is not distinct from network_of(p_address)));
    insert into login_history (user_id, outcome, address, user_agent) values (p_user, 'success', p_address, left(p_agent, 300));
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

-- A try to sign in; a success is written down by auth_open. The sixth failure in a row locks the address for a minute, each
-- further one for twice as long, up to a day.
create or replace function auth_tried(p_email text, p_user uuid, p_outcome text, p_address inet, p_agent text) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if p_outcome = 'success' then
        delete from login_failures where email_key = lower(p_email);
        return;
    end if;
    if p_user is not null then
        insert into login_history (user_id, outcome, address, user_agent) values (p_user, p_outcome, p_address, left(p_agent, 300));
    end if;
    if p_outcome <> 'locked' then
        insert into login_failures as f (email_key, failures) values (lower(p_email), 1)
        on conflict (email_key) do update set changed_at = now(),
            failures = case when f.changed_at < now() - interval '1 day' then 1 else f.failures + 1 end,
            locked_until = case when f.failures >= 5 and f.changed_at >= now() - interval '1 day'
                                then now() + least(interval '1 day', interval '1 minute' * 2 ^ least(f.failures - 5, 12)) end;
    end if;
end $$;

-- Exchanges a refresh token for its successor. `outcome`: rotated | grace (the same successor again, within 10 s) |
-- reused (the session has just been ended) | refused (the account may not act) | invalid.
create or replace function auth_refresh(p_hash text, p_next text)
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
    if standing(u) is not null then
        return query select 'refused', s.id, u.id, u.email, u.role; return;
    end if;
    if s.ended_at is not null or s.expires_at < now() then
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

-- A link for the user of an address, or of an id, who may act; at most five an hour for each of the three kinds. No row: none is
-- to be sent.
create or replace function email_link_make(p_user uuid, p_email text, p_kind text, p_hash text, p_minutes int)
returns table (user_id uuid, email text, locale text, name text, expires_at timestamptz)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
begin
    select * into u from users x where x.id = coalesce(p_user, (select y.id from users y where y.email_key = lower(p_email)));
    if not found or standing(u) is not null or (p_kind = 'verify_email' and u.email_verified_at is not null) then return; end if;
    -- Those that are asked for at once are counted one after the other.
    perform pg_advisory_xact_lock(hashtextextended('email_links/' || u.id, 0));
    if (select count(*) from email_links l where l.user_id = u.id and l.kind = p_kind and l.created_at > now() - interval '1 hour') >= 5 then
        return;
    end if;
    return query
        insert into email_links as l (hash, user_id, kind, email, expires_at)
        values (p_hash, u.id, p_kind, u.email, now() + make_interval(mins => p_minutes))
        returning l.user_id, l.email, u.locale::text, coalesce(u.display_name, ''), l.expires_at;
end $$;

-- Uses a link up. `outcome`: good | invalid | refused (the account may not act: the link stays good) | code (the second factor
-- is on and no code came: the link stays good) | wrong_code. `ended`: the sessions that a new password ended.
create or replace function email_link_take(p_hash text, p_kind text, p_code text, p_password_hash text)
returns table (outcome text, user_id uuid, email text, role text, ended uuid[])
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    l email_links;
    u users;
    gone uuid[] := '{}';
begin
    select * into l from email_links x where x.hash = p_hash and x.kind = p_kind for update;
    if found then select * into u from users x where x.id = l.user_id and x.email = l.email; end if;
    if u.id is null or l.used_at is not null or l.expires_at < now() then
        return query select 'invalid', null::uuid, null::text, null::text, gone; return;
    end if;
    if standing(u) is not null then return query select 'refused', u.id, u.email, u.role, gone; return; end if;
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

-- Keys that one takes the place of: the old one ends after an overlap.
alter table api_keys
    add column replaced_by uuid references api_keys on delete set null,
    add column requests_per_hour int check (requests_per_hour > 0),  -- NULL: no limit of its own
    add column uses bigint not null default 0;
create index api_keys_replaced on api_keys (replaced_by) where replaced_by is not null;

create or replace function api_key_json(k api_keys) returns json language sql stable as $$
    select json_build_object('id', k.id, 'name', k.name, 'prefix', k.prefix, 'scopes', k.scopes,
        'allowed_addresses', (select coalesce(json_agg(a::text), '[]') from unnest(k.allowed_addresses) a),
        'requests_per_hour', k.requests_per_hour, 'uses', k.uses, 'replaced_by', k.replaced_by, 'expires_at', k.expires_at,
        'last_used_at', k.last_used_at, 'created_at', k.created_at)
$$;

-- A key of the caller's, within the plan's number of them; those that were replaced end by themselves and do not count.
create or replace function api_key_create(p_id uuid, p_prefix text, p_hash text, p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    most bigint;
    made api_keys;
    addresses cidr[];
    ends timestamptz;
begin
    addresses := array(select distinct jsonb_array_elements_text(coalesce(p_body -> 'allowed_addresses', '[]'))::cidr);
    ends := p_body ->> 'expires_at';
    perform pg_advisory_xact_lock(hashtextextended('api_keys/' || caller(), 0));
    select amount into most from plan_limits l join users u on u.plan = l.plan
    where u.id = caller() and l.resource = 'api_keys' and l.period = 'stock';
    most := coalesce(most, 0);
    if most >= 0 and (select count(*) from api_keys where user_id = caller() and revoked_at is null and replaced_by is null) >= most then
        return refusal(402, 'PLAN_LIMIT', format('your plan has %s API keys', most));
    end if;
    insert into api_keys (id, user_id, name, prefix, hash, scopes, allowed_addresses, requests_per_hour, expires_at)
    values (p_id, caller(), p_body ->> 'name', p_prefix, p_hash,
            array(select distinct jsonb_array_elements_text(coalesce(p_body -> 'scopes', '["chat", "read"]'))),
            addresses, (p_body ->> 'requests_per_hour')::int, ends)
    returning * into made;
    return api_key_json(made);
exception when invalid_text_representation or datetime_field_overflow or invalid_datetime_format then
    return refusal(422, 'VALIDATION_FAILED', 'an address or the time cannot be read');
end $$;

-- A key in the place of one of the caller's, with the same name and rights, for as long as the old one was made for; the old one
-- is good for so many more seconds. NULL: there is no such key.
create function api_key_rotate(p_old uuid, p_id uuid, p_prefix text, p_hash text, p_overlap int) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    old api_keys;
    made api_keys;
begin
    select * into old from api_keys where id = p_old and user_id = caller() and revoked_at is null and (expires_at is null or expires_at > now())
    for update;
    if not found then return null; end if;
    if old.replaced_by is not null then return refusal(409, 'KEY_REPLACED', 'this key was replaced already'); end if;
    if exists (select from api_keys where replaced_by = old.id and revoked_at is null and (expires_at is null or expires_at > now())) then
        return refusal(409, 'KEY_OVERLAPS', 'the key that this one replaced is still good: revoke it first');
    end if;
    insert into api_keys (id, user_id, name, prefix, hash, scopes, allowed_addresses, requests_per_hour, expires_at)
    values (p_id, old.user_id, old.name, p_prefix, p_hash, old.scopes, old.allowed_addresses, old.requests_per_hour,
            now() + (old.expires_at - old.created_at))
    returning * into made;
    update api_keys set replaced_by = p_id, expires_at = least(expires_at, now() + make_interval(secs => p_overlap)) where id = old.id;
    perform audit(caller(), 'api_key.rotated', old.id::text, jsonb_build_object('replaced_by', p_id));
    return api_key_json(made);
end $$;

-- The owner of a key that is good from this address now, and whether it is time to write its use down; no row otherwise.
drop function auth_api_key(text, inet);
create function auth_api_key(p_hash text, p_address inet) returns table (key_id uuid, user_id uuid, due boolean)
language sql stable security definer set search_path = airi, pg_temp as $$
    select k.id, k.user_id, k.last_used_at is null or k.last_used_at < now() - interval '1 minute' from api_keys k
    where k.hash = p_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
      and (k.allowed_addresses = '{}' or exists (select from unnest(k.allowed_addresses) a where p_address <<= a))
$$;

-- Counts uses, at most once a minute; false: it was done just now.
create function api_key_used(p_id uuid, p_uses bigint) returns boolean
language sql security definer set search_path = airi, pg_temp as $$
    with counted as (
        update api_keys set uses = uses + p_uses, last_used_at = now()
        where id = p_id and (last_used_at is null or last_used_at < now() - interval '1 minute') returning 1)
    select exists (select from counted)
$$;

revoke all on function refusal(int, text, text, jsonb), standing, account_standing, device_of, network_of, api_key_rotate, auth_api_key, api_key_used
    from public;
grant execute on function refusal(int, text, text, jsonb), standing, account_standing, device_of, api_key_rotate, auth_api_key, api_key_used
    to airi_app;
grant select (replaced_by, requests_per_hour, uses) on api_keys to airi_app;
