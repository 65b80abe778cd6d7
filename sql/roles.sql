-- Runs before the migrations, each time: the roles, the schema and the records of the applied files.
-- airi_owner owns everything and never logs in; airi_app is the gateway's role, airi_worker the workers'.
\getenv app_password AIRI_APP_PASSWORD
\getenv worker_password AIRI_WORKER_PASSWORD

select format('create role %I', name)
from unnest(array['airi_owner', 'airi_app', 'airi_worker']) as name
where not exists (select from pg_roles where rolname = name) \gexec

alter role airi_app login password :'app_password';
alter role airi_worker login password :'worker_password';
-- A plan for one partition always looks cheaper than the generic plan, which excludes the other partitions only at run
-- time. Without this setting every statement on messages would be planned at each execution.
alter role airi_worker set plan_cache_mode = force_generic_plan;

do $$
begin
    if exists (select from pg_roles where rolname like 'airi\_%' and (rolsuper or rolbypassrls)) then
        raise exception 'a role of airi bypasses row-level security';
    end if;
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant airi_owner to %I', current_user);
    end if;
    execute format('alter database %I owner to airi_owner', current_database());
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to airi_app, airi_worker', current_database());
end $$;

create schema if not exists airi authorization airi_owner;
grant usage on schema airi to airi_app, airi_worker;
create table if not exists airi.schema_migrations (
    version    text primary key,
    applied_at timestamptz not null default now()
);
-- The digests of the files of sql/functions and sql/policies as they were applied last.
create table if not exists airi.applied_files (
    path       text primary key,
    sha256     text not null,
    applied_at timestamptz not null default now()
);
grant select on airi.schema_migrations to airi_app, airi_worker;
