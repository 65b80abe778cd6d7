-- Closes the caller's account: its sessions end now; it is erased after the grace period, a pending child's at once.
-- `ended`: the sessions and API keys that gateways have to invalidate.
create or replace function account_close(p_hash text)
returns table (email text, locale text, name text, erase_at timestamptz, ended uuid[])
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
    gone uuid[];
begin
    update users x set
        status = 'deleted', status_until = null, erasure_recorded_at = null,
        erase_at = now() + case when x.consent_pending then interval '0'
                                else make_interval(days => setting_int('erasure_days')) end
    where x.id = caller() and x.status <> 'deleted'
    returning * into u;
    if not found then return; end if;
    with over as (
        update sessions s set ended_at = now(), ended_why = 'logout'
        where s.user_id = u.id and s.ended_at is null
        returning s.id)
    select coalesce(array_agg(over.id), '{}') into gone from over;
    gone := gone || array(select k.id from api_keys k where k.user_id = u.id and k.revoked_at is null);
    insert into email_links (hash, user_id, kind, email, expires_at)
    values (p_hash, u.id, 'account_deletion', u.email, u.erase_at);
    perform payment_stop(u.id);
    perform audit(u.id, 'account.closed');
    return query select u.email, u.locale::text, coalesce(u.display_name, ''), u.erase_at, gone;
end $$;

-- Reopens an account during its grace period; false when there was nothing to reopen.
create or replace function account_restore(p_user uuid) returns boolean
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    update users set status = 'active', erase_at = null
    where id = p_user and status = 'deleted' and status_reason is null and erase_at > now() and erased_at is null;
    if not found then return false; end if;
    update email_links set used_at = now() where user_id = p_user and kind = 'account_deletion' and used_at is null;
    perform audit(p_user, 'account.restored');
    return true;
end $$;

create or replace function account_restore_by_link(p_hash text) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if account_restore((
        select user_id from email_links where hash = p_hash and kind = 'account_deletion' and used_at is null)) then
        return json_build_object('restored', true);
    end if;
    return link_invalid();
end $$;

-- The time at which a closed account is erased. Its callers have verified the account's password.
create or replace function account_erase_at(p_user uuid) returns timestamptz
language sql stable security definer set search_path = airi, pg_temp as $$
    select erase_at from users where id = p_user
$$;

-- Erases one batch of an account, messages first; true when nothing is left. Usage and payments stay, under an id that
-- identifies nobody.
create or replace function erase_account(p_user uuid) returns boolean language plpgsql as $$
declare
    u users;
    said uuid[];
    n bigint;
    own record;
begin
    select * into u from users where id = p_user for update;
    said := array(select id from conversations where user_id = p_user limit 200);
    if said <> '{}' then
        delete from messages where conversation_id = any (said);
        delete from generations where conversation_id = any (said);
        delete from conversations where id = any (said);
        return false;
    end if;
    with gone as (
        delete from messages m
        using (select id, created_at from messages where user_id = p_user and deleted_at is null limit 5000) o
        where m.id = o.id and m.created_at = o.created_at
        returning m.generation_id
    ), ended as (delete from generations where id in (select generation_id from gone))
    select count(*) into n from gone;
    if n > 0 then return false; end if;
    delete from generations g using usage_log l where l.user_id = p_user and l.reference = g.id;
    delete from moderation_decisions where user_id = p_user;
    delete from login_failures where email_key = u.email_key;
    delete from outbox where key = p_user::text;
    update audit_log set subject = '', details = '{}', address = null where user_id = p_user;
    -- Deletes from every table that refers to users with `on delete cascade`: sessions, history, identities, keys and
    -- whatever comes later. Without the user's key their text in Kafka is unreadable.
    for own in
        select c.conrelid::regclass as name, a.attname as owner
        from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'f' and c.confrelid = 'users'::regclass and c.confdeltype = 'c'
        order by c.conrelid = 'companions'::regclass   -- other tables refer to companions
    loop
        execute format('delete from %s where %I = $1', own.name, own.owner) using p_user;
    end loop;
    update users set
        email = gen_random_uuid() || '@erased.invalid', password_hash = null, role = 'user', status = 'deleted',
        status_until = null, status_reason = null, display_name = null, metadata = '{}', email_verified_at = null,
        locale = 'en', timezone = 'UTC', country = null, region = null, avatar = null, preferences = '{}',
        onboarding = '{}', birth_date = null, parent_email = null, child_until = null, minor_until = null,
        consent_pending = false,
        erase_at = coalesce(erase_at, now()), erased_at = now()
    where id = p_user;
    return true;
end $$;

-- The accounts that job_erasures() would erase and that the ledger of erasures does not have; `at`: the present, as in
-- its names.
create or replace function erasures_to_record() returns table (id uuid, at text)
language sql stable security definer set search_path = airi, pg_temp as $$
    select u.id, to_char(now() at time zone 'utc', 'YYYYMMDD"T"HH24MISS"Z"') from users u
    where u.erasure_recorded_at is null
      and ((u.erase_at <= now() and u.erased_at is null and u.status = 'deleted')
           or (u.consent_pending and u.created_at < now() - interval '14 days'))
    order by u.erase_at limit 100
$$;

create or replace function erasure_recorded(p_user uuid) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update users set erasure_recorded_at = now() where id = p_user
$$;

-- After a restore: erases an account that the ledger has. False: there is no such account, it is erased, or it was
-- opened again after its entry.
create or replace function erase_again(p_user uuid) returns boolean language plpgsql as $$
begin
    update users set status = 'deleted', erase_at = coalesce(least(erase_at, now()), now()) where id = p_user
        and erased_at is null and (erasure_recorded_at is null or status = 'deleted' or consent_pending);
    if not found then return false; end if;
    while not erase_account(p_user) loop null; end loop;
    return true;
end $$;

-- Erases closed accounts after their grace period, and pending children's after two weeks without a parent's answer. An
-- account that cannot be erased is logged, does not block the others, and is retried at the next run, as one whose
-- customer the payment provider still has. With a ledger of erasures only those that it has are erased.
create or replace function job_erasures() returns bigint language plpgsql as $$
declare
    who uuid;
    finished bigint := 0;
    failed uuid[] := '{}';
begin
    for step in 1..100 loop
        select id into who from users
        where id <> all (failed)
          and (current_setting('airi.erasure_ledger', true) is distinct from 'on' or erasure_recorded_at is not null)
          and ((erase_at <= now() and erased_at is null and status = 'deleted')
               or (consent_pending and created_at < now() - interval '14 days'))
        order by erase_at limit 1 for update skip locked;
        exit when not found;
        begin
            if not payment_forget(who) then
                failed := failed || who;
                continue;
            end if;
            finished := finished + erase_account(who)::int;
        exception when others then
            raise warning 'account % is not erased: % %', who, sqlstate, sqlerrm;
            failed := failed || who;
        end;
    end loop;
    return finished;
end $$;
