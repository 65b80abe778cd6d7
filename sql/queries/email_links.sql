-- name: email_links.create
-- Creates a link and requests its mail; no row when none is to be sent.
select email_add(:event::uuid, user_id, email, :kind, locale, :link, jsonb_build_object('name', name), expires_at,
    :traceparent, :request_id)
from email_link_make(:user::uuid, :email, :kind, :hash, :binding_hash, :device, :address::inet, :user_agent);

-- name: email_links.look
select outcome, email from email_link_look(:hash, :binding_hash);

-- name: email_links.take
select outcome, user_id, email, role, array_to_json(ended)::text, array_to_json(keys)::text
from email_link_take(:hash, :kind, :claim::jsonb, :password_hash, :session::uuid, :known_hash,
    :frontend);

-- name: email_links.address
-- NULL when the link does not prove one.
select email_link_address(:hash);

-- name: email_links.reset_notice
-- Behind email_links.take, in its transaction.
select email_link_notice(:hash, :event::uuid, :link, jsonb_build_object('time', :time::text), :traceparent,
    :request_id);

-- name: email_links.owner
-- The account whose password an unused link may set.
select email, display_name from email_link_owner(:hash);

-- name: email_links.end_keys
-- Behind email_links.take, in its transaction: the API keys that end with the old password.
select array_to_json(email_link_end_keys(:hash))::text;
