-- Sessions and what belongs to them are read and written by functions.
select isolate('gaming_sessions', 'user_id = caller()');
select isolate('gaming_quota', 'user_id = caller()');
select isolate(t, 'exists (select from gaming_sessions s where s.id = session_id and s.user_id = caller())')
from unnest('{game_players,game_commands,ai_game_actions,game_chat}'::regclass[]) t;
revoke all on gaming_sessions, game_players, game_commands, ai_game_actions, game_chat, gaming_quota, game_servers,
    game_pools, game_verbs from airi_app, airi_worker;

-- Read by generations_claim and generations_finish.
grant select (id, conversation_id, game, status) on gaming_sessions to airi_worker;
grant select on game_verbs to airi_worker;
-- Read by quota_used().
grant select on gaming_quota to airi_app, airi_worker;

grant execute on function gaming_start, gaming_page, gaming_read, gaming_stop, gaming_revoke, gaming_command,
    gaming_commands_page, gaming_chat_page to airi_app;
grant execute on function gaming_tool_call, gaming_command_result, gaming_speak, gaming_due, gaming_claim, gaming_move,
    gaming_begin, gaming_heartbeat, gaming_next_command, gaming_command_end, gaming_hear, gaming_ask, gaming_end,
    gaming_release, game_server_declare, game_pool_id, game_pool_step, game_server_started, game_server_checked,
    game_server_gone, game_pool_orphans to airi_worker;
