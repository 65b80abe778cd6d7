-- A picture is shown once the files worker has made it of the uploaded one's pixels; sha256 stays that of the upload.
-- Those from before are made anew. Caches have been told that the bytes of an id never change: each gets another.
set search_path = airi;

alter table avatars add column state text not null default 'processing'
    check (state in ('processing', 'ready', 'rejected'));

create temporary table renamed on commit drop as
    select id as old, gen_random_uuid() as id, '/api/v1/avatars/' as url from avatars;
update avatars a set id = r.id from renamed r where a.id = r.old;
update users u set avatar = r.url || r.id from renamed r where u.avatar = r.url || r.old;
update companions c set avatar = r.url || r.id from renamed r where c.avatar = r.url || r.old;

insert into outbox (partition, event_id, topic, key, value, traceparent, request_id)
select hashtext(user_id::text) & 7, gen_random_uuid(), 'avatar.uploaded.v1', user_id::text, json_build_object(
    'avatar_id', id, 'user_id', user_id, 'uploaded_at', now()), '', ''
from avatars;

drop function if exists avatar_create(uuid, text, text, int, int, bytea);
