-- name: tools.time
-- Weekday, date and time; no row for a time zone that is unknown.
select to_char(now() at time zone z.name, 'FMDay YYYY-MM-DD HH24:MI:SS') || ' ' || z.name
from pg_timezone_names z where lower(z.name) = lower(:timezone);

-- name: tools.memory_search
-- What was said to the user and by them, newest first, outside the conversation that asks.
select to_char(created_at, 'YYYY-MM-DD'), role, left(content, 300)
from search_messages(:words::tsquery, 'simple', '', null, null, null, 20)
where conversation_id <> :conversation::uuid limit 5;
