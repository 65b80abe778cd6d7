-- Requests a mail, sent when this transaction has committed: email.requested.v1 as events/email.hpp declares it.
create or replace function email_add(
    p_event uuid, p_user uuid, p_to text, p_kind text, p_locale text, p_link text, p_variables jsonb,
    p_expires timestamptz, p_traceparent text, p_request text
) returns void language sql as $$
    select outbox_add(p_event, 'email.requested.v1', p_user::text, json_build_object(
        'user_id', p_user, 'to', p_to, 'kind', p_kind, 'locale', p_locale, 'link', p_link, 'variables', p_variables,
        'expires_at', p_expires), p_traceparent, p_request)
$$;

-- Requests a mail to the caller about what happened to their account.
create or replace function notice_add(
    p_event uuid, p_kind text, p_link text, p_variables jsonb, p_traceparent text, p_request text
) returns void language sql as $$
    select email_add(p_event, u.id, u.email, p_kind, u.locale::text, p_link,
        jsonb_build_object('name', coalesce(u.display_name, '')) || p_variables, now() + interval '1 day',
        p_traceparent, p_request)
    from users u where u.id = caller()
$$;

-- Creates a link for a user, by id or email, who may act; at most five an hour of each kind. No row: no link is to be
-- sent.
create or replace function email_link_make(p_user uuid, p_email text, p_kind text, p_hash text)
returns table (user_id uuid, email text, locale text, name text, expires_at timestamptz)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
begin
    select * into u from users x
    where x.id = coalesce(p_user, (select y.id from users y where y.email_key = lower(p_email)));
    if not found or standing(u) is not null
       or (p_kind = 'verify_email' and (u.email_verified_at is not null or u.consent_pending)) then
        return;
    end if;
    -- Concurrent requests are counted one after the other.
    perform pg_advisory_xact_lock(hashtextextended('email_links/' || u.id, 0));
    if (select count(*) from email_links l
        where l.user_id = u.id and l.kind = p_kind and l.created_at > now() - interval '1 hour') >= 5 then
        return;
    end if;
    return query
        insert into email_links as l (hash, user_id, kind, email, expires_at)
        values (p_hash, u.id, p_kind, u.email, now() + make_interval(mins => case p_kind
            when 'verify_email' then setting_int('email_verification_hours') * 60
            when 'reset_password' then setting_int('password_reset_minutes') else 15 end))
        returning l.user_id, l.email, u.locale::text, coalesce(u.display_name, ''), l.expires_at;
end $$;

-- Uses a link. `outcome`: good | invalid | refused (the account may not act) | code (the second factor is on and no
-- claim of one came) | wrong_code; only `good` uses the link up. `ended`: the sessions that a new password ended.
create or replace function email_link_take(p_hash text, p_kind text, p_claim jsonb, p_password_hash text)
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
    if p_kind = 'magic_link' and exists (
        select from two_factor t where t.user_id = u.id and t.enabled_at is not null) then
        if p_claim is null then return query select 'code', u.id, u.email, u.role, gone; return; end if;
        if two_factor_accept(u.id, p_claim) is null then
            return query select 'wrong_code', u.id, u.email, u.role, gone; return;
        end if;
    end if;
    update email_links x set used_at = now() where x.hash = p_hash;
    -- The link proves that the user reads mail at this address.
    update users x set
        email_verified_at = coalesce(x.email_verified_at, now()),
        password_hash = coalesce(p_password_hash, x.password_hash)
    where x.id = u.id;
    if p_kind = 'reset_password' then
        update email_links x set used_at = now()
        where x.user_id = u.id and x.kind in ('reset_password', 'magic_link') and x.used_at is null;
        delete from login_failures f where f.email_key = u.email_key;
        with over as (
            update sessions s set ended_at = now(), ended_why = 'password'
            where s.user_id = u.id and s.ended_at is null
            returning s.id)
        select coalesce(array_agg(over.id), '{}') into gone from over;
    end if;
    return query select 'good', u.id, u.email, u.role, gone;
end $$;

-- Requests the notice about a new password to the owner of the link that set it in this transaction, if there is one.
create or replace function email_link_notice(
    p_hash text, p_event uuid, p_link text, p_variables jsonb, p_traceparent text, p_request text
) returns void
language sql security definer set search_path = airi, pg_temp as $$
    select email_add(p_event, u.id, u.email, 'password_changed', u.locale::text, p_link,
        jsonb_build_object('name', coalesce(u.display_name, '')) || p_variables, now() + interval '1 day',
        p_traceparent, p_request)
    from email_links l join users u on u.id = l.user_id
    where l.hash = p_hash and l.kind = 'reset_password' and l.used_at = now()
$$;
