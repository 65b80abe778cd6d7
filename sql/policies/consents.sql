select isolate('consents', 'user_id = caller()');
revoke all on consents from airi_app, airi_worker;
grant select on consents to airi_app;

grant execute on function is_before, consent_json, consent_give, consent_link_make, consent_details, consent_answer
    to airi_app;
