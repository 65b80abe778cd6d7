create or replace function totp_code(p_secret bytea, p_step bigint) returns text
language plpgsql immutable set search_path = airi, pg_temp as $$
declare
    mac bytea := public.hmac(int8send(p_step), p_secret, 'sha1');
    at int := get_byte(mac, 19) & 15;
    number bigint := ((get_byte(mac, at) & 127)::bigint << 24) | (get_byte(mac, at + 1) << 16)
                     | (get_byte(mac, at + 2) << 8) | get_byte(mac, at + 3);
begin
    return lpad((number % 1000000)::text, 6, '0');
end $$;

-- Uses a code of the user's up: totp | recovery | NULL when it is wrong, was used before, or comes within 15 minutes of
-- ten wrong codes. One step of clock skew is allowed in either direction.
create or replace function two_factor_take(p_user uuid, p_code text) returns text
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    t two_factor;
    step bigint := floor(extract(epoch from clock_timestamp()) / 30);
    used text := encode(public.digest(lower(p_code), 'sha256'), 'hex');
begin
    select * into t from two_factor where user_id = p_user for update;
    if not found or (t.failures >= 10 and t.failed_at > now() - interval '15 minutes') then return null; end if;
    for s in step - 1 .. step + 1 loop
        if s > t.last_step and p_code = totp_code(t.secret, s) then
            update two_factor set last_step = s, failures = 0 where user_id = p_user;
            return 'totp';
        end if;
    end loop;
    if t.enabled_at is not null and used = any (t.recovery_codes) then
        update two_factor set recovery_codes = array_remove(recovery_codes, used), failures = 0 where user_id = p_user;
        return 'recovery';
    end if;
    update two_factor set
        failures = case when failed_at > now() - interval '15 minutes' then failures + 1 else 1 end, failed_at = now()
    where user_id = p_user;
    return null;
end $$;

-- Stores a secret, which takes effect once a code of it was verified; no row when the second factor is on already or
-- the caller's address is not proved.
create or replace function two_factor_setup(p_secret bytea) returns boolean
language sql security definer set search_path = airi, pg_temp as $$
    insert into two_factor as t (user_id, secret) select caller(), p_secret where unless_proved() is null
    on conflict (user_id) do update set secret = excluded.secret, last_step = 0 where t.enabled_at is null
    returning true
$$;

create or replace function two_factor_enable(p_code text, p_recovery text[]) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_proved();
begin
    if refused is not null then return refused; end if;
    if exists (select from two_factor where user_id = caller() and enabled_at is not null) then
        return refusal(409, 'TWO_FACTOR_ON', 'the second factor is on already');
    end if;
    if two_factor_take(caller(), p_code) is null then
        return refusal(422, 'WRONG_CODE', 'this code is wrong or was used before');
    end if;
    update two_factor set enabled_at = now(), recovery_codes = p_recovery where user_id = caller();
    return json_build_object('enabled', true);
end $$;

create or replace function two_factor_disable(p_code text) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if not exists (select from two_factor where user_id = caller() and enabled_at is not null) then
        return refusal(409, 'TWO_FACTOR_OFF', 'the second factor is not on');
    end if;
    if two_factor_take(caller(), p_code) is null then
        return refusal(422, 'WRONG_CODE', 'this code is wrong or was used before');
    end if;
    delete from two_factor where user_id = caller();
    return json_build_object('enabled', false);
end $$;

-- Whether the caller's second factor is on, and the number of recovery codes left.
create or replace function two_factor_status() returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select json_build_object('enabled', t.enabled_at is not null,
        'recovery_codes_left', coalesce(cardinality(t.recovery_codes), 0))
    from (select) nothing left join two_factor t on t.user_id = caller()
$$;
