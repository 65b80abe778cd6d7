-- name: jobs.run_due
select run_due_job()::text;

-- name: exports.step
select export_step(:id::uuid)::text;

-- name: exports.fail
select export_fail(:id::uuid);
