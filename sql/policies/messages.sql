select isolate('messages', 'user_id = caller()');
revoke all on messages from airi_app, airi_worker;
grant select, update (deleted_at, rating) on messages to airi_app;
grant select on chat_messages, ai_responses to airi_app;
grant select, insert, update (status, deleted_at, superseded_by, metadata, words) on messages to airi_worker;

alter table messages_default enable row level security, force row level security;

select isolate('moderation_decisions', 'user_id = caller()');
revoke all on moderation_decisions from airi_app, airi_worker;
grant select, insert on moderation_decisions to airi_worker;

grant execute on function message_json, search_messages, question_claim, question_release, message_delete to airi_app;
grant execute on function create_monthly_partition, messages_screen, messages_keep_safe, messages_index, lock_replaced,
    replace_questions, message_abandon, message_json, question_fault, lost_codes, search_messages to airi_worker;
