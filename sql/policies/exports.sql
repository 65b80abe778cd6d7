select isolate('exports', 'user_id = caller()');
revoke all on exports from airi_app, airi_worker;
grant select on exports to airi_app;

select isolate('export_parts', 'false');
revoke all on export_parts from airi_app, airi_worker;

grant execute on function export_json, export_request, export_open, export_take, export_part to airi_app;
grant execute on function export_step, export_fail to airi_worker;
