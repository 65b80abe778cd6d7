-- name: consents.list
-- The consent in force of each kind.
select coalesce(json_agg(consent_json(c.*::consents) order by kind), '[]')::text
from (select distinct on (kind) * from consents where user_id = caller() order by kind, at desc, id) c;

-- name: consents.give
select consent_give(:kind, :granted::boolean, :version, nullif(:address, '')::inet)::text;

-- name: consents.parent_link
-- Creates a link and requests its mail; no row when none is to be sent. :to is the parent's address, sealed for it.
select email_add(:event::uuid, user_id, :to, 'parental_consent', locale, :link,
    jsonb_build_object('child', name), expires_at, :traceparent, :request_id)
from consent_link_make(:user::uuid, :hash, :recipient);

-- name: consents.parent_details
-- The birth date is as it is stored; the columns behind it are whose it is, with which key.
select details::text, user_id, encode(sealed_key, 'hex')
from consent_details(encode(sha256(convert_to(:token, 'UTF8')), 'hex'));

-- name: consents.parent_address
-- As it is stored.
select parent_email from users where id = caller();

-- name: consents.parent_answer
select consent_answer(encode(sha256(convert_to(:token, 'UTF8')), 'hex'), :agree::boolean,
    nullif(:address, '')::inet)::text;
