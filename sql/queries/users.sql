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
select preferences_change(caller(), :body::jsonb)::text where :id::uuid = caller();
