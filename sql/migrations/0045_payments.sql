-- Payments (sql/functions/payments.sql). Rows of a provider's objects have its ids; amounts are in the currency's minor
-- unit. Invoices and payments outlive an erased account, under an id that identifies nobody.
set search_path = airi;

create table payment_customers (
    provider   text not null,
    id         text not null,
    user_id    uuid not null references users on delete cascade,
    revision   bigint not null default 0,               -- raised by each change of an object of the customer
    created_at timestamptz not null default now(),
    primary key (provider, id)
);
create index payment_customers_of_user on payment_customers (user_id, provider);

create table subscriptions (
    provider         text not null,
    id               text not null,
    user_id          uuid not null references users on delete cascade,
    customer         text not null,
    plan             text references plans on update cascade,   -- NULL: a price of no plan
    price            text not null,
    status           text not null,
    amount           bigint not null,
    currency         text not null,
    interval         text not null,
    period_start     timestamptz,
    period_end       timestamptz,
    trial_end        timestamptz,
    cancel_at        timestamptz,                       -- when a cancellation that is planned takes effect
    canceled_at      timestamptz,                       -- when it was asked for
    ended_at         timestamptz,
    past_due_since   timestamptz,
    next_plan        text references plans on update cascade,   -- from the next period on
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (provider, id)
);
create index subscriptions_of_user on subscriptions (user_id);

create table subscription_history (
    id           bigint generated always as identity primary key,
    user_id      uuid not null references users on delete cascade,
    subscription text not null,
    plan         text,
    status       text not null,
    old_plan     text,
    old_status   text,
    period_end   timestamptz,
    at           timestamptz not null default now()
);
create index subscription_history_of_user on subscription_history (user_id, id);

create table invoices (
    provider     text not null,
    id           text not null,
    user_id      uuid not null references users,
    subscription text,
    number       text,
    status       text not null,
    currency     text not null,
    amount_due   bigint not null,
    amount_paid  bigint not null,
    tax          bigint not null default 0,
    hosted_url   text,
    pdf_url      text,
    attempts     int not null default 0,
    next_attempt timestamptz,
    period_start timestamptz,
    period_end   timestamptz,
    created_at   timestamptz not null,
    paid_at      timestamptz,
    primary key (provider, id)
);
create index invoices_of_user on invoices (user_id, created_at);

create table payment_history (
    id          uuid primary key,                       -- derived from provider and reference
    provider    text not null,
    reference   text not null,                          -- the provider's id of the payment
    user_id     uuid not null references users,
    status      text not null check (status in ('PENDING', 'COMPLETED', 'FAILED', 'REFUNDED')),
    amount      bigint not null check (amount >= 0),
    refunded    bigint not null default 0,
    currency    text not null,
    plan        text references plans on update cascade,   -- what a completed payment unlocks; NULL: of an invoice
    disputed    boolean not null default false,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    unique (provider, reference)
);
create index payment_history_of_user on payment_history (user_id, created_at);

-- The inbox of webhooks: each event once.
create table payment_events (
    provider    text not null,
    id          text not null,
    type        text not null,
    object      text not null,
    outcome     text not null,                          -- applied, unknown_type, unknown_customer, other_mode, gone
    received_at timestamptz not null,
    handled_at  timestamptz not null default now(),
    primary key (provider, id)
);
create index payment_events_by_age on payment_events (handled_at);

create table payment_requests (
    id          uuid primary key,
    user_id     uuid not null references users on delete cascade,
    kind        text not null,
    parameters  jsonb not null,
    state       text not null default 'requested' check (state in ('requested', 'done', 'refused', 'away')),
    result      jsonb,
    created_at  timestamptz not null default now()
);
create index payment_requests_of_user on payment_requests (user_id);
create index payment_requests_by_age on payment_requests (created_at);

insert into jobs (name, every) values ('payment_grace', '5 minutes');
