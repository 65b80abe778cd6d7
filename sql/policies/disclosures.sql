revoke all on ai_disclosures from airi_app, airi_worker;
grant select on ai_disclosures to airi_app;

select isolate('continued_use', 'user_id = caller()');
revoke all on continued_use from airi_app, airi_worker;

grant execute on function disclosure_at_start to airi_app;
grant execute on function disclosures_due to airi_worker;
