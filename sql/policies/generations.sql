select isolate('generations', 'user_id = caller()');
revoke all on generations from airi_app, airi_worker;
grant select on generations to airi_app;
grant select, insert, update on generations to airi_worker;

select isolate('cancellations', 'user_id = caller()');
revoke all on cancellations from airi_app, airi_worker;
grant insert on cancellations to airi_app;
grant select, insert on cancellations to airi_worker;

select isolate('provider_calls', 'user_id = caller()');
revoke all on provider_calls from airi_app, airi_worker;
grant insert, select, update, delete on provider_calls to airi_worker;
grant select on provider_calls to airi_app;

grant execute on function generation_end(generations), generation_end(generations, messages, json), ledger_line,
    ledger_lines to airi_app;
grant execute on function generations_claim, generation_reclaim, generation_fenced, provider_calls_add,
    generation_calls, generation_abandoned_call, generation_heartbeat, generation_restart, generation_release,
    generations_finish, generation_abandon, generation_end(generations), generation_end(generations, messages, json),
    ledger_line, ledger_lines, provider_calls_of to airi_worker;
