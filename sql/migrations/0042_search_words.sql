-- The words by which a message is found, as the writer's text library cuts and folds them (sql/search.hpp): Postgres's
-- own parser knows neither languages without spaces nor accents nor emoji. The moderation worker adds them to the rows
-- from before this; until then those are not found.
set search_path = airi;

alter table messages add column words tsvector;
drop index messages_search;
-- New entries wait in a list that each search reads: a short one.
create index messages_words on messages using gin (user_id, words) with (gin_pending_list_limit = 512)
    where deleted_at is null;
create index messages_of_user on messages (user_id, created_at desc, id desc);
create index messages_without_words on messages (created_at) where words is null and deleted_at is null;

drop function if exists search_messages(text, uuid, timestamptz, uuid, int),
    search_messages_in(regconfig, text, uuid, timestamptz, uuid, int),
    messages_screen(uuid[], uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], jsonb[], boolean[],
        timestamptz[], text[], text[], double precision[], text[], uuid[], jsonb[]),
    generations_finish(uuid[], int[], text[], text[], text[], text[], text[], bigint[], bigint[], bigint[], bigint[],
        int[], jsonb[], boolean[], int[]);
