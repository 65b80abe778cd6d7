-- Whether the session has shown a second factor, which the roles above user need.
alter table sessions add column second_factor boolean not null default false;
drop function if exists auth_open(uuid, uuid, text, text, inet, int);
