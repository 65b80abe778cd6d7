-- What clients do with their conversations beside talking: titles, stars, archives, tags, templates, ratings, reading, search.
set search_path = airi;
create extension if not exists btree_gin with schema public;

-- What a statement of a data route refuses: an HTTP status, an UPPER_SNAKE code, a sentence for people.
create function refusal(p_status int, p_code text, p_message text) returns json language sql immutable as $$
    select json_build_object('problem', json_build_object('status', p_status, 'code', p_code, 'message', p_message))
$$;

alter table conversations add column last_read_at timestamptz;
alter table messages add column rating smallint;           -- 1 good, -1 bad
alter table messages add column superseded_by uuid;        -- the question that took its place

create function conversation_json(c conversations) returns json language sql stable as $$
    select json_build_object('id', c.id, 'title', c.title, 'companion_id', c.companion_id, 'model', c.model,
        'system_prompt', c.system_prompt, 'starred', c.starred, 'archived', c.archived, 'tags', c.tags,
        'message_count', c.message_count, 'tokens_total', c.tokens_total, 'last_message_at', c.last_message_at,
        'last_message_preview', c.last_message_preview, 'unread', coalesce(c.last_message_at > c.last_read_at, c.last_message_at is not null),
        'created_at', c.created_at, 'updated_at', c.updated_at, 'deleted_at', c.deleted_at)
$$;

-- A message as clients see it; its rating came later than the function.
create or replace function message_json(m messages) returns json language sql stable as $$
    select json_build_object('id', m.id, 'conversation_id', m.conversation_id, 'role', m.role, 'content', m.content,
        'content_type', m.content_type, 'status', m.status, 'client_message_id', m.client_message_id,
        'generation_id', m.generation_id, 'rating', m.rating, 'created_at', m.created_at, 'metadata', m.metadata)
$$;

create table conversation_templates (
    id            uuid primary key,
    owner         uuid references users on delete cascade, -- NULL: everybody's
    name          varchar(80) not null,
    title         varchar(200) not null default '',
    system_prompt varchar(8000),
    companion_id  uuid references companions,
    model         text,
    tags          text[] not null default '{}',
    created_at    timestamptz not null default now()
);
create index conversation_templates_of_user on conversation_templates (owner, name);
select isolate('conversation_templates', 'owner = caller()');
create policy app_reads_shared on conversation_templates for select to airi_app using (owner is null);

create function template_json(t conversation_templates) returns json language sql stable as $$
    select json_build_object('id', t.id, 'name', t.name, 'title', t.title, 'system_prompt', t.system_prompt,
        'companion_id', t.companion_id, 'model', t.model, 'tags', t.tags, 'mine', t.owner is not null, 'created_at', t.created_at)
$$;

create function companion_json(c companions) returns json language sql stable as $$
    select json_build_object('id', c.id, 'name', c.name, 'tagline', c.tagline, 'voice', c.voice, 'avatar', c.avatar, 'model', c.model,
        'personality', case when c.owner is not null then c.personality end, 'mine', c.owner is not null)
$$;

-- A companion of the caller's, within the plan's number of them.
create function companion_create(p_id uuid, p_body jsonb) returns json language plpgsql as $$
declare
    most bigint;
    made companions;
begin
    perform pg_advisory_xact_lock(hashtextextended('companions/' || caller(), 0));
    select amount into most from plan_limits l join users u on u.plan = l.plan
    where u.id = caller() and l.resource = 'companions' and l.period = 'stock';
    if most >= 0 and (select count(*) from companions where owner = caller() and deleted_at is null) >= most then
        return refusal(402, 'PLAN_LIMIT', format('your plan has %s companions', most));
    end if;
    insert into companions (id, owner, name, tagline, personality, voice, avatar, model)
    values (p_id, caller(), p_body ->> 'name', coalesce(p_body ->> 'tagline', ''), p_body ->> 'personality', p_body ->> 'voice',
            p_body ->> 'avatar', p_body ->> 'model')
    returning * into made;
    return companion_json(made);
end $$;
create index companions_of_user on companions (owner) where deleted_at is null;

-- A user's messages, and the words in them. Of words without a language, so that one index serves every language.
create index messages_search on messages using gin (user_id, to_tsvector('simple', content)) where deleted_at is null;

-- What matched of a text, between <mark> and </mark>, safe as HTML.
create function highlighted(p_language regconfig, p_content text, p_wanted tsquery) returns text language sql immutable as $$
    select ts_headline(p_language, replace(replace(replace(p_content, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), p_wanted,
                       'StartSel=<mark>, StopSel=</mark>, MaxFragments=2, MaxWords=30, MinWords=10')
$$;

-- The caller's messages that match, newest first. Words are taken as they are written, which is what the index has. Acts with
-- its owner's rights, as row-level security would keep the index from being used.
create function search_messages(p_text text, p_conversation uuid, p_before timestamptz, p_before_id uuid, p_limit int)
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

-- The same with the word forms of a language: it reads the user's messages one by one.
create function search_messages_in(p_language regconfig, p_text text, p_conversation uuid, p_before timestamptz, p_before_id uuid, p_limit int)
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

revoke all on function refusal, conversation_json, template_json, companion_json, companion_create, highlighted, search_messages, search_messages_in from public;
grant execute on function refusal, conversation_json, template_json, companion_json, companion_create, search_messages, search_messages_in to airi_app;
grant execute on function conversation_json to airi_worker;
grant update (title, starred, archived, tags, system_prompt, model, deleted_at, last_read_at) on conversations to airi_app;
grant update (deleted_at, rating) on messages to airi_app;
grant update (deleted_at, superseded_by) on messages to airi_worker;
grant insert, update (name, tagline, personality, voice, avatar, model, deleted_at) on companions to airi_app;
grant select, insert, delete on conversation_templates to airi_app;
grant select on conversation_templates to airi_worker;
