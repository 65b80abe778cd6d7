-- name: scheduler.run_due
select run_due_job()::text;
