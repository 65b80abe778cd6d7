-- name: admin.users
select page::text, next from admin_users(:email, :status, :plan, :role, :cursor, :limit::int);

-- name: admin.user
select admin_user(:id::uuid)::text;

-- name: admin.act
-- The user afterwards, and the sessions and keys that gateways have to invalidate. No row: there is no such user.
select done::text, array_to_json(ended)::text from admin_act(:id::uuid, :action, :body::jsonb);

-- name: admin.settings
select admin_settings(:category)::text;

-- name: admin.set
select admin_set(:key, :body::jsonb)::text;

-- name: admin.set_all
select admin_set_all(:body::jsonb)::text;

-- name: admin.flags
select admin_flags()::text;

-- name: admin.flag
select admin_flag(:name, :body::jsonb)::text;

-- name: admin.audit
select page::text, next from admin_audit(:user_id::uuid, :cursor, :limit::int);

-- name: admin.activity
-- No row: there is no such user.
select page::text, next from admin_audit(:id::uuid, :cursor, :limit::int) where user_profile(:id::uuid) is not null;

-- name: admin.conversations
select page::text, next from admin_conversations(:id::uuid, :cursor, :limit::int);

-- name: admin.messages
select page::text, next from admin_messages(:id::uuid, :cursor, :limit::int);
