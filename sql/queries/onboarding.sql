-- name: onboarding.get
select onboarding_json(u)::text from users u where id = caller();

-- name: onboarding.set
-- No row: the profile has no such step.
update users u set updated_at = now(), onboarding =
    case when :done::boolean then onboarding_with(onboarding, :step::text) else onboarding - :step::text end
where id = caller() and onboarding_with('{}', :step::text) <> '{}'
returning onboarding_json(u)::text;

-- name: onboarding.complete
with changed as (
    update users u set updated_at = now(), onboarding = onboarding_with(onboarding, :step::text)
    where id = caller() and onboarding_with('{}', :step::text) <> '{}'
    returning onboarding_json(u)::text
), refused as (
    select refusal(422, 'VALIDATION_FAILED', 'step must be the id of a step',
        '[{"pointer": "/step", "message": "must be the id of a step"}]')::text
    where onboarding_with('{}', :step::text) = '{}')
select * from changed union all select * from refused;

-- name: onboarding.avatar
with changed as (
    update users u set updated_at = now(), onboarding = onboarding_with(onboarding, 'avatar'), avatar = coalesce(
        (select g.url from avatar_gallery() g where avatar_name(g.url) = avatar_name(:avatar_id::text) limit 1),
        :avatar_id::text)
    where id = caller() and avatar_allowed(:avatar_id::text)
    returning onboarding_json(u)::text
), refused as (
    select refusal(422, 'VALIDATION_FAILED', 'avatar_id must be in the gallery or your own picture',
        '[{"pointer": "/avatar_id", "message": "must be in the gallery or your own picture"}]')::text
    where not avatar_allowed(:avatar_id::text))
select * from changed union all select * from refused;

-- name: onboarding.preferences
select onboarding_preferences(:body::jsonb)::text;
