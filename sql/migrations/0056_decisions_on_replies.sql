-- Decisions on replies: message_id is the reply's id.
set search_path = airi;

alter table moderation_decisions add column origin text not null default 'message'
    check (origin in ('message', 'reply'));
