-- name: trusted_contacts.list
select coalesce(json_agg(contact_json(c) order by created_at, id), '[]')::text
from trusted_contacts c where user_id = caller();

-- name: trusted_contacts.add
select contact_add(:id::uuid, :body::jsonb, :sealed::jsonb, :parent_email, :hash, :link, :event::uuid, :traceparent,
    :request_id)::text;

-- name: trusted_contacts.remove
delete from trusted_contacts where id = :id::uuid and user_id = caller()
returning json_build_object('id', id)::text;

-- name: trusted_contacts.details
select contact_details(encode(sha256(convert_to(:token, 'UTF8')), 'hex'))::text;

-- name: trusted_contacts.answer
select contact_answer(encode(sha256(convert_to(:token, 'UTF8')), 'hex'), :accept::boolean)::text;

-- name: trusted_contacts.cancel_notice
select crisis_notice_cancel(:id::uuid)::text;

-- name: trusted_contacts.channels_seen
select contact_channels_seen(:names::text[]);

-- name: trusted_contacts.plan_notice
select to_json(due_at) #>> '{}', contacts, seconds
from crisis_notice_plan(:id::uuid, :alert::uuid, :user::uuid, :severity, :detected::timestamptz);

-- name: trusted_contacts.release_notices
select crisis_notices_release(:limit::int);

-- name: trusted_contacts.claim_messages
select id, kind, channel, claim, maybe_sent, recipient, locale, person, product, link, event, user_id,
    encode(sealed_key, 'hex')
from contact_messages_claim(:channels::text[], :limit::int, make_interval(secs => :lease::int));

-- name: trusted_contacts.next_message
select contact_messages_next(:channels::text[]);

-- name: trusted_contacts.message_sent
select contact_message_sent(:id::uuid, :claim::int, :sid);

-- name: trusted_contacts.message_mailed
select contact_message_mailed(:id::uuid, :claim::int, :to);

-- name: trusted_contacts.message_again
select contact_message_again(:id::uuid, :claim::int, make_interval(secs => :pause::int), :maybe_sent::boolean, :error);

-- name: trusted_contacts.message_failed
select contact_message_failed(:id::uuid, :claim::int, :error, :stop::boolean);
