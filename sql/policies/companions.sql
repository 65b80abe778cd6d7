select isolate('companions', 'owner = caller()');
drop policy if exists app_reads_gallery on companions;
create policy app_reads_gallery on companions for select to airi_app using (owner is null);
revoke all on companions from airi_app, airi_worker;
grant select, insert, update (name, tagline, personality, voice, avatar, model, deleted_at) on companions to airi_app;
grant select on companions to airi_worker;

grant execute on function companion_json, companion_create to airi_app;
