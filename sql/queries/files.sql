-- name: files.uploaded_avatar
select bytes, avatar::text from avatar_uploaded(:id::uuid);

-- name: files.store_avatar
select avatar_store(:id::uuid, :media_type, :width::int, :height::int, decode(:bytes, 'base64'))::text;

-- name: files.reject_avatar
select avatar_reject(:id::uuid)::text;
