-- The ids of models at their providers, models that stand in for a plan's own, and what the workers share about a
-- provider's health.
set search_path = airi;

-- A model without a row here has its name as its id.
create table model_ids (
    provider text not null,
    model    text not null,                             -- as in model_prices
    api_id   text not null,                             -- what the provider's API accepts
    primary key (provider, model)
);

-- A stand-in also answers for plans below its min_rank, when none of their own models can; they may not name it.
alter table model_prices add column stand_in boolean not null default false;

alter table provider_health
    add column open_until  timestamptz,                 -- NULL: not excluded
    add column measured_at timestamptz;                 -- the last call or probe; NULL: none yet
