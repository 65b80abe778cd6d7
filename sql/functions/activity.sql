-- The actor is the caller; of an operator the details have the name.
create or replace function audit(
    p_user uuid, p_action text, p_subject text default '', p_details jsonb default '{}'
) returns void
language sql security definer set search_path = airi, pg_temp as $$
    insert into audit_log (user_id, actor, action, subject, details)
    values (p_user, case when operator_name() is null then caller() end, p_action, p_subject,
            p_details || jsonb_strip_nulls(jsonb_build_object('operator', operator_name())))
$$;

-- Logs that a user's row was made or changed: argument 0 is the action, the others name columns for the details.
create or replace function audited() returns trigger
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    made jsonb := to_jsonb(new);
    told jsonb := (
        select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(made) where key = any (tg_argv[1:]));
begin
    insert into audit_log (user_id, actor, action, subject, details, address)
    values (new.user_id, case when operator_name() is null then caller() end, tg_argv[0],
            coalesce(made ->> 'id', ''), told || jsonb_strip_nulls(jsonb_build_object('operator', operator_name())),
            case when tg_op = 'INSERT' then (made ->> 'address')::inet end);
    return null;
end $$;
create or replace trigger audited_start after insert on sessions for each row
    execute function audited('session.opened');
create or replace trigger audited_end after update of ended_at on sessions for each row
    when (old.ended_at is null and new.ended_at is not null)
    execute function audited('session.ended', 'ended_why');
create or replace trigger audited_made after insert on api_keys for each row
    execute function audited('api_key.created', 'name');
create or replace trigger audited_revoked after update of revoked_at on api_keys for each row
    when (old.revoked_at is null and new.revoked_at is not null)
    execute function audited('api_key.revoked', 'name');
create or replace trigger audited_enabled after update of enabled_at on two_factor for each row
    when (old.enabled_at is null and new.enabled_at is not null)
    execute function audited('two_factor.enabled');
create or replace trigger audited after insert on consents for each row
    execute function audited('consent.recorded', 'kind', 'granted', 'version');
create or replace trigger audited after insert on exports for each row
    execute function audited('export.requested');
