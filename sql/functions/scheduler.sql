-- Runs one job that is due and tells of it: {"name","done"}; NULL when none is. Several may ask at once: each job is run by one.
create or replace function run_due_job() returns json language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    due jobs;
    changed bigint;
begin
    select * into due from jobs where last_run is null or last_run + every <= now() order by last_run nulls first, name limit 1 for update skip locked;
    if not found then return null; end if;
    begin
        execute format('select %I()', 'job_' || due.name) into changed;
        due.last_done := changed;
    exception when others then
        due.last_done := 'failed: ' || sqlstate || ' ' || sqlerrm;
    end;
    update jobs set last_run = now(), last_done = due.last_done where name = due.name;
    return json_build_object('name', due.name, 'done', due.last_done);
end $$;

-- Last month to three months ahead.
create or replace function job_partitions() returns bigint language plpgsql as $$
begin
    perform create_monthly_partition((now() + make_interval(months => i))::date) from generate_series(-1, 3) i;
    return 5;
end $$;

-- Sessions nobody can use any more, a month after their end; their refresh tokens go with them.
create or replace function job_expired_sessions() returns bigint language sql as $$
    with gone as (delete from sessions where least(ended_at, expires_at) < now() - interval '30 days' returning 1) select count(*) from gone
$$;

create or replace function job_stale_rows() returns bigint language plpgsql as $$
declare
    total bigint := 0;
    n bigint;
begin
    delete from email_links where expires_at < now() - interval '7 days';
    get diagnostics n = row_count; total := total + n;
    delete from login_failures where changed_at < now() - interval '2 days';
    get diagnostics n = row_count; total := total + n;
    delete from login_history where at < now() - interval '180 days';
    get diagnostics n = row_count; total := total + n;
    delete from cancellations where created_at < now() - interval '7 days';
    get diagnostics n = row_count; total := total + n;
    delete from inbox where handled_at < now() - interval '14 days';
    get diagnostics n = row_count; total := total + n;
    delete from message_quota where day < current_date - 2;
    get diagnostics n = row_count; total := total + n;
    delete from provider_health where updated_at < now() - interval '1 day';
    get diagnostics n = row_count; return total + n;
end $$;

-- Conversations a month after they were deleted, with all that was said; so many a run that none takes long.
create or replace function job_trash() returns bigint language plpgsql as $$
declare
    gone uuid[];
begin
    select array_agg(id) into gone from (select id from conversations where deleted_at < now() - interval '30 days' limit 500) c;
    delete from messages where conversation_id = any (gone);
    delete from generations where conversation_id = any (gone);
    delete from conversations where id = any (gone);
    return coalesce(cardinality(gone), 0);
end $$;

-- Messages older than the user's plan keeps them (`retention_days` of its features; without it they stay).
create or replace function job_retention() returns bigint language sql as $$
    with gone as (
        delete from messages m using users u join plans p on p.id = u.plan
        where m.user_id = u.id and p.features ? 'retention_days'
          and m.created_at < now() - make_interval(days => (p.features ->> 'retention_days')::int)
        returning 1)
    select count(*) from gone
$$;
