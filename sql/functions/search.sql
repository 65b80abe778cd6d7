-- The parts of a text around the matches, which are in <mark>; safe as HTML.
create or replace function highlighted(p_language regconfig, p_content text, p_wanted tsquery) returns text
language sql immutable as $$
    select ts_headline(p_language, replace(replace(replace(p_content, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'),
        p_wanted, 'StartSel=<mark>, StopSel=</mark>, MaxFragments=2, MaxWords=30, MinWords=10')
$$;

-- What the stored words of a text must have for the text to match in some language: the beginnings of the stems, whose
-- last letter and marks may differ from the word's. NULL: nothing can be said.
create or replace function stems_begin(p_wanted tsquery) returns tsquery language plpgsql immutable as $$
declare
    needed text := lower(regexp_replace(normalize(querytree(p_wanted), nfd), '[\u0300-\u036f]', '', 'g'));
begin
    if needed in ('', 't') or needed ~ $q$''|\\$q$ then return null; end if;
    needed := regexp_replace(needed, '<(-|\d+)>', '&', 'g');
    needed := translate(needed, 'øłđı', 'oldi');
    needed := regexp_replace(needed, $q$'([^']{3,})[^']'$q$, $q$'\1':*$q$, 'g');
    return regexp_replace(needed, $q$'([^']{1,3})'(?!:)$q$, $q$'\1':*$q$, 'g')::tsquery;
end $$;

-- The caller's messages that match, newest first: by p_words (sql/search.hpp makes both sides), or for a language by
-- its word forms; then its dictionary reads p_text, and the texts with a word that begins as a stem does. The newest
-- messages are read in order, where frequent words are found soon; the index has the rare ones of the others. A
-- security definer, as row-level security would prevent the use of the index.
create or replace function search_messages(
    p_words tsquery, p_language regconfig, p_text text, p_conversation uuid, p_before timestamptz, p_before_id uuid,
    p_limit int
)
returns table (
    id uuid, conversation_id uuid, title text, role message_role, created_at timestamptz, content text, highlight text
)
language plpgsql stable security definer set search_path = airi, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    who uuid := caller();
    wanted tsquery := case when p_language <> 'simple'::regconfig then websearch_to_tsquery(p_language, p_text) end;
    needed tsquery := case when p_language = 'simple'::regconfig then p_words else stems_begin(wanted) end;
    before_at timestamptz := coalesce(p_before, 'infinity');
    before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    oldest timestamptz;
    oldest_id uuid;
    found_ones int;
begin
    select m.created_at, m.id into oldest, oldest_id from messages m
    where m.user_id = who and m.deleted_at is null and (m.created_at, m.id) < (before_at, before_id)
    order by m.created_at desc, m.id desc offset 999 limit 1;
    return query
        select f.id, f.conversation_id, c.title::text, f.role, f.created_at, f.content,
            case when wanted is not null then highlighted(p_language, f.content, wanted) end
        from (select * from messages m
              where m.user_id = who and m.deleted_at is null and (m.created_at, m.id) < (before_at, before_id)
                and (oldest is null or (m.created_at, m.id) >= (oldest, oldest_id))
                and (p_conversation is null or m.conversation_id = p_conversation)
                and (needed is null or m.words @@ needed)
                and (wanted is null or to_tsvector(p_language, m.content) @@ wanted)
                and exists (select from conversations c where c.id = m.conversation_id and c.deleted_at is null)
              order by m.created_at desc, m.id desc limit p_limit) f
        join conversations c on c.id = f.conversation_id
        order by f.created_at desc, f.id desc;
    get diagnostics found_ones = row_count;
    if oldest is null or found_ones >= p_limit then return; end if;
    return query
        with matching as materialized (
            select * from messages m
            where m.user_id = who and m.deleted_at is null and (needed is null or m.words @@ needed)
              and (p_conversation is null or m.conversation_id = p_conversation)
              and (m.created_at, m.id) < (oldest, oldest_id)
        ), shown as (
            select m.*, c.title from matching m join conversations c on c.id = m.conversation_id
            where c.deleted_at is null and (wanted is null or to_tsvector(p_language, m.content) @@ wanted)
            order by m.created_at desc, m.id desc limit p_limit - found_ones
        )
        select f.id, f.conversation_id, f.title::text, f.role, f.created_at, f.content,
            case when wanted is not null then highlighted(p_language, f.content, wanted) end
        from shown f order by f.created_at desc, f.id desc;
end $$;

-- Stores the words of messages from before there were words, whose content is still the same.
create or replace function messages_index(p_message uuid[], p_created timestamptz[], p_words text[]) returns bigint
language sql as $$
    with indexed as (
        update messages m set words = n.words::tsvector
        from unnest(p_message, p_created, p_words) as n(message, created, words)
        where m.id = n.message and m.created_at = n.created and m.words is null
        returning 1
    )
    select count(*) from indexed
$$;
