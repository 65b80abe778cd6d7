-- The referrals to help that have rows: a fixed reply or the kind question, and a call for help by hand. `false_alarms`
-- counts those whose alert somebody has called a false alarm.
create or replace function referrals_with_rows()
returns table (year int, country text, kind text, shown bigint, false_alarms bigint)
language sql stable as $$
    select extract(year from r.at at time zone 'utc')::int, r.country, r.kind, count(*),
           count(*) filter (where r.false_alarm is not null)
    from (
        select d.created_at as at, coalesce(d.safety ->> 'country', '*') as country, d.safety ->> 'way' as kind,
               coalesce(a.false_alarm, d.safety ->> 'false_alarm') as false_alarm
        from moderation_decisions d left join crisis_alerts a on a.message_id = d.message_id
        where d.safety ->> 'way' in ('ask', 'help')
        union all
        select a.created_at, coalesce(a.country, '*'), 'by_hand', a.false_alarm
        from crisis_alerts a where a.message_id is null and a.resources_shown) r
    group by 1, 2, 3
$$;

-- Counts the referrals of every year; those whose rows were erased are added to those that have rows.
create or replace function job_crisis_referrals() returns bigint language sql as $$
    with counted as (
        insert into crisis_referrals as r (year, country, kind, shown, false_alarms, counted_at)
        select year, country, kind, coalesce(n.shown, 0) + coalesce(e.erased_shown, 0),
               coalesce(n.false_alarms, 0) + coalesce(e.erased_false_alarms, 0), now()
        from referrals_with_rows() n full join crisis_referrals e using (year, country, kind)
        on conflict (year, country, kind) do update set
            shown = excluded.shown, false_alarms = excluded.false_alarms, counted_at = excluded.counted_at
        returning 1)
    select count(*) from counted
$$;

-- Rows of referrals are deleted with their account or after their time: they stay counted, without a person. When an
-- alert goes before its decision, the decision keeps whether it was a false alarm.
create or replace function add_erased_referrals(p_gone jsonb) returns void language sql as $$
    insert into crisis_referrals as r (year, country, kind, erased_shown, erased_false_alarms)
    select g.year, g.country, g.kind, count(*), count(*) filter (where g.false_alarm)
    from jsonb_to_recordset(p_gone) as g(year int, country text, kind text, false_alarm boolean)
    group by 1, 2, 3 order by 1, 2, 3
    on conflict (year, country, kind) do update set
        erased_shown = r.erased_shown + excluded.erased_shown,
        erased_false_alarms = r.erased_false_alarms + excluded.erased_false_alarms
$$;

create or replace function keep_referrals_of_decisions() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    perform add_erased_referrals(jsonb_agg(jsonb_build_object(
        'year', extract(year from g.created_at at time zone 'utc'), 'country', coalesce(g.safety ->> 'country', '*'),
        'kind', g.safety ->> 'way',
        'false_alarm', coalesce(a.false_alarm, g.safety ->> 'false_alarm') is not null)))
    from gone g left join crisis_alerts a on a.message_id = g.message_id
    where g.safety ->> 'way' in ('ask', 'help');
    return null;
end $$;
create or replace trigger keep_referrals after delete on moderation_decisions referencing old table as gone
    for each statement execute function keep_referrals_of_decisions();

create or replace function keep_referrals_of_alerts() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    perform add_erased_referrals(jsonb_agg(jsonb_build_object(
        'year', extract(year from g.created_at at time zone 'utc'), 'country', coalesce(g.country, '*'),
        'kind', 'by_hand', 'false_alarm', g.false_alarm is not null)))
    from gone g where g.message_id is null and g.resources_shown;
    update moderation_decisions d set safety = d.safety || jsonb_build_object('false_alarm', g.false_alarm)
    from gone g where g.message_id = d.message_id and g.false_alarm is not null;
    return null;
end $$;
create or replace trigger keep_referrals after delete on crisis_alerts referencing old table as gone
    for each statement execute function keep_referrals_of_alerts();

-- An alert without a message keeps the country whose help lines its person was shown; the person may be erased first.
create or replace function name_country_of_alert() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if new.message_id is null and new.country is null then
        new.country := (select coalesce(u.country, left(u.region, 2)) from users u where u.id = new.user_id);
        new.country := coalesce(new.country, setting('crisis_default_country') #>> '{}');
    end if;
    return new;
end $$;
create or replace trigger name_country before insert on crisis_alerts for each row
    execute function name_country_of_alert();

-- A number that may be public: up to four people could be known, so it is "<5".
create or replace function public_number(p_number bigint) returns json language sql immutable as $$
    select case when p_number between 1 and 4 then to_json('<5'::text) else to_json(p_number) end
$$;

-- A sum of public numbers; null where it would give away a hidden one.
create or replace function public_sum(p_numbers bigint[]) returns bigint language sql immutable as $$
    select case when count(*) filter (where n between 1 and 4) = 0
                  or (count(*) filter (where n between 1 and 4) > 1
                      and sum(n) filter (where n between 1 and 4) >= 5) then coalesce(sum(n), 0) end::bigint
    from unnest(p_numbers) n
$$;

-- The public numbers of a year, by country: no person, no day.
create or replace function referrals_of_year(p_year int) returns json language sql stable as $$
    select json_build_object('year', p_year, 'counted_at', max(counted_at),
        'shown', public_sum(array_agg(shown)), 'false_alarms', public_sum(array_agg(false_alarms)),
        'countries', coalesce(json_agg(json_build_object('country', nullif(country, '*'), 'shown',
            public_number(shown), 'false_alarms', public_number(false_alarms)) order by country), '[]'))
    from (select country, sum(shown) as shown, sum(false_alarms) as false_alarms, max(counted_at) as counted_at
          from crisis_referrals where year = p_year group by country having sum(shown) > 0) c
$$;
