select isolate('email_links', 'false');
revoke all on email_links from airi_app, airi_worker;

grant execute on function email_link_make(uuid, text, text, text), email_link_take(text, text, jsonb, text),
    email_link_notice, email_add, notice_add to airi_app;
