-- Opens a session, unless the account may not act; returns the oldest sessions beyond the profile's `max_sessions`,
-- which end. A child's device and place are not stored, so none of them counts as new.
create or replace function auth_open(p_user uuid, p_session uuid, p_hash text, p_agent text, p_address inet, p_days int)
returns setof uuid
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
begin
    select * into u from users where id = p_user for update;
    if not found or standing(u) is not null then return; end if;
    insert into sessions (id, user_id, user_agent, address, expires_at, new_device)
    values (p_session, p_user, left(p_agent, 300), p_address, now() + make_interval(days => p_days),
            not is_before(u.child_until) and not exists (
                select from login_history h
                where h.user_id = p_user and h.outcome = 'success'
                  and device_of(h.user_agent) = device_of(left(p_agent, 300))
                  and network_of(h.address) is not distinct from network_of(p_address)));
    insert into login_history (user_id, outcome, address, user_agent)
    values (p_user, 'success', p_address, left(p_agent, 300));
    insert into refresh_tokens (hash, session_id) values (p_hash, p_session);
    return query
        update sessions s set ended_at = now(), ended_why = 'limit'
        where s.id in (
            select o.id from sessions o
            where o.user_id = p_user and o.ended_at is null and o.id <> p_session and o.expires_at > now()
            order by o.last_used_at desc
            offset setting_int('max_sessions') - 1)
        returning s.id;
end $$;

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
