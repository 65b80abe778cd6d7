-- name: profile.get
select profile_json(u)::text from users u where id = caller();

-- name: profile.update
select profile_change(caller(), :body::jsonb)::text;

-- name: profile.statistics
select user_stats(caller())::text;
