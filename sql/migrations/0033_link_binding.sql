-- A sign-in link works only where it was requested. NULL: it is of another kind, or older than this.
alter table email_links add column binding_hash text;
drop function if exists email_link_make(uuid, text, text, text);

-- Whether the session has shown a second factor, which the roles above user need.
alter table sessions add column second_factor boolean not null default false;
drop function if exists auth_open(uuid, uuid, text, text, inet, int);

-- An archive is downloaded by a session of its owner that has opened it, once.
drop function if exists export_seal(uuid, text);
drop function if exists export_open(text);
drop function if exists export_part(text, int);
alter table exports drop column token_hash, add column opened_by uuid, add column open_until timestamptz;
