create or replace function profile_json(u users) returns json language sql stable as $$
    select json_build_object(
        'id', u.id, 'email', u.email, 'email_verified', u.email_verified_at is not null,
        'display_name', u.display_name, 'role', u.role, 'plan', u.plan,
        'tier', (select coalesce(p.tier, p.id) from plans p where p.id = u.plan), 'language', u.locale,
        'locale', u.locale, 'timezone', u.timezone, 'country', u.country, 'region', u.region, 'avatar', u.avatar,
        'preferences', u.preferences, 'onboarding', u.onboarding, 'metadata', u.metadata,
        'birth_date', u.birth_date, 'minor', coalesce(age_of(u.birth_date) < 18, false), 'created_at', u.created_at)
$$;

-- The named preferences: as the user has set them, else as the product's user_defaults, else as here.
create or replace function preferences_of(u users) returns json language sql stable as $$
    select json_object_agg(p.name, coalesce(u.preferences -> p.name, d.value -> p.name, p.otherwise) order by p.n)
    from unnest(
        '{theme,email_notifications,push_notifications,sms_notifications,data_sharing,analytics_tracking,
          daily_reminder_time,mood_check_frequency}'::text[],
        array['"light"', 'true', 'true', 'false', 'false', 'true', 'null', '"daily"']::jsonb[]
    ) with ordinality p(name, otherwise, n)
    cross join (select setting('user_defaults') as value) d
$$;

-- A new user's value until they choose: `language` and `timezone` of user_defaults.
create or replace function default_of_user(p_name text, p_otherwise text) returns text language sql stable as $$
    select coalesce(setting('user_defaults') ->> p_name, p_otherwise)
$$;

-- Merges preferences; null removes a member. A refusal beyond the bounds; NULL when there is no such user.
create or replace function preferences_change(p_user uuid, p_body jsonb) returns json language plpgsql as $$
declare
    merged jsonb;
    changed users;
begin
    select jsonb_strip_nulls(u.preferences || p_body) into merged from users u where u.id = p_user for update;
    if json_fault(merged) is not null then return json_refusal('', merged); end if;
    update users set preferences = merged, updated_at = now() where id = p_user returning * into changed;
    return case when found then preferences_of(changed) end;
end $$;

-- Changes the members that the body has; preferences and metadata are merged, and null removes a member. A refusal for
-- an avatar that the caller may not use, and beyond the bounds; NULL when there is no such user.
create or replace function profile_change(p_user uuid, p_body jsonb) returns json language plpgsql as $$
declare
    changed users;
    merged users;
    refused json;
begin
    if p_body ->> 'avatar' is not null and not avatar_allowed(p_body ->> 'avatar') then
        return refusal(422, 'VALIDATION_FAILED', 'avatar must be in the gallery or your own picture',
            '[{"pointer": "/avatar", "message": "must be in the gallery or your own picture"}]');
    end if;
    select * into merged from users where id = p_user for update;
    merged.preferences := jsonb_strip_nulls(merged.preferences || coalesce(p_body -> 'preferences', '{}'));
    merged.metadata := jsonb_strip_nulls(merged.metadata || coalesce(p_body -> 'metadata', '{}'));
    refused := coalesce(case when p_body ? 'preferences' then json_refusal('/preferences', merged.preferences) end,
        case when p_body ? 'metadata' then json_refusal('/metadata', merged.metadata) end);
    if refused is not null then return refused; end if;
    update users u set
        display_name = case when p_body ? 'display_name' then p_body ->> 'display_name' else display_name end,
        locale = coalesce(p_body ->> 'language', p_body ->> 'locale', locale),
        timezone = coalesce(p_body ->> 'timezone', timezone),
        country = case when p_body ? 'country' then p_body ->> 'country' else country end,
        region = case when p_body ? 'region' then p_body ->> 'region' else region end,
        avatar = case when p_body ? 'avatar' then p_body ->> 'avatar' else avatar end,
        preferences = merged.preferences, metadata = merged.metadata, updated_at = now()
    where id = p_user
    returning * into changed;
    return case when found then profile_json(changed) end;
end $$;
