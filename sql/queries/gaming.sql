-- name: gaming.start
select gaming_start(:id::uuid, :game, :body::jsonb, :event::uuid, :traceparent, :request_id)::text;

-- name: gaming.list
select page::text, next from gaming_page(:cursor, :limit::int);

-- name: gaming.read
select gaming_read(:id::uuid)::text;

-- name: gaming.stop
select gaming_stop(:id::uuid, :event::uuid, :traceparent, :request_id)::text;

-- name: gaming.revoke
select gaming_revoke(:id::uuid, :name)::text;

-- name: gaming.command
select gaming_command(:session::uuid, :id::uuid, :verb, :arguments::jsonb)::text;

-- name: gaming.commands
select page::text, next from gaming_commands_page(:id::uuid, :cursor, :limit::int);

-- name: gaming.chat
select page::text, next from gaming_chat_page(:id::uuid, :cursor, :limit::int);

-- name: gaming.tool_call
select gaming_tool_call(:conversation::uuid, :id::uuid, :verb, :arguments::jsonb, :call::json)::text;

-- name: gaming.command_result
select gaming_command_result(:id::uuid)::text;

-- name: gaming.due
select gaming_due(:limit::int);

-- name: gaming.claim
select gaming_claim(:id::uuid, :owner, :lease::interval, :patience::interval, :games::text[])::text;

-- name: gaming.move
select gaming_move(:id::uuid, :epoch::int, :tried::uuid[], :games::text[])::text;

-- name: gaming.begin
select gaming_begin(:id::uuid, :epoch::int)::text;

-- name: gaming.heartbeat
select gaming_heartbeat(:id::uuid, :epoch::int, :lease::interval, :snapshot::jsonb)::text;

-- name: gaming.next_command
select gaming_next_command(:id::uuid, :epoch::int, :urgent::boolean)::text;

-- name: gaming.command_end
select gaming_command_end(:id::uuid, :epoch::int, :result::jsonb, :number::int, :record, :next)::text;

-- name: gaming.hear
select gaming_hear(:id::uuid, :epoch::int, :player, :text, :decision, :code, :may_command::boolean, :number::int,
    :record)::text;

-- name: gaming.ask
select gaming_ask(:user::uuid, :message::uuid, :event::uuid, :key, :value::json);

-- name: gaming.end
select gaming_end(:id::uuid, :epoch::int, :status, :reason, :error)::text;

-- name: gaming.release
select gaming_release(:id::uuid, :epoch::int);

-- name: gaming.declare_server
select game_server_declare(:id::uuid, :game, :host, :port::int, :version);
