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

-- The data that a login needs. `id` is NULL when no user has the email; `locked`: seconds until the next attempt.
create or replace function auth_find(p_email text)
returns table (id uuid, password_hash text, status text, role text, email text, two_factor boolean, locked int)
language sql stable security definer set search_path = airi, pg_temp as $$
    select u.id, u.password_hash,
           case when u.status = 'suspended' and u.status_until < now() then 'active' else u.status end, u.role, u.email,
           exists (select from two_factor t where t.user_id = u.id and t.enabled_at is not null),
           coalesce((select ceil(extract(epoch from f.locked_until - now()))::int from login_failures f
                     where f.email_key = lower(p_email) and f.locked_until > now()), 0)
    from (select) nothing left join users u on u.email_key = lower(p_email)
$$;

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

-- Records a login attempt; auth_open records a success in the history. The sixth failure in a row locks the email for a
-- minute, each further one for twice as long, up to a day.
create or replace function auth_tried(p_email text, p_user uuid, p_outcome text, p_address inet, p_agent text)
returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if p_outcome = 'success' then
        delete from login_failures where email_key = lower(p_email);
        return;
    end if;
    if p_user is not null then
        insert into login_history (user_id, outcome, address, user_agent)
        values (p_user, p_outcome, p_address, left(p_agent, 300));
    end if;
    if p_outcome <> 'locked' then
        insert into login_failures as f (email_key, failures) values (lower(p_email), 1)
        on conflict (email_key) do update set
            changed_at = now(),
            failures = case when f.changed_at < now() - interval '1 day' then 1 else f.failures + 1 end,
            locked_until = case
                when f.failures >= 5 and f.changed_at >= now() - interval '1 day'
                then now() + least(interval '1 day', interval '1 minute' * 2 ^ least(f.failures - 5, 12)) end;
    end if;
end $$;

-- Creates a user, whichever way they sign up, and requests their welcome: made | pending (a parent has to agree) |
-- taken, or the fault: birth_date, birth_date_needed, parent_email_needed, parent_email_own, consents.
create or replace function account_create(
    p_id uuid, p_email text, p_hash text, p_name text, p_metadata jsonb, p_birth text, p_parent text,
    p_consents jsonb, p_address inet
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
        child := is_child(born);
        if child and p_parent is null then return 'parent_email_needed'; end if;
        if child and lower(p_parent) = lower(p_email) then return 'parent_email_own'; end if;
        if age_of(born) < 18 and p_consents @> '[{"kind": "analytics"}]' then return 'consents'; end if;
    end if;
    if auth_signup(p_id, p_email, p_hash, p_name, p_metadata) is null then return 'taken'; end if;
    update users set
        birth_date = born, consent_pending = child, parent_email = case when child then p_parent end
    where id = p_id and born is not null;
    perform notification_add(gen_random_uuid(), p_id, 'welcome', 'info', null, null, '{}', '', '');
    insert into consents (user_id, kind, granted, version, address)
    select p_id, c.kind, true, c.version, p_address from jsonb_to_recordset(p_consents) as c(kind text, version text);
    return case when child then 'pending' else 'made' end;
end $$;

-- As standing(), for a caller without a session whose password was verified.
create or replace function account_standing(p_user uuid) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select standing(u) from users u where u.id = p_user
$$;
