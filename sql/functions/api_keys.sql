create or replace function api_key_json(k api_keys) returns json language sql stable as $$
    select json_build_object(
        'id', k.id, 'name', k.name, 'prefix', k.prefix, 'scopes', k.scopes,
        'allowed_addresses', (select coalesce(json_agg(a::text), '[]') from unnest(k.allowed_addresses) a),
        'requests_per_hour', k.requests_per_hour, 'uses', k.uses, 'replaced_by', k.replaced_by,
        'expires_at', k.expires_at, 'last_used_at', k.last_used_at, 'created_at', k.created_at)
$$;

-- Creates a key of the caller's, within the plan's limit. Replaced keys do not count: they expire by themselves.
create or replace function api_key_create(p_id uuid, p_prefix text, p_hash text, p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    most bigint;
    made api_keys;
    addresses cidr[];
    ends timestamptz;
    refused json := unless_proved();
begin
    addresses := array(select distinct jsonb_array_elements_text(coalesce(p_body -> 'allowed_addresses', '[]'))::cidr);
    ends := p_body ->> 'expires_at';
    if refused is not null then return refused; end if;
    perform pg_advisory_xact_lock(hashtextextended('api_keys/' || caller(), 0));
    select amount into most from plan_limits l join users u on u.plan = l.plan
    where u.id = caller() and l.resource = 'api_keys' and l.period = 'stock';
    most := coalesce(most, 0);
    if most >= 0 and (
        select count(*) from api_keys
        where user_id = caller() and revoked_at is null and replaced_by is null) >= most then
        return refusal(402, 'PLAN_LIMIT', format('your plan has %s API keys', most));
    end if;
    insert into api_keys (id, user_id, name, prefix, hash, scopes, allowed_addresses, requests_per_hour, expires_at)
    values (p_id, caller(), p_body ->> 'name', p_prefix, p_hash,
            array(select distinct jsonb_array_elements_text(coalesce(p_body -> 'scopes', '["chat", "read"]'))),
            addresses, (p_body ->> 'requests_per_hour')::int, ends)
    returning * into made;
    return api_key_json(made);
exception when invalid_text_representation or datetime_field_overflow or invalid_datetime_format then
    return refusal(422, 'VALIDATION_FAILED',
        'allowed_addresses must be IP addresses or networks, expires_at must be a time');
end $$;

-- Replaces one of the caller's keys by one with the same name and rights and the same lifetime; the old key stays valid
-- for p_overlap seconds. NULL: there is no such key.
create or replace function api_key_rotate(p_old uuid, p_id uuid, p_prefix text, p_hash text, p_overlap int) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    old api_keys;
    made api_keys;
    refused json := unless_proved();
begin
    if refused is not null then return refused; end if;
    select * into old from api_keys
    where id = p_old and user_id = caller() and revoked_at is null and (expires_at is null or expires_at > now())
    for update;
    if not found then return null; end if;
    if old.replaced_by is not null then return refusal(409, 'KEY_REPLACED', 'this key was replaced already'); end if;
    if exists (
        select from api_keys
        where replaced_by = old.id and revoked_at is null and (expires_at is null or expires_at > now())) then
        return refusal(409, 'KEY_OVERLAPS', 'the key that this one replaced is still valid: revoke it first');
    end if;
    insert into api_keys (id, user_id, name, prefix, hash, scopes, allowed_addresses, requests_per_hour, expires_at)
    values (p_id, old.user_id, old.name, p_prefix, p_hash, old.scopes, old.allowed_addresses, old.requests_per_hour,
            now() + (old.expires_at - old.created_at))
    returning * into made;
    update api_keys set replaced_by = p_id, expires_at = least(expires_at, now() + make_interval(secs => p_overlap))
    where id = old.id;
    perform audit(caller(), 'api_key.rotated', old.id::text, jsonb_build_object('replaced_by', p_id));
    return api_key_json(made);
end $$;

-- The owner of a key that is valid from this address now; `due`: its use is to be recorded. No row otherwise.
create or replace function auth_api_key(p_hash text, p_address inet)
returns table (key_id uuid, user_id uuid, due boolean)
language sql stable security definer set search_path = airi, pg_temp as $$
    select k.id, k.user_id, k.last_used_at is null or k.last_used_at < now() - interval '1 minute' from api_keys k
    where k.hash = p_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
      and (k.allowed_addresses = '{}' or exists (select from unnest(k.allowed_addresses) a where p_address <<= a))
$$;

-- Adds uses, at most once a minute; false: within the last minute another call did.
create or replace function api_key_used(p_id uuid, p_uses bigint) returns boolean
language sql security definer set search_path = airi, pg_temp as $$
    with counted as (
        update api_keys set uses = uses + p_uses, last_used_at = now()
        where id = p_id and (last_used_at is null or last_used_at < now() - interval '1 minute') returning 1)
    select exists (select from counted)
$$;
