-- Ends the waiting of a held message by p_review: it goes on its way to the chat worker, which answers it, or shows the
-- end that is stored here. Nothing happens when it waits no more.
create or replace function held_release(d moderation_decisions, p_review text) returns void language plpgsql as $$
declare
    g generations;
begin
    -- The generation first, as statements that replace messages lock them.
    select * into g from generations where message_id = d.message_id for update;
    update moderation_decisions set review = p_review, reviewed_by = caller(), reviewed_at = now()
    where message_id = d.message_id and review = 'held';
    if not found or g.id is null then return; end if;
    update messages set status = case p_review when 'rejected' then 'rejected' else 'accepted' end::message_status
    where id = g.message_id and created_at = g.message_created_at and status = 'held';
    -- The edit of a message happens now; until then the old text stands.
    if p_review = 'allowed' and d.replaces is not null then
        perform replace_questions(array[g.id], array[g.message_id], array[g.conversation_id], array[g.user_id],
            array[g.message_created_at], array[d.replaces], array[g.id]);
    end if;
    if p_review = 'rejected' then
        -- As messages_screen rejects; the epoch says that the end is still to be shown.
        update generations set
            state = 'rejected', epoch = 1, error_code = d.reason, provider = 'airi', used_model = 'moderation',
            finished_at = now()
        where id = g.id and state = 'queued';
        update message_quota set tokens = 0, settled = true
        where user_id = g.user_id and message_id = g.message_id
          and day = (g.message_created_at at time zone 'utc')::date and tokens > 0;
        update conversations set message_count = message_count + 1, updated_at = now() where id = g.conversation_id;
        perform violation_record(d);
    end if;
    perform outbox_add(gen_random_uuid(), 'chat.screened.v1', g.conversation_id::text, json_build_object(
        'conversation_id', g.conversation_id, 'user_id', g.user_id, 'message_id', g.message_id, 'generation_id', g.id,
        'reply_id', g.reply_id, 'created_at', g.message_created_at,
        'listed', exists (select from conversations c where c.id = g.conversation_id)), '', '');
end $$;

-- A held message that its user cancels, deletes or replaces does not wait for a person.
create or replace function withdraw_held() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    perform held_release(d, 'withdrawn')
    from made join generations g on g.id = made.generation_id and g.user_id = made.user_id
    join moderation_decisions d on d.message_id = g.message_id and d.review = 'held';
    return null;
end $$;
create or replace trigger withdraw_held after insert on cancellations referencing new table as made
    for each statement execute function withdraw_held();

-- A message that was held, as administrators see it.
create or replace function held_json(d moderation_decisions) returns json language sql stable as $$
    select json_build_object('id', d.message_id, 'state', d.review, 'category', coalesce(d.categories[1], ''),
        'categories', d.categories, 'reason', d.reason, 'confidence', d.confidence, 'created_at', d.created_at,
        'decided_by', d.reviewed_by, 'decided_at', d.reviewed_at,
        'message', (select m.content from generations g
                    join messages m on m.id = g.message_id and m.created_at = g.message_created_at
                    where g.message_id = d.message_id),
        'user', (select json_build_object('id', u.id, 'email', u.email, 'status', u.status,
                     'violations', (select count(*) from violations o where o.user_id = u.id))
                 from users u where u.id = d.user_id))
$$;

-- A page of the messages that were held, newest first; `p_state` NULL: of every state.
create or replace function held_page(p_state text, p_cursor text, p_limit int) returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select * from moderation_decisions d
        where unless_admin() is null and d.review is not null and (p_state is null or d.review = p_state)
          and (p_cursor is null or (d.created_at, d.message_id)
               < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by d.created_at desc, d.message_id desc limit p_limit + 1
    ), shown as (select * from page order by created_at desc, message_id desc limit p_limit)
    select coalesce(json_agg(held_json(s.*::moderation_decisions) order by created_at desc, message_id desc), '[]'),
        case when (select count(*) from page) > p_limit
             then (select created_at || '|' || message_id from shown order by created_at, message_id limit 1) end
    from shown s
$$;

-- An administrator decides about a held message, once. The message then, or a refusal; NULL: none was held. An edit
-- whose question was replaced or deleted meanwhile is withdrawn when it is allowed.
create or replace function held_decide(p_id uuid, p_decision text) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    d moderation_decisions;
    g generations;
begin
    if refused is not null then return refused; end if;
    select * into g from generations where message_id = p_id;
    select * into d from moderation_decisions where message_id = p_id;
    perform lock_replaced(array[g.conversation_id], array[coalesce(d.replaces, p_id)], '{infinity}');
    select * into d from moderation_decisions where message_id = p_id and review is not null for update;
    if not found then return null; end if;
    if d.review <> 'held' then
        return refusal(409, 'REVIEW_DECIDED', format('the message is %s already', d.review));
    end if;
    if d.user_id = caller() then return refusal(403, 'OWN_ACCOUNT', 'this is your own message'); end if;
    if p_decision = 'allow' and d.replaces is not null
       and question_fault(g.conversation_id, d.replaces) is not null then
        insert into cancellations (generation_id, user_id) values (g.id, g.user_id) on conflict do nothing;
    else
        perform held_release(d, case p_decision when 'allow' then 'allowed' else 'rejected' end);
    end if;
    select * into d from moderation_decisions where message_id = p_id;
    perform audit(d.user_id, 'moderation.' || d.review, p_id::text, jsonb_build_object('reason', d.reason));
    return held_json(d);
end $$;

-- Adds to the counts of what the shadow's rules would do: [{way, category, live, shadow, messages}].
create or replace function shadow_count(p_rows jsonb) returns void
language sql security definer set search_path = airi, pg_temp as $$
    insert into moderation_shadow_counts as c (day, way, category, live, shadow, messages)
    select (now() at time zone 'utc')::date, r.*
    from jsonb_to_recordset(p_rows) as r(way text, category text, live text, shadow text, messages bigint)
    on conflict (day, way, category, live, shadow) do update set messages = c.messages + excluded.messages
$$;

-- The counts of so many days (UTC), the newest first.
create or replace function shadow_report(p_days int) returns json
language plpgsql stable security definer set search_path = airi, pg_temp as $$
begin
    return coalesce(unless_admin(), (
        select coalesce(json_agg(to_json(c) order by day desc, way, category, live, shadow), '[]')
        from moderation_shadow_counts c where day > (now() at time zone 'utc')::date - p_days));
end $$;

-- The blocked terms and patterns that contain p_search (NULL: all), in their order, at most p_limit.
create or replace function terms_find(p_search text, p_limit int) returns json
language plpgsql stable security definer set search_path = airi, pg_temp as $$
begin
    return coalesce(unless_admin(), (
        select coalesce(json_agg(to_json(t) order by term, pattern, shadow), '[]')
        from (select * from blocked_terms where p_search is null or position(lower(p_search) in lower(term)) > 0
              order by term, pattern, shadow limit p_limit) t));
end $$;

-- The terms of a body as the table has them; of a term that is given twice the last one.
create or replace function terms_given(p_terms jsonb)
returns table (term text, category text, action text, pattern boolean, shadow boolean)
language sql immutable as $$
    select distinct on (1, 4, 5) case when pattern then e ->> 'term' else lower(btrim(e ->> 'term')) end,
        e ->> 'category', e ->> 'action', pattern, coalesce((e ->> 'shadow')::boolean, false)
    from jsonb_array_elements(p_terms) with ordinality as g(e, place),
        lateral (select coalesce((e ->> 'pattern')::boolean, false)) as p(pattern)
    order by 1, 4, 5, place desc
$$;

-- Sets terms, all of them or none: {terms: [{term, category, action, pattern, shadow}]}; the action `none` takes one
-- out of force. Patterns are checked before. The rows then, or a refusal.
create or replace function terms_set(p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    most constant int := 100000;
    most_patterns constant int := 100;  -- in force, and of the shadow
    refused json := unless_admin();
    given jsonb := p_body -> 'terms';
    wrong jsonb;
    out json;
begin
    if refused is not null then return refused; end if;
    select e -> 'term' into wrong from jsonb_array_elements(given) e where e ->> 'term' !~ '[[:alnum:]]' limit 1;
    if found then
        return refusal(422, 'VALIDATION_FAILED', format('the term %s has no letter and no digit', wrong));
    end if;
    select e -> 'term' into wrong from jsonb_array_elements(given) e
    where e ->> 'category' = 'self_harm' and e ->> 'action' = 'block' limit 1;
    if found then
        return refusal(422, 'VALIDATION_FAILED',
            format('the term %s of the category self_harm can''t have the action block: a person in a crisis is shown '
                'help, not a rejection; warn records it', wrong));
    end if;
    perform pg_advisory_xact_lock(hashtext('blocked_terms'));
    if (select count(*) from blocked_terms) + jsonb_array_length(given) > most then
        return refusal(409, 'TOO_MANY_TERMS', format('there are at most %s terms', most));
    end if;
    if exists (
        select from (select t.term, t.shadow, t.action from blocked_terms t left join terms_given(given) g
                         on (g.term, g.pattern, g.shadow) = (t.term, t.pattern, t.shadow)
                     where t.pattern and g.term is null
                     union all select g.term, g.shadow, g.action from terms_given(given) g where g.pattern) p
        where p.action <> 'none' group by p.shadow having count(*) > most_patterns) then
        return refusal(409, 'TOO_MANY_TERMS', format('there are at most %s patterns', most_patterns));
    end if;
    with stored as (
        insert into blocked_terms (term, category, action, pattern, shadow, changed_at, changed_by)
        select g.*, now(), caller() from terms_given(given) g
        on conflict (term, pattern, shadow) do update set category = excluded.category, action = excluded.action,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by
        returning *
    )
    select json_agg(to_json(s) order by term, pattern, shadow) into out from stored s;
    perform audit(null, 'moderation.terms', '', p_body);
    return out;
end $$;
