-- Links that a device known to the account asked for, which strangers' requests do not use up.
set search_path = airi;

alter table email_links add column known boolean not null default false;
drop function if exists email_link_make(uuid, text, text, text, text);
