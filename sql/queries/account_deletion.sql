-- name: account_deletion.request
-- Closes the caller's account and requests the mail with the link that restores it.
select to_json(erase_at) #>> '{}', array_to_json(ended)::text,
       email_add(:event::uuid, caller(), email, 'account_deletion', locale, :link,
           jsonb_build_object('name', name, 'erase_at', erase_at), erase_at, :traceparent, :request_id)
from account_close(:hash);

-- name: account_deletion.erase_at
select to_json(account_erase_at(:user::uuid)) #>> '{}';

-- name: account_deletion.restore
select account_restore(:user::uuid);

-- name: account_deletion.restore_by_link
select account_restore_by_link(encode(sha256(convert_to(:token, 'UTF8')), 'hex'))::text;
