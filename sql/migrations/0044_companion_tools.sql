-- The tools that a companion may have; the chat worker runs them (workers/chat/tools.hpp), the models read the rest.
set search_path = airi;

create table companion_tools (
    name        text primary key,
    description text not null,
    parameters  jsonb not null                          -- JSON Schema of the arguments
);

insert into companion_tools (name, description, parameters) values
    ('time', 'The current date and time.', '{"type": "object", "properties": {"timezone": {"type": "string",
        "description": "An IANA name such as Europe/Berlin; UTC without it."}}}'),
    ('calculator', 'Computes an arithmetic expression.', '{"type": "object", "required": ["expression"],
        "properties": {"expression": {"type": "string", "description": "Numbers, + - * / ^ and parentheses."}}}'),
    ('memory_search', 'Finds what was said in earlier conversations with this user.', '{"type": "object",
        "required": ["query"], "properties": {"query": {"type": "string", "description": "Words to look for."}}}');

alter table companions add column tools text[] not null default '{}'
    check (tools <@ array['time', 'calculator', 'memory_search']);
