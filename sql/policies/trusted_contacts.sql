-- trusted_contacts is isolated by sql/own_rows.sql. The gateway adds contacts and works notices through functions.
select isolate('crisis_notices', 'user_id = caller()');
revoke all on crisis_notices from airi_app, airi_worker;

select isolate('contact_messages', 'false');
revoke all on contact_messages from airi_app, airi_worker;

revoke all on contact_channels from airi_app, airi_worker;

grant execute on function contact_json, contact_status, contact_details, contact_answer,
    crisis_notice_cancel, contact_add(uuid, jsonb, jsonb, text, text, text, uuid, text, text) to airi_app;
grant execute on function contact_channels_seen, crisis_notice_plan, crisis_notices_release, contact_messages_claim,
    contact_messages_next, contact_message_sent, contact_message_mailed, contact_message_again,
    contact_message_failed to airi_worker;
