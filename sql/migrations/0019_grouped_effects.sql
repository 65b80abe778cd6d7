-- Replaced by functions that take arrays: messages_screen, generations_claim, generations_finish.
drop function if exists message_screen, generation_claim, generation_finish, generation_finish_cached;

-- The messages of a prompt that the summary does not cover, and their tokens: at least as many as there are. NULL:
-- unknown, they have to be counted.
alter table conversations add recent_messages int not null default 0, add recent_tokens bigint default 0;
update conversations set recent_messages = message_count, recent_tokens = null where message_count > 0;
