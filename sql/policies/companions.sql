select isolate('companions', 'owner = caller()');
drop policy if exists app_reads_gallery on companions;
create policy app_reads_gallery on companions for select to airi_app using (owner is null);
revoke all on companions from airi_app, airi_worker;
grant select, insert, update (name, tagline, personality, voice, avatar, model, tools, deleted_at) on companions
    to airi_app;
grant select on companions to airi_worker;

grant execute on function companion_json, companion_create, companion_tools_of to airi_app;

revoke all on companion_tools from airi_app, airi_worker;
grant select on companion_tools to airi_worker;
