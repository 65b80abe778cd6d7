-- The time at which an account that is due to be erased was entered in the ledger of erasures.
set search_path = airi;

alter table users add column erasure_recorded_at timestamptz;
