-- Administration of users, settings and flags. The functions check the caller's role and write the audit log.
set search_path = airi;
create extension if not exists pg_trgm with schema public;

create index users_by_time on users (created_at desc, id desc);
create index users_by_email_part on users using gin (email_key public.gin_trgm_ops);

-- Set by administrators: a value with a changed_at survives the next run of the profile.
alter table system_settings add column changed_at timestamptz;
alter table feature_flags add column changed_at timestamptz;
