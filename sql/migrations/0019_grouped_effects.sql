-- Replaced by functions that take arrays: messages_screen, generations_claim, generations_finish.
drop function if exists message_screen, generation_claim, generation_finish, generation_finish_cached;
