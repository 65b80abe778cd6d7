-- Conversation memory: titles by a model, and a summary that replaces the oldest turns in prompts.
set search_path = airi;

-- The origin of a title: the first words, a model (replaces the first words), or the user (stays).
create type title_origin as enum ('words', 'model', 'user');
alter table conversations add column titled_by title_origin not null default 'user';
alter table conversations alter column titled_by set default 'words';
alter table conversations add column summary text;              -- of the messages up to summary_until
alter table conversations add column summary_until timestamptz;
