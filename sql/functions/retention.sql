-- The time before which rows are too old by a setting; NULL: they stay.
create or replace function kept_since(p_setting text) returns timestamptz language sql stable as $$
    select now() - make_interval(days => nullif(setting_int(p_setting), 0))
$$;

-- Deletes rows that are older than the product's settings allow; of messages also those older than the `retention_days`
-- of the plan's features. Returns the number of deleted rows.
create or replace function job_retention() returns bigint language plpgsql as $$
declare
    total bigint := 0;
    n bigint;
begin
    delete from messages m where m.created_at < kept_since('retention_message_days');
    get diagnostics n = row_count; total := total + n;
    delete from messages m using users u join plans p on p.id = u.plan
    where m.user_id = u.id and p.features ? 'retention_days'
      and m.created_at < now() - make_interval(days => (p.features ->> 'retention_days')::int);
    get diagnostics n = row_count; total := total + n;
    delete from login_history where at < kept_since('retention_log_days');
    get diagnostics n = row_count; total := total + n;
    delete from audit_log where at < kept_since('retention_audit_days');
    get diagnostics n = row_count; total := total + n;
    delete from payment_events where handled_at < kept_since('retention_webhook_days');
    get diagnostics n = row_count; return total + n;
end $$;
