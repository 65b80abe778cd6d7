select isolate('conversation_templates', 'owner = caller()');
drop policy if exists app_reads_shared on conversation_templates;
create policy app_reads_shared on conversation_templates for select to airi_app using (owner is null);
revoke all on conversation_templates from airi_app, airi_worker;
grant select, insert, update (name), delete on conversation_templates to airi_app;
grant select on conversation_templates to airi_worker;

grant execute on function template_json to airi_app;
