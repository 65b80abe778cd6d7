-- A held message may be an edit: it replaces the message once a reviewer has allowed it.
set search_path = airi;

alter table moderation_decisions add column replaces uuid;  -- the message that a held one replaces
