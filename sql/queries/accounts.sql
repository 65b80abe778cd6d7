-- name: auth.signup
-- A new user; no row: the address is taken or no plan is the default.
select auth_signup(:id::uuid, :email, :password_hash, :display_name, :metadata::jsonb);

-- name: auth.find
select id, password_hash, status, role, email from auth_find(:email);

-- name: auth.rehash
update users set password_hash = :password_hash, updated_at = now() where id = caller();

-- name: auth.open
-- Opens a session; returns the sessions that ended for it.
select auth_open(:user::uuid, :session::uuid, :refresh_hash, :user_agent, nullif(:address, '')::inet,
       coalesce((select (value #>> '{}')::int from system_settings where key = 'refresh_token_days'), 7));

-- name: auth.refresh
select outcome, session_id, user_id, email, role from auth_refresh(:hash, :next_hash);

-- name: auth.end_session
update sessions set ended_at = now(), ended_why = 'logout' where id = :session::uuid and user_id = caller() and ended_at is null;

-- name: account.of_session
-- Everything a request of this session may need: one row, or none when the session has ended or the account may not act.
select jsonb_build_object('id', u.id, 'email', u.email, 'role', u.role, 'display_name', u.display_name,
           'created_at', u.created_at, 'plan', p.id)::text,
       p.id, p.rank, p.features::text,
       (select coalesce(jsonb_agg(jsonb_build_object('resource', l.resource, 'period', l.period, 'amount', l.amount)), '[]')
        from plan_limits l where l.plan = p.id)::text,
       (select coalesce(jsonb_agg(jsonb_build_object('name', r.name, 'scope', r.scope, 'max', r.max_requests, 'window', r.window_seconds)), '[]')
        from (select distinct on (name, scope) * from rate_limits where plan in (p.id, '*') and scope = 'user'
              order by name, scope, plan = '*') r)::text
from users u
join plans p on p.id = u.plan
join sessions s on s.id = :session::uuid and s.user_id = u.id
where u.id = caller() and s.ended_at is null and s.expires_at > now()
  and (u.status = 'active' or (u.status = 'suspended' and u.status_until < now()));

-- name: account.messages_today
-- The ids of the messages that count against the day's quota.
select message_id from message_quota where user_id = caller() and day = :day::date;

-- name: quota.take
select quota_take(:day::date, :max::bigint, :message::uuid);

-- name: quota.give_back
delete from message_quota where user_id = caller() and day = :day::date and message_id = :message::uuid;

-- name: account.usage_today
select coalesce(jsonb_object_agg(resource, used), '{}')::text from (
    select resource, sum(quantity) as used from usage_daily
    where user_id = caller() and day = (now() at time zone 'utc')::date group by resource) d;
