-- The steps of the profile, each with the time at which the user completed it.
create or replace function onboarding_json(u users) returns json language sql stable as $$
    select json_build_object(
        'steps', coalesce(json_agg(json_build_object(
            'id', s.step ->> 'id', 'title', s.step ->> 'title', 'done_at', u.onboarding ->> (s.step ->> 'id'))
            order by s.n), '[]'),
        'completed', coalesce(bool_and(u.onboarding ? (s.step ->> 'id')), true))
    from jsonb_array_elements((select value from system_settings where key = 'onboarding_steps'))
        with ordinality s(step, n)
$$;
