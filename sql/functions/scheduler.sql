-- Runs one job that is due: {"name", "done"}; NULL when none is. Of concurrent callers each takes another job.
create or replace function run_due_job() returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    due jobs;
    changed bigint;
begin
    select * into due from jobs
    where last_run is null or last_run + every <= now()
    order by last_run nulls first, name limit 1 for update skip locked;
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

-- Creates the partitions from last month to three months ahead.
create or replace function job_partitions() returns bigint language plpgsql as $$
begin
    perform create_monthly_partition((now() + make_interval(months => i))::date) from generate_series(-1, 3) i;
    return 5;
end $$;

-- Deletes sessions a month after their end, with their refresh tokens.
create or replace function job_expired_sessions() returns bigint language sql as $$
    with gone as (delete from sessions where least(ended_at, expires_at) < now() - interval '30 days' returning 1)
    select count(*) from gone
$$;

-- Deletes the old rows of the tables without a job of their own.
create or replace function job_stale_rows() returns bigint language plpgsql as $$
declare
    total bigint := 0;
    n bigint;
begin
    delete from email_links where expires_at < now() - interval '7 days';
    get diagnostics n = row_count; total := total + n;
    -- A parent's address is kept for a minor's contacts only.
    update users set child_until = null, minor_until = null, parent_email = null
    where greatest(child_until, minor_until) <= (now() at time zone 'utc')::date and not consent_pending;
    get diagnostics n = row_count; total := total + n;
    delete from login_failures where changed_at < now() - interval '2 days';
    get diagnostics n = row_count; total := total + n;
    delete from known_devices where last_used_at < now() - interval '400 days';
    get diagnostics n = row_count; total := total + n;
    delete from idempotency_keys where created_at < now() - interval '1 day';
    get diagnostics n = row_count; total := total + n;
    delete from cancellations where created_at < now() - interval '7 days';
    get diagnostics n = row_count; total := total + n;
    delete from inbox where handled_at < now() - inbox_window();
    get diagnostics n = row_count; total := total + n;
    delete from moderation_shadow_counts where day < (now() - interval '90 days')::date;
    get diagnostics n = row_count; total := total + n;
    delete from operations where created_at < now() - interval '30 days';
    get diagnostics n = row_count; total := total + n;
    delete from message_quota where day < current_date - 2;
    get diagnostics n = row_count; total := total + n;
    delete from notifications where created_at < now() - interval '1 year';
    get diagnostics n = row_count; total := total + n;
    delete from contact_messages where created_at < now() - interval '1 year' and not declined;
    get diagnostics n = row_count; total := total + n;
    delete from crisis_notices where created_at < now() - interval '1 year' and state <> 'pending';
    get diagnostics n = row_count; total := total + n;
    delete from provider_health where updated_at < now() - interval '1 day';
    get diagnostics n = row_count; total := total + n;
    delete from crisis_alerts where keep_until < now();
    get diagnostics n = row_count; return total + n;
end $$;

-- Erases conversations a month after they were deleted, with their messages; a limited number per run.
create or replace function job_trash() returns bigint language plpgsql as $$
declare
    gone uuid[];
begin
    select array_agg(id) into gone
    from (select id from conversations where deleted_at < now() - interval '30 days' limit 500) c;
    delete from messages where conversation_id = any (gone);
    delete from generations where conversation_id = any (gone);
    delete from conversations where id = any (gone);
    return coalesce(cardinality(gone), 0);
end $$;

-- The business figures of alerts and dashboards: users by plan, sign-ups of the last day, users who pay, the recurring
-- revenue by currency with that of 30 days ago, and payments of the last hour that failed.
create or replace function business_figures() returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select json_build_object(
        'users', (select coalesce(json_object_agg(plan, n), '{}') from (
            select p.id as plan, count(u.id) as n from plans p
            left join users u on u.plan = p.id and u.erased_at is null group by p.id) x),
        'signups', (select count(*) from users where created_at > now() - interval '1 day'),
        'paying', (select count(distinct s.user_id) from subscriptions s join users u on u.id = s.user_id
            where s.status in ('active', 'past_due') and u.erased_at is null),
        'failed_payments', (select count(*) from payment_history
            where status = 'FAILED' and updated_at > now() - interval '1 hour'),
        'revenue', (select coalesce(json_object_agg(currency, json_build_object(
                'now', round(coalesce(n.amount, 0)), 'before', round(coalesce(b.amount, 0)))), '{}')
            from recurring_revenue(now()) n
            full join recurring_revenue(now() - interval '30 days') b using (currency)))
$$;
