-- Rows of a shadow are judged beside those in force, in place of the rows with their keys, and only counted.
set search_path = airi;

alter table blocked_terms
    add column shadow boolean not null default false,
    drop constraint blocked_terms_pkey,
    add primary key (term, shadow),
    drop constraint blocked_terms_action_check,
    -- 'none': the shadow lacks the term.
    add check (action in ('warn', 'block', 'review') or shadow and action = 'none');
alter table moderation_rules
    add column shadow boolean not null default false,
    drop constraint moderation_rules_pkey,
    add primary key (category, audience, plan, shadow);

create table moderation_shadow_counts (
    day      date   not null,
    way      text   not null check (way in ('same', 'stricter', 'milder')),
    category text   not null,  -- the most severe one that leads to the difference
    live     text   not null,  -- the action in force
    shadow   text   not null,  -- the shadow's action
    messages bigint not null,
    primary key (day, way, category, live, shadow)
);
