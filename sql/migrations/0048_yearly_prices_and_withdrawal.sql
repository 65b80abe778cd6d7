set search_path = airi;

-- A plan that is billed by the month may have a yearly price too. `trial_days`: of a user's first subscription.
alter table plans add yearly_price_cents bigint check (yearly_price_cents >= 0),
                  add stripe_yearly_price_id text,
                  add trial_days int not null default 0 check (trial_days between 0 and 730);

-- `immediate_start_at`: when the user asked that the plan begin before their right of withdrawal ends; NULL: did not.
alter table subscriptions add next_interval text, add immediate_start_at timestamptz;

-- The payer's VAT id as the invoice shows it. `reverse_charge`: the payer owes the tax.
alter table invoices add vat_id text, add reverse_charge boolean not null default false;

-- The thresholds of the business figures that are passed at present: administrators are warned once when it begins.
create table business_alerts (
    name  text not null,                                -- conversion, or mrr_<currency>
    since timestamptz not null default now(),
    primary key (name)
);
insert into jobs (name, every) values ('business_alerts', '1 day');
