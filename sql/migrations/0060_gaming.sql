-- Games: sessions in which a companion joins a game, the servers that they run on, and what is said and done there.
set search_path = airi;

-- The verbs of a companion in a game, as the models read them; the gaming worker carries them out.
create table game_verbs (
    game        text not null,
    name        text not null,
    description text not null,
    parameters  jsonb not null,             -- JSON Schema of the arguments
    min_rank    int not null default 0,     -- the least rank of a plan that has it
    primary key (game, name)
);

-- The servers that an operator has named; a worker says every other minute that they are still named.
create table game_servers (
    id         uuid primary key,
    game       text not null,
    host       text not null,
    port       int not null,
    version    text not null default '',
    capacity   int not null check (capacity > 0),
    created_at timestamptz not null default now(),
    checked_at timestamptz not null default now()
);
create index game_servers_of_game on game_servers (game);

create table gaming_sessions (
    id              uuid primary key,
    user_id         uuid not null references users on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    game            text not null,
    status          text not null default 'pending' check (status in ('pending', 'active', 'completed', 'error')),
    server_id       uuid references game_servers,
    companion_name  text not null,          -- the player's name in the game
    access_code     text not null,          -- who says it in the game may command
    max_seconds     int not null check (max_seconds > 0),
    ending          boolean not null default false,     -- the user has asked for the end
    started_at      timestamptz,
    ends_at         timestamptz,
    ended_at        timestamptz,
    end_reason      text,
    error_code      text,
    seconds         int,                    -- that were used
    owner           text,                   -- the worker's incarnation
    epoch           int not null default 0,
    lease_until     timestamptz,
    snapshot        jsonb not null default '{}',        -- what the companion sees
    created_at      timestamptz not null default now()
);
create index gaming_sessions_of_user on gaming_sessions (user_id, created_at desc, id);
create unique index gaming_sessions_of_conversation on gaming_sessions (conversation_id)
    where status in ('pending', 'active');
create index gaming_sessions_due on gaming_sessions (lease_until) where status in ('pending', 'active');

-- The players whose words are commands.
create table game_players (
    session_id uuid not null references gaming_sessions on delete cascade,
    name       text not null,
    granted_at timestamptz not null default now(),
    primary key (session_id, name)
);

create table game_commands (
    id           uuid primary key,
    session_id   uuid not null references gaming_sessions on delete cascade,
    origin       text not null check (origin in ('user', 'companion', 'reply')),
    command_type text not null,
    command_data jsonb not null,
    state        text not null default 'queued' check (state in ('queued', 'running', 'done')),
    result       jsonb,
    created_at   timestamptz not null default clock_timestamp(),
    executed_at  timestamptz
);
create index game_commands_of_session on game_commands (session_id, created_at, id);
create index game_commands_waiting on game_commands (session_id, created_at, id) where state <> 'done';

create table ai_game_actions (
    id          uuid primary key,           -- the command's
    session_id  uuid not null references gaming_sessions on delete cascade,
    action_type text not null,
    action_data jsonb not null,
    ai_response text,
    executed_at timestamptz not null default now(),
    created_at  timestamptz not null default now()
);
create index ai_game_actions_of_session on ai_game_actions (session_id, created_at);

create table game_chat (
    id         uuid primary key default gen_random_uuid(),
    session_id uuid not null references gaming_sessions on delete cascade,
    player     text not null,
    text       text not null,
    decision   text not null check (decision in ('command', 'heard', 'blocked')),
    said_at    timestamptz not null default clock_timestamp()
);
create index game_chat_of_session on game_chat (session_id, said_at, id);
create index game_chat_by_age on game_chat (said_at);

-- The seconds that sessions of a day have reserved, or used once they are settled.
create table gaming_quota (
    user_id    uuid not null references users on delete cascade,
    day        date not null,
    session_id uuid not null,
    seconds    int not null,
    settled    boolean not null default false,
    primary key (user_id, day, session_id)
);

insert into jobs (name, every) values ('game_chat', '1 hour');

insert into game_verbs (game, name, description, parameters) values
    ('minecraft', 'goto', 'Walk to a player or to coordinates in the game.', '{"type": "object", "properties": {
        "player": {"type": "string"}, "x": {"type": "integer"}, "y": {"type": "integer"}, "z": {"type": "integer"}}}'),
    ('minecraft', 'follow', 'Follow a player until told otherwise.', '{"type": "object", "required": ["player"],
        "properties": {"player": {"type": "string"}}}'),
    ('minecraft', 'look', 'See where you are, who and what is near, and what you carry.',
        '{"type": "object", "properties": {}}'),
    ('minecraft', 'mine', 'Dig blocks of a kind that are near.', '{"type": "object", "required": ["block"],
        "properties": {"block": {"type": "string"}, "count": {"type": "integer", "minimum": 1, "maximum": 16}}}'),
    ('minecraft', 'place', 'Place a block that you carry at coordinates.', '{"type": "object",
        "required": ["block", "x", "y", "z"], "properties": {"block": {"type": "string"}, "x": {"type": "integer"},
        "y": {"type": "integer"}, "z": {"type": "integer"}}}'),
    ('minecraft', 'craft', 'Make an item of what you carry.', '{"type": "object", "required": ["item"],
        "properties": {"item": {"type": "string"}, "count": {"type": "integer", "minimum": 1, "maximum": 64}}}'),
    ('minecraft', 'attack', 'Fight a hostile creature that is near.', '{"type": "object", "required": ["target"],
        "properties": {"target": {"type": "string"}}}'),
    ('minecraft', 'give', 'Give a player items.', '{"type": "object", "required": ["player", "item"], "properties": {
        "player": {"type": "string"}, "item": {"type": "string"},
        "count": {"type": "integer", "minimum": 1, "maximum": 64}}}'),
    ('minecraft', 'say', 'Say something in the chat of the game.', '{"type": "object", "required": ["text"],
        "properties": {"text": {"type": "string", "maxLength": 256}}}'),
    ('minecraft', 'stop', 'Stop what you are doing.', '{"type": "object", "properties": {}}');
