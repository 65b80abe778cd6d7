revoke all on backup_log from airi_app, airi_worker;

grant execute on function backup_request, backups_page, backup_read to airi_app;
