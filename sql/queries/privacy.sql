-- name: consents.list
-- What is in force of each kind.
select coalesce(json_agg(consent_json(c.*::consents) order by kind), '[]')::text
from (select distinct on (kind) * from consents where user_id = caller() order by kind, at desc, id) c;

-- name: consents.give
select consent_give(:kind, :granted::boolean, :version, nullif(:address, '')::inet)::text;

-- name: parental_consent.make
select user_id, email, locale, name, to_json(expires_at) #>> '{}' from consent_link_make(:user::uuid, :hash);

-- name: parental_consent.details
select consent_details(encode(sha256(convert_to(:token, 'UTF8')), 'hex'))::text;

-- name: parental_consent.answer
select consent_answer(encode(sha256(convert_to(:token, 'UTF8')), 'hex'), :agree::boolean, nullif(:address, '')::inet)::text;

-- name: account.proof
-- What the caller can prove to be himself with: the password, a second factor, or having signed in just now.
select u.password_hash, exists (select from sessions s where s.id = :session::uuid and s.user_id = u.id and s.created_at > now() - interval '15 minutes')
from users u where id = caller();

-- name: account.close
select email, locale, name, to_json(erase_at) #>> '{}', array_to_json(ended)::text from account_close(:hash);

-- name: account.erase_at
select to_json(account_erase_at(:user::uuid)) #>> '{}';

-- name: account.restore
select account_restore(:user::uuid);

-- name: account.restore_by_link
select account_restore_by_link(encode(sha256(convert_to(:token, 'UTF8')), 'hex'))::text;

-- name: onboarding.get
select onboarding_json(u)::text from users u where id = caller();

-- name: onboarding.set
-- A step that was done before keeps its time. No row: the profile has no such step.
update users u set updated_at = now(), onboarding =
    case when :done::boolean then jsonb_build_object(:step::text, now()) || onboarding else onboarding - :step::text end
where id = caller() and exists (select from system_settings s, jsonb_array_elements(s.value) e where s.key = 'onboarding_steps' and e ->> 'id' = :step::text)
returning onboarding_json(u)::text;

-- name: activity.list
-- What was done to the caller's account, newest first; the cursor is "at|id" of the last one seen.
with page as (
    select * from audit_log
    where user_id = caller() and (:cursor::text is null or (at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by at desc, id desc limit :limit::int + 1
), shown as (select * from page order by at desc, id desc limit :limit::int)
select coalesce(json_agg(json_build_object('id', id, 'action', action, 'subject', subject, 'details', details, 'address', host(address), 'at', at,
        'by_me', coalesce(actor = user_id, true)) order by at desc, id desc), '[]')::text,
    case when (select count(*) from page) > :limit::int then (select at || '|' || id from shown order by at, id limit 1) end
from shown;

-- name: activity.add
select audit(caller(), :action);

-- name: exports.request
select export_request(:id::uuid)::text;

-- name: exports.seal
select export_seal(:id::uuid, :hash);

-- name: exports.list
select id, state, export_json(x)::text, token_hash from exports x where user_id = caller() order by created_at desc limit 20;

-- name: exports.open
select export_open(:hash)::text;

-- name: exports.part
select export_part(:hash, :part::int);
