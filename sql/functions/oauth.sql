create or replace function identity_json(i user_identities) returns json language sql stable as $$
    select json_build_object('id', i.id, 'provider', i.provider, 'email', i.email, 'created_at', i.created_at,
        'last_used_at', i.last_used_at)
$$;

-- A provider that a worker has confirmed within two minutes.
create or replace function fresh_provider(p_name text) returns identity_providers language sql stable as $$
    select p from identity_providers p where p.name = p_name and p.updated_at > now() - interval '2 minutes'
$$;

-- Begins a flow and returns its provider; no row when that provider is unknown or unavailable.
create or replace function identity_start(
    p_id uuid, p_provider text, p_state_hash text, p_binding_hash text, p_nonce_hash text, p_verifier text,
    p_redirect_uri text, p_form_redirect_uri text, p_links boolean
) returns setof identity_providers
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    p identity_providers := fresh_provider(p_provider);
begin
    if p.name is null then return; end if;
    insert into identity_flows (id, state_hash, binding_hash, nonce_hash, provider, user_id, redirect_uri, verifier)
    values (p_id, p_state_hash, p_binding_hash, p_nonce_hash, p.name, case when p_links then caller() end,
            case when p.sends_issuer and p.response_mode = 'query' then p_redirect_uri else p_form_redirect_uri end,
            p_verifier);
    return next p;
end $$;

-- Takes the provider's answer from the client that began the flow; returns the flow's id, provider and state. No row:
-- the flow belongs to another client, was used, has expired, is of another kind, or has another answer, or the answer
-- is not its provider's (RFC 9700 4.4): that names itself, or its own redirect URI names it. A claim that its worker
-- has not resolved within 20 s has failed.
create or replace function identity_present(
    p_state_hash text, p_binding_hash text, p_code text, p_issuer text, p_links boolean
)
returns table (flow uuid, provider text, state text)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    f identity_flows;
    hash text := encode(sha256(convert_to(p_code, 'UTF8')), 'hex');
begin
    select * into f from identity_flows x
    where x.state_hash = p_state_hash and x.binding_hash = p_binding_hash and not x.is_token for update;
    if not found or f.expires_at < now() or f.state in ('refused', 'used') or coalesce(f.credential_hash, hash) <> hash
       or f.user_id is distinct from (case when p_links then caller() end)
       or (f.state = 'claimed' and f.claimed_at < now() - interval '20 seconds')
       or not exists (
           select from identity_providers p where p.name = f.provider and p.issuer = p_issuer) then
        return;
    end if;
    if f.state in ('started', 'away') then
        update identity_flows x set state = 'presented', credential = p_code, credential_hash = hash where x.id = f.id;
        f.state := 'presented';
    end if;
    return query select f.id, f.provider::text, f.state;
end $$;

-- Takes an ID token that an app obtained itself: a flow of its own, once per token. No row: the token was used, the
-- flow has expired, or the provider is unknown or unavailable.
create or replace function identity_present_token(
    p_id uuid, p_provider text, p_token_hash text, p_binding_hash text, p_token text
)
returns table (flow uuid, provider text, state text)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    f identity_flows;
    p identity_providers := fresh_provider(p_provider);
begin
    if p.name is null or not p.id_tokens then return; end if;
    insert into identity_flows (id, state_hash, binding_hash, nonce_hash, provider, credential, is_token, state)
    values (p_id, p_token_hash, p_binding_hash, p_binding_hash, p.name, p_token, true, 'presented')
    on conflict (state_hash) do nothing;
    select * into f from identity_flows x
    where x.state_hash = p_token_hash and x.binding_hash = p_binding_hash and x.is_token for update;
    if not found or f.provider <> p.name or f.expires_at < now() or f.state in ('refused', 'used')
       or (f.state = 'claimed' and f.claimed_at < now() - interval '20 seconds') then
        return;
    end if;
    if f.state = 'away' then
        update identity_flows x set state = 'presented', credential = p_token where x.id = f.id;
        f.state := 'presented';
    end if;
    return query select f.id, f.provider::text, f.state;
end $$;

-- Gives the credential of a presented flow to one worker and erases it; no row for a second one.
create or replace function identity_claim(p_flow uuid)
returns table (credential text, is_token boolean, verifier text, redirect_uri text, nonce_hash text)
language sql security definer set search_path = airi, pg_temp as $$
    with f as (select * from identity_flows where id = p_flow and state = 'presented' for update),
         taken as (
             update identity_flows x set state = 'claimed', claimed_at = now(), credential = null
             from f where x.id = f.id)
    select f.credential, f.is_token, f.verifier, f.redirect_uri, f.nonce_hash from f
$$;

-- Stores the worker's result: known | refused | away (the provider failed: the same answer may be presented again).
create or replace function identity_save(
    p_flow uuid, p_state text, p_issuer text, p_subject text, p_email text, p_verified boolean, p_name text
) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update identity_flows set
        state = p_state, issuer = p_issuer, subject = p_subject, email = p_email, email_verified = p_verified,
        name = p_name, credential = null, verifier = case when p_state = 'away' then verifier end
    where id = p_flow and (state = 'claimed' or (state = 'presented' and p_state = 'refused'))
$$;

-- Concludes a flow. `outcome`:
-- good | pending | away | invalid | refused
-- code (the second factor is on and no claim of one came) | wrong_code | a fault of account_create(): these leave the
-- flow open
-- suspended | deleted
-- taken (the email belongs to an account that may be another person's) | no_email (the provider verified none)
-- taken_identity (it belongs to another account) | unproved (the caller's address is not proved, so nothing is linked).
-- `made`: the result of account_create() for a new user. `ended`: the sessions and API keys that ended because the
-- provider was the first to prove the user's address. `p_link` leads to the frontend.
create or replace function identity_conclude(
    p_flow uuid, p_binding_hash text, p_new_user uuid, p_claim jsonb, p_birth text, p_parent text, p_sealed jsonb,
    p_consents jsonb, p_address inet, p_link text
)
returns table (outcome text, user_id uuid, email text, role text, identity json, made text, ended uuid[])
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    f identity_flows;
    i user_identities;
    u users;
    proves boolean;
begin
    ended := '{}';
    select * into f from identity_flows x where x.id = p_flow and x.binding_hash = p_binding_hash for update;
    outcome := case when not found or f.expires_at < now() or f.state in ('started', 'used') then 'invalid'
                    when f.state in ('presented', 'claimed') then 'pending'
                    when f.state <> 'known' then f.state
                    when f.user_id is distinct from caller() then 'invalid' end;
    if outcome is not null then return next; return; end if;
    -- Of two concurrent flows of one person the second one finds the account of the first one.
    perform pg_advisory_xact_lock(hashtextextended('identity/' || f.issuer || ' ' || f.subject, 0));
    select * into i from user_identities x where x.issuer = f.issuer and x.subject = f.subject;
    if f.user_id is null and i.id is null then
        select * into u from users x where x.email_key = lower(f.email) for update;
    else
        select * into u from users x where x.id = coalesce(f.user_id, i.user_id) for update;
    end if;
    -- A proof of the address may just have ended the identity: the next look finds that.
    if i.id is not null and not exists (select from user_identities x where x.id = i.id) then
        outcome := 'pending'; return next; return;
    end if;
    proves := f.user_id is null and u.email_verified_at is null and u.email_key = lower(f.email)
              and coalesce(f.email_verified, false);
    user_id := u.id;
    email := u.email;
    role := u.role;
    outcome := case
        when i.user_id <> f.user_id then 'taken_identity'
        when u.id is null and not coalesce(f.email_verified, false) then 'no_email'
        when u.id is not null and f.user_id is null and i.id is null
             and not coalesce(f.email_verified, false) then 'taken'
        when u.status = 'deleted' then 'deleted'
        when u.status <> 'active' and not (u.status = 'suspended' and coalesce(u.status_until < now(), false))
            then 'suspended'
        when f.user_id is not null and u.email_verified_at is null then 'unproved' end;
    if outcome is null and f.user_id is null and proves is not true and exists (
        select from two_factor t where t.user_id = u.id and t.enabled_at is not null) then
        outcome := case when p_claim is null then 'code'
                        when two_factor_accept(u.id, p_claim) is null then 'wrong_code' end;
        if outcome is not null then return next; return; end if;
    end if;
    if outcome is null and u.id is null then
        made := account_create(p_new_user, f.email, null, nullif(one_line(f.name, 100), ''), '{}', p_birth,
                               p_parent, p_sealed, p_consents, p_address);
        if made not in ('made', 'pending') then outcome := made; end if;
        if outcome <> 'taken' then return next; return; end if;
    end if;
    -- Every outcome from here on ends the flow.
    update identity_flows x set state = 'used', email = null, name = null where x.id = f.id;
    if outcome is not null then return next; return; end if;
    if made is not null then
        update users x set email_verified_at = now() where x.id = p_new_user returning * into u;
        user_id := u.id;
        email := u.email;
        role := u.role;
    elsif proves then
        select p.sessions || p.keys into ended from first_proof(u, 'provider', false, i.id, p_link) p;
    end if;
    if i.id is null then
        insert into user_identities (user_id, provider, issuer, subject, email)
        values (u.id, f.provider, f.issuer, f.subject, f.email) returning * into i;
        perform audit(u.id, case when made is not null then 'account.created' else 'identity.linked' end, i.id::text,
                      json_build_object('provider', f.provider)::jsonb);
    end if;
    if f.user_id is null then
        update user_identities x set last_used_at = now() where x.id = i.id returning * into i;
    end if;
    outcome := 'good';
    identity := identity_json(i);
    return next;
end $$;

-- Removes one of the caller's identities; NULL when there is none. The last way to sign in stays.
create or replace function identity_unlink(p_id uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    u users;
    i user_identities;
begin
    select * into u from users where id = caller() for update;
    select * into i from user_identities where id = p_id and user_id = u.id;
    if not found then return null; end if;
    if u.password_hash is null and not exists (select from user_identities where user_id = u.id and id <> i.id) then
        return refusal(409, 'LAST_SIGN_IN',
            'this is the only way to sign in; set a password first, by the link for a forgotten one');
    end if;
    delete from user_identities where id = i.id;
    perform audit(u.id, 'identity.unlinked', i.id::text, json_build_object('provider', i.provider)::jsonb);
    return json_build_object('id', i.id);
end $$;

-- Erases the data of expired flows; deletes them after two days. Until then the hash of an ID token, which outlives the
-- token, prevents its reuse.
create or replace function job_identity_flows() returns bigint language plpgsql as $$
declare
    total bigint;
    n bigint;
begin
    update identity_flows set verifier = null, credential = null, email = null, name = null
    where expires_at < now()
      and (verifier is not null or credential is not null or email is not null or name is not null);
    get diagnostics total = row_count;
    delete from identity_flows where expires_at < now() - interval '2 days';
    get diagnostics n = row_count; return total + n;
end $$;
