-- A command that begins to run changes no index: its state is in none. A command waits or runs while it has no result.
set search_path = airi;

drop index game_commands_waiting;
create index game_commands_waiting on game_commands (session_id, created_at, id) where result is null;
alter table game_commands set (fillfactor = 70);
drop function if exists gaming_command_end(uuid, int, jsonb, int, text);    -- in sql/functions it has p_next
