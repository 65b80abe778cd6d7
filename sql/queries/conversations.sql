-- name: conversations.create
-- Derived ids make a repeated creation return the first one, with what it was asked for. No row: the companion does not
-- exist for the caller.
with made as (
    insert into conversations (id, user_id, companion_id, title, model, system_prompt, request_digest)
    select :id::uuid, caller(), nullif(:companion_id, '')::uuid, coalesce(:title, ''), nullif(:model, ''), nullif(:system_prompt, ''), :request
    where nullif(:companion_id, '') is null
       or exists (select 1 from companions where id = nullif(:companion_id, '')::uuid and deleted_at is null)
    -- Not `do nothing`: the row of a creation that runs beside this one would be seen by neither branch.
    on conflict (id) do update set request_digest = conversations.request_digest
    returning *
)
select json_build_object('id', c.id, 'title', c.title, 'companion_id', c.companion_id, 'model', c.model,
    'system_prompt', c.system_prompt, 'starred', c.starred, 'archived', c.archived, 'tags', c.tags,
    'message_count', c.message_count, 'created_at', c.created_at, 'updated_at', c.updated_at)::text, c.request_digest
from (select * from made union all select * from conversations where id = :id::uuid) c limit 1;

-- name: conversations.list
-- Newest first; the cursor is "updated_at|id" of the last one seen.
with page as (
    select * from conversations
    where user_id = caller() and deleted_at is null
      and (:cursor::text is null or (updated_at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by updated_at desc, id desc limit :limit::int + 1
), shown as (select * from page order by updated_at desc, id desc limit :limit::int)
select coalesce(json_agg(json_build_object('id', id, 'title', title, 'companion_id', companion_id, 'model', model,
    'starred', starred, 'archived', archived, 'tags', tags, 'message_count', message_count,
    'last_message_at', last_message_at, 'last_message_preview', last_message_preview,
    'created_at', created_at, 'updated_at', updated_at) order by updated_at desc, id desc), '[]')::text,
    case when (select count(*) from page) > :limit::int
         then (select updated_at || '|' || id from shown order by updated_at, id limit 1) end
from shown;

-- name: conversations.get
select json_build_object('id', id, 'title', title, 'companion_id', companion_id, 'model', model,
    'system_prompt', system_prompt, 'starred', starred, 'archived', archived, 'tags', tags,
    'message_count', message_count, 'tokens_total', tokens_total, 'last_message_at', last_message_at,
    'last_message_preview', last_message_preview, 'created_at', created_at, 'updated_at', updated_at)::text
from conversations where id = :id::uuid and user_id = caller() and deleted_at is null;

-- name: conversations.owned
select 1 from conversations where id = :id::uuid and user_id = caller() and deleted_at is null;

-- name: messages.list
-- Newest last; the cursor is "created_at|id" of the oldest one seen, and reads further back. No row: no such conversation.
with page as (
    select * from messages
    where conversation_id = :id::uuid and user_id = caller() and deleted_at is null
      and (:cursor::text is null or (created_at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by created_at desc, id desc limit :limit::int + 1
), shown as (select * from page order by created_at desc, id desc limit :limit::int)
select coalesce((select json_agg(message_json(m.*::messages) order by m.created_at, m.id) from shown m), '[]')::text,
    case when (select count(*) from page) > :limit::int
         then (select created_at || '|' || id from shown order by created_at, id limit 1) end,
    (select json_agg(json_build_object('generation_id', g.id, 'message_id', g.reply_id, 'state', g.state, 'epoch', g.epoch))
     from generations g where g.conversation_id = :id::uuid and g.user_id = caller() and g.state in ('queued', 'running'))::text
from conversations c where c.id = :id::uuid and c.user_id = caller() and c.deleted_at is null;

-- name: generations.status
-- How a generation of the caller's stands, with the reply once there is one.
select conversation_id, reply_id, state, epoch, checkpoint, checkpoint_offset, generation_end(g)::text, message_id
from generations g where id = :id::uuid and user_id = caller();

-- name: generations.cancel
-- Remembers the wish; the state when the generation is already known.
with wish as (
    insert into cancellations (generation_id, user_id) values (:id::uuid, caller()) on conflict do nothing
)
select state, conversation_id from generations where id = :id::uuid and user_id = caller();
