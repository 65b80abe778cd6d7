-- name: templates.list
select coalesce(json_agg(template_json(t) order by t.owner nulls last, t.name, t.id), '[]')::text
from conversation_templates t;

-- name: templates.create
with made as (
    insert into conversation_templates (id, owner, name, title, system_prompt, companion_id, model, tags)
    select :new_id::uuid, caller(), b ->> 'name', coalesce(b ->> 'title', ''), b ->> 'system_prompt',
           (b ->> 'companion_id')::uuid, b ->> 'model',
           array(select distinct jsonb_array_elements_text(coalesce(b -> 'tags', '[]')))
    from (select :body::jsonb as b) given
    where b ->> 'companion_id' is null
       or exists (select 1 from companions where id = (b ->> 'companion_id')::uuid and deleted_at is null)
    on conflict (id) do update set name = conversation_templates.name
    returning *
)
select template_json(made.*::conversation_templates)::text from made;

-- name: templates.delete
delete from conversation_templates where id = :id::uuid and owner = caller()
returning json_build_object('id', id)::text;
