-- name: crisis_alerts.create
-- The alert. No row: the conversation is not one of the caller's.
select alert::text from crisis_alert_create(:id::uuid, :conversation::uuid, :severity, :trigger_type, :context,
    :at::timestamptz, :event::uuid, :topic, :key, :value::json, :traceparent, :request_id);

-- name: crisis_alerts.mine
select page::text, next from crisis_alerts_own(:conversation_id::uuid, :open::boolean, :cursor, :limit::int);

-- name: crisis_alerts.list
select page::text, next from crisis_alerts_page(:status, :severity, :user::uuid, :cursor, :limit::int);

-- name: crisis_alerts.get
select crisis_alert_read(:id::uuid)::text;

-- name: crisis_alerts.change
-- The alert afterwards, and the safety state that has ended.
select alert::text, ended from crisis_alert_change(:id::uuid, :body::jsonb);

-- name: crisis_alerts.false_alarm
-- The same, for the alert's user.
select alert::text, ended from crisis_alert_false_alarm(:id::uuid);

-- name: crisis_alerts.outdated
-- A page of the alerts with something that the current EVIDENCE_KEY has not sealed.
select id, context, resolution_notes from crisis_alerts
where id > coalesce(:after::uuid, '00000000-0000-0000-0000-000000000000')
  and ((context <> '' and context not like :mark || '%') or resolution_notes not like :mark || '%')
order by id limit 200;

-- name: crisis_alerts.reseal
-- Changes only the texts that are still as they were read.
update crisis_alerts a set context = n.context, resolution_notes = n.notes
from jsonb_to_recordset(:alerts::jsonb) as n(id uuid, context text, notes text, old_context text, old_notes text)
where a.id = n.id and a.context = n.old_context and a.resolution_notes is not distinct from n.old_notes;

-- name: crisis_alerts.evidence
-- The alert's id, and the evidence, sealed.
select alert::text, context from crisis_alert_evidence(:id::uuid, :reason);
