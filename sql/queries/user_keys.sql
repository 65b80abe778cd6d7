-- name: user_keys.create
-- The caller's key: this one, unless one was stored before. No row: the account may not act.
select encode(k, 'hex') from user_key_make(decode(:key, 'hex')) k where k is not null;

-- name: user_keys.get
-- With what the rules of moderation distinguish: whether the user is a minor, and the plan.
select k.user_id, encode(k.sealed_key, 'hex'), coalesce(u.minor_until > (now() at time zone 'utc')::date, false), u.plan
from user_keys k join users u on u.id = k.user_id where k.user_id = any(:users::uuid[]);

-- name: user_keys.outdated
-- A batch of the keys that the previous ENCRYPTION_KEY wrapped.
select user_id, encode(sealed_key, 'hex') from user_keys
where substr(sealed_key, 1, 4) = decode(:mark, 'hex') limit 1000;

-- name: user_keys.rewrap
-- Changes only the keys that are still as they were read.
update user_keys k set sealed_key = decode(n.fresh, 'hex')
from jsonb_to_recordset(:keys::jsonb) as n(user_id uuid, old text, fresh text)
where k.user_id = n.user_id and k.sealed_key = decode(n.old, 'hex');

-- name: user_keys.unsealed
-- A batch of the users' values that are stored as they are.
select user_id, name, value, encode(sealed_key, 'hex') from user_values_unsealed();

-- name: user_keys.seal
-- The number of changes.
select user_values_seal(:values::jsonb, :keys::jsonb);
