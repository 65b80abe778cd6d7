-- From which scores of a moderation provider a message has consequences (workers/moderation/thresholds.hpp). Local term
-- categories are named 'term:<category>' and score 1, or 0.8 for a disguised term.
set search_path = airi;

create table moderation_rules (
    category text not null check (category ~ '^[a-z*][a-z_:/*-]{0,59}$'),  -- '*': categories without rules of their own
    audience text not null default 'everyone' check (audience in ('everyone', 'minors')),
    plan     text not null default '*',                                    -- '*': all plans
    warn     double precision check (warn between 0 and 1),                -- NULL: never
    review   double precision check (review between 0 and 1),
    block    double precision check (block between 0 and 1),
    primary key (category, audience, plan),
    -- A person who speaks of harming themselves gets an answer: what follows is decided by the crisis rules.
    check (block is null or (category not like 'self-harm%' and category <> 'term:self_harm'))
);

-- All scores of the provider, by category; NULL: it was not asked, or did not answer.
alter table moderation_decisions add column scores jsonb;
