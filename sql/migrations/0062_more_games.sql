-- The verbs of games beside Minecraft, as the models read them, and players who lose the right to command by leaving.
set search_path = airi;

alter table game_players add column seen boolean not null default false;    -- in the game, by the companion

insert into game_verbs (game, name, description, parameters) values
    ('factorio', 'look', 'See which players are in the game, where they are, and what they carry.',
        '{"type": "object", "properties": {}}'),
    ('factorio', 'craft', 'Have the owner craft an item by hand, of what they carry.', '{"type": "object",
        "required": ["item"], "properties": {"item": {"type": "string"},
        "count": {"type": "integer", "minimum": 1, "maximum": 100}}}'),
    ('factorio', 'give', 'Give a player items; without a player: the owner.', '{"type": "object", "required": ["item"],
        "properties": {"player": {"type": "string"}, "item": {"type": "string"},
        "count": {"type": "integer", "minimum": 1, "maximum": 100}}}'),
    ('factorio', 'say', 'Say something in the chat of the game.', '{"type": "object", "required": ["text"],
        "properties": {"text": {"type": "string", "maxLength": 256}}}'),
    ('factorio', 'stop', 'Cancel what the owner is crafting.', '{"type": "object", "properties": {}}'),
    ('roblox', 'goto', 'Walk to a player or to coordinates in the game.', '{"type": "object", "properties": {
        "player": {"type": "string"}, "x": {"type": "integer"}, "y": {"type": "integer"}, "z": {"type": "integer"}}}'),
    ('roblox', 'follow', 'Follow a player until told otherwise.', '{"type": "object", "required": ["player"],
        "properties": {"player": {"type": "string"}}}'),
    ('roblox', 'attack', 'Fight a hostile creature.', '{"type": "object", "required": ["target"],
        "properties": {"target": {"type": "string"}}}'),
    ('roblox', 'give', 'Give a player items.', '{"type": "object", "required": ["player", "item"], "properties": {
        "player": {"type": "string"}, "item": {"type": "string"},
        "count": {"type": "integer", "minimum": 1, "maximum": 64}}}'),
    ('roblox', 'say', 'Say something in the game.', '{"type": "object", "required": ["text"],
        "properties": {"text": {"type": "string", "maxLength": 256}}}'),
    ('roblox', 'stop', 'Stop what you are doing.', '{"type": "object", "properties": {}}');
