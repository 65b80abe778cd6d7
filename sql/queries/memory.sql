-- name: memory.due (batch)
select ordinal, due::text
from memory_due(:conversation::uuid[], :generation::uuid[], :title::uuid[], :summary::uuid[]);

-- name: memory.title
select memory_title(:conversation::uuid, :user::uuid, :id::uuid, :title, :calls::jsonb)::text;

-- name: memory.fold
select memory_fold(:conversation::uuid, :user::uuid, :id::uuid, :summary, nullif(:before, '')::timestamptz,
    nullif(:until, '')::timestamptz, :count::int, :calls::jsonb)::text;
