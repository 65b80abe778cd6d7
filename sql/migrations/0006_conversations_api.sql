-- Conversations beyond messages: ratings, versions, read marks, templates, search.
set search_path = airi;
create extension if not exists btree_gin with schema public;

alter table conversations add column last_read_at timestamptz;
alter table messages add column rating smallint;           -- 1 good, -1 bad
alter table messages add column superseded_by uuid;        -- the question that replaced it

create table conversation_templates (
    id            uuid primary key,
    owner         uuid references users on delete cascade, -- NULL: for every user
    name          varchar(80) not null,
    title         varchar(200) not null default '',
    system_prompt varchar(8000),
    companion_id  uuid references companions,
    model         text,
    tags          text[] not null default '{}',
    created_at    timestamptz not null default now()
);
create index conversation_templates_of_user on conversation_templates (owner, name);
create index companions_of_user on companions (owner) where deleted_at is null;

-- The words of a user's messages, without a language's stemming, so that one index serves every language.
create index messages_search on messages using gin (user_id, to_tsvector('simple', content)) where deleted_at is null;
