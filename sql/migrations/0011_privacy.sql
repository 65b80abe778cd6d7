-- Age, consents, a parent's agreement, closing an account and taking that back, onboarding, and who did what.
set search_path = airi;

alter table users
    add column birth_date date,
    add column parent_email text check (length(parent_email) <= 254),   -- of a child, until the parent has answered
    add column consent_pending boolean not null default false,          -- a child whose parent has not agreed yet
    add column erase_at timestamptz,                                    -- closed by its owner: erased from then on
    add column erased_at timestamptz;
create index users_to_erase on users (erase_at) where erase_at is not null and erased_at is null;
create index users_pending on users (created_at) where consent_pending;

create function setting_int(p_key text, p_otherwise int) returns int language sql stable as $$
    select coalesce((select (value #>> '{}')::int from system_settings where key = p_key), p_otherwise)
$$;

create function age_of(p_born date) returns int language sql stable as $$
    select extract(year from age((now() at time zone 'utc')::date, p_born))::int
$$;

-- Younger than the age from which one may agree oneself (COPPA: 13). Nobody is whose age is not known.
create function is_child(p_born date) returns boolean language sql stable as $$
    select coalesce(age_of(p_born) < setting_int('minor_age', 13), false)
$$;

create or replace function profile_json(u users) returns json language sql stable as $$
    select json_build_object('id', u.id, 'email', u.email, 'email_verified', u.email_verified_at is not null, 'display_name', u.display_name,
        'role', u.role, 'plan', u.plan, 'locale', u.locale, 'timezone', u.timezone, 'avatar', u.avatar, 'preferences', u.preferences,
        'onboarding', u.onboarding, 'metadata', u.metadata, 'birth_date', u.birth_date, 'minor', coalesce(age_of(u.birth_date) < 18, false),
        'created_at', u.created_at)
$$;

-- Of a child no more is kept than its name, however it comes in.
create function reduced_user() returns trigger language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if is_child(new.birth_date) then
        new.metadata := '{}';
        new.avatar := null;
    end if;
    return new;
end $$;
create trigger reduced before insert or update on users for each row when (new.birth_date is not null) execute function reduced_user();

create function reduced_place() returns trigger language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if is_child((select birth_date from users where id = new.user_id)) then
        new := jsonb_populate_record(new, '{"address": null, "user_agent": null}');
    end if;
    return new;
end $$;
create trigger reduced before insert on sessions for each row execute function reduced_place();
create trigger reduced before insert on login_history for each row execute function reduced_place();
create trigger reduced before insert on audit_log for each row execute function reduced_place();

-- What users agreed to, or no longer do: never changed, the newest of a kind is in force.
create table consents (
    id      uuid primary key default gen_random_uuid(),
    user_id uuid not null references users on delete cascade,
    kind    text not null check (kind in ('terms', 'privacy', 'analytics', 'marketing', 'parental')),
    granted boolean not null,
    version varchar(40) not null,                          -- of the text that was shown
    at      timestamptz not null default now(),
    address inet
);
create index consents_of_user on consents (user_id, kind, at desc);
select isolate('consents', 'user_id = caller()');
create trigger reduced before insert on consents for each row when (new.kind <> 'parental') execute function reduced_place();

create function consent_json(c consents) returns json language sql stable as $$
    select json_build_object('kind', c.kind, 'granted', c.granted, 'version', c.version, 'at', c.at)
$$;

create function consent_give(p_kind text, p_granted boolean, p_version text, p_address inet) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    given consents;
begin
    if p_granted and p_kind = 'analytics' and (select age_of(birth_date) < 18 from users where id = caller()) then
        return refusal(403, 'MINOR', 'analytics are not for minors');
    end if;
    insert into consents (user_id, kind, granted, version, address) values (caller(), p_kind, p_granted, p_version, p_address) returning * into given;
    return consent_json(given);
end $$;

-- A new user: made | pending (a parent has to agree) | taken, or what is wrong: birth_date, birth_date_needed, parent_email_needed,
-- parent_email_own, consents.
create function account_create(p_id uuid, p_email text, p_hash text, p_name text, p_metadata jsonb, p_birth text, p_parent text,
    p_consents jsonb, p_address inet) returns text language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    gate text := coalesce((select value #>> '{}' from system_settings where key = 'age_gate'), 'optional');
    born date;
    child boolean := false;
begin
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
    update users set birth_date = born, consent_pending = child, parent_email = case when child then p_parent end where id = p_id and born is not null;
    insert into consents (user_id, kind, granted, version, address)
    select p_id, c.kind, true, c.version, p_address from jsonb_to_recordset(p_consents) as c(kind text, version text);
    return case when child then 'pending' else 'made' end;
end $$;

alter table email_links drop constraint email_links_kind_check;
alter table email_links add check (kind in ('verify_email', 'reset_password', 'magic_link', 'parental_consent', 'account_deletion'));
create index email_links_to_parents on email_links (email, created_at) where kind = 'parental_consent';

-- A link for the parent of a pending child; at most five an hour for one child, and to one address.
create function consent_link_make(p_user uuid, p_hash text) returns table (user_id uuid, email text, locale text, name text, expires_at timestamptz)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
begin
    select * into u from users x where x.id = p_user and x.status = 'active' and x.consent_pending;
    if not found or (select count(*) from email_links l where l.email = lower(u.parent_email) and l.kind = 'parental_consent'
                     and l.created_at > now() - interval '1 hour') >= 5 then
        return;
    end if;
    return query
        insert into email_links as l (hash, user_id, kind, email, expires_at)
        values (p_hash, u.id, 'parental_consent', lower(u.parent_email), now() + interval '7 days')
        returning l.user_id, u.parent_email, u.locale::text, coalesce(u.display_name, ''), l.expires_at;
end $$;

-- The child that a link asks about; none when the link was used, is too old, or is none of ours.
create function consent_child(p_hash text) returns users language sql security definer set search_path = airi, pg_temp as $$
    select u.* from email_links l join users u on u.id = l.user_id
    where l.hash = p_hash and l.kind = 'parental_consent' and l.used_at is null and l.expires_at > now() and u.consent_pending and u.status = 'active'
$$;

create function link_invalid() returns json language sql stable as $$
    select refusal(400, 'LINK_INVALID', 'this link was used, is too old, or is none of ours')
$$;

-- What a parent is shown before answering.
create function consent_details(p_hash text) returns json language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    child users := consent_child(p_hash);
begin
    if child.id is null then return link_invalid(); end if;
    return json_build_object('child', child.display_name, 'email', child.email, 'birth_date', child.birth_date, 'created_at', child.created_at);
end $$;

-- The parent's answer, once: the account opens, or it is erased.
create function consent_answer(p_hash text, p_agree boolean, p_address inet) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    child users := consent_child(p_hash);
begin
    perform 1 from users where id = child.id for update;
    child := consent_child(p_hash);
    if child.id is null then return link_invalid(); end if;
    if p_agree then
        insert into consents (user_id, kind, granted, version, address) values (child.id, 'parental', true, '1', p_address);
        update email_links set used_at = now() where user_id = child.id and kind = 'parental_consent';
        update users set consent_pending = false where id = child.id;
    else
        perform erase_account(child.id);
    end if;
    return json_build_object('agreed', p_agree);
end $$;

-- Closes the caller's account: its sessions end now, and it is erased after the grace, a pending child's at once. `ended`: sessions
-- and API keys.
create function account_close(p_hash text) returns table (email text, locale text, name text, erase_at timestamptz, ended uuid[])
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
    gone uuid[];
begin
    update users x set status = 'deleted', status_until = null,
        erase_at = now() + case when x.consent_pending then interval '0' else make_interval(days => setting_int('erasure_days', 30)) end
    where x.id = caller() and x.status <> 'deleted' returning * into u;
    if not found then return; end if;
    with over as (update sessions s set ended_at = now(), ended_why = 'logout' where s.user_id = u.id and s.ended_at is null returning s.id)
    select coalesce(array_agg(over.id), '{}') into gone from over;
    gone := gone || array(select k.id from api_keys k where k.user_id = u.id and k.revoked_at is null);
    insert into email_links (hash, user_id, kind, email, expires_at) values (p_hash, u.id, 'account_deletion', u.email, u.erase_at);
    perform audit(u.id, 'account.closed');
    return query select u.email, u.locale::text, coalesce(u.display_name, ''), u.erase_at, gone;
end $$;

-- Takes that back while the grace lasts; whether it was.
create function account_restore(p_user uuid) returns boolean language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    update users set status = 'active', erase_at = null
    where id = p_user and status = 'deleted' and status_reason is null and erase_at > now() and erased_at is null;
    if not found then return false; end if;
    update email_links set used_at = now() where user_id = p_user and kind = 'account_deletion' and used_at is null;
    perform audit(p_user, 'account.restored');
    return true;
end $$;

create function account_restore_by_link(p_hash text) returns json language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if account_restore((select user_id from email_links where hash = p_hash and kind = 'account_deletion' and used_at is null)) then
        return json_build_object('restored', true);
    end if;
    return link_invalid();
end $$;

-- When a closed account is erased; for whoever has shown its password.
create function account_erase_at(p_user uuid) returns timestamptz language sql stable security definer set search_path = airi, pg_temp as $$
    select erase_at from users where id = p_user
$$;

-- The profile's steps, and when the user did them.
create function onboarding_json(u users) returns json language sql stable as $$
    select json_build_object(
        'steps', coalesce(json_agg(json_build_object('id', s.step ->> 'id', 'title', s.step ->> 'title', 'done_at', u.onboarding ->> (s.step ->> 'id')) order by s.n), '[]'),
        'completed', coalesce(bool_and(u.onboarding ? (s.step ->> 'id')), true))
    from jsonb_array_elements((select value from system_settings where key = 'onboarding_steps')) with ordinality s(step, n)
$$;

-- Writes down, with the address where the row has one, that a row of the user's was made or changed.
create function audited() returns trigger language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    made jsonb := to_jsonb(new);
    told jsonb := (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(made) where key = any (tg_argv[1:]));
begin
    insert into audit_log (user_id, actor, action, subject, details, address)
    values (new.user_id, caller(), tg_argv[0], coalesce(made ->> 'id', ''), told,
            case when tg_op = 'INSERT' then (made ->> 'address')::inet end);
    return null;
end $$;
create trigger audited_start after insert on sessions for each row execute function audited('session.opened');
create trigger audited_end after update of ended_at on sessions for each row when (old.ended_at is null and new.ended_at is not null)
    execute function audited('session.ended', 'ended_why');
create trigger audited_made after insert on api_keys for each row execute function audited('api_key.created', 'name');
create trigger audited_revoked after update of revoked_at on api_keys for each row when (old.revoked_at is null and new.revoked_at is not null)
    execute function audited('api_key.revoked', 'name');
create trigger audited_enabled after update of enabled_at on two_factor for each row when (old.enabled_at is null and new.enabled_at is not null)
    execute function audited('two_factor.enabled');
create trigger audited after insert on consents for each row execute function audited('consent.recorded', 'kind', 'granted', 'version');

revoke all on function setting_int, age_of, is_child, reduced_user, reduced_place, consent_json, consent_give, account_create, consent_link_make,
    consent_child, link_invalid, consent_details, consent_answer, account_close, account_restore, account_restore_by_link, account_erase_at,
    onboarding_json, audited from public;
grant execute on function age_of, consent_json, consent_give, account_create, consent_link_make, consent_details, consent_answer, account_close,
    account_restore, account_restore_by_link, account_erase_at, onboarding_json to airi_app;
grant select on consents to airi_app;
