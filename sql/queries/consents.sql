-- name: consents.list
-- The consent in force of each kind.
select coalesce(json_agg(consent_json(c.*::consents) order by kind), '[]')::text
from (select distinct on (kind) * from consents where user_id = caller() order by kind, at desc, id) c;

-- name: consents.give
select consent_give(:kind, :granted::boolean, :version, nullif(:address, '')::inet)::text;

-- name: consents.parent_link
select user_id, email, locale, name, to_json(expires_at) #>> '{}' from consent_link_make(:user::uuid, :hash);

-- name: consents.parent_details
select consent_details(encode(sha256(convert_to(:token, 'UTF8')), 'hex'))::text;

-- name: consents.parent_answer
select consent_answer(encode(sha256(convert_to(:token, 'UTF8')), 'hex'), :agree::boolean,
    nullif(:address, '')::inet)::text;
