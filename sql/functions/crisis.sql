-- What the reply to a person at risk depends on: the language, and the country whose help lines are theirs. No row: no
-- such user.
create or replace function crisis_person(p_user uuid) returns table (locale text, country text)
language sql stable security definer set search_path = airi, pg_temp as $$
    select u.locale::text, coalesce(u.country, left(u.region, 2), '') from users u where u.id = p_user
$$;
