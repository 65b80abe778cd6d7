-- name: backups.request
select backup_request(:id::uuid)::text;

-- name: backups.list
select page::text, next from backups_page(:cursor, :limit::int);

-- name: backups.read
select backup_read(:id::uuid)::text;
