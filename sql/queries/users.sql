-- name: users.get
select user_profile(:id::uuid)::text;

-- name: users.update
select user_update(:id::uuid, :body::jsonb)::text;

-- name: users.stats
select user_stats(:id::uuid)::text;

-- name: users.activity
select page::text, next from user_activity(:id::uuid, :cursor, :limit::int);

-- name: users.preferences
select preferences_of(u)::text from users u where id = :id::uuid and id = caller();

-- name: users.set_preferences
update users u set preferences = jsonb_strip_nulls(preferences || :body::jsonb), updated_at = now()
where id = :id::uuid and id = caller()
returning preferences_of(u)::text;
