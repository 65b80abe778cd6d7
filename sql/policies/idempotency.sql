select isolate('idempotency_keys', 'user_id = caller()');
revoke all on idempotency_keys from airi_app, airi_worker;

grant execute on function idempotency_begin, idempotency_end, idempotency_forget to airi_app;
