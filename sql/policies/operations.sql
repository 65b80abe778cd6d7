revoke all on operations from airi_app, airi_worker;

grant execute on function operation_request, operations_page, operation_read, operation_cancel to airi_app;
grant execute on function operation_claim, operation_heartbeat, operation_store, operation_release, operation_finish,
    operation_give_up to airi_worker;
