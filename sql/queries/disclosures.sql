-- name: disclosures.at_start
select disclosure_at_start()::text;

-- name: disclosures.due
select user_id, conversation_id, kind, content, jurisdiction from disclosures_due(:messages::jsonb);
