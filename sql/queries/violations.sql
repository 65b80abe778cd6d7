-- name: violations.list
select page::text, next from violations_page(:cursor, :limit::int);

-- name: violations.link
select violation_of_link(:hash)::text;

-- name: violations.appeal
select appeal_add(:new_id::uuid, :id::uuid, null, :statement)::text;

-- name: violations.appeal_by_link
select appeal_add(:new_id::uuid, null, :hash, :statement)::text;

-- name: violations.appeals
select page::text, next from appeals_page(:state, :cursor, :limit::int);

-- name: violations.decide
select appeal_decide(:id::uuid, :decision, :answer)::text;

-- name: violations.recipient
select email, locale, name, ended from violation_recipient(:id::uuid, :hash);
