revoke all on outbox, outbox_leases from airi_app, airi_worker;
grant select, delete, update (refused) on outbox to airi_worker;
grant select, update (relay, until) on outbox_leases to airi_worker;

grant execute on function outbox_add to airi_app, airi_worker;
