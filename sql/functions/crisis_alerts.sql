-- A refusal unless the caller has one of these roles; otherwise NULL.
create or replace function unless_crisis(p_roles text[] default '{crisis,admin,super}') returns json
language sql stable as $$
    select refusal(403, 'FORBIDDEN', 'this is for people who work on crisis alerts')
    where acting_role() <> all (p_roles)
$$;

-- An alert as its user sees it.
create or replace function crisis_alert_own(a crisis_alerts) returns json language sql stable as $$
    select json_build_object('id', a.id, 'conversation_id', a.conversation_id, 'message_id', a.message_id,
        'origin', a.origin, 'severity', a.severity, 'trigger_type', a.trigger_type, 'status', a.status,
        'false_alarm', a.false_alarm, 'resources_shown', a.resources_shown, 'contacts_notified', a.contacts_notified,
        'created_at', a.created_at, 'updated_at', a.updated_at, 'resolved_at', a.resolved_at)
$$;

-- An alert as the people who work on it see it in a list.
create or replace function crisis_alert_json(a crisis_alerts) returns json language sql stable as $$
    select (crisis_alert_own(a)::jsonb || jsonb_build_object('user_id', a.user_id, 'assigned_to', a.assigned_to,
        'reviewed_by', a.reviewed_by, 'reviewed_at', a.reviewed_at, 'emergency_contacted', a.emergency_contacted))::json
$$;

-- The same with everything that is known of it but the evidence. The notes are sealed.
create or replace function crisis_alert_details(a crisis_alerts) returns json language sql stable as $$
    select (crisis_alert_json(a)::jsonb || jsonb_build_object('detected_signals', a.detected_signals,
        'rules_version', a.rules_version, 'score', a.score, 'resolution_notes', a.resolution_notes,
        'has_evidence', a.context <> '',
        'user', (select jsonb_build_object('email', u.email, 'display_name', u.display_name, 'country', u.country,
                     'locale', u.locale) from users u where u.id = a.user_id and u.erased_at is null),
        'assignee', (select jsonb_build_object('email', u.email, 'display_name', u.display_name)
                     from users u where u.id = a.assigned_to)))::json
$$;

-- A call for help by hand, and crisis.detected.v1 for it. p_context is sealed. `alert`: as its user sees it, or a
-- refusal. Repeated with the same id it changes nothing and returns the first one.
-- No row: the conversation is not one of the caller's.
create or replace function crisis_alert_create(
    p_id uuid, p_conversation uuid, p_severity text, p_trigger_type text, p_context text,
    p_at timestamptz, p_event uuid, p_topic text, p_key text, p_value json, p_traceparent text, p_request text
) returns table (alert json)
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    if p_conversation is not null and not exists (
        select from conversations where id = p_conversation and user_id = caller() and deleted_at is null) then
        return;
    end if;
    insert into crisis_alerts (id, user_id, conversation_id, origin, severity, trigger_type, context, resources_shown,
                               created_at, updated_at, keep_until)
    values (p_id, caller(), p_conversation, 'user', p_severity, p_trigger_type, p_context, true, p_at, p_at,
            p_at + make_interval(days => setting_int('crisis_evidence_days')))
    on conflict (id) do nothing;
    if found then
        perform audit(caller(), 'crisis_alert.created', p_id::text,
            jsonb_build_object('severity', p_severity, 'trigger_type', p_trigger_type));
        perform outbox_add(p_event, p_topic, p_key, p_value, p_traceparent, p_request);
    end if;
    return query select crisis_alert_own(a) from crisis_alerts a
                 where a.id = p_id and a.user_id = caller();
end $$;

-- A page of the caller's own alerts, newest first.
create or replace function crisis_alerts_own(p_conversation uuid, p_open boolean, p_cursor text, p_limit int)
returns table (page json, next text)
language sql stable security definer set search_path = airi, pg_temp as $$
    with page as (
        select * from crisis_alerts a
        where a.user_id = caller() and (p_conversation is null or a.conversation_id = p_conversation)
          and (p_open is null or (a.status <> 'resolved') = p_open)
          and (p_cursor is null or (a.created_at, a.id)
               < (split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid))
        order by a.created_at desc, a.id desc limit p_limit + 1
    ), shown as (select * from page order by created_at desc, id desc limit p_limit)
    select coalesce(json_agg(crisis_alert_own(s.*::crisis_alerts) order by created_at desc, id desc), '[]'),
        case when (select count(*) from page) > p_limit
             then (select created_at || '|' || id from shown order by created_at, id limit 1) end
    from shown s
$$;

-- A page of everybody's alerts, newest first, by the filters that are not NULL. Planned at each call.
create or replace function crisis_alerts_page(
    p_status text, p_severity text, p_user uuid, p_cursor text, p_limit int
) returns table (page json, next text)
language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_crisis();
begin
    if refused is not null then return query select refused, null::text; return; end if;
    return query execute $q$
        with page as (
            select * from crisis_alerts a
            where ($1 is null or a.status = $1) and ($2 is null or a.severity = $2) and ($3 is null or a.user_id = $3)
              and ($4 is null or (a.created_at, a.id) < ($4, $5))
            order by a.created_at desc, a.id desc limit $6 + 1
        ), shown as (select * from page order by created_at desc, id desc limit $6)
        select coalesce(json_agg(crisis_alert_json(shown.*::crisis_alerts) order by created_at desc, id desc), '[]'),
            case when (select count(*) from page) > $6
                 then (select created_at || '|' || id from shown order by created_at, id limit 1) end
        from shown $q$
    using p_status, p_severity, p_user, split_part(p_cursor, '|', 1)::timestamptz, split_part(p_cursor, '|', 2)::uuid,
        p_limit;
end $$;

-- One alert, or a refusal; NULL: there is no such alert. The access is logged, as that to a user's messages is.
create or replace function crisis_alert_read(p_id uuid) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_crisis();
    a crisis_alerts;
begin
    if refused is not null then return refused; end if;
    select * into a from crisis_alerts where id = p_id;
    if not found then return null; end if;
    perform audit(a.user_id, 'crisis_alert.read', a.id::text);
    return crisis_alert_details(a);
end $$;

-- The evidence of an alert, sealed; the reason is logged. `alert`: its id, or a refusal. No row: there is no such
-- alert.
create or replace function crisis_alert_evidence(p_id uuid, p_reason text) returns table (alert json, context text)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_crisis('{crisis}');
    a crisis_alerts;
begin
    if refused is not null then return query select refused, null::text; return; end if;
    select * into a from crisis_alerts where id = p_id;
    if not found then return; end if;
    if char_length(btrim(coalesce(p_reason, ''))) not between 10 and 500 then
        return query select refusal(422, 'VALIDATION_FAILED', 'the reason must have 10 to 500 characters',
            '[{"parameter": "reason", "message": "must have 10 to 500 characters"}]'), null::text;
        return;
    end if;
    perform audit(a.user_id, 'crisis_alert.evidence_read', a.id::text, jsonb_build_object('reason', btrim(p_reason)));
    return query select to_json(a.id), a.context;
end $$;

-- An alert, of this user if one is given, locked behind its conversation: of two people who resolve two alerts of one
-- conversation the second waits, and sees that no alert is open. All NULL: there is none.
create or replace function crisis_alert_locked(p_id uuid, p_user uuid) returns crisis_alerts language plpgsql as $$
declare
    a crisis_alerts;
begin
    perform from conversations where id = (
        select conversation_id from crisis_alerts where id = p_id and user_id = coalesce(p_user, user_id)) for update;
    select * into a from crisis_alerts where id = p_id and user_id = coalesce(p_user, user_id) for update;
    return a;
end $$;

-- Ends the safety state of the conversation of an alert that has been resolved, unless another one of its alerts is
-- open (safety::ended() in platform/safety/conversation.hpp). Returns the state that has ended; NULL: none has.
create or replace function crisis_state_end(a crisis_alerts) returns text language sql as $$
    with before as (
        select id, safety ->> 'state' as state from conversations
        where id = a.conversation_id and safety ->> 'state' in ('HIGH_RISK', 'SAFETY_MODE')
          and not exists (select from crisis_alerts o
                          where o.conversation_id = a.conversation_id and o.id <> a.id and o.status <> 'resolved')
    ), ended as (
        update conversations c set safety = null from before where c.id = before.id returning c.id
    )
    select state from before join ended using (id)
$$;

-- The statuses that may follow.
create or replace function crisis_alert_next(p_status text) returns text[] language sql immutable as $$
    select case p_status when 'pending' then '{reviewed}' when 'reviewed' then '{resolved,escalated}'
                         when 'escalated' then '{resolved}' else '{}' end::text[]
$$;

-- A refusal when the alert may not become what the body wants; otherwise NULL. A false alarm is resolved from any
-- status.
create or replace function unless_crisis_change(a crisis_alerts, p_body jsonb) returns json language sql stable as $$
    select case
        when p_body ? 'false_alarm' and p_body ->> 'status' <> 'resolved' then
            refusal(422, 'VALIDATION_FAILED', 'a false alarm is resolved',
                '[{"pointer": "/status", "message": "must be resolved for a false alarm"}]')
        when p_body ->> 'assigned_to' is not null and not exists (
            select from users u where u.id = (p_body ->> 'assigned_to')::uuid
                and u.role in ('crisis', 'admin', 'super') and standing(u) is null) then
            refusal(422, 'VALIDATION_FAILED', 'assigned_to must be the account of a person who works on crisis alerts',
                '[{"pointer": "/assigned_to", "message": "must be a person who works on crisis alerts"}]')
        when not p_body ? 'false_alarm' and p_body ->> 'status' <> a.status
             and p_body ->> 'status' <> all (crisis_alert_next(a.status)) then
            refusal(409, 'TRANSITION_FORBIDDEN', case
                when a.status = 'resolved' then format('a resolved alert stays resolved, it cannot become %s',
                    p_body ->> 'status')
                else format('a %s alert can become %s, not %s', a.status,
                    array_to_string(crisis_alert_next(a.status), ' or '), p_body ->> 'status') end,
                jsonb_build_object('status', a.status, 'allowed', crisis_alert_next(a.status)))
    end
$$;

-- Changes the fields that the body has; its resolution_notes are sealed. `alert`: afterwards, or a refusal; `ended`:
-- the safety state that has ended. No row: there is no such alert.
create or replace function crisis_alert_change(p_id uuid, p_body jsonb) returns table (alert json, ended text)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_crisis();
    a crisis_alerts;
    before text;
    wanted text := case when p_body ? 'false_alarm' then 'resolved' else p_body ->> 'status' end;
begin
    if refused is not null then return query select refused, null::text; return; end if;
    a := crisis_alert_locked(p_id, null);
    if a.id is null then return; end if;
    refused := unless_crisis_change(a, p_body);
    if refused is not null then return query select refused, null::text; return; end if;
    before := a.status;
    update crisis_alerts set
        status = coalesce(wanted, status),
        assigned_to = case when p_body ? 'assigned_to' then (p_body ->> 'assigned_to')::uuid else assigned_to end,
        resolution_notes = case when p_body ? 'resolution_notes' then p_body ->> 'resolution_notes'
                                else resolution_notes end,
        emergency_contacted = coalesce((p_body ->> 'emergency_contacted')::boolean, emergency_contacted),
        false_alarm = case when p_body ? 'false_alarm' then coalesce(false_alarm, 'admin') else false_alarm end,
        reviewed_by = case when before = 'pending' and wanted <> before then caller() else reviewed_by end,
        reviewed_at = case when before = 'pending' and wanted <> before then now() else reviewed_at end,
        resolved_at = case when wanted = 'resolved' and wanted <> before then now() else resolved_at end,
        updated_at = now()
    where id = a.id returning * into a;
    perform audit(a.user_id, 'crisis_alert.changed', a.id::text, p_body - 'resolution_notes'
        || jsonb_build_object('from', before, 'notes', p_body ? 'resolution_notes'));
    return query select crisis_alert_details(a),
        case when a.status = 'resolved' and before <> 'resolved' then crisis_state_end(a) end;
end $$;

-- The caller marks an alert of their own as a false alarm, which resolves it. No row: it is not one of the caller's.
create or replace function crisis_alert_false_alarm(p_id uuid) returns table (alert json, ended text)
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    a crisis_alerts := crisis_alert_locked(p_id, caller());
    before text := a.status;
begin
    if a.id is null then return; end if;
    if a.false_alarm is null then
        update crisis_alerts set status = 'resolved', false_alarm = 'user',
            resolved_at = coalesce(resolved_at, now()), updated_at = now()
        where id = a.id returning * into a;
        perform audit(a.user_id, 'crisis_alert.false_alarm', a.id::text, jsonb_build_object('from', before));
    end if;
    return query select crisis_alert_own(a), case when before <> 'resolved' then crisis_state_end(a) end;
end $$;
