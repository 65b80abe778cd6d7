-- name: api_keys.authenticate
select key_id, user_id, due from auth_api_key(:hash, nullif(:address, '')::inet);

-- name: api_keys.record_use
select api_key_used(:id::uuid, :uses::bigint);

-- name: api_keys.list
select coalesce(json_agg(json_build_object(
    'id', id, 'name', name, 'prefix', prefix, 'scopes', scopes,
    'allowed_addresses', (select coalesce(json_agg(a::text), '[]') from unnest(allowed_addresses) a),
    'requests_per_hour', requests_per_hour, 'uses', uses, 'replaced_by', replaced_by, 'expires_at', expires_at,
    'last_used_at', last_used_at, 'created_at', created_at) order by created_at desc), '[]')::text
from api_keys where user_id = caller() and revoked_at is null;

-- name: api_keys.create
select api_key_create(:id::uuid, :prefix, :hash, :body::jsonb)::text;

-- name: api_keys.rotate
select api_key_rotate(:id::uuid, :new_id::uuid, :prefix, :hash, :overlap::int)::text;

-- name: api_keys.notice
-- Requests the mail about a new key; no row when there is no such key.
select notice_add(:event::uuid, 'api_key_created', :link,
    jsonb_build_object('key', prefix, 'time', :time::text), :traceparent, :request_id)
from api_keys where id = :id::uuid and user_id = caller();

-- name: api_keys.revoke
update api_keys set revoked_at = now() where id = :id::uuid and user_id = caller() and revoked_at is null
returning json_build_object('id', id)::text;

-- name: api_keys.revoke_all
-- Returns their ids: JSON array.
with over as (update api_keys set revoked_at = now() where user_id = caller() and revoked_at is null returning id)
select coalesce(json_agg(id), '[]')::text from over;
