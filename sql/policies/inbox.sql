revoke all on inbox from airi_app, airi_worker;
grant select, insert on inbox to airi_worker;
grant execute on function inbox_window, inbox_has, inbox_add to airi_worker;
