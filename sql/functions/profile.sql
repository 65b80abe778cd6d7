create or replace function profile_json(u users) returns json language sql stable as $$
    select json_build_object(
        'id', u.id, 'email', u.email, 'email_verified', u.email_verified_at is not null,
        'display_name', u.display_name, 'role', u.role, 'plan', u.plan,
        'tier', (select coalesce(p.tier, p.id) from plans p where p.id = u.plan), 'language', u.locale,
        'locale', u.locale, 'timezone', u.timezone, 'avatar', u.avatar, 'preferences', u.preferences,
        'onboarding', u.onboarding, 'metadata', u.metadata,
        'birth_date', u.birth_date, 'minor', coalesce(age_of(u.birth_date) < 18, false), 'created_at', u.created_at)
$$;
