-- Every call of a model is a line of the usage ledger (sql/functions/usage.sql), priced by what the provider counted.
set search_path = airi;

-- Prices in nano-dollars per million tokens: providers have prices that are fractions of a nano-dollar a token. NULL:
-- such tokens have the price of the others.
alter table model_prices rename column input_nanousd to input_price;
alter table model_prices rename column output_nanousd to output_price;
alter table model_prices
    add cached_price bigint check (cached_price >= 0),          -- of input tokens that the provider's cache had
    add cache_write_price bigint check (cache_write_price >= 0),
    add reasoning_price bigint check (reasoning_price >= 0);    -- of output tokens that are not shown
update model_prices set input_price = input_price * 1000000, output_price = output_price * 1000000;

-- tokens_in and tokens_out are the provider's count, and ours when it gave none (counted_by): own_in and own_out are
-- always ours. `reported`: the provider's usage as it came.
alter table provider_calls
    add tokens_cached bigint not null default 0,
    add tokens_cache_write bigint not null default 0,
    add tokens_reasoning bigint not null default 0,
    add own_in bigint not null default 0,
    add own_out bigint not null default 0,
    add counted_by text not null default 'airi' check (counted_by in ('provider', 'airi')),
    add reported text,
    add price_version int;                              -- NULL: made before prices had versions, or an estimate

alter table usage_log
    add tokens_cached bigint not null default 0,
    add tokens_reasoning bigint not null default 0,
    add price_version int;
alter table usage_daily
    add tokens_cached bigint not null default 0,
    add tokens_reasoning bigint not null default 0;

create index usage_daily_by_day on usage_daily (day);

-- The tokens of the day that a message has reserved, then those that it used. Only for plans with such a limit.
alter table message_quota
    add tokens bigint not null default 0 check (tokens >= 0),
    add settled boolean not null default false;

-- The thresholds of the monthly budget that were reached: one warning each.
create table budget_warnings (
    month          date not null,                       -- its first day, UTC
    percent        int not null,
    cost_nanousd   bigint not null,
    budget_nanousd bigint not null,
    created_at     timestamptz not null default now(),
    primary key (month, percent)
);

insert into jobs (name, every) values ('budget', '5 minutes'), ('usage_reconciliation', '1 hour');

-- A call that failed is a line of its own now; it was not before.
create or replace view usage_logs with (security_invoker = true) as
select event_id as id, user_id, resource as resource_type, quantity as amount, provider, model, tokens_in, tokens_out,
       tokens_in + tokens_out as tokens_used, cost_nanousd, cost_nanousd / 1e9 as cost_usd, outcome,
       case when outcome not in ('completed', 'cancelled', 'cached') then outcome end as error,
       reference as generation_id, occurred_at as created_at
from usage_log;
