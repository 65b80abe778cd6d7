-- name: email_links.create
select user_id, email, locale, name, to_json(expires_at) #>> '{}'
from email_link_make(:user::uuid, :email, :kind, :hash, :minutes::int);

-- name: email_links.take
select outcome, user_id, email, role, array_to_json(ended)::text
from email_link_take(:hash, :kind, :code, :password_hash);

-- name: email_links.recipient
-- The recipient of a notice to the caller.
select email, locale, coalesce(display_name, '') from users where id = caller();
