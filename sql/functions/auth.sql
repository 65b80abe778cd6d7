-- Creates a user with the default plan; NULL when the email is taken.
create or replace function auth_signup(p_id uuid, p_email text, p_hash text, p_name text, p_metadata jsonb) returns uuid
language sql security definer set search_path = airi, pg_temp as $$
    insert into users (id, email, password_hash, plan, display_name, metadata, locale, timezone)
    select p_id, p_email, p_hash, p.id, p_name, coalesce(p_metadata, '{}'), default_of_user('language', 'en'),
           default_of_user('timezone', 'UTC')
    from plans p where p.is_default
    on conflict (email_key) do nothing
    returning id
$$;

-- The user with an id or, without one, with an email.
create or replace function user_by(p_user uuid, p_email text) returns users language sql stable as $$
    select u from users u
    where u.id = coalesce(p_user, (select e.id from users e where e.email_key = lower(p_email)))
$$;

-- The origin of an attempt to sign in: "device …" and "known …" are devices on which this user has signed in, by a
-- cookie or, within 90 days, by network and browser; every other one is counted by its network.
create or replace function login_source(p_user uuid, p_device text, p_address inet, p_agent text) returns text
language sql stable as $$
    select case
        when exists (select from known_devices d where d.user_id = p_user and d.hash = device_hash(p_user, p_device))
            then 'device ' || device_hash(p_user, p_device)
        when exists (
            select from login_history h
            where h.user_id = p_user and h.outcome = 'success' and h.at > now() - interval '90 days'
              and network_of(h.address) = network_of(p_address)
              and device_of(h.user_agent) = device_of(left(p_agent, 300)))
            then 'known ' || network_of(p_address) || ' ' || device_of(left(p_agent, 300))
        else 'network ' || coalesce(network_of(p_address)::text, 'unknown') end
$$;

-- The wait of a source after so many failures in a row: a minute when they are more than p_free, twice as long
-- after each further one, never more than a quarter of an hour.
create or replace function login_wait(p_failures int, p_free int) returns interval language sql immutable as $$
    select case when p_failures > p_free
        then least(interval '15 minutes', interval '1 minute' * 2 ^ least(p_failures - p_free - 1, 4)) end
$$;

-- Counts an attempt as a failure; the seconds to wait when the source has to, and nothing is counted.
create or replace function login_count(p_key text, p_source text, p_free int) returns int
language plpgsql as $$
begin
    insert into login_failures as f (email_key, source, failures, locked_until)
    values (p_key, p_source, 1, now() + login_wait(1, p_free))
    on conflict (email_key, source) do update set
        failures = case when f.changed_at < now() - interval '1 day' then 1 else f.failures + 1 end,
        locked_until = now() + login_wait(
            case when f.changed_at < now() - interval '1 day' then 1 else f.failures + 1 end, p_free),
        changed_at = now()
    where f.locked_until is null or f.locked_until <= now();
    if found then return 0; end if;
    return coalesce((
        select greatest(1, ceil(extract(epoch from f.locked_until - now())))::int
        from login_failures f where f.email_key = p_key and f.source = p_source), 1);
end $$;

-- Takes back what login_count() counted.
create or replace function login_uncount(p_key text, p_source text) returns void language sql as $$
    update login_failures set failures = failures - 1, locked_until = null
    where email_key = p_key and source = p_source and failures > 0
$$;

-- Begins a check of the password of a user, by id or email; `id` is NULL when no user has the email. The attempt counts
-- as a failure until auth_attempt_end(), so that simultaneous ones are not free. `locked`: 0, or it is refused, and the
-- next one is accepted after so many seconds. A known device is locked by its own failures only, six in a row;
-- others by those of their network, and by a hundred in a row of all together.
create or replace function auth_attempt(p_user uuid, p_email text, p_device text, p_address inet, p_agent text)
returns table (id uuid, password_hash text, status text, role text, email text, two_factor boolean, origin text,
               locked int)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users := user_by(p_user, p_email);
begin
    id := u.id;
    password_hash := u.password_hash;
    status := case when u.status = 'suspended' and u.status_until < now() then 'active' else u.status end;
    role := u.role;
    email := coalesce(u.email, p_email);
    two_factor := exists (select from two_factor t where t.user_id = u.id and t.enabled_at is not null);
    origin := login_source(u.id, p_device, p_address, p_agent);
    locked := login_count(lower(email), origin, 5);
    if locked = 0 and origin like 'network %' then
        locked := login_count(lower(email), '*', 100);
        if locked > 0 then perform login_uncount(lower(email), origin); end if;
    end if;
    if locked > 0 and u.id is not null then
        insert into login_history (user_id, outcome, address, user_agent)
        values (u.id, 'locked', p_address, left(p_agent, 300));
    end if;
    return next;
end $$;

-- Ends it: success (auth_open records it) | confirmed (the user was signed in already) | wrong_password | wrong_code
-- (two_factor_accept() has recorded it) | open (neither right nor wrong: it does not count).
create or replace function auth_attempt_end(
    p_user uuid, p_email text, p_origin text, p_outcome text, p_address inet, p_agent text
) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    counted text[] := case when p_origin like 'network %' then array[p_origin, '*'] else array[p_origin] end;
begin
    if p_outcome in ('success', 'confirmed') then
        delete from login_failures f where f.email_key = lower(p_email) and f.source = any (counted);
    elsif p_outcome = 'open' then
        perform login_uncount(lower(p_email), one) from unnest(counted) one;
    end if;
    if p_user is not null and p_outcome not in ('success', 'wrong_code', 'open') then
        insert into login_history (user_id, outcome, address, user_agent)
        values (p_user, p_outcome, p_address, left(p_agent, 300));
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
    if s.ended_at is null and s.last_used_at < now() - make_interval(days => setting_int('session_idle_days')) then
        update sessions x set expires_at = least(expires_at, now()) where x.id = s.id;
        return query select 'invalid', s.id, u.id, u.email, u.role; return;
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

-- Creates a user, whichever way they sign up, and requests their welcome: made | pending (a parent has to agree) |
-- taken, or the fault: birth_date, birth_date_needed, parent_email_needed, parent_email_own, consents. `p_sealed` is
-- what is stored of the birth date and the parent's address, and the user's key: {"key", "birth_date", "parent_email"}.
create or replace function account_create(
    p_id uuid, p_email text, p_hash text, p_name text, p_metadata jsonb, p_birth text, p_parent text,
    p_sealed jsonb, p_consents jsonb, p_address inet
) returns text
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    gate text := setting('age_gate') #>> '{}';
    born date;
    child boolean := false;
begin
    if json_fault(p_metadata) is not null then return 'metadata'; end if;
    if gate = 'required' and p_birth is null then return 'birth_date_needed'; end if;
    if gate <> 'off' and p_birth is not null then
        begin
            born := p_birth::date;
        exception when datetime_field_overflow or invalid_datetime_format then
            return 'birth_date';
        end;
        if born < date '1900-01-01' or born > (now() at time zone 'utc')::date then return 'birth_date'; end if;
        child := age_of(born) < setting_int('minor_age');
        if child and p_parent is null then return 'parent_email_needed'; end if;
        if child and lower(p_parent) = lower(p_email) then return 'parent_email_own'; end if;
        if age_of(born) < 18 and p_consents @> '[{"kind": "analytics"}]' then return 'consents'; end if;
    end if;
    if auth_signup(p_id, p_email, p_hash, p_name, p_metadata) is null then return 'taken'; end if;
    insert into user_keys (user_id, sealed_key) values (p_id, decode(p_sealed ->> 'key', 'hex'));
    update users set
        birth_date = p_sealed ->> 'birth_date', child_until = until_age(born, setting_int('minor_age')),
        minor_until = until_age(born, 18), consent_pending = child,
        parent_email = case when child then p_sealed ->> 'parent_email' end
    where id = p_id and born is not null;
    perform notification_add(gen_random_uuid(), p_id, 'welcome', 'info', null, null, '{}', '', '');
    insert into consents (user_id, kind, granted, version, address)
    select p_id, c.kind, true, c.version, p_address from jsonb_to_recordset(p_consents) as c(kind text, version text);
    return case when child then 'pending' else 'made' end;
end $$;

-- The first proof that the user reads mail at their address; the caller has locked their row. A stranger may have
-- signed up with it, so every older password, session, API key, second factor and identity but p_identity ends, unless
-- the proof comes from the account itself (p_keeps); a mail reports that. Gateways have to invalidate `sessions` and
-- `keys`. `p_link` leads to the frontend.
create or replace function first_proof(
    u users, p_by text, p_keeps boolean, p_identity uuid, p_link text, out sessions uuid[], out keys uuid[]
)
language plpgsql as $$
declare
    ended jsonb := '{}';
    factors bigint;
    identities bigint;
begin
    sessions := '{}';
    keys := '{}';
    update users set
        email_verified_at = now(), password_hash = case when p_keeps then password_hash end
    where id = u.id;
    if not p_keeps then
        with over as (
            update sessions s set ended_at = now(), ended_why = 'proved'
            where s.user_id = u.id and s.ended_at is null
            returning s.id)
        select coalesce(array_agg(over.id), '{}') into sessions from over;
        with over as (
            update api_keys k set revoked_at = now() where k.user_id = u.id and k.revoked_at is null returning k.id)
        select coalesce(array_agg(over.id), '{}') into keys from over;
        delete from two_factor t where t.user_id = u.id;
        get diagnostics factors = row_count;
        delete from user_identities i where i.user_id = u.id and i.id is distinct from p_identity;
        get diagnostics identities = row_count;
        delete from login_failures f where f.email_key = u.email_key;
        -- The devices of a stranger do not count as known.
        delete from known_devices d where d.user_id = u.id;
        delete from login_history h where h.user_id = u.id;
        ended := jsonb_build_object('password', u.password_hash is not null, 'sessions', cardinality(sessions),
            'api_keys', cardinality(keys), 'second_factors', factors, 'identities', identities);
        perform email_add(gen_random_uuid(), u.id, u.email, 'address_proved', u.locale::text, p_link,
            jsonb_build_object('time', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
            now() + interval '1 day', '', '');
    end if;
    perform audit(u.id, 'address.proved', '', jsonb_build_object('by', p_by, 'ended', ended));
end $$;

-- A refusal unless the caller has proved their address; otherwise NULL, and that stays so until the transaction ends.
-- Every function that makes a credential asks this.
create or replace function unless_proved() returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    perform 1 from users where id = caller() and email_verified_at is not null for no key update;
    return case when not found then refusal(403, 'EMAIL_NOT_VERIFIED',
        'verify your email address first, with the link in the mail or a new one') end;
end $$;

-- As standing(), for a caller without a session whose password was verified.
create or replace function account_standing(p_user uuid) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select standing(u) from users u where u.id = p_user
$$;
