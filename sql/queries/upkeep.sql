-- name: jobs.run_due
select run_due_job()::text;
