revoke all on crisis_referrals from airi_app, airi_worker;
grant select on crisis_referrals to airi_app;

grant execute on function referrals_of_year, public_number, public_sum, disclosure_text to airi_app;
