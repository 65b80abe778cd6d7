-- name: messages.list
-- Newest last; the cursor is "created_at|id" of the oldest row of the page before and reads further back. No row: no
-- such conversation.
with page as (
    select * from messages
    where conversation_id = :id::uuid and user_id = caller() and deleted_at is null
      and (:cursor::text is null
           or (created_at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by created_at desc, id desc limit :limit::int + 1
), shown as (select * from page order by created_at desc, id desc limit :limit::int)
select coalesce((select json_agg(message_json(m.*::messages) order by m.created_at, m.id) from shown m), '[]')::text,
    case when (select count(*) from page) > :limit::int
         then (select created_at || '|' || id from shown order by created_at, id limit 1) end,
    (select json_build_object('generating', json_agg(json_build_object(
         'generation_id', g.id, 'message_id', g.reply_id, 'state', g.state, 'epoch', g.epoch)))
     from generations g
     where g.conversation_id = :id::uuid and g.user_id = caller() and g.state in ('queued', 'running')
       and g.gone_at is null)::text
from conversations c where c.id = :id::uuid and c.user_id = caller() and c.deleted_at is null;

-- name: messages.delete
select message::text, stopped from message_delete(:id::uuid, :message_id::uuid);

-- name: messages.claim_question
select question_claim(:id::uuid, :message_id::uuid, :new::uuid)::text;

-- name: messages.release_question
select question_release(:question::uuid, :new::uuid);

-- name: messages.versions
-- The messages that a question replaced, oldest first.
select coalesce((select json_agg(message_json(m) order by m.created_at, m.id) from messages m
    where m.conversation_id = c.id and m.user_id = caller() and m.superseded_by = :message_id::uuid), '[]')::text
from conversations c where c.id = :id::uuid and c.user_id = caller() and c.deleted_at is null;

-- name: messages.rate
update messages m set rating = (:body::jsonb ->> 'rating')::smallint
where m.id = :message_id::uuid and conversation_id = :id::uuid and user_id = caller()
  and role = 'assistant' and deleted_at is null
returning message_json(m)::text;

-- name: messages.search
-- Newest first, and one more than the limit when there are more; the cursor is "created_at|id" of the last row of the
-- page before. `words` is for the language `simple`, `q` for the others. The sixth column is the row's cursor.
select id, conversation_id, title, role, to_json(created_at) #>> '{}', created_at || '|' || id, highlight, content
from search_messages(:words::tsquery, :language::regconfig, :q, :conversation_id::uuid,
    split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid, :limit::int + 1);

-- name: messages.unindexed
-- Messages without words, newest first.
select id, created_at, content from messages
where words is null and deleted_at is null order by created_at desc limit 500;

-- name: messages.index
select messages_index(:messages::uuid[], :created::timestamptz[], :words::text[]);

-- name: messages.screen (batch)
select ordinal, outcome::text
from messages_screen(:message::uuid[], :conversation::uuid[], :user::uuid[], :generation::uuid[], :reply::uuid[],
    :client::text[], :content::text[], :content_type::text[], :model::text[], :parameters::jsonb[], :listed::boolean[],
    :created::timestamptz[], :action::text[], :categories::text[], :confidence::double precision[], :reason::text[],
    :replaces::uuid[], :safety::jsonb[], :words::text[]);

-- name: messages.abandon
select message_abandon(:message::uuid, :conversation::uuid, :user::uuid, :generation::uuid, :reply::uuid,
    :created::timestamptz, :error);
