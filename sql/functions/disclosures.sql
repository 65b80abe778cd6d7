-- Whether a rule that holds in these places may hold for a person: it does where a region or country of theirs is one
-- of them. Of a country without its region every region counts, and of a person without either every place.
create or replace function disclosure_holds(p_places text[], u users) returns boolean language sql immutable as $$
    select p_places && array['*', u.region, u.country, left(u.region, 2)]
        or (u.country is null and u.region is null)
        or exists (select from unnest(p_places) place
                   where place like u.country || '-%' and left(u.region, 2) is distinct from u.country)
$$;

-- The strictest rule of a kind for a person on a day: the most frequent, then the one that suggests a break. No row:
-- none holds.
create or replace function disclosure_rule(u users, p_kind text, p_day date) returns setof ai_disclosures
language sql stable as $$
    select d.* from ai_disclosures d
    where d.kind = p_kind and d.valid_from <= p_day and disclosure_holds(d.places, u)
      and (d.audience = 'all' or is_before(u.minor_until))
    order by d.every_seconds, d.suggests_break desc, d.audience = 'minors' desc, d.jurisdiction <> '*' desc,
        length(d.jurisdiction) desc, d.id
    limit 1
$$;

create or replace function disclosure_text(d ai_disclosures, p_language text) returns text language sql immutable as $$
    select coalesce(d.texts ->> p_language, d.texts ->> split_part(p_language, '-', 1), d.texts ->> 'en')
$$;

create or replace function day_of(p_time timestamptz) returns date language sql immutable as $$
    select (p_time at time zone 'utc')::date
$$;

-- What the caller is told when they create a conversation: the notice at its start, and the reminder that a client
-- without a socket gives by itself, or null.
create or replace function disclosure_at_start() returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select json_build_object('kind', s.kind, 'text', disclosure_text(s, u.locale), 'jurisdiction', s.jurisdiction,
        'reminder', case when r.id is not null then json_build_object('every_seconds', r.every_seconds,
            'text', disclosure_text(r, u.locale), 'jurisdiction', r.jurisdiction) end)
    from users u
    join lateral disclosure_rule(u, 'start', day_of(now())) s on true
    left join lateral disclosure_rule(u, 'reminder', day_of(now())) r on true
    where u.id = caller()
$$;

-- Notes that these messages were sent, as [{user_id, conversation_id, at}], and returns the notices that are due. Use
-- is continued while there is less than continued_use_seconds between two messages. A start notice is due when use
-- begins, a reminder when the rule's interval has passed since use began or since the last one. An old message, of a
-- backlog, makes none due: the next one does. The same messages make the same notices due again, so that none is lost.
--
-- Most messages find their person's row less than a minute old and nothing due, and write nothing.
create or replace function disclosures_due(p_messages jsonb, p_now timestamptz default now())
returns table (user_id uuid, conversation_id uuid, kind text, content text, jurisdiction text)
language plpgsql security definer set search_path = airi, pg_temp as $$
#variable_conflict use_column
declare
    gap interval := make_interval(secs => setting_int('continued_use_seconds'));
    slack interval := least(gap / 10, interval '1 minute');
    soonest interval;
    people uuid[];
begin
    select make_interval(secs => min(d.every_seconds)) into soonest from ai_disclosures d
    where d.kind = 'reminder' and d.valid_from <= day_of(p_now);
    select array_agg(distinct m.user_id) into people
    from jsonb_to_recordset(p_messages) as m(user_id uuid, at timestamptz)
    left join continued_use c on c.user_id = m.user_id
    where c.user_id is null or m.at >= c.used_at + slack or m.at >= greatest(c.began_at, c.reminded_at) + soonest
       or m.at in (c.told_at, c.reminded_at) and m.at > p_now - gap;
    if people is null then return; end if;

    insert into continued_use (user_id, began_at, used_at)
    select u.id, '-infinity', '-infinity' from users u
    where u.id = any (people) and u.erased_at is null
      and not exists (select from continued_use c where c.user_id = u.id)
    order by u.id
    on conflict do nothing;
    perform from continued_use c where c.user_id = any (people) order by c.user_id for update;

    return query
    with sent as (
        select m.user_id, m.conversation_id, m.at, greatest(c.used_at + slack,
                   lag(m.at) over (partition by m.user_id order by m.at)) as before
        from jsonb_to_recordset(p_messages) as m(user_id uuid, conversation_id uuid, at timestamptz)
        join continued_use c on c.user_id = m.user_id
        where m.user_id = any (people)
    ), used as (
        select user_id, max(at) as at, array_agg(at) as times, max(at) filter (where at >= before + gap) as began_at,
               (array_agg(conversation_id order by at desc))[1] as conversation_id
        from sent group by user_id
    ), judged as (
        select n.user_id, n.conversation_id, n.at, greatest(c.used_at, n.at) as used_at, b.began_at, c.told_at,
               c.reminded_at, s.kind as start, s.jurisdiction as start_of, disclosure_text(s, u.locale) as start_text,
               r.kind as reminder, r.jurisdiction as reminder_of, disclosure_text(r, u.locale) as reminder_text,
               c.told_at = any (n.times) as told_now, c.reminded_at = any (n.times) as reminded_now,
               b.began_at > coalesce(c.told_at, '-infinity')
                   and n.at >= coalesce(c.told_at, '-infinity') + make_interval(secs => s.every_seconds) as tells,
               n.at >= greatest(b.began_at, c.reminded_at) + make_interval(secs => r.every_seconds) as reminds
        from used n
        join continued_use c on c.user_id = n.user_id
        join users u on u.id = n.user_id
        cross join lateral (select coalesce(n.began_at, c.began_at) as began_at) b
        left join lateral disclosure_rule(u, 'start', day_of(n.at)) s on true
        left join lateral disclosure_rule(u, 'reminder', day_of(n.at)) r on true
    ), due as (
        select j.*, coalesce(start is not null and (tells or told_now) and at > p_now - gap, false) as start_due,
               coalesce(reminder is not null and (reminds or reminded_now) and at > p_now - gap, false) as reminder_due
        from judged j
    ), noted as (
        update continued_use c set
            began_at = d.began_at, used_at = d.used_at,
            told_at = case when start_due and told_now is not true then d.at else c.told_at end,
            reminded_at = case when reminder_due and reminded_now is not true then d.at else c.reminded_at end
        from due d where c.user_id = d.user_id
    )
    select user_id, conversation_id, start, start_text, start_of from due where start_due
    union all
    select user_id, conversation_id, reminder, reminder_text, reminder_of from due where reminder_due;
end $$;
