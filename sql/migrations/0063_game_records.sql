-- The decisions of a session are recorded with their inputs: a command keeps the model's call that it came from.
set search_path = airi;

alter table game_commands add column call json;     -- {name, arguments} as the model wrote them; NULL: no model's

-- These are in sql/functions with other arguments.
drop function if exists
    game_command_add(gaming_sessions, uuid, text, text, jsonb, uuid, text, text),
    gaming_command(uuid, uuid, text, jsonb, uuid, text, text),
    gaming_tool_call(uuid, uuid, text, jsonb),
    gaming_command_end(uuid, int, jsonb),
    gaming_hear(uuid, int, text, text, boolean);
