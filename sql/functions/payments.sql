-- Payments. What the workers read of a provider's objects comes in one form (workers/providers/payments/stripe.hpp),
-- whichever version of its API it was read in.

-- True while the subscription gives its plan. After a failed renewal it does for payment_grace_days, while the payment
-- of its period is disputed it does not; that payment is a little older than the period when it began it.
create or replace function entitles(s subscriptions) returns boolean language plpgsql stable as $$
begin
    return s.plan is not null and (
        s.status in ('active', 'trialing')
        or (s.status = 'past_due'
            and coalesce(s.past_due_since, now()) > now() - make_interval(days => setting_int('payment_grace_days'))))
        and not exists (
            select from payment_history h
            where h.user_id = s.user_id and h.provider = s.provider and h.disputed and h.plan is null
              and h.created_at > s.period_start - interval '1 hour');
end $$;

-- True for a subscription that was bought and has not ended, whether it is paid at the moment or not.
create or replace function is_bought(s subscriptions) returns boolean language sql immutable as $$
    select s.status not in ('canceled', 'incomplete_expired', 'incomplete')
$$;

-- The provider's price of the plan by the month or year, or once; NULL: it is not sold so.
create or replace function plan_price(p plans, p_interval text) returns text language sql immutable as $$
    select case p_interval when p.billing_period then p.stripe_price_id when 'year' then p.stripe_yearly_price_id end
$$;

-- Until when the user may withdraw from the contract: withdrawal_days after the day on which it was made, which does
-- not count (Regulation 1182/71, Article 3). NULL: the right is over, or this product has none.
create or replace function withdraw_until(s subscriptions) returns timestamptz
language sql stable security definer set search_path = airi, pg_temp as $$
    select ends from (
        select (date_trunc('day', s.created_at at time zone 'utc') + make_interval(days => days + 1))
               at time zone 'utc' as ends, days
        from (select setting_int('withdrawal_days') as days) d) e
    where days > 0 and ends > now()
$$;

-- The plan that the user has paid for, by subscription or for good; NULL: none.
create or replace function paid_plan(p_user uuid) returns text language plpgsql stable as $$
begin
    return (select p.id from plans p
            where p.id in (select s.plan from subscriptions s where s.user_id = p_user and entitles(s)
                           union all
                           select h.plan from payment_history h
                           where h.user_id = p_user and h.status = 'COMPLETED' and not h.disputed)
            order by p.rank desc limit 1);
end $$;

-- Gives the user the plan that they have paid for. A plan that an administrator gave stays until what they have paid
-- for changes. Returns the new plan; NULL: no change.
create or replace function plan_settle(p_user uuid, p_before text) returns text language plpgsql as $$
declare
    after text := paid_plan(p_user);
    new_plan text := coalesce(after, (select id from plans where is_default));
    u users;
begin
    if after is not distinct from p_before then return null; end if;
    select * into u from users where id = p_user for update;
    if u.plan = new_plan then return null; end if;
    update users set plan = new_plan where id = p_user;
    perform audit(p_user, 'payment.plan', new_plan, jsonb_build_object('from', u.plan));
    perform payment_mail(p_user, 'plan_changed',
        jsonb_build_object('plan', (select name from plans where id = new_plan)), null);
    return new_plan;
end $$;

-- Requests a mail about money to the user; none to an erased account.
create or replace function payment_mail(p_user uuid, p_kind text, p_variables jsonb, p_link text) returns void
language sql as $$
    select email_add(gen_random_uuid(), u.id, u.email, p_kind, u.locale::text, coalesce(p_link, ''),
        jsonb_build_object('name', coalesce(u.display_name, '')) || p_variables, now() + interval '3 days', '', '')
    from users u where u.id = p_user and u.erased_at is null
$$;

-- An amount for people: 14.99 USD, 500 JPY.
create or replace function amount_text(p_amount bigint, p_currency text) returns text language sql immutable as $$
    select case
        when lower(p_currency) in ('bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'ugx', 'vnd',
                                   'vuv', 'xaf', 'xof', 'xpf') then p_amount::text
        else to_char(p_amount / 100.0, 'FM999999999990.00') end || ' ' || upper(p_currency)
$$;

create or replace function invoice_json(i invoices) returns json language sql immutable as $$
    select json_build_object('id', i.id, 'number', i.number, 'status', i.status, 'currency', i.currency,
        'amount_due', i.amount_due, 'amount_paid', i.amount_paid, 'tax', i.tax, 'vat_id', i.vat_id,
        'reverse_charge', i.reverse_charge,
        'amount', amount_text(i.amount_due, i.currency), 'hosted_invoice_url', i.hosted_url,
        'invoice_pdf', i.pdf_url, 'period_start', i.period_start, 'period_end', i.period_end,
        'created_at', i.created_at, 'paid_at', i.paid_at)
$$;

-- RFC 3339, as mails show it.
create or replace function instant_text(p_at timestamptz) returns text language sql stable as $$
    select to_char(p_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;

create or replace function time_of(p_seconds jsonb) returns timestamptz language sql immutable as $$
    select to_timestamp((p_seconds #>> '{}')::double precision)
$$;

-- The user of a provider's customer, locked against other changes of its objects; NULL: nobody we know. A customer is
-- linked by the user's id that the provider keeps for us. Raises AI001 when an object of the customer was changed since
-- `p_revision` was read, which was before the object was: that object may be older than what is stored.
create or replace function payment_customer(p_provider text, p_id text, p_user text, p_revision bigint) returns uuid
language plpgsql as $$
declare
    c payment_customers;
begin
    select * into c from payment_customers where provider = p_provider and id = p_id for update;
    if not found then
        insert into payment_customers (provider, id, user_id)
        select p_provider, p_id, u.id from users u
        where u.id = case when p_user ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then p_user::uuid end
          and u.erased_at is null
        on conflict (provider, id) do nothing;
        select * into c from payment_customers where provider = p_provider and id = p_id for update;
        if not found then return null; end if;
    end if;
    if c.revision <> p_revision then
        raise exception 'customer % has changed meanwhile', p_id using errcode = 'AI001';
    end if;
    return c.user_id;
end $$;

-- Stores a subscription as its provider has it now. True when that changed it.
create or replace function payment_store_subscription(p_provider text, s jsonb, p_user uuid) returns boolean
language plpgsql as $$
declare
    old subscriptions;
    new subscriptions;
begin
    select * into old from subscriptions where provider = p_provider and id = s ->> 'id' for update;
    insert into subscriptions as x (provider, id, user_id, customer, plan, price, status, amount, currency, interval,
        period_start, period_end, trial_end, cancel_at, canceled_at, ended_at, past_due_since, next_plan,
        next_interval, immediate_start_at, created_at)
    values (p_provider, s ->> 'id', p_user, s ->> 'customer',
        (select id from plans where s ->> 'price' in (stripe_price_id, stripe_yearly_price_id)), s ->> 'price',
        s ->> 'status', (s ->> 'amount')::bigint, s ->> 'currency', s ->> 'interval', time_of(s -> 'period_start'),
        time_of(s -> 'period_end'), time_of(s -> 'trial_end'), time_of(s -> 'cancel_at'), time_of(s -> 'canceled_at'),
        time_of(s -> 'ended_at'),
        case when s ->> 'status' = 'past_due' then coalesce(old.past_due_since, now()) end,
        case when old.period_start is not distinct from time_of(s -> 'period_start') then old.next_plan end,
        case when old.period_start is not distinct from time_of(s -> 'period_start') then old.next_interval end,
        time_of(s -> 'immediate_start'), coalesce(time_of(s -> 'created'), now()))
    on conflict (provider, id) do update set
        plan = excluded.plan, price = excluded.price, status = excluded.status, amount = excluded.amount,
        currency = excluded.currency, interval = excluded.interval, period_start = excluded.period_start,
        period_end = excluded.period_end, trial_end = excluded.trial_end, cancel_at = excluded.cancel_at,
        canceled_at = excluded.canceled_at, ended_at = excluded.ended_at, past_due_since = excluded.past_due_since,
        next_plan = excluded.next_plan, next_interval = excluded.next_interval,
        immediate_start_at = excluded.immediate_start_at, updated_at = now()
    where x.user_id = p_user
    returning * into new;
    if not found then return false; end if;
    if (old.plan, old.status, old.period_end) is distinct from (new.plan, new.status, new.period_end) then
        insert into subscription_history (user_id, subscription, plan, status, old_plan, old_status, period_end)
        values (p_user, new.id, new.plan, new.status, old.plan, old.status, new.period_end);
    end if;
    return to_jsonb(old) - 'updated_at' is distinct from to_jsonb(new) - 'updated_at';
end $$;

-- Stores an invoice, and mails once about its payment and each failed attempt; the first one fails before the user's
-- eyes. Which event brought it is of no use: an earlier one may have been read after the attempt. True when it is
-- another one now.
create or replace function payment_store_invoice(p_provider text, i jsonb, p_user uuid, p_type text) returns boolean
language plpgsql as $$
declare
    old invoices;
    new invoices;
    told jsonb;
begin
    select * into old from invoices where provider = p_provider and id = i ->> 'id' for update;
    insert into invoices (provider, id, user_id, subscription, number, status, currency, amount_due, amount_paid, tax,
        hosted_url, pdf_url, attempts, next_attempt, period_start, period_end, created_at, paid_at, vat_id,
        reverse_charge)
    values (p_provider, i ->> 'id', p_user, i ->> 'subscription', i ->> 'number', i ->> 'status', i ->> 'currency',
        (i ->> 'amount_due')::bigint, (i ->> 'amount_paid')::bigint, (i ->> 'tax')::bigint, i ->> 'hosted_url',
        i ->> 'pdf_url', (i ->> 'attempts')::int, time_of(i -> 'next_attempt'), time_of(i -> 'period_start'),
        time_of(i -> 'period_end'), time_of(i -> 'created'), time_of(i -> 'paid_at'), i ->> 'vat_id',
        coalesce((i ->> 'reverse_charge')::boolean, false))
    on conflict (provider, id) do update set
        subscription = excluded.subscription, number = excluded.number, status = excluded.status,
        amount_due = excluded.amount_due, amount_paid = excluded.amount_paid, tax = excluded.tax,
        hosted_url = excluded.hosted_url, pdf_url = excluded.pdf_url, attempts = excluded.attempts,
        next_attempt = excluded.next_attempt, paid_at = excluded.paid_at, vat_id = excluded.vat_id,
        reverse_charge = excluded.reverse_charge
    where invoices.user_id = p_user
    returning * into new;
    if not found then return false; end if;
    told := jsonb_build_object('amount', amount_text(new.amount_due, new.currency), 'number', coalesce(new.number, ''));
    if new.status = 'paid' and old.status is distinct from 'paid' and new.amount_paid > 0 then
        perform payment_mail(p_user, 'payment_receipt',
            told || jsonb_build_object('amount', amount_text(new.amount_paid, new.currency)), new.hosted_url);
    elsif new.status = 'open' and new.attempts > coalesce(old.attempts, 0)
        and i ->> 'reason' is distinct from 'subscription_create' then
        perform payment_mail(p_user, 'payment_failed', told || jsonb_strip_nulls(jsonb_build_object(
            'next_attempt', instant_text(new.next_attempt))), new.hosted_url);
    elsif new.status = 'open' and p_type = 'invoice.payment_action_required' then
        perform payment_mail(p_user, 'payment_action', told, new.hosted_url);
    end if;
    return old is distinct from new;
end $$;

-- Stores a payment. Administrators get a notice of a dispute, and the audit log has each of its states. True when that
-- changed it.
create or replace function payment_store_payment(p_provider text, p jsonb, p_user uuid) returns boolean
language plpgsql as $$
declare
    old payment_history;
    new payment_history;
begin
    select * into old from payment_history where provider = p_provider and reference = p ->> 'id' for update;
    insert into payment_history as x (id, provider, reference, user_id, status, amount, refunded, currency, plan,
        disputed, dispute, created_at)
    values (md5(p_provider || '/' || (p ->> 'id'))::uuid, p_provider, p ->> 'id', p_user, p ->> 'status',
        (p ->> 'amount')::bigint, (p ->> 'refunded')::bigint, p ->> 'currency',
        (select id from plans where id = p ->> 'plan'), (p ->> 'disputed')::boolean, p ->> 'dispute',
        time_of(p -> 'created'))
    on conflict (provider, reference) do update set
        status = excluded.status, refunded = excluded.refunded, disputed = excluded.disputed,
        dispute = excluded.dispute, updated_at = now()
    where x.user_id = p_user
    returning * into new;
    if not found then return false; end if;
    if new.dispute is distinct from old.dispute then
        perform audit(p_user, 'payment.dispute', new.reference, jsonb_build_object('status', new.dispute));
    end if;
    if new.dispute is not null and old.dispute is null then
        perform notify_administrators('dispute',
            format('A payment of %s is disputed', amount_text(new.amount, new.currency)),
            format('Answer the dispute of %s at the payment provider before its deadline.', new.reference),
            jsonb_build_object('payment', new.reference, 'user_id', p_user));
    end if;
    return to_jsonb(old) - 'updated_at' is distinct from to_jsonb(new) - 'updated_at';
end $$;

-- Stores the objects of a customer that were read for one webhook, once: {revision}, the customer's from now on, and
-- {user, plan, status} when clients are to be told; NULL when nothing was stored. `p_objects`: subscription, invoice,
-- payment, each may be missing. The revision rises only when a row has changed: other workers' reads are old then.
create or replace function payment_apply(
    p_provider text, p_event text, p_type text, p_object text, p_outcome text, p_received timestamptz, p_customer text,
    p_user text, p_revision bigint, p_objects jsonb
) returns jsonb
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    who uuid;
    before text;
    changed boolean := false;
    told jsonb;
    outcome text := p_outcome;
    s jsonb := p_objects -> 'subscription';
    i jsonb := p_objects -> 'invoice';
    p jsonb := p_objects -> 'payment';
begin
    if p_event is not null and exists (select from payment_events where provider = p_provider and id = p_event) then
        return null;
    end if;
    if outcome = 'applied' then
        who := payment_customer(p_provider, p_customer, p_user, p_revision);
    end if;
    if who is not null then
        before := paid_plan(who);
        if s is not null then changed := payment_store_subscription(p_provider, s, who); end if;
        if i is not null then changed := payment_store_invoice(p_provider, i, who, p_type) or changed; end if;
        if p is not null then changed := payment_store_payment(p_provider, p, who) or changed; end if;
        if changed then
            perform plan_settle(who, before);
            update payment_customers set revision = revision + 1 where provider = p_provider and id = p_customer;
        end if;
        told := jsonb_build_object('revision', p_revision + changed::int);
        if s is not null or p is not null then
            told := told || jsonb_build_object('user', who, 'plan', (select plan from users where id = who),
                'status', coalesce(s, p) ->> 'status');
        end if;
        if p_type = 'customer.subscription.trial_will_end' and s ->> 'status' = 'trialing' then
            perform payment_mail(who, 'trial_ending',
                jsonb_build_object('trial_end', instant_text(time_of(s -> 'trial_end'))), null);
        end if;
    elsif outcome = 'applied' then
        outcome := 'unknown_customer';
    end if;
    if p_event is not null then
        insert into payment_events (provider, id, type, object, outcome, received_at)
        values (p_provider, p_event, p_type, p_object, outcome, p_received) on conflict do nothing;
    end if;
    return told;
end $$;
-- Their successors are payment_store_*; only payment_apply() called them.
drop function if exists payment_sync_subscription(text, jsonb, uuid);
drop function if exists payment_sync_invoice(text, jsonb, uuid, text);
drop function if exists payment_sync_payment(text, jsonb, uuid);

-- Ends the plans of those whose grace after a failed renewal is over; deletes what was kept for its time.
create or replace function job_payment_grace() returns bigint language plpgsql as $$
declare
    s subscriptions;
    total bigint := 0;
    ended text;
begin
    for s in
        select x.* from subscriptions x join users u on u.id = x.user_id
        where x.status = 'past_due' and x.plan = u.plan and not entitles(x) limit 100
    loop
        -- Before its grace was over it was what had been paid for.
        ended := plan_settle(s.user_id, s.plan);
        total := total + (ended is not null)::int;
    end loop;
    delete from payment_events where handled_at < now() - interval '400 days';
    delete from payment_requests where created_at < now() - interval '30 days';
    return total;
end $$;

-- The monthly recurring revenue at a time, by currency: of the subscriptions that are paid for, and had begun and not
-- ended then. Yearly amounts count a twelfth.
create or replace function recurring_revenue(p_at timestamptz) returns table (currency text, amount numeric)
language sql stable as $$
    select s.currency, sum(case when s.interval = 'year' then s.amount / 12 else s.amount end)
    from subscriptions s
    where s.created_at <= p_at and coalesce(s.ended_at, 'infinity') > p_at
      and s.status in ('active', 'past_due', 'canceled')
    group by s.currency
$$;

-- The part of all users that pays.
create or replace function conversion() returns numeric language sql stable as $$
    select count(*) filter (where exists (
            select from subscriptions s where s.user_id = u.id and s.status in ('active', 'past_due')))::numeric
        / greatest(count(*), 1)
    from users u where u.erased_at is null
$$;

-- Warns administrators when fewer users pay than conversion_alert_percent, from 50 users on, or when a currency's
-- recurring revenue is mrr_alert_percent below that of 30 days ago; again only after it was better. Returns the number
-- of notices.
create or replace function job_business_alerts() returns bigint language sql as $$
    with passed as (
        select 'conversion' as name, 'Few users pay' as title,
            format('%s %% of the users pay, %s %% are wanted.', round(100 * conversion(), 1), t) as message
        from (select setting_int('conversion_alert_percent') as t) x
        where 100 * conversion() < t and (select count(*) from users where erased_at is null) >= 50
        union all
        select 'mrr_' || b.currency, 'The recurring revenue has fallen',
            format('It is %s a month, %s %% less than 30 days ago.',
                amount_text(coalesce(n.amount, 0)::bigint, b.currency),
                round(100 * (b.amount - coalesce(n.amount, 0)) / b.amount, 1))
        from (select setting_int('mrr_alert_percent') as t) x
        cross join recurring_revenue(now() - interval '30 days') b
        left join recurring_revenue(now()) n using (currency)
        where t > 0 and b.amount > 0 and 100 * (b.amount - coalesce(n.amount, 0)) >= t * b.amount
    ), better as (
        delete from business_alerts where name not in (select name from passed)
    ), begun as (
        insert into business_alerts (name) select name from passed on conflict do nothing returning name
    )
    select coalesce(sum(notify_administrators('business', p.title, p.message, jsonb_build_object('figure', p.name))), 0)
        ::bigint
    from passed p join begun using (name)
$$;

-- The revenue report of administrators: by currency the monthly recurring revenue, the income of each day, refunds; the
-- users by plan, and of the last `p_days` days sign-ups, new and ended subscriptions.
create or replace function payment_revenue(p_days int) returns json
language plpgsql stable security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    since timestamptz := date_trunc('day', now() at time zone 'utc') at time zone 'utc' - make_interval(days => p_days);
begin
    if refused is not null then return refused; end if;
    return json_build_object(
        'days', p_days,
        'mrr', (select coalesce(json_object_agg(currency, amount), '{}') from recurring_revenue(now())),
        'subscriptions', (select coalesce(json_object_agg(status, n), '{}') from (
            select status, count(*) as n from subscriptions group by status) s),
        'users_by_plan', (select coalesce(json_object_agg(plan, n), '{}') from (
            select plan, count(*) as n from users where erased_at is null group by plan) p),
        'sign_ups', (select count(*) from users where created_at >= since),
        'new_subscriptions', (select count(*) from subscriptions where created_at >= since),
        'ended_subscriptions', (select count(*) from subscriptions where ended_at >= since),
        'conversion', round(conversion(), 4),
        'churn', (select round(count(*) filter (where ended_at >= since)::numeric
            / greatest(count(*) filter (where created_at < since and coalesce(ended_at, 'infinity') >= since), 1), 4)
            from subscriptions),
        'by_day', (select coalesce(json_agg(d order by d.day, d.currency), '[]') from (
            select (created_at at time zone 'utc')::date as day, currency, sum(amount) as paid,
                   sum(refunded) as refunded, count(*) as payments
            from payment_history where status in ('COMPLETED', 'REFUNDED') and created_at >= since
            group by 1, 2) d));
end $$;
