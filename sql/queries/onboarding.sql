-- name: onboarding.get
select onboarding_json(u)::text from users u where id = caller();

-- name: onboarding.set
-- A step that is done keeps its first time. No row: the profile has no such step.
update users u set updated_at = now(), onboarding =
    case when :done::boolean then jsonb_build_object(:step::text, now()) || onboarding else onboarding - :step::text end
where id = caller() and exists (
    select from system_settings s, jsonb_array_elements(s.value) e
    where s.key = 'onboarding_steps' and e ->> 'id' = :step::text)
returning onboarding_json(u)::text;
