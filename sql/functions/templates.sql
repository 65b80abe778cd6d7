create or replace function template_json(t conversation_templates) returns json language sql stable as $$
    select json_build_object(
        'id', t.id, 'name', t.name, 'title', t.title, 'system_prompt', t.system_prompt,
        'companion_id', t.companion_id, 'model', t.model, 'tags', t.tags, 'mine', t.owner is not null,
        'created_at', t.created_at)
$$;
