-- A message that is held replaces another one when a person has allowed it.
set search_path = airi;

alter table moderation_decisions add column replaces uuid;  -- by a held message
