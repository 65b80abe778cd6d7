-- name: auth.signup
-- A new user, or what is wrong.
select account_create(:id::uuid, :email, :password_hash, :display_name, :metadata::jsonb, :birth_date, :parent_email, :consents::jsonb,
    nullif(:address, '')::inet);

-- name: auth.find
select id, password_hash, status, role, email, two_factor, locked from auth_find(:email);

-- name: auth.set_password
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
-- Everything a request of this session, or of an API key, may need: one row, or none when it has ended. The last columns are the
-- API key's scopes and its own limit, why the account may not act, and the key of what the user says.
select jsonb_build_object('id', u.id, 'email', u.email, 'role', u.role, 'display_name', u.display_name,
           'created_at', u.created_at, 'plan', p.id, 'pending', u.consent_pending)::text,
       p.id, p.rank, p.features::text,
       (select coalesce(jsonb_agg(jsonb_build_object('resource', l.resource, 'period', l.period, 'amount', l.amount)), '[]')
        from plan_limits l where l.plan = p.id)::text,
       (select coalesce(jsonb_agg(jsonb_build_object('name', r.name, 'scope', r.scope, 'max', r.max_requests, 'window', r.window_seconds)), '[]')
        from (select distinct on (name, scope) * from rate_limits where plan in (p.id, '*') and scope = 'user'
              order by name, scope, plan = '*') r)::text,
       array_to_json(k.scopes)::text, k.requests_per_hour, case when u.status <> 'active' then standing(u)::text end, encode(e.sealed_key, 'hex')
from users u
join plans p on p.id = u.plan
left join user_keys e on e.user_id = u.id
left join sessions s on s.id = :session::uuid and s.user_id = u.id and (u.status = 'deleted' or (s.ended_at is null and s.expires_at > now()))
left join api_keys k on k.id = :session::uuid and k.user_id = u.id and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
where u.id = caller() and (s.id is not null or k.id is not null);

-- name: auth.standing
-- Why the account may not act; NULL when it may.
select account_standing(:user::uuid)::text;

-- name: auth.device
-- What a session that was just opened was opened from, and whether that was a new device.
select device_of(user_agent), new_device from sessions where id = :session::uuid and user_id = caller();

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

-- name: subscription.current
select json_build_object('plan', p.id, 'name', p.name, 'status', case when p.price_cents = 0 then 'free' else 'active' end,
    'price_cents', p.price_cents, 'currency', p.currency, 'billing_period', p.billing_period, 'features', p.features,
    'limits', (select coalesce(jsonb_object_agg(l.resource || '_per_' || l.period, l.amount), '{}') from plan_limits l where l.plan = p.id))::text
from users u join plans p on p.id = u.plan where u.id = caller();

-- name: auth.tried
select auth_tried(:email, :user::uuid, :outcome, nullif(:address, '')::inet, :user_agent);

-- name: auth.two_factor
select two_factor_take(:user::uuid, :code);

-- name: auth.api_key
select key_id, user_id, due from auth_api_key(:hash, nullif(:address, '')::inet);

-- name: auth.api_key_used
select api_key_used(:id::uuid, :uses::bigint);

-- name: sessions.list
select coalesce(json_agg(json_build_object('id', id, 'current', id = :session::uuid, 'user_agent', user_agent, 'address', host(address),
    'created_at', created_at, 'last_used_at', last_used_at, 'expires_at', expires_at) order by last_used_at desc), '[]')::text
from sessions where user_id = caller() and ended_at is null and expires_at > now();

-- name: sessions.last_used
select to_json(max(last_used_at)) #>> '{}' from sessions where user_id = caller() and ended_at is null;

-- name: sessions.end
-- The sessions that end: one, all but one, or all.
update sessions set ended_at = now(), ended_why = :why
where user_id = caller() and ended_at is null and (:only::uuid is null or id = :only::uuid) and (:but::uuid is null or id <> :but::uuid)
returning id;

-- name: auth.login_history
select coalesce(json_agg(json_build_object('outcome', outcome, 'address', host(address), 'user_agent', user_agent, 'at', at) order by at desc), '[]')::text
from (select * from login_history where user_id = caller() order by at desc limit :limit::int) h;

-- name: auth.password_of
select password_hash from users where id = caller();

-- name: two_factor.setup
select two_factor_setup(decode(:secret, 'hex'));

-- name: two_factor.enable
select two_factor_enable(:code, :recovery::text[])::text;

-- name: two_factor.disable
select two_factor_disable(:code)::text;

-- name: two_factor.status
select two_factor_status()::text;

-- name: api_keys.list
select coalesce(json_agg(json_build_object('id', id, 'name', name, 'prefix', prefix, 'scopes', scopes, 'allowed_addresses',
    (select coalesce(json_agg(a::text), '[]') from unnest(allowed_addresses) a), 'requests_per_hour', requests_per_hour, 'uses', uses,
    'replaced_by', replaced_by, 'expires_at', expires_at, 'last_used_at', last_used_at, 'created_at', created_at) order by created_at desc), '[]')::text
from api_keys where user_id = caller() and revoked_at is null;

-- name: api_keys.create
select api_key_create(:id::uuid, :prefix, :hash, :body::jsonb)::text;

-- name: api_keys.rotate
select api_key_rotate(:id::uuid, :new_id::uuid, :prefix, :hash, :overlap::int)::text;

-- name: api_keys.revoke
update api_keys set revoked_at = now() where id = :id::uuid and user_id = caller() and revoked_at is null
returning json_build_object('id', id)::text;

-- name: profile.get
select profile_json(u)::text from users u where id = caller();

-- name: profile.update
-- What the body does not name stays; preferences and metadata are merged, a null takes a member out.
with refused as (
    select refusal(422, 'VALIDATION_FAILED', 'this avatar is neither of the gallery nor yours', '[{"pointer": "/avatar", "message": "is neither of the gallery nor yours"}]')::text as why
    where :body::jsonb ->> 'avatar' is not null and not avatar_allowed(:body::jsonb ->> 'avatar')
), changed as (update users u set
    display_name = case when :body::jsonb ? 'display_name' then :body::jsonb ->> 'display_name' else display_name end,
    locale = coalesce(:body::jsonb ->> 'locale', locale), timezone = coalesce(:body::jsonb ->> 'timezone', timezone),
    avatar = case when :body::jsonb ? 'avatar' then :body::jsonb ->> 'avatar' else avatar end,
    preferences = jsonb_strip_nulls(preferences || coalesce(:body::jsonb -> 'preferences', '{}')),
    metadata = jsonb_strip_nulls(metadata || coalesce(:body::jsonb -> 'metadata', '{}')), updated_at = now()
    where id = caller() and not exists (select from refused)
    returning profile_json(u)::text)
select why from refused union all select * from changed;

-- name: profile.statistics
select json_build_object(
    'conversations', (select count(*) from conversations where user_id = caller() and deleted_at is null),
    'messages', coalesce((select sum(message_count) from conversations where user_id = caller() and deleted_at is null), 0),
    'tokens', coalesce((select sum(tokens_in + tokens_out) from usage_daily where user_id = caller()), 0),
    'days_active', (select count(distinct day) from usage_daily where user_id = caller()),
    'first_day', (select min(day) from usage_daily where user_id = caller()))::text;

-- name: email_links.make
select user_id, email, locale, name, to_json(expires_at) #>> '{}' from email_link_make(:user::uuid, :email, :kind, :hash, :minutes::int);

-- name: email_links.take
select outcome, user_id, email, role, array_to_json(ended)::text from email_link_take(:hash, :kind, :code, :password_hash);

-- name: user_keys.make
-- The caller's key: this one, unless there was one before. No row: nobody who may act.
select encode(k, 'hex') from user_key_make(decode(:key, 'hex')) k where k is not null;

-- name: email_links.recipient
-- Whom a notice is for.
select email, locale, coalesce(display_name, '') from users where id = caller();
