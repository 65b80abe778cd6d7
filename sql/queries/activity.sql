-- name: activity.list
-- The audit log of the caller's account, newest first; the cursor is "at|id" of the last row of the page before.
with page as (
    select * from audit_log
    where user_id = caller()
      and (:cursor::text is null
           or (at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by at desc, id desc limit :limit::int + 1
), shown as (select * from page order by at desc, id desc limit :limit::int)
select coalesce(json_agg(json_build_object(
        'id', id, 'action', action, 'subject', subject, 'details', details, 'address', host(address), 'at', at,
        'by_me', coalesce(actor = user_id, true)) order by at desc, id desc), '[]')::text,
    case when (select count(*) from page) > :limit::int
         then (select at || '|' || id from shown order by at, id limit 1) end
from shown;

-- name: activity.add
select audit(caller(), :action);
