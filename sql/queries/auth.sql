-- name: auth.signup
-- The result of account_create().
select account_create(:id::uuid, :email, :password_hash, :display_name, :metadata::jsonb, :birth_date, :parent_email,
    :consents::jsonb, nullif(:address, '')::inet);

-- name: auth.find_user
select id, password_hash, status, role, email, two_factor, locked from auth_find(:email);

-- name: auth.set_password
update users set password_hash = :password_hash, updated_at = now() where id = caller();

-- name: auth.password_notice
select notice_add(:event::uuid, 'password_changed', :link, jsonb_build_object('time', :time::text), :traceparent,
    :request_id);

-- name: auth.refresh
select outcome, session_id, user_id, email, role from auth_refresh(:hash, :next_hash);

-- name: auth.account
-- The account data that requests of a session or an API key need: one row, or none when the session or key is invalid.
-- The last columns are the API key's scopes and limit, the refusal for an account that may not act, the user's key, and
-- the end of the session or API key in milliseconds.
select jsonb_build_object('id', u.id, 'email', u.email, 'role', u.role, 'display_name', u.display_name,
           'created_at', u.created_at, 'plan', p.id, 'tier', coalesce(p.tier, p.id), 'language', u.locale,
           'pending', u.consent_pending)::text,
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
       case when u.status <> 'active' then standing(u)::text end, encode(e.sealed_key, 'hex'),
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

-- name: auth.record_attempt
select auth_tried(:email, :user::uuid, :outcome, nullif(:address, '')::inet, :user_agent);

-- name: auth.login_history
select coalesce(json_agg(json_build_object(
    'outcome', outcome, 'address', host(address), 'user_agent', user_agent, 'at', at) order by at desc), '[]')::text
from (select * from login_history where user_id = caller() order by at desc limit :limit::int) h;

-- name: auth.password_hash
select password_hash from users where id = caller();
