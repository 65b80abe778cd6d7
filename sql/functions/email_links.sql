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

-- Creates a link for a user, by id or email, who may act; at most five an hour of each kind for the devices that are
-- known to the account (see login_source), and five for all others: no stranger uses up the owner's. No row: no link is
-- to be sent. `p_binding`: what a sign-in link's follower has to show too, hashed.
create or replace function email_link_make(
    p_user uuid, p_email text, p_kind text, p_hash text, p_binding text, p_device text, p_address inet, p_agent text
)
returns table (user_id uuid, email text, locale text, name text, expires_at timestamptz)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users := user_by(p_user, p_email);
    is_known boolean := login_source(u.id, p_device, p_address, p_agent) not like 'network %';
begin
    if u.id is null or standing(u) is not null
       or (p_kind = 'verify_email' and (u.email_verified_at is not null or u.consent_pending)) then
        return;
    end if;
    -- Concurrent requests are counted one after the other.
    perform pg_advisory_xact_lock(hashtextextended('email_links/' || u.id, 0));
    if (select count(*) from email_links l
        where l.user_id = u.id and l.kind = p_kind and l.known = is_known
          and l.created_at > now() - interval '1 hour') >= 5 then
        return;
    end if;
    return query
        insert into email_links as l (hash, user_id, kind, email, binding_hash, known, expires_at)
        values (p_hash, u.id, p_kind, u.email, p_binding, is_known, now() + make_interval(mins => case p_kind
            when 'verify_email' then setting_int('email_verification_hours') * 60
            when 'reset_password' then setting_int('password_reset_minutes') else 15 end))
        returning l.user_id, l.email, u.locale::text, coalesce(u.display_name, ''), l.expires_at;
end $$;

-- Looks at a sign-in link without using it: good | invalid | other_browser (the binding is another one). `email` is
-- masked, and only there when it is good.
create or replace function email_link_look(p_hash text, p_binding text)
returns table (outcome text, email text)
language sql stable security definer set search_path = airi, pg_temp as $$
    select case when l.hash is null then 'invalid'
                when l.binding_hash = p_binding then 'good' else 'other_browser' end,
           case when l.binding_hash = p_binding then regexp_replace(l.email, '^(.).*@', '\1…@') end
    from (select) nothing left join email_links l
        on l.hash = p_hash and l.kind = 'magic_link' and l.used_at is null and l.expires_at > now()
$$;

-- Uses a link. `outcome`: good | invalid | refused (the account may not act) | code (the second factor is on and no
-- claim of one came) | wrong_code | password (see below); only `good` uses the link up. `ended`: the sessions that
-- ended, and `keys`: the API keys.
-- A verification link proves the address once; it comes from the account itself when it is followed in its session or
-- with its password (p_known_hash). Elsewhere it needs a new password.
create or replace function email_link_take(
    p_hash text, p_kind text, p_claim jsonb, p_password_hash text, p_session uuid, p_known_hash text, p_link text
)
returns table (outcome text, user_id uuid, email text, role text, ended uuid[], keys uuid[])
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    l email_links;
    u users;
    proves boolean;
    keeps boolean := false;
begin
    ended := '{}';
    keys := '{}';
    -- The user's row is locked first, as by everything that ends sessions.
    select * into u from users x
    where x.id = (select y.user_id from email_links y where y.hash = p_hash and y.kind = p_kind) for update;
    select * into l from email_links x where x.hash = p_hash and x.kind = p_kind for update;
    proves := u.email_verified_at is null;
    if u.id is null or u.email <> l.email or l.used_at is not null or l.expires_at < now()
       or (p_kind = 'verify_email' and not proves and p_password_hash is not null) then
        outcome := 'invalid'; return next; return;
    end if;
    user_id := u.id;
    email := u.email;
    role := u.role;
    if standing(u) is not null then outcome := 'refused'; return next; return; end if;
    if p_kind = 'magic_link' and not proves and exists (
        select from two_factor t where t.user_id = u.id and t.enabled_at is not null) then
        outcome := case when p_claim is null then 'code'
                        when two_factor_accept(u.id, p_claim) is null then 'wrong_code' end;
        if outcome is not null then return next; return; end if;
    end if;
    if p_kind = 'verify_email' and proves and p_password_hash is null then
        keeps := coalesce(p_known_hash = u.password_hash, false) or exists (
            select from sessions s
            where s.id = p_session and s.user_id = u.id and s.ended_at is null and s.expires_at > now());
        if not keeps then outcome := 'password'; return next; return; end if;
    end if;
    update email_links x set used_at = now() where x.hash = p_hash;
    if proves then
        select p.sessions, p.keys into ended, keys from first_proof(u, p_kind, keeps, null, p_link) p;
    end if;
    if p_password_hash is not null then
        update users x set password_hash = p_password_hash where x.id = u.id;
    end if;
    if p_kind = 'reset_password' then
        update email_links x set used_at = now()
        where x.user_id = u.id and x.kind in ('reset_password', 'magic_link') and x.used_at is null;
        delete from login_failures f where f.email_key = u.email_key;
        with over as (
            update sessions s set ended_at = now(), ended_why = 'password'
            where s.user_id = u.id and s.ended_at is null
            returning s.id)
        select ended || coalesce(array_agg(over.id), '{}') into ended from over;
    end if;
    outcome := 'good';
    return next;
end $$;

-- The address that a verification link is about, while the link can be used and proves it.
create or replace function email_link_address(p_hash text) returns text
language sql stable security definer set search_path = airi, pg_temp as $$
    select u.email from email_links l join users u on u.id = l.user_id and u.email = l.email
    where l.hash = p_hash and l.kind = 'verify_email' and l.used_at is null and l.expires_at > now()
      and u.email_verified_at is null
$$;

-- Requests the notice about a new password to the owner of the link that set it in this transaction, if there is one,
-- unless first_proof() reports more.
create or replace function email_link_notice(
    p_hash text, p_event uuid, p_link text, p_variables jsonb, p_traceparent text, p_request text
) returns void
language sql security definer set search_path = airi, pg_temp as $$
    select email_add(p_event, u.id, u.email, 'password_changed', u.locale::text, p_link,
        jsonb_build_object('name', coalesce(u.display_name, '')) || p_variables, now() + interval '1 day',
        p_traceparent, p_request)
    from email_links l join users u on u.id = l.user_id
    where l.hash = p_hash and l.kind = 'reset_password' and l.used_at = now() and u.email_verified_at <> now()
$$;

-- The account whose password an unused link may set.
create or replace function email_link_owner(p_hash text) returns table (email text, display_name text)
language sql stable security definer set search_path = airi, pg_temp as $$
    select u.email, u.display_name from email_links l join users u on u.id = l.user_id and u.email = l.email
    where l.hash = p_hash and l.kind in ('reset_password', 'verify_email') and l.used_at is null
      and l.expires_at > now()
$$;

-- Ends the API keys of the owner of the link that set a new password in this transaction; their ids.
create or replace function email_link_end_keys(p_hash text) returns uuid[]
language sql security definer set search_path = airi, pg_temp as $$
    with over as (
        update api_keys k set revoked_at = now() from email_links l
        where l.hash = p_hash and l.kind = 'reset_password' and l.used_at = now() and k.user_id = l.user_id
          and k.revoked_at is null
        returning k.id)
    select coalesce(array_agg(over.id), '{}') from over
$$;
