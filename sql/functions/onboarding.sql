-- The steps of the profile, each with the time at which the user completed it; `step` counts from 1.
create or replace function onboarding_json(u users) returns json language sql stable as $$
    select json_build_object(
        'steps', coalesce(json_agg(json_build_object(
            'id', s.step ->> 'id', 'title', s.step ->> 'title', 'done_at', u.onboarding ->> (s.step ->> 'id'))
            order by s.n), '[]'),
        'step', 1 + count(*) filter (where u.onboarding ? (s.step ->> 'id')),
        'completed', coalesce(bool_and(u.onboarding ? (s.step ->> 'id')), true),
        'selected_avatar', avatar_name(u.avatar), 'preferences', preferences_of(u))
    from jsonb_array_elements(setting('onboarding_steps')) with ordinality s(step, n)
$$;

-- The user's steps with this one as done; one that is done keeps its first time. The same steps where the profile has
-- no such step.
create or replace function onboarding_with(p_done jsonb, p_step text) returns jsonb language sql stable as $$
    select case when exists (
            select from jsonb_array_elements(setting('onboarding_steps')) e where e ->> 'id' = p_step)
        then jsonb_build_object(p_step, now()) || p_done else p_done end
$$;

-- The step of the preferences, which are merged; a refusal beyond their bounds.
create or replace function onboarding_preferences(p_body jsonb) returns json language plpgsql as $$
declare
    merged json := preferences_change(caller(), p_body);
    changed users;
begin
    if merged -> 'problem' is not null then return merged; end if;
    update users set onboarding = onboarding_with(onboarding, 'preferences') where id = caller()
    returning * into changed;
    return case when found then onboarding_json(changed) end;
end $$;
