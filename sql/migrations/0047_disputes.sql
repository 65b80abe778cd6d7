-- How a payment's dispute stands, as the provider spells it; NULL: there is none.
set search_path = airi;

alter table payment_history add dispute text;
