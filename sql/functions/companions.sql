create or replace function companion_json(c companions) returns json language sql stable as $$
    select json_build_object(
        'id', c.id, 'name', c.name, 'tagline', c.tagline, 'voice', c.voice, 'avatar', c.avatar, 'model', c.model,
        'tools', c.tools,
        'personality', case when c.owner is not null then c.personality end, 'mine', c.owner is not null)
$$;

-- Creates a companion of the caller's, within the plan's limit.
create or replace function companion_create(p_id uuid, p_body jsonb) returns json language plpgsql as $$
declare
    most bigint;
    made companions;
begin
    perform pg_advisory_xact_lock(hashtextextended('companions/' || caller(), 0));
    select amount into most from plan_limits l join users u on u.plan = l.plan
    where u.id = caller() and l.resource = 'companions' and l.period = 'stock';
    if most >= 0 and (select count(*) from companions where owner = caller() and deleted_at is null) >= most then
        return refusal(402, 'PLAN_LIMIT', format('your plan has %s companions', most));
    end if;
    insert into companions (id, owner, name, tagline, personality, voice, avatar, model, tools)
    values (p_id, caller(), p_body ->> 'name', coalesce(p_body ->> 'tagline', ''), p_body ->> 'personality',
            p_body ->> 'voice', p_body ->> 'avatar', p_body ->> 'model', companion_tools_of(p_body))
    on conflict (id) do update set name = companions.name
    returning * into made;
    return companion_json(made);
end $$;

-- The tools that a body names, none for a body without them.
create or replace function companion_tools_of(p_body jsonb) returns text[] language sql immutable as $$
    select array(select jsonb_array_elements_text(coalesce(p_body -> 'tools', '[]')))
$$;
