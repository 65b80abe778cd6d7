select isolate('conversations', 'user_id = caller()');
revoke all on conversations from airi_app, airi_worker;
grant select, insert, update (title, starred, archived, tags, system_prompt, model, deleted_at,
    last_read_at, titled_by, paused_at, ended_at) on conversations to airi_app;
grant select, update (title, message_count, tokens_total, last_message_at, last_message_preview, updated_at,
    titled_by, summary, summary_until, recent_messages, recent_tokens, paused_at, ended_at, safety,
    crisis_at) on conversations to airi_worker;
grant select on recent_conversations to airi_app;

grant execute on function conversation_json, conversation_refusal to airi_app;
grant execute on function conversation_json to airi_worker;
