revoke all on jobs from airi_app, airi_worker;

grant execute on function run_due_job, erasures_to_record, erasure_recorded, database_state, business_figures
    to airi_worker;
