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
-- p_safety is NULL for a message without a sign of a crisis in a conversation without a state, or {version: of the
-- state by which it was judged (0: none), state: the next one or null, decision, flag: of the message's metadata,
-- metadata: of the reply's, reply: a fixed one in place of a model's, alert}, members that are not needed left out.
-- Returns a row for each element that has one of these outcomes: {stale: the state} when the conversation has another
-- version, so that nothing was stored; {repeated: true, decision, end} for a message that was stored before; {end} when
-- the fixed reply was stored. `end` is generation_end.
create or replace function messages_screen(
    p_message uuid[], p_conversation uuid[], p_user uuid[], p_generation uuid[], p_reply uuid[], p_client text[],
    p_content text[], p_content_type text[], p_model text[], p_parameters jsonb[], p_listed boolean[],
    p_created timestamptz[], p_action text[], p_categories text[], p_confidence double precision[], p_reason text[],
    p_replaces uuid[], p_safety jsonb[]
) returns table (ordinal bigint, outcome json)
language plpgsql set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
    replacing uuid[];
    fresh_ones bigint[];
    stale_ones bigint[];
begin
    with given as (
        select g.*, action = 'block' as refused, safety ->> 'reply' as fixed
        from unnest(p_message, p_conversation, p_user, p_generation, p_reply, p_client, p_content, p_content_type,
                    p_model, p_parameters, p_listed, p_created, p_action, p_categories, p_confidence, p_reason,
                    p_replaces, p_safety) with ordinality
            as g(message, conversation, owner, generation, reply, client, content, content_type, model, parameters,
                 listed, created, action, categories, confidence, reason, replaces, safety, ordinal)
    ), stale as materialized (
        select g.ordinal from given g left join conversations c on c.id = g.conversation
        where coalesce((c.safety ->> 'version')::int, 0) <> coalesce((g.safety ->> 'version')::int, 0)
          and not exists (select from generations x where x.id = g.generation)
    ), fresh as (
        insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, model,
                                 parameters, state, epoch, attempts, error_code, finished_at, safety)
        select generation, conversation, owner, message, created, reply, nullif(model, ''), coalesce(parameters, '{}'),
               case when refused then 'rejected'::generation_state when fixed is not null then 'running'
                    else 'queued' end,
               (fixed is not null)::int, (fixed is not null)::int,
               case when refused then reason end, case when refused then now() end, safety -> 'metadata'
        from given where given.ordinal not in (select s.ordinal from stale s)
        on conflict do nothing
        returning id
    ), new as materialized (
        select given.* from fresh join given on given.generation = fresh.id
    ), stored as (
        insert into messages (id, conversation_id, user_id, role, content, content_type, status, client_message_id,
                              generation_id, created_at, metadata)
        select message, conversation, owner, 'user', content, content_type::message_content_type,
               case when refused then 'rejected'::message_status else 'accepted' end, nullif(client, ''), generation,
               created, coalesce(safety -> 'flag', '{}')
        from new
    ), decided as (
        insert into moderation_decisions (message_id, user_id, action, categories, confidence, reason, safety)
        select message, owner, action, categories::text[], confidence, reason, safety -> 'decision'
        from new where action <> 'allow'
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
    select array_agg(n.generation) filter (where n.replaces is not null and not n.refused), array_agg(n.ordinal),
           (select array_agg(s.ordinal) from stale s)
    into replacing, fresh_ones, stale_ones from new n;
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
    if fresh_ones is null or cardinality(fresh_ones) < cardinality(p_message)
       or exists (select from unnest(p_safety) s where s ?| '{state,reply}') then
        return query select * from messages_keep_safe(p_message, p_conversation, p_user, p_generation, p_created,
            p_safety, coalesce(fresh_ones, '{}'), coalesce(stale_ones, '{}'));
    end if;
end $$;

-- The part of messages_screen that few messages need.
create or replace function messages_keep_safe(
    p_message uuid[], p_conversation uuid[], p_user uuid[], p_generation uuid[], p_created timestamptz[],
    p_safety jsonb[], p_fresh bigint[], p_stale bigint[]
) returns table (ordinal bigint, outcome json)
language plpgsql as $$
declare
    fixed uuid[];
begin
    with new as (
        select g.* from unnest(p_message, p_conversation, p_user, p_created, p_safety) with ordinality
            as g(message, conversation, owner, created, safety, ordinal)
        where g.ordinal = any (p_fresh) and g.safety is not null
    ), alerted as (
        insert into crisis_alerts (id, user_id, conversation_id, message_id, severity, trigger_type, detected_signals,
                                   rules_version, score, context, resources_shown, created_at, keep_until)
        select a.id, n.owner, n.conversation, n.message, a.severity, a.trigger_type, a.signals, a.rules_version,
               a.score, a.context, true, n.created,
               n.created + make_interval(days => setting_int('crisis_evidence_days'))
        from new n, jsonb_to_record(n.safety -> 'alert') as a(
            id uuid, severity text, trigger_type text, signals text[], rules_version text, score real, context text)
        where n.safety ? 'alert'
        on conflict do nothing
    )
    -- A state that a person has ended meanwhile stays ended, unless this message leads to an alert of its own.
    update conversations c set
        safety = nullif(n.safety -> 'state', 'null'),
        crisis_at = case when n.safety ? 'alert' then n.created else c.crisis_at end
    from new n
    where c.id = n.conversation and n.safety ? 'state'
      and (n.safety ? 'alert'
           or coalesce((c.safety ->> 'version')::int, 0) = coalesce((n.safety ->> 'version')::int, 0));

    fixed := array(select p_generation[o] from unnest(p_fresh) o where p_safety[o] ? 'reply' order by 1);
    perform f.ended
    from unnest(fixed) as g(id)
    join lateral (select p_safety[array_position(p_generation, g.id)] ->> 'reply' as words) r on true
    cross join lateral generations_finish(array[g.id], array[1], array['completed'], array[r.words], array[null::text],
        array['airi'], array['crisis'], array[0::bigint], array[0::bigint], array[0::bigint], array[0::bigint],
        array[2], array['[]'::jsonb], array[false], array[0], array['{"finish_reason": "stop"}'::jsonb]) f;
    return query
        select g.ordinal,
            case when g.ordinal = any (p_stale) then json_build_object('stale', (
                select c.safety from conversations c where c.id = g.conversation))
            else json_build_object('repeated', g.ordinal <> all (p_fresh),
                'decision', (select d.safety from moderation_decisions d where d.message_id = g.message),
                'end', (select generation_end(x) from generations x
                        where x.id = g.generation and x.used_model = 'crisis')) end
        from unnest(p_message, p_conversation, p_generation, p_safety) with ordinality
            as g(message, conversation, generation, safety, ordinal)
        where g.ordinal = any (p_stale) or g.ordinal <> all (p_fresh) or g.safety ? 'reply';
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
