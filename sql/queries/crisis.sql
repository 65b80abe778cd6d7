-- name: crisis.resources
-- Every help line, in the order in which a country's are shown. Hours in minutes of the local day, its days as bits
-- (1: Monday) and the zone's present offset; the last columns are when it expires, and what is shown of it.
select country, kind,
    (extract(epoch from opens) / 60)::int, (extract(epoch from closes) / 60)::int,
    (select coalesce(sum(1 << (d - 1)), 0) from unnest(days) as d)::int,
    (extract(epoch from (now() at time zone time_zone) - (now() at time zone 'UTC')) / 60)::int,
    extract(epoch from expires_on)::bigint,
    jsonb_build_object('id', id, 'country', country, 'kind', kind, 'name', name, 'dial', dial,
        'sms', case when sms_number is not null
                    then jsonb_build_object('number', sms_number, 'keyword', sms_keyword) end,
        'url', url, 'languages', languages,
        'hours', case when opens is null then null
                      when (opens, closes) = ('00:00', '24:00') and cardinality(days) = 7 then '"24/7"'
                      else jsonb_build_object('opens', to_char(opens, 'HH24:MI'), 'closes', left(closes::text, 5),
                          'days', days, 'time_zone', time_zone) end,
        'source', jsonb_build_object('kind', source_kind, 'url', source_url, 'verified_on', verified_on,
            'expires_on', expires_on, 'doubt', doubt, 'reviewed', reviewed_by is not null))::text
from crisis_resources order by country = '*', country, position, id;

-- name: crisis.country_of_caller
select coalesce(country, left(region, 2)) from users where id = caller();

-- name: crisis.person
select locale, country from crisis_person(:user::uuid);

-- name: crisis.settings
-- Those that the moderation worker reads.
select setting('crisis_policy')::text, setting('crisis_default_country') #>> '{}',
    (setting('message_sentiment') #>> '{}')::boolean;
