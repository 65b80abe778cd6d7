-- name: scheduler.ledger
-- First in the transaction of a job: whether there is a ledger of erasures.
select set_config('airi.erasure_ledger', :is, true);

-- name: scheduler.run_due
select run_due_job()::text;

-- name: scheduler.erasures_to_record
select id, at from erasures_to_record();

-- name: scheduler.erasure_recorded
select erasure_recorded(:user::uuid);

-- name: scheduler.database_state
select database_state()::text;

-- name: scheduler.business_figures
select business_figures()::text;
