-- name: activity.list
-- The audit log of the caller's account.
select page::text, next from user_activity(caller(), :cursor, :limit::int);

-- name: activity.add
select audit(caller(), :action);
