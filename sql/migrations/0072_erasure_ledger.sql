-- When the ledger of erasures got an account that is due to be erased.
set search_path = airi;

alter table users add column erasure_recorded_at timestamptz;
