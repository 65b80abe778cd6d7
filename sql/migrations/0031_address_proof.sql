-- The first proof of an address ends what is older, and an account without one has one session at a time.
set search_path = airi;

drop function if exists auth_open, email_link_take, identity_conclude;

alter table sessions drop constraint sessions_ended_why_check;
alter table sessions add constraint sessions_ended_why_check check (ended_why in (
    'logout', 'reuse', 'limit', 'password', 'admin',
    'unproved',                                         -- a new session of an account whose address is not proved
    'proved'));                                         -- the first proof of the address
