-- Opens a session, unless the account may not act or has another password by now than the one that was verified
-- (p_password_hash; NULL: none was). Returns the sessions that end: all others while the address is not proved, else
-- the oldest beyond the profile's `max_sessions`. A child's device and place are not stored, so none counts as new.
-- `p_second_factor`: a code was verified, if the account has a second factor.
create or replace function auth_open(
    p_user uuid, p_session uuid, p_hash text, p_agent text, p_address inet, p_days int, p_password_hash text,
    p_second_factor boolean
) returns setof uuid
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
begin
    select * into u from users where id = p_user for update;
    if not found or standing(u) is not null
       or (p_password_hash is not null and p_password_hash is distinct from u.password_hash) then
        return;
    end if;
    insert into sessions (id, user_id, user_agent, address, expires_at, second_factor, new_device)
    values (p_session, p_user, left(p_agent, 300), p_address, now() + make_interval(days => p_days),
            p_second_factor and exists (
                select from two_factor t where t.user_id = p_user and t.enabled_at is not null),
            not is_before(u.child_until) and not exists (
                select from login_history h
                where h.user_id = p_user and h.outcome = 'success'
                  and device_of(h.user_agent) = device_of(left(p_agent, 300))
                  and network_of(h.address) is not distinct from network_of(p_address)));
    insert into login_history (user_id, outcome, address, user_agent)
    values (p_user, 'success', p_address, left(p_agent, 300));
    insert into refresh_tokens (hash, session_id) values (p_hash, p_session);
    return query
        update sessions s set
            ended_at = now(), ended_why = case when u.email_verified_at is null then 'unproved' else 'limit' end
        where s.id in (
            select o.id from sessions o
            where o.user_id = p_user and o.ended_at is null and o.id <> p_session and o.expires_at > now()
            order by o.last_used_at desc
            offset case when u.email_verified_at is null then 0 else setting_int('max_sessions') - 1 end)
        returning s.id;
end $$;

-- The session has shown the second factor that was enabled in this transaction, if there is one.
create or replace function session_second_factor(p_session uuid) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update sessions s set second_factor = true
    where s.id = p_session and s.user_id = caller()
      and exists (select from two_factor t where t.user_id = caller() and t.enabled_at = now())
$$;

-- Sessions have no second factor any more when the account has none.
create or replace function second_factor_removed() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    update sessions set second_factor = false where user_id = old.user_id and second_factor;
    return null;
end $$;
create or replace trigger second_factor_removed after delete on two_factor for each row
    execute function second_factor_removed();

-- A device as people call it: "Firefox on Linux".
create or replace function device_of(p_agent text) returns text language sql immutable parallel safe as $$
    select case when coalesce(p_agent, '') = '' then 'unknown' else
        case when p_agent ~ 'Edg(e|A|iOS)?/' then 'Edge'
             when p_agent ~ 'OPR/|Opera' then 'Opera'
             when p_agent ~ 'SamsungBrowser/' then 'Samsung Internet'
             when p_agent ~ 'Firefox/|FxiOS/' then 'Firefox'
             when p_agent ~ 'Chrome/|CriOS/' then 'Chrome'
             when p_agent ~ 'Safari/' then 'Safari'
             else left(split_part(split_part(p_agent, ' ', 1), '/', 1), 60) end
        || case when p_agent ~ 'iPhone|iPad' then ' on iOS'
                when p_agent ~ 'Android' then ' on Android'
                when p_agent ~ 'Windows' then ' on Windows'
                when p_agent ~ 'Macintosh|Mac OS X' then ' on macOS'
                when p_agent ~ 'Linux|X11' then ' on Linux'
                else '' end end
$$;

-- The network that an internet provider assigns to one customer: an IPv4 /24, an IPv6 /64.
create or replace function network_of(p_address inet) returns cidr language sql immutable parallel safe as $$
    select network(set_masklen(p_address, case family(p_address) when 4 then 24 else 64 end))
$$;

-- The stored form of a device's cookie. The same browser is another device for each user.
create or replace function device_hash(p_user uuid, p_cookie_hash text) returns text language sql immutable as $$
    select encode(sha256(convert_to(p_user::text || p_cookie_hash, 'UTF8')), 'hex')
$$;

-- The browser of a session that was just opened is known from now on; of a user's the newest twenty are.
create or replace function device_remember(p_session uuid, p_cookie_hash text) returns void
language sql security definer set search_path = airi, pg_temp as $$
    insert into known_devices as d (user_id, hash)
    select user_id, device_hash(user_id, p_cookie_hash) from sessions where id = p_session
    on conflict (user_id, hash) do update set last_used_at = now();
    delete from known_devices d using sessions s
    where s.id = p_session and d.user_id = s.user_id and d.hash in (
        select o.hash from known_devices o where o.user_id = s.user_id order by o.last_used_at desc offset 20)
$$;
