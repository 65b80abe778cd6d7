-- What admins and supers do: to users, to the profile's settings and flags. The database is the judge: each function asks who the
-- caller is, and writes down what was done.
set search_path = airi;
create extension if not exists pg_trgm with schema public;

create index users_by_time on users (created_at desc, id desc);
create index users_by_email_part on users using gin (email_key public.gin_trgm_ops);

-- What was set here stays when the profile is applied again, which does not name `changed_at`.
alter table system_settings add column changed_at timestamptz;
alter table feature_flags add column changed_at timestamptz;
