-- name: auth.signup
-- The result of account_create().
select account_create(:id::uuid, :email, :password_hash, :display_name, :metadata::jsonb, :birth_date, :parent_email,
    :sealed::jsonb, :consents::jsonb, nullif(:address, '')::inet);

-- name: auth.attempt
-- Begins a check of a password: of the caller, or of the user with that email.
select id, password_hash, status, role, email, two_factor, origin, locked
from auth_attempt(:user::uuid, :email, :device, nullif(:address, '')::inet, :user_agent);

-- name: auth.end_attempt
select auth_attempt_end(:user::uuid, :email, :origin, :outcome, nullif(:address, '')::inet, :user_agent);

-- name: auth.set_password
-- Replaces the password that was verified; no row when there is another one by now.
update users set password_hash = :password_hash, updated_at = now()
where id = caller() and password_hash = :verified_hash
returning id;

-- name: auth.password_notice
select notice_add(:event::uuid, 'password_changed', :link, jsonb_build_object('time', :time::text), :traceparent,
    :request_id);

-- name: auth.refresh
select outcome, session_id, user_id, email, role from auth_refresh(:hash, :next_hash);

-- name: auth.account
-- The account data that requests of a session or an API key need: one row, or none when the session or key is invalid.
-- Then the API key's scopes and limit, the refusal for an account that may not act, the user's key, when the session's
-- user last proved their identity (seconds since 1970), and the end of the session or API key (milliseconds).
select jsonb_build_object('id', u.id, 'email', u.email, 'role', u.role, 'display_name', u.display_name,
           'created_at', u.created_at, 'plan', p.id, 'tier', coalesce(p.tier, p.id), 'language', u.locale,
           'email_verified', u.email_verified_at is not null, 'pending', u.consent_pending,
           'second_factor', coalesce(s.second_factor, false))::text,
       p.id, p.rank, p.features::text,
       (select coalesce(jsonb_agg(jsonb_build_object(
            'resource', l.resource, 'period', l.period, 'amount', l.amount)), '[]')
        from plan_limits l where l.plan = p.id)::text,
       (select coalesce(jsonb_agg(jsonb_build_object(
            'name', r.name, 'scope', r.scope, 'max', r.max_requests, 'window', r.window_seconds,
            'strategy', r.strategy, 'general', r.plan = '*')), '[]')
        from (select distinct on (name, scope) * from rate_limits where plan in (p.id, '*') and scope = 'user'
              order by name, scope, plan = '*') r)::text,
       array_to_json(k.scopes)::text, k.requests_per_hour,
       case when u.status <> 'active' then standing(u)::text
            when k.id is not null and exists (select from plan_limits l
                where l.plan = p.id and l.resource = 'api_keys' and l.period = 'stock' and l.amount = 0)
                then refusal(402, 'PLAN_LIMIT', 'your plan has no API keys')::text end, encode(e.sealed_key, 'hex'),
       floor(extract(epoch from coalesce(s.proved_at, s.created_at)))::bigint,
       (extract(epoch from coalesce(s.expires_at, k.expires_at)) * 1000)::bigint
from users u
join plans p on p.id = u.plan
left join user_keys e on e.user_id = u.id
left join sessions s on s.id = :session::uuid and s.user_id = u.id
    and (u.status = 'deleted' or (s.ended_at is null and s.expires_at > now()))
left join api_keys k on k.id = :session::uuid and k.user_id = u.id
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
where u.id = caller() and (s.id is not null or k.id is not null);

-- name: auth.account_status
-- The refusal for an account that may not act; NULL when it may.
select account_standing(:user::uuid)::text;

-- name: auth.proofs
-- The ways in which the caller can prove their identity again: JSON array.
select array_to_json(array_remove(array[
    case when password_hash is not null then 'password' end,
    case when (two_factor_status() ->> 'enabled')::boolean then 'code' end, 'link'], null))::text
from users where id = caller();

-- name: auth.login_history
-- Newest first; the cursor is "at|id" of the last row of the page before.
with page as (
    select * from login_history
    where user_id = caller()
      and (:cursor::text is null
           or (at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by at desc, id desc limit :limit::int + 1
), shown as (select * from page order by at desc, id desc limit :limit::int)
select coalesce(json_agg(json_build_object(
        'outcome', outcome, 'address', host(address), 'user_agent', user_agent, 'at', at)
        order by at desc, id desc), '[]')::text,
    case when (select count(*) from page) > :limit::int
         then (select at || '|' || id from shown order by at, id limit 1) end
from shown;
