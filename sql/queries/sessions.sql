-- name: sessions.open
-- Opens a session; returns the sessions that ended because of the limit.
select auth_open(:user::uuid, :session::uuid, :refresh_hash, :user_agent, nullif(:address, '')::inet,
       setting_int('refresh_token_days'), :second_factor::boolean);

-- name: sessions.second_factor
-- Behind two_factor.enable, in its transaction.
select session_second_factor(:session::uuid);

-- name: sessions.log_out
update sessions set ended_at = now(), ended_why = 'logout'
where id = :session::uuid and user_id = caller() and ended_at is null;

-- name: sessions.login_notice
-- Requests the mail about a login from a new device; no row when it is a known one.
select notice_add(:event::uuid, 'new_login', :link, jsonb_build_object(
    'device', device_of(user_agent), 'address', :address::text, 'time', :time::text), :traceparent, :request_id)
from sessions where id = :session::uuid and user_id = caller() and new_device;

-- name: sessions.list
select coalesce(json_agg(json_build_object(
    'id', id, 'current', id = :session::uuid, 'user_agent', user_agent, 'address', host(address),
    'created_at', created_at, 'last_used_at', last_used_at, 'expires_at', expires_at)
    order by last_used_at desc), '[]')::text
from sessions where user_id = caller() and ended_at is null and expires_at > now();

-- name: sessions.last_used
select to_json(max(last_used_at)) #>> '{}' from sessions where user_id = caller() and ended_at is null;

-- name: sessions.end
-- Ends one session, all but one, or all; returns their ids.
update sessions set ended_at = now(), ended_why = :why
where user_id = caller() and ended_at is null
  and (:only::uuid is null or id = :only::uuid) and (:but::uuid is null or id <> :but::uuid)
returning id;
