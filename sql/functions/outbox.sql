-- Stores an event that is published when this transaction has committed, at least once. Events of one key are published
-- in the order of their transactions, unless these overlapped.
create or replace function outbox_add(
    p_event uuid, p_topic text, p_key text, p_value json, p_traceparent text, p_request text
) returns void
language plpgsql security definer set search_path = airi, pg_temp as $$
begin
    insert into outbox (partition, event_id, topic, key, value, traceparent, request_id)
    values (hashtext(p_key) & 7, p_event, p_topic, p_key, p_value, p_traceparent, p_request);
end $$;
