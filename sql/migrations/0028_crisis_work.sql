-- Work on crisis alerts: calls for help that are repeated with an Idempotency-Key, and the alerts of a conversation.
-- crisis_alerts.resolution_notes is sealed with EVIDENCE_KEY, as crisis_alerts.context is.
set search_path = airi;

-- An HMAC of the request with its Idempotency-Key.
alter table crisis_alerts add column request_digest text not null default '';
create index crisis_alerts_of_conversation on crisis_alerts (conversation_id) where status <> 'resolved';
