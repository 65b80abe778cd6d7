set search_path = airi;

-- How a payment's dispute stands, as the provider spells it; NULL: there is none.
alter table payment_history add dispute text;

-- The administrator who asked for the user; NULL: the user did.
alter table payment_requests add asked_by uuid;
