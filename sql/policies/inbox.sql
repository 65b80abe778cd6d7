revoke all on inbox from airi_app, airi_worker;
grant select, insert on inbox to airi_worker;
