-- name: crisis_alerts.create
-- The alert, and the digest of the request that made it. No row: the conversation is not one of the caller's.
select alert::text, digest from crisis_alert_create(:id::uuid, :conversation::uuid, :severity, :trigger_type, :context,
    :digest, :at::timestamptz, :event::uuid, :topic, :key, :value::json, :traceparent, :request_id);

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

-- name: crisis_alerts.evidence
-- The alert's id, and the evidence, sealed.
select alert::text, context from crisis_alert_evidence(:id::uuid, :reason);
