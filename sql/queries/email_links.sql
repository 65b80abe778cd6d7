-- name: email_links.create
-- Creates a link and requests its mail; no row when none is to be sent.
select email_add(:event::uuid, user_id, email, :kind, locale, :link, jsonb_build_object('name', name), expires_at,
    :traceparent, :request_id)
from email_link_make(:user::uuid, :email, :kind, :hash);

-- name: email_links.take
select outcome, user_id, email, role, array_to_json(ended)::text
from email_link_take(:hash, :kind, :claim::jsonb, :password_hash);

-- name: email_links.reset_notice
-- Behind email_links.take, in its transaction.
select email_link_notice(:hash, :event::uuid, :link, jsonb_build_object('time', :time::text), :traceparent,
    :request_id);
