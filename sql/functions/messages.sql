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
        'generation_id', m.generation_id, 'rating', m.rating, 'created_at', m.created_at,
        'flagged', m.metadata ?| '{flagged,moderation}',
        'flag_reason', coalesce(m.metadata ->> 'flag_reason', m.metadata #>> '{moderation,reason}'),
        'flag_categories', coalesce(m.metadata -> 'flag_categories', m.metadata #> '{moderation,categories}', '[]'),
        'metadata', m.metadata)
$$;

-- The codes of the messages that came too late; as they end their generations.
create or replace function lost_codes() returns text[] language sql immutable as $$
    select '{message_replaced,message_deleted,conversation_deleted}'::text[]
$$;

-- The code by which a question cannot be replaced any more; NULL when it can.
create or replace function question_fault(p_conversation uuid, p_question uuid) returns text
language plpgsql stable as $$
declare
    q messages;
begin
    select m.* into q from generations g
    join messages m on m.id = g.message_id and m.created_at = g.message_created_at
    where g.message_id = p_question and m.conversation_id = p_conversation;
    return case when q.superseded_by is not null then 'message_replaced'
                when q.id is null or q.deleted_at is not null then 'message_deleted' end;
end $$;

-- The refusal of a change to a message that is replaced, or is being replaced.
create or replace function replaced_refusal() returns json language sql immutable as $$
    select refusal(409, 'MESSAGE_REPLACED', 'this message was edited or regenerated meanwhile: list the messages again')
$$;

-- Claims the question of the caller's message, which is that message, the one that it answers, or the one that it edits
-- while it is held, for its replacement p_new: {id, content, claimed}, a refusal, or NULL: there is no such message.
-- Of concurrent claims one wins; it is good for a minute, in which the new message is stored (messages_screen decides
-- whatever happens) or the claim given back. `claimed` is false for a repetition.
create or replace function question_claim(p_conversation uuid, p_message uuid, p_new uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    m messages;
    q messages;
    g generations;
begin
    select x.* into g
    from messages a join generations y on y.id = a.generation_id
    left join moderation_decisions d on d.message_id = y.message_id and d.review = 'held'
        and question_fault(p_conversation, d.replaces) is null
    join generations x on x.message_id = coalesce(d.replaces, y.message_id)
    where a.id = p_message and a.conversation_id = p_conversation and a.user_id = caller() for update of x;
    if not found then return null; end if;
    select * into m from messages where id = p_message and conversation_id = p_conversation;
    select * into q from messages where id = g.message_id and created_at = g.message_created_at;
    if p_new in (q.superseded_by, g.replaced_by) then
        return json_build_object('id', q.id, 'content', case m.role when 'user' then m.content else q.content end,
            'claimed', false);
    elsif m.superseded_by is not null or q.superseded_by is not null
          or (g.gone_at is null and g.replaced_at > clock_timestamp() - interval '1 minute') then
        return replaced_refusal();
    elsif q.id is null or m.deleted_at is not null or q.deleted_at is not null then
        return null;
    end if;
    update generations set replaced_by = p_new, replaced_at = clock_timestamp() where id = g.id;
    return json_build_object('id', q.id, 'content', case m.role when 'user' then m.content else q.content end,
        'claimed', true);
end $$;

-- Gives back the claim of a message that was not sent.
create or replace function question_release(p_question uuid, p_new uuid) returns void
language sql security definer set search_path = airi, pg_temp as $$
    update generations set replaced_by = null, replaced_at = null
    where message_id = p_question and user_id = caller() and replaced_by = p_new and gone_at is null
$$;

-- Deletes a message of the caller's; repeated, it changes nothing. The reply to a question that is being answered is
-- not stored as current any more: `stopped` is its generation, which is cancelled. No row: no such message.
create or replace function message_delete(p_conversation uuid, p_message uuid)
returns table (message json, stopped uuid)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    m messages;
    g generations;
begin
    select x.* into g from messages a join generations x on x.id = a.generation_id
    where a.id = p_message and a.conversation_id = p_conversation and a.user_id = caller() for update of x;
    update messages u set deleted_at = coalesce(u.deleted_at, now())
    where u.id = p_message and u.conversation_id = p_conversation and u.user_id = caller() and u.superseded_by is null
      and (u.role <> 'user' or g.gone_at is not null
           or coalesce(g.replaced_at <= clock_timestamp() - interval '1 minute', true))
    returning * into m;
    if not found then
        return query select replaced_refusal(), null::uuid from messages a
                     where a.id = p_message and a.conversation_id = p_conversation and a.user_id = caller();
        return;
    end if;
    if m.role = 'user' and g.state in ('queued', 'running') then
        update generations set gone_at = m.deleted_at, replaced_by = null, replaced_at = null
        where id = g.id and gone_at is null;
        insert into cancellations (generation_id, user_id) values (g.id, g.user_id) on conflict do nothing;
        stopped := g.id;
    end if;
    return query select json_build_object('id', m.id, 'deleted_at', m.deleted_at), stopped;
end $$;

-- Waits until replies that are being stored, to the questions that are replaced and to those after them, are there for
-- later statements.
create or replace function lock_replaced(p_conversation uuid[], p_replaces uuid[], p_created timestamptz[])
returns void language sql as $$
    select from unnest(p_conversation, p_replaces, p_created) as n(conversation, replaces, created)
    join generations q on q.message_id = n.replaces
    join generations g on g.conversation_id = n.conversation and g.message_created_at < n.created
                      and g.message_created_at >= q.message_created_at
    order by g.id for update of g
$$;

-- Replaces the questions p_replaces by the messages of the generations p_which, which are some of p_generation.
create or replace function replace_questions(
    p_generation uuid[], p_message uuid[], p_conversation uuid[], p_user uuid[], p_created timestamptz[],
    p_replaces uuid[], p_which uuid[]
) returns void language plpgsql as $$
begin
    -- The replaced question and everything after it stay as an earlier version (see forget_in_list).
    update messages m set deleted_at = now(), superseded_by = n.message
    from unnest(p_generation, p_message, p_conversation, p_user, p_created, p_replaces)
        as n(generation, message, conversation, owner, created, replaces)
    where n.generation = any (p_which) and m.conversation_id = n.conversation and m.user_id = n.owner
      and m.created_at < n.created and m.deleted_at is null
      and m.created_at >= (
          select created_at from messages where id = n.replaces and conversation_id = n.conversation);
    -- So do the replies to them that are not stored yet, which are stopped.
    with gone as (
        update generations g set gone_at = now(), replaced_by = n.message, replaced_at = now()
        from unnest(p_generation, p_message, p_conversation, p_created, p_replaces)
            as n(generation, message, conversation, created, replaces)
        join generations q on q.message_id = n.replaces
        where n.generation = any (p_which) and g.conversation_id = n.conversation
          and g.message_created_at < n.created and g.message_created_at >= q.message_created_at
          and g.state in ('queued', 'running') and g.gone_at is null
        returning g.id, g.user_id
    )
    insert into cancellations (generation_id, user_id) select id, user_id from gone on conflict do nothing;
end $$;

-- Stores moderation's results, element by element of the arrays: messages, their generations, and decisions unless they
-- are `allow`. `block` rejects, `warn` passes; a message that is held waits for a person, with a queued generation
-- (held_release in moderation.sql). The generation's row decides whether a message is new: a repeated message id with
-- another time changes nothing. Arrays are short and have one element a conversation, so joins go by index whatever the
-- planner believes.
-- p_safety is NULL for a message without a sign of a crisis and without scores in a conversation without a state, or
-- {version: of the state by which it was judged (0: none), state: the next one or null, decision, scores: of the
-- moderation provider, flag: of the message's metadata, metadata: of the reply's, reply: a fixed one in place of a
-- model's, words: the reply's, alert, held}, members that are not needed left out. p_words are those of the contents as
-- sql/search.hpp makes them. A message that is blocked as `moderation_unavailable` has no decision: nobody has judged
-- it.
-- Returns a row for each element that has one of these outcomes: {stale: the state} when the conversation has another
-- version, so that nothing was stored; {repeated: true, decision, review, verdict: {action, categories,
-- confidence, reason} or null for `allow`, end} for a message that was stored before; {end} when the fixed reply was
-- stored; {lost: a code} when the message came too late: the question that it replaces was replaced
-- or deleted meanwhile, or the conversation was deleted; {stopped: ids} of the generations whose questions it replaces.
-- Nothing is stored of a message whose conversation or account has been erased, with what tells that it is an old one.
-- `end` is generation_end.
create or replace function messages_screen(
    p_message uuid[], p_conversation uuid[], p_user uuid[], p_generation uuid[], p_reply uuid[], p_client text[],
    p_content text[], p_content_type text[], p_model text[], p_parameters jsonb[], p_listed boolean[],
    p_created timestamptz[], p_action text[], p_categories text[], p_confidence double precision[], p_reason text[],
    p_replaces uuid[], p_safety jsonb[], p_words text[]
) returns table (ordinal bigint, outcome json)
language plpgsql set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
    replacing uuid[];
    fresh_ones bigint[];
    stale_ones bigint[];
begin
    if cardinality(array_remove(p_replaces, null)) > 0 then
        perform lock_replaced(p_conversation, p_replaces, p_created);
    end if;
    with given as (
        select g.*, g.action = 'block' as refused, g.safety ->> 'reply' as fixed,
               case when g.listed and c.deleted_at is not null then 'conversation_deleted'
                    when g.replaces is not null then question_fault(g.conversation, g.replaces) end as lost,
               g.listed and c.id is null
                   or exists (select from users u where u.id = g.owner and u.erased_at is not null) as erased
        from unnest(p_message, p_conversation, p_user, p_generation, p_reply, p_client, p_content, p_content_type,
                    p_model, p_parameters, p_listed, p_created, p_action, p_categories, p_confidence, p_reason,
                    p_replaces, p_safety, p_words) with ordinality
            as g(message, conversation, owner, generation, reply, client, content, content_type, model, parameters,
                 listed, created, action, categories, confidence, reason, replaces, safety, words, ordinal)
        left join conversations c on c.id = g.conversation
    ), stale as materialized (
        select g.ordinal from given g left join conversations c on c.id = g.conversation
        where coalesce((c.safety ->> 'version')::int, 0) <> coalesce((g.safety ->> 'version')::int, 0)
          and not exists (select from generations x where x.id = g.generation)
    ), fresh as (
        insert into generations (id, conversation_id, user_id, message_id, message_created_at, reply_id, model,
                                 parameters, state, epoch, attempts, error_code, finished_at, safety)
        select generation, conversation, owner, message, created, reply, nullif(model, ''), coalesce(parameters, '{}'),
               case when lost is not null then 'failed'::generation_state when refused then 'rejected'
                    when fixed is not null then 'running' else 'queued' end,
               (fixed is not null)::int, (fixed is not null)::int,
               case when lost is not null then lost when refused then reason end,
               case when lost is not null or refused then now() end, safety -> 'metadata'
        from given where not given.erased and given.ordinal not in (select s.ordinal from stale s)
        on conflict do nothing
        returning id
    ), new as materialized (
        select given.* from fresh join given on given.generation = fresh.id
    ), stored as (
        insert into messages (id, conversation_id, user_id, role, content, content_type, status, client_message_id,
                              generation_id, created_at, deleted_at, metadata, words)
        select message, conversation, owner, 'user', content, content_type::message_content_type,
               case when lost is not null then 'failed'::message_status when refused then 'rejected'
                    when safety ? 'held' then 'held' else 'accepted' end,
               nullif(client, ''), generation, created, case when lost is not null then now() end,
               case when action <> 'allow' and reason <> '' and reason not like 'crisis:%' and lost is null
                         and reason <> 'moderation_unavailable'
                    then jsonb_build_object('flagged', true, 'flag_reason', reason,
                             'flag_categories', categories::text[])
                    else '{}' end || coalesce(safety -> 'flag', '{}'), words::tsvector
        from new
    ), decided as (
        insert into moderation_decisions (message_id, user_id, action, categories, confidence, reason, safety, scores,
                                          review, replaces)
        select message, owner, action, categories::text[], confidence, reason, safety -> 'decision',
               safety -> 'scores', case when safety ? 'held' then 'held' end,
               case when safety ? 'held' then replaces end
        from new where action <> 'allow' and reason <> 'moderation_unavailable' and lost is null
        on conflict do nothing
    ), settled as (
        update message_quota q set tokens = 0, settled = true from new n
        where (n.refused or n.lost is not null) and q.user_id = n.owner and q.message_id = n.message
          and q.day = (n.created at time zone 'utc')::date and q.tokens > 0
    ), headed as (
        -- A turn is counted, and moves its conversation up, when it ends; until then only the first one sets the title.
        update conversations c set
            title = case when title = '' then one_line(n.content, 60) else title end,
            message_count = message_count + n.refused::int, last_message_at = n.created, updated_at = now(),
            last_message_preview = cut_text(n.content, 120)
        from new n
        where n.listed and n.lost is null and c.id = n.conversation
          and (n.refused or c.title = '' and n.replaces is null)
    )
    select array_agg(n.generation) filter (where n.replaces is not null and not n.refused and n.lost is null
               and not coalesce(n.safety ? 'held', false)),
           array_agg(n.ordinal) filter (where n.lost is null), (select array_agg(s.ordinal) from stale s)
    into replacing, fresh_ones, stale_ones from new n;
    if replacing is not null then
        perform replace_questions(p_generation, p_message, p_conversation, p_user, p_created, p_replaces, replacing);
    end if;
    -- The claim of a message that replaces nothing after all, or not before a person has allowed it.
    update generations g set replaced_by = null, replaced_at = null
    from unnest(p_generation, p_message, p_replaces) as n(generation, message, replaces)
    where n.replaces is not null and n.generation <> all (coalesce(replacing, '{}'))
      and g.message_id = n.replaces and g.replaced_by = n.message and g.gone_at is null;
    if fresh_ones is null or cardinality(fresh_ones) < cardinality(p_message)
       or replacing is not null or exists (select from unnest(p_safety) s where s ?| '{state,reply}') then
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
    join lateral (select p_safety[array_position(p_generation, g.id)] as safety) r on true
    cross join lateral generations_finish(array[g.id], array[1], array['completed'], array[r.safety ->> 'reply'],
        array[null::text], array['airi'], array['crisis'], array[0::bigint], array[0::bigint], array[0::bigint],
        array[0::bigint], array[2], array['[]'::jsonb], array[false], array[0],
        array['{"finish_reason": "stop"}'::jsonb], array[r.safety ->> 'words']) f;
    return query
        select g.ordinal,
            case when g.ordinal = any (p_stale) then json_build_object('stale', (
                select c.safety from conversations c where c.id = g.conversation))
            else json_build_object('repeated', g.ordinal <> all (p_fresh),
                'decision', (select d.safety from moderation_decisions d where d.message_id = g.message),
                'review', (select d.review from moderation_decisions d where d.message_id = g.message),
                'verdict', coalesce(
                    (select json_build_object('action', d.action, 'categories', d.categories,
                         'confidence', d.confidence, 'reason', d.reason)
                     from moderation_decisions d where d.message_id = g.message),
                    (select json_build_object('action', 'block', 'categories', '[]'::json, 'confidence', 0,
                         'reason', x.error_code)
                     from generations x where x.id = g.generation and x.state = 'rejected')),
                'end', (select generation_end(x) from generations x
                        where x.id = g.generation and x.used_model = 'crisis'),
                'lost', (select coalesce(min(x.error_code) filter (
                             where x.state = 'failed' and x.error_code = any (lost_codes())),
                             case when count(*) = 0 then 'conversation_deleted' end)
                         from generations x where x.id = g.generation),
                'stopped', s.stopped) end
        from unnest(p_message, p_conversation, p_generation, p_safety) with ordinality
            as g(message, conversation, generation, safety, ordinal)
        cross join lateral (
            select json_agg(x.id) as stopped from generations x
            where x.conversation_id = g.conversation and x.replaced_by = g.message and x.gone_at is not null
              and x.state in ('queued', 'running')) s
        where g.ordinal = any (p_stale) or g.ordinal <> all (p_fresh) or g.safety ? 'reply' or s.stopped is not null;
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
    from users where id = p_user and erased_at is null
    on conflict do nothing;
    if found then
        insert into messages (id, conversation_id, user_id, role, content, status, generation_id, created_at, words)
        values (p_message, p_conversation, p_user, 'user', '', 'failed', p_generation, p_created, '');
        update conversations set message_count = message_count + 1 where id = p_conversation;
        update message_quota set tokens = 0, settled = true
        where user_id = p_user and message_id = p_message and day = (p_created at time zone 'utc')::date;
    end if;
    return coalesce((select state = 'failed' and error_code = p_error from generations where id = p_generation), true);
end $$;
