-- name: conversations.create
-- Derived ids make a repeated creation return the first one. The template provides the
-- fields that are NULL. Without a companion the gallery's with that avatar, or with the caller's, speaks. No row: the
-- companion, the avatar or the template does not exist for the caller.
with refused as materialized (
    select conversation_refusal(:id::uuid) as why
), template as (
    select * from conversation_templates where id = :template_id::uuid
), companion as (
    select id from companions where id = :companion_id::uuid and deleted_at is null
    union all (
        select id from companions
        where :companion_id::uuid is null and owner is null and deleted_at is null
          and avatar_name(avatar) = avatar_name(coalesce(:avatar_id::text, (
              select avatar from users where id = caller() and :template_id::uuid is null)))
        order by position, id limit 1)
), made as (
    insert into conversations (id, user_id, companion_id, title, titled_by, model, system_prompt, tags)
    select :id::uuid, caller(), coalesce((select id from companion), t.companion_id), coalesce(:title, t.title, ''),
           case when coalesce(:title, t.title, '') = '' then 'words'::title_origin else 'user' end,
           coalesce(:model, t.model), coalesce(:system_prompt, t.system_prompt), coalesce(t.tags, '{}')
    from refused left join template t on true
    where why is null
      and ((:companion_id::uuid is null and :avatar_id::text is null) or exists (select from companion))
      and (:template_id::uuid is null or t.id is not null)
    -- Not `do nothing`: neither branch below would see the row of a concurrent creation.
    on conflict (id) do update set title = conversations.title
    returning *
)
select conversation_json(c.*::conversations)::text
from (select * from made union all select * from conversations where id = :id::uuid) c
union all select why::text from refused where why is not null limit 1;

-- name: conversations.list
-- Newest first; the cursor is "updated_at|id" of the last row of the page before.
with page as (
    select * from conversations
    where user_id = caller()
      and case when coalesce(:deleted::boolean, false) then deleted_at is not null else deleted_at is null end
      and archived = coalesce(:archived::boolean, archived)
      and (:starred::boolean is null or starred = :starred::boolean)
      and (:tag::text is null or tags @> array[:tag::text])
      and (:cursor::text is null
           or (updated_at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by updated_at desc, id desc limit :limit::int + 1
), shown as (select * from page order by updated_at desc, id desc limit :limit::int)
select coalesce(json_agg(conversation_json(shown.*::conversations) order by updated_at desc, id desc), '[]')::text,
    case when (select count(*) from page) > :limit::int
         then (select updated_at || '|' || id from shown order by updated_at, id limit 1) end
from shown;

-- name: conversations.get
select conversation_json(c)::text from conversations c
where id = :id::uuid and user_id = caller() and deleted_at is null;

-- name: conversations.details
-- The conversation with a page of its messages, as messages.list gives it.
with page as (
    select * from messages
    where conversation_id = :id::uuid and user_id = caller() and deleted_at is null
      and (:cursor::text is null
           or (created_at, id) < (split_part(:cursor, '|', 1)::timestamptz, split_part(:cursor, '|', 2)::uuid))
    order by created_at desc, id desc limit :limit::int + 1
), shown as (select * from page order by created_at desc, id desc limit :limit::int)
select json_build_object('conversation', conversation_json(c), 'messages',
        coalesce((select json_agg(message_json(m.*::messages) order by m.created_at, m.id) from shown m), '[]'))::text,
    case when (select count(*) from page) > :limit::int
         then (select created_at || '|' || id from shown order by created_at, id limit 1) end,
    (select json_agg(g.id) from generations g
     where g.conversation_id = :id::uuid and g.user_id = caller() and g.state in ('queued', 'running')
       and g.gone_at is null)::text
from conversations c where c.id = :id::uuid and c.user_id = caller() and c.deleted_at is null;

-- name: conversations.update
-- Fields that the body lacks stay, and so does updated_at: it is the time of the last message.
update conversations c set
    title = coalesce(:body::jsonb ->> 'title', title),
    titled_by = case when :body::jsonb ->> 'title' = '' then 'words'
                     when :body::jsonb ? 'title' then 'user'::title_origin else titled_by end,
    starred = coalesce((:body::jsonb -> 'starred')::boolean, starred),
    archived = coalesce((:body::jsonb -> 'archived')::boolean, archived),
    tags = case when :body::jsonb ? 'tags'
                then array(select distinct jsonb_array_elements_text(:body::jsonb -> 'tags')) else tags end,
    system_prompt = case when :body::jsonb ? 'system_prompt' then :body::jsonb ->> 'system_prompt'
                         else system_prompt end,
    paused_at = case when :body::jsonb ->> 'status' = 'paused' then coalesce(paused_at, now())
                     when :body::jsonb ? 'status' then null else paused_at end,
    ended_at = case when :body::jsonb ->> 'status' = 'ended' then coalesce(ended_at, now())
                    when :body::jsonb ? 'status' then null else ended_at end,
    model = case when :body::jsonb ? 'model' then :body::jsonb ->> 'model' else model end
where id = :id::uuid and user_id = caller() and deleted_at is null
returning conversation_json(c)::text;

-- name: conversations.delete
-- Can be restored. Repeated, it changes nothing. Its replies that are being generated are cancelled: their ids.
with gone as (
    update conversations set deleted_at = coalesce(deleted_at, now()) where id = :id::uuid and user_id = caller()
    returning *
), running as (
    select g.id, g.user_id from gone c join generations g on g.conversation_id = c.id
    where g.state in ('queued', 'running')
), stopped as (
    insert into cancellations (generation_id, user_id) select id, user_id from running on conflict do nothing
)
select conversation_json(gone.*::conversations)::text, (select json_agg(id) from running)::text from gone;

-- name: conversations.restore
update conversations c set deleted_at = null where id = :id::uuid and user_id = caller()
returning conversation_json(c)::text;

-- name: conversations.read
-- Marks all of its messages as read.
update conversations c set last_read_at = now() where id = :id::uuid and user_id = caller() and deleted_at is null
returning conversation_json(c)::text;

-- name: conversations.export
select json_build_object('conversation', conversation_json(c), 'exported_at', now(), 'messages', coalesce((
    select json_agg(message_json(m) order by m.created_at, m.id) from messages m
    where m.conversation_id = c.id and m.user_id = c.user_id and m.deleted_at is null), '[]'))::text
from conversations c where id = :id::uuid and user_id = caller() and deleted_at is null;

-- name: conversations.owned
select 1 from conversations where id = :id::uuid and user_id = caller() and deleted_at is null;
