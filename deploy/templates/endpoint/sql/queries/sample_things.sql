-- name: sample_things.list
-- Newest first; the cursor is "created_at|id" of the last row of the page before.
with page as (
    select * from sample_things
    where user_id = caller()
      and (:cursor::text is null
           or (created_at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by created_at desc, id desc limit :limit::int + 1
), shown as (select * from page order by created_at desc, id desc limit :limit::int)
select coalesce(json_agg(json_build_object('id', id, 'name', name, 'created_at', created_at)
                         order by created_at desc, id desc), '[]')::text,
    case when (select count(*) from page) > :limit::int
         then (select created_at || '|' || id from shown order by created_at, id limit 1) end
from shown;

-- name: sample_things.create
insert into sample_things (id, user_id, name) values (:new_id::uuid, caller(), :name)
on conflict (id) do update set name = excluded.name
returning json_build_object('id', id, 'name', name, 'created_at', created_at)::text;

-- name: sample_things.get
select json_build_object('id', id, 'name', name, 'created_at', created_at)::text
from sample_things where id = :id::uuid and user_id = caller();

-- name: sample_things.delete
delete from sample_things where id = :id::uuid and user_id = caller()
returning json_build_object('id', id)::text;
