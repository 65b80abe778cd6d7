-- Creates the partition of a month, ahead of time. Queries reach it through its parent and under the parent's policies
-- only: it has neither policies nor grants.
create or replace function create_monthly_partition(p_month date) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    first date := date_trunc('month', p_month);
    name text := 'messages_' || to_char(first, 'YYYYMM');
begin
    if to_regclass('airi.' || name) is null then
        execute format('create table %I partition of messages for values from (%L) to (%L)', name,
            first::timestamp at time zone 'utc', (first + interval '1 month')::timestamp at time zone 'utc');
        execute format('alter table %I enable row level security, force row level security', name);
    end if;
end $$;

-- The partitions of today; the scheduler creates the later ones (job_partitions).
select create_monthly_partition((now() + make_interval(months => i))::date) from generate_series(-1, 3) i;

create or replace function message_json(m messages) returns json language sql stable as $$
    select json_build_object('id', m.id, 'conversation_id', m.conversation_id, 'role', m.role, 'content', m.content,
        'content_type', m.content_type, 'status', m.status, 'client_message_id', m.client_message_id,
        'generation_id', m.generation_id, 'rating', m.rating, 'created_at', m.created_at, 'metadata', m.metadata)
$$;

-- The parts of a text around the matches, which are in <mark>; safe as HTML.
create or replace function highlighted(p_language regconfig, p_content text, p_wanted tsquery) returns text
language sql immutable as $$
    select ts_headline(p_language, replace(replace(replace(p_content, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'),
        p_wanted, 'StartSel=<mark>, StopSel=</mark>, MaxFragments=2, MaxWords=30, MinWords=10')
$$;

-- The caller's messages that match, newest first, by the words as they are written (the index has no word forms). A
-- security definer, as row-level security would prevent the use of the index.
create or replace function search_messages(
    p_text text, p_conversation uuid, p_before timestamptz, p_before_id uuid, p_limit int
)
returns table (id uuid, conversation_id uuid, title text, role message_role, created_at timestamptz, highlight text)
language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    wanted tsquery := websearch_to_tsquery('simple', p_text);
    who uuid := caller();
begin
    return query
        select f.id, f.conversation_id, f.title::text, f.role, f.created_at, highlighted('simple', f.content, wanted)
        from (select m.id, m.conversation_id, c.title, m.role, m.created_at, m.content
              from messages m join conversations c on c.id = m.conversation_id
              where m.user_id = who and m.deleted_at is null and c.deleted_at is null and c.user_id = who
                and to_tsvector('simple', m.content) @@ wanted
                and (p_conversation is null or m.conversation_id = p_conversation)
                and (p_before is null or (m.created_at, m.id) < (p_before, p_before_id))
              order by m.created_at desc, m.id desc limit p_limit) f;
end $$;

-- The same with the word forms of a language, without the index: it reads all of the user's messages.
create or replace function search_messages_in(
    p_language regconfig, p_text text, p_conversation uuid, p_before timestamptz, p_before_id uuid, p_limit int
)
returns table (id uuid, conversation_id uuid, title text, role message_role, created_at timestamptz, highlight text)
language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    wanted tsquery := websearch_to_tsquery(p_language, p_text);
    who uuid := caller();
begin
    return query
        select f.id, f.conversation_id, f.title::text, f.role, f.created_at, highlighted(p_language, f.content, wanted)
        from (select m.id, m.conversation_id, c.title, m.role, m.created_at, m.content
              from conversations c join messages m on m.conversation_id = c.id
              where c.user_id = who and c.deleted_at is null and m.deleted_at is null and m.user_id = who
                and to_tsvector(p_language, m.content) @@ wanted
                and (p_conversation is null or m.conversation_id = p_conversation)
                and (p_before is null or (m.created_at, m.id) < (p_before, p_before_id))
              order by m.created_at desc, m.id desc limit p_limit) f;
end $$;

-- Stores moderation's results, element by element of the arrays: messages, their generations, and decisions unless they
-- are `allow`. Only `block` rejects; `warn` and `review` pass, and their decisions are for people to read. The
-- generation's row decides whether a message is new: a repeated message id with another time changes nothing. Arrays
-- are short and have one element a conversation, so joins go by index whatever the planner believes.
create or replace function messages_screen(
    p_message uuid[], p_conversation uuid[], p_user uuid[], p_generation uuid[], p_reply uuid[], p_client text[],
    p_content text[], p_content_type text[], p_model text[], p_parameters jsonb[], p_listed boolean[],
    p_created timestamptz[], p_action text[], p_categories text[], p_confidence double precision[], p_reason text[],
    p_replaces uuid[]
) returns void
language plpgsql set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
    replacing uuid[];
begin
    with given as (
        select g.*, action = 'block' as refused
        from unnest(p_message, p_conversation, p_user, p_generation, p_reply, p_client, p_content, p_content_type,
                    p_model, p_parameters, p_listed, p_created, p_action, p_categories, p_confidence, p_reason,
                    p_replaces)
            as g(message, conversation, owner, generation, reply, client, content, content_type, model, parameters,
                 listed, created, action, categories, confidence, reason, replaces)
    ), fresh as (
        insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, model,
                                 parameters, state, error_code, finished_at)
        select generation, conversation, owner, message, created, reply, nullif(model, ''), coalesce(parameters, '{}'),
               case when refused then 'rejected'::generation_state else 'queued' end,
               case when refused then reason end, case when refused then now() end
        from given
        on conflict do nothing
        returning id
    ), new as materialized (
        select given.* from fresh join given on given.generation = fresh.id
    ), stored as (
        insert into messages (id, conversation_id, user_id, role, content, content_type, status, client_message_id,
                              generation_id, created_at)
        select message, conversation, owner, 'user', content, content_type::message_content_type,
               case when refused then 'rejected'::message_status else 'accepted' end, nullif(client, ''), generation,
               created
        from new
    ), decided as (
        insert into moderation_decisions (message_id, user_id, action, categories, confidence, reason)
        select message, owner, action, categories::text[], confidence, reason from new where action <> 'allow'
        on conflict do nothing
    ), headed as (
        -- A turn is counted, and moves its conversation up, when it ends; until then only the first one sets the title.
        update conversations c set
            title = case when title = '' then left(n.content, 60) else title end,
            message_count = message_count + n.refused::int, last_message_at = n.created, updated_at = now(),
            last_message_preview = left(n.content, 120)
        from new n
        where n.listed and c.id = n.conversation and (n.refused or c.title = '' and n.replaces is null)
    )
    select array_agg(generation) filter (where replaces is not null and not refused) into replacing from new;
    if replacing is not null then
        -- The replaced question and everything after it stay as an earlier version (see forget_in_list).
        update messages m set deleted_at = now(), superseded_by = n.message
        from unnest(p_generation, p_message, p_conversation, p_user, p_created, p_replaces)
            as n(generation, message, conversation, owner, created, replaces)
        where n.generation = any (replacing) and m.conversation_id = n.conversation and m.user_id = n.owner
          and m.created_at < n.created and m.deleted_at is null
          and m.created_at >= (
              select created_at from messages where id = n.replaces and conversation_id = n.conversation);
    end if;
end $$;

-- Fails a message that could not be stored. False when it had another end already, or is being answered: it keeps that.
-- Nothing is stored for a deleted user.
create or replace function message_abandon(
    p_message uuid, p_conversation uuid, p_user uuid, p_generation uuid, p_reply uuid, p_created timestamptz,
    p_error text
) returns boolean
language plpgsql as $$
begin
    insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, state, error_code,
                             finished_at)
    select p_generation, p_conversation, p_user, p_message, p_created, p_reply, 'failed', p_error, now()
    from users where id = p_user
    on conflict do nothing;
    if found then
        insert into messages (id, conversation_id, user_id, role, content, status, generation_id, created_at)
        values (p_message, p_conversation, p_user, 'user', '', 'failed', p_generation, p_created);
        update conversations set message_count = message_count + 1 where id = p_conversation;
    end if;
    return coalesce((select state = 'failed' and error_code = p_error from generations where id = p_generation), true);
end $$;
