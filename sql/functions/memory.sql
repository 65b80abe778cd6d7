-- Drops a summary that covers a deleted message, so that it is written anew. The row is locked first: a summary that is
-- being written meanwhile either sees the deletion or is dropped by it.
create or replace function forget_summary() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    perform from conversations where id = old.conversation_id for update;
    update conversations set
        summary = null, summary_until = null, recent_messages = message_count, recent_tokens = null
    where id = old.conversation_id and summary_until >= old.created_at;
    return null;
end $$;
create or replace trigger summary_of_hidden after update of deleted_at on messages for each row
    when (old.deleted_at is null and new.deleted_at is not null) execute function forget_summary();
create or replace trigger summary_of_removed after delete on messages for each row execute function forget_summary();

-- The tokens of a message in a prompt, roughly.
create or replace function memory_tokens(p_bytes int) returns int language sql immutable as $$
    select p_bytes / 4 + 5
$$;

-- The messages of a prompt that the summary does not cover.
create or replace function memory_turns(v conversations) returns setof messages language sql stable as $$
    select * from messages m
    where m.conversation_id = v.id and m.created_at > coalesce(v.summary_until, '-infinity')
      and m.status in ('accepted', 'completed', 'cancelled') and m.deleted_at is null
$$;

-- The work that is due after a completed turn of a listed conversation; NULL: none.
-- `title`: the material for a title, while the conversation is young and its title is its first words.
-- `turns`: the oldest messages, to be folded into the summary before the prompt overflows: from three quarters of its
-- tokens or 50 messages on, as many as leave half of it or 30 messages, never the last four.
-- `titled`, `folded`: that was tried for this turn before.
create or replace function memory_look(p_conversation uuid, p_generation uuid, p_title uuid, p_summary uuid)
returns json
language plpgsql stable as $$
declare
    v conversations;
    g generations;
    room bigint;
    said bigint;
    weight bigint;
    title json;
    turns json;
    tried uuid[];
begin
    select * into v from conversations where id = p_conversation and deleted_at is null;
    if not found then return null; end if;
    select coalesce(array_agg(distinct generation_id), '{}') into tried from provider_calls
    where generation_id in (p_title, p_summary);
    select * into g from generations
    where id = p_generation and conversation_id = p_conversation and state = 'completed';
    if not found then return null; end if;
    if v.titled_by = 'words' and v.message_count <= 6 and p_title <> all (tried)
       and setting('auto_title') = 'true' then
        select json_build_object('question', left(q.content, 2000), 'reply', left(r.content, 2000)) into title
        from messages q
        join messages r on r.id = g.reply_id and r.created_at = g.message_created_at + interval '1 microsecond'
        where q.id = g.message_id and q.created_at = g.message_created_at
          and q.deleted_at is null and r.deleted_at is null;
    end if;
    select least(p.context_tokens, m.context_tokens) - least(p.reply_tokens, m.reply_tokens)
           - octet_length(concat(c.personality, v.system_prompt, v.summary)) / 4 into room
    from users u join plans p on p.id = u.plan left join companions c on c.id = v.companion_id
    left join model_prices m on m.provider = g.provider and m.model = g.used_model
    where u.id = g.user_id;
    if v.recent_messages <= 50 and v.recent_tokens <= room * 3 / 4 then
        said := v.recent_messages;
        weight := v.recent_tokens;
    else
        select count(*), sum(memory_tokens(octet_length(content))) into said, weight from memory_turns(v);
    end if;
    if (said > 50 or weight > room * 3 / 4) and p_summary <> all (tried) then
        select json_agg(json_build_object(
                   'role', f.role, 'content', left(f.content, 4000), 'created_at', f.created_at)
                   order by f.created_at, f.id)
        into turns
        from (select t.*, row_number() over w as newer, sum(memory_tokens(octet_length(t.content))) over w as behind
              from memory_turns(v) t window w as (order by t.created_at desc, t.id)
              order by t.created_at, t.id limit 160) f
        where f.newer > 4 and (f.newer > 30 or f.behind > room / 2);
    end if;
    if title is null and turns is null and cardinality(tried) = 0 then return null; end if;
    return (
        select json_build_object(
            'rank', p.rank, 'providers', coalesce(p.features -> 'providers', '[]'), 'title', title, 'turns', turns,
            'summary', v.summary, 'until', v.summary_until, 'titled', p_title = any (tried),
            'folded', p_summary = any (tried))
        from users u join plans p on p.id = u.plan where u.id = g.user_id);
end $$;

-- memory_look of each element of the arrays. The usual case needs none: a conversation with a title that is short
-- enough for every plan. Plans as in messages_screen.
create or replace function memory_due(p_conversation uuid[], p_generation uuid[], p_title uuid[], p_summary uuid[])
returns table (ordinal bigint, due json)
language plpgsql set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    return query
    select g.ordinal, case
        when v.titled_by <> 'words' and v.recent_messages <= 50 and v.recent_tokens < 500
             and not exists (select from provider_calls p where p.generation_id = g.title)
             and not exists (select from provider_calls p where p.generation_id = g.summary) then null
        else memory_look(g.conversation, g.generation, g.title, g.summary) end
    from unnest(p_conversation, p_generation, p_title, p_summary) with ordinality
        as g(conversation, generation, title, summary, ordinal)
    left join conversations v on v.id = g.conversation;
end $$;

-- Replaces the first words by a title, unless another title came first; stores the calls in any case. Returns
-- {conversation, calls}.
create or replace function memory_title(p_conversation uuid, p_user uuid, p_id uuid, p_title text, p_calls jsonb)
returns json
language plpgsql as $$
declare
    v conversations;
begin
    perform provider_calls_add(p_id, p_user, p_calls);
    update conversations set title = p_title, titled_by = 'model'
    where id = p_conversation and titled_by = 'words' and deleted_at is null and p_title <> '' returning * into v;
    return json_build_object(
        'conversation', case when v.id is not null then conversation_json(v) end, 'calls', ledger_lines(p_id));
end $$;

-- Stores a summary up to p_until, which covers p_count messages more than the one before, unless one of them was
-- deleted meanwhile; stores the calls in any case.
create or replace function memory_fold(
    p_conversation uuid, p_user uuid, p_id uuid, p_summary text, p_before timestamptz, p_until timestamptz,
    p_count int, p_calls jsonb
) returns json
language plpgsql as $$
declare
    v conversations;
begin
    perform provider_calls_add(p_id, p_user, p_calls);
    select * into v from conversations where id = p_conversation for update;
    if p_summary <> '' and v.summary_until is not distinct from p_before
       and (select count(*) from memory_turns(v) t where t.created_at <= p_until) = p_count then
        update conversations set
            summary = p_summary, summary_until = p_until,
            (recent_messages, recent_tokens) = (
                select count(*), coalesce(sum(memory_tokens(octet_length(t.content))), 0)
                from memory_turns(v) t where t.created_at > p_until)
        where id = p_conversation;
    end if;
    return json_build_object('conversation', null, 'calls', ledger_lines(p_id));
end $$;
