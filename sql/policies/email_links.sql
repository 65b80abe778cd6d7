select isolate('email_links', 'false');
revoke all on email_links from airi_app, airi_worker;

grant execute on function email_link_make,
    email_link_take(text, text, jsonb, text, uuid, text, text), email_link_look, email_link_address, email_link_notice,
    email_link_owner, email_link_end_keys, email_add, notice_add to airi_app;
