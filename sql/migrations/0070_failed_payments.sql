set search_path = airi;

create index payment_history_failed on payment_history (updated_at) where status = 'FAILED';
