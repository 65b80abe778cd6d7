create or replace function age_of(p_born date) returns int language sql stable as $$
    select extract(year from age((now() at time zone 'utc')::date, p_born))::int
$$;

-- The first day of the month on or after the day on which someone reaches an age; NULL when that is past.
create or replace function until_age(p_born date, p_years int) returns date language sql stable as $$
    select d.until from (
        select (date_trunc('month', p_born + make_interval(years => p_years) - interval '1 day')
                + interval '1 month')::date as until) d
    where age_of(p_born) < p_years
$$;

-- Whether such a day is still to come. Birth dates are sealed, so a user counts as a child (below the age of consent;
-- COPPA: 13) or a minor until the end of the month, and as neither when the birth date is unknown.
create or replace function is_before(p_until date) returns boolean language sql stable as $$
    select coalesce(p_until > (now() at time zone 'utc')::date, false)
$$;

-- Of a child only the name is stored, whichever statement writes the row.
create or replace function reduced_user() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if is_before(new.child_until) then
        new.metadata := '{}';
        new.avatar := null;
    end if;
    return new;
end $$;
create or replace trigger reduced before insert or update on users for each row
    when (new.child_until is not null) execute function reduced_user();

create or replace function reduced_place() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if is_before((select child_until from users where id = new.user_id)) then
        new := jsonb_populate_record(new, '{"address": null, "user_agent": null}');
    end if;
    return new;
end $$;
create or replace trigger reduced before insert on sessions for each row execute function reduced_place();
create or replace trigger reduced before insert on login_history for each row execute function reduced_place();
create or replace trigger reduced before insert on audit_log for each row execute function reduced_place();
create or replace trigger reduced before insert on consents for each row
    when (new.kind <> 'parental') execute function reduced_place();

create or replace function consent_json(c consents) returns json language sql stable as $$
    select json_build_object('kind', c.kind, 'granted', c.granted, 'version', c.version, 'at', c.at)
$$;

create or replace function consent_give(p_kind text, p_granted boolean, p_version text, p_address inet) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    given consents;
begin
    if p_granted and p_kind = 'analytics' and (select is_before(minor_until) from users where id = caller()) then
        return refusal(403, 'MINOR', 'analytics are not for minors');
    end if;
    insert into consents (user_id, kind, granted, version, address)
    values (caller(), p_kind, p_granted, p_version, p_address)
    returning * into given;
    return consent_json(given);
end $$;

-- Creates a link for the parent of a pending child: at most five an hour to one address, whichever child asks. No row:
-- no link is to be sent. `p_recipient` is a keyed hash of the address, which only the gateway can read.
create or replace function consent_link_make(p_user uuid, p_hash text, p_recipient text)
returns table (user_id uuid, locale text, name text, expires_at timestamptz)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
begin
    select * into u from users x where x.id = p_user and x.status = 'active' and x.consent_pending;
    if not found or (
        select count(*) from email_links l
        where l.email = p_recipient and l.kind = 'parental_consent'
          and l.created_at > now() - interval '1 hour') >= 5 then
        return;
    end if;
    return query
        insert into email_links as l (hash, user_id, kind, email, expires_at)
        values (p_hash, u.id, 'parental_consent', p_recipient, now() + interval '7 days')
        returning l.user_id, u.locale::text, coalesce(u.display_name, ''), l.expires_at;
end $$;

-- The child that a link is about; NULL when the link is invalid, expired or already used.
create or replace function consent_child(p_hash text) returns users
language sql security definer set search_path = airi, pg_temp as $$
    select u.* from email_links l join users u on u.id = l.user_id
    where l.hash = p_hash and l.kind = 'parental_consent' and l.used_at is null and l.expires_at > now()
      and u.consent_pending and u.status = 'active'
$$;

-- The data that a parent sees before answering, the birth date as it is stored, and whose it is with which key.
create or replace function consent_details(p_hash text) returns table (details json, user_id uuid, sealed_key bytea)
language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    child users := consent_child(p_hash);
begin
    if child.id is null then return query select link_invalid(), null::uuid, null::bytea; return; end if;
    return query
        select json_build_object('child', child.display_name, 'email', child.email, 'birth_date', child.birth_date,
                   'created_at', child.created_at), child.id, k.sealed_key
        from (select) nothing left join user_keys k on k.user_id = child.id;
end $$;

-- Takes the parent's answer, once: the account opens, or it is erased.
create or replace function consent_answer(p_hash text, p_agree boolean, p_address inet) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    child users := consent_child(p_hash);
begin
    perform 1 from users where id = child.id for update;
    child := consent_child(p_hash);
    if child.id is null then return link_invalid(); end if;
    if p_agree then
        insert into consents (user_id, kind, granted, version, address)
        values (child.id, 'parental', true, '1', p_address);
        update email_links set used_at = now() where user_id = child.id and kind = 'parental_consent';
        update users set consent_pending = false where id = child.id;
    else
        perform erase_account(child.id);
    end if;
    return json_build_object('agreed', p_agree);
end $$;
