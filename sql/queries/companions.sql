-- name: companions.list
select coalesce(json_agg(companion_json(c) order by owner nulls first, position, name), '[]')::text
from companions c where deleted_at is null;

-- name: companions.get
select companion_json(c)::text from companions c where id = :id::uuid and deleted_at is null;

-- name: companions.create
select companion_create(:new_id::uuid, :body::jsonb)::text;

-- name: companions.update
update companions c set
    name = coalesce(:body::jsonb ->> 'name', name), tagline = coalesce(:body::jsonb ->> 'tagline', tagline),
    personality = coalesce(:body::jsonb ->> 'personality', personality),
    voice = case when :body::jsonb ? 'voice' then :body::jsonb ->> 'voice' else voice end,
    avatar = case when :body::jsonb ? 'avatar' then :body::jsonb ->> 'avatar' else avatar end,
    model = case when :body::jsonb ? 'model' then :body::jsonb ->> 'model' else model end,
    tools = case when :body::jsonb ? 'tools' then companion_tools_of(:body::jsonb) else tools end
where id = :id::uuid and owner = caller() and deleted_at is null
returning companion_json(c)::text;

-- name: companions.delete
update companions c set deleted_at = now() where id = :id::uuid and owner = caller() and deleted_at is null
returning json_build_object('id', id)::text;
