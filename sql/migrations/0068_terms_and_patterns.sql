set search_path = airi;

-- A person who speaks of harming themselves is shown help, not a rejection: the crisis rules decide what follows, as
-- for the rules of a provider's scores (0055).
update blocked_terms set action = 'warn' where category = 'self_harm' and action = 'block';
alter table blocked_terms
    add constraint self_harm_is_never_blocked check (action <> 'block' or category <> 'self_harm');

-- Regular expressions beside the terms; platform/safety/patterns.hpp says which are taken.
alter table blocked_terms
    add column pattern boolean not null default false,
    drop constraint blocked_terms_pkey,
    add primary key (term, pattern, shadow);
