revoke all on jobs from airi_app, airi_worker;

grant execute on function run_due_job to airi_worker;
