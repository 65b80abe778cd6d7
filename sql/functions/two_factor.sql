-- Codes are checked in the gateway, which alone can open a seed. It passes the result on as a claim: {"seed": the
-- sealed seed that it read, "step": the time step that the code belongs to or null, "recovery": the hash of the code
-- as a recovery code, "address" and "agent": the origin of the request}. Here a claim is used up, once.
create or replace function two_factor_seed(p_user uuid) returns table (secret text, sealed_key bytea)
language sql stable security definer set search_path = airi, pg_temp as $$
    select t.secret, k.sealed_key from two_factor t left join user_keys k using (user_id) where t.user_id = p_user
$$;

-- Uses a claim up: totp | recovery | NULL when it is wrong, was used before, belongs to an earlier seed, or comes
-- within 15 minutes of ten wrong codes: then it is in the login history, whatever it was to open. Before the second
-- factor is on, its codes prove nothing but that the app has the seed (`p_enabling`): the thief of a session could set
-- up one.
create or replace function two_factor_accept(p_user uuid, p_claim jsonb, p_enabling boolean default false) returns text
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    t two_factor;
    step bigint := (p_claim ->> 'step')::bigint;
    used text := p_claim ->> 'recovery';
begin
    select * into t from two_factor where user_id = p_user for update;
    if found and (t.enabled_at is not null or p_enabling)
       and not (t.failures >= 10 and t.failed_at > now() - interval '15 minutes') then
        if step > t.last_step and p_claim ->> 'seed' = t.secret then
            update two_factor set last_step = step, failures = 0 where user_id = p_user;
            return 'totp';
        end if;
        if t.enabled_at is not null and used = any (t.recovery_codes) then
            update two_factor set recovery_codes = array_remove(recovery_codes, used), failures = 0
            where user_id = p_user;
            return 'recovery';
        end if;
        update two_factor set
            failures = case when failed_at > now() - interval '15 minutes' then failures + 1 else 1 end,
            failed_at = now()
        where user_id = p_user;
    end if;
    if not p_enabling then
        insert into login_history (user_id, outcome, address, user_agent)
        values (p_user, 'wrong_code', nullif(p_claim ->> 'address', '')::inet, left(p_claim ->> 'agent', 300));
    end if;
    return null;
end $$;

-- Stores a sealed seed, which takes effect once a code of it was verified; no row when the second factor is on already
-- or the caller's address is not proved.
create or replace function two_factor_setup(p_secret text) returns boolean
language sql security definer set search_path = airi, pg_temp as $$
    insert into two_factor as t (user_id, secret) select caller(), p_secret where unless_proved() is null
    on conflict (user_id) do update set secret = excluded.secret, last_step = 0 where t.enabled_at is null
    returning true
$$;

create or replace function two_factor_enable(p_claim jsonb, p_recovery text[]) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_proved();
begin
    if refused is not null then return refused; end if;
    if exists (select from two_factor where user_id = caller() and enabled_at is not null) then
        return refusal(409, 'TWO_FACTOR_ON', 'the second factor is on already');
    end if;
    if two_factor_accept(caller(), p_claim, true) is null then
        return refusal(422, 'WRONG_CODE', 'this code is wrong or was used before');
    end if;
    update two_factor set enabled_at = now(), recovery_codes = p_recovery where user_id = caller();
    return json_build_object('enabled', true);
end $$;

create or replace function two_factor_disable(p_claim jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if not exists (select from two_factor where user_id = caller() and enabled_at is not null) then
        return refusal(409, 'TWO_FACTOR_OFF', 'the second factor is not on');
    end if;
    if two_factor_accept(caller(), p_claim) is null then
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
