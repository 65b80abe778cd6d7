-- What is remembered of a conversation: a title that a model gave it, and a summary of its oldest turns in their place.
set search_path = airi;

-- Who gave the title: the first words said, a model in their place, or the user, whose title stays.
create type title_origin as enum ('words', 'model', 'user');
alter table conversations add column titled_by title_origin not null default 'user';
alter table conversations alter column titled_by set default 'words';
alter table conversations add column summary text;              -- of all up to summary_until
alter table conversations add column summary_until timestamptz;
