-- Requests to the payment provider: of users, and of the closing of their accounts. The payments worker carries them
-- out.

-- A request of the caller's to the provider: {id, state, result}, or a refusal. The same id is the same request.
create or replace function payment_request(p_id uuid, p_kind text, p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    r payment_requests;
    target plans;
    s subscriptions;
    has boolean;
    refused json;
    wanted text;      -- month, year or once
begin
    select * into r from payment_requests where id = p_id and user_id = caller();
    if found then return json_build_object('id', r.id, 'state', r.state, 'result', r.result); end if;
    select * into s from subscriptions x
    where x.user_id = caller()
      and (is_bought(x) or p_kind = 'withdraw' and x.status = 'canceled' and withdraw_until(x) is not null)
    order by x.created_at desc limit 1;
    has := found;
    if p_kind in ('checkout', 'subscribe', 'change', 'preview', 'payment') then
        select * into target from plans where id = p_body ->> 'plan' and active;
        if not found then
            return refusal(422, 'VALIDATION_FAILED', 'plan must be the id of an active plan',
                '[{"pointer": "/plan", "message": "must be the id of an active plan"}]');
        end if;
        -- A change keeps the interval that is paid for, where the plan has it.
        wanted := coalesce(p_body ->> 'interval',
            case when has and plan_price(target, s.interval) is not null then s.interval end, target.billing_period);
        if p_kind = 'payment' and (target.price_cents = 0 or target.billing_period <> 'once')
            or p_kind <> 'payment' and (plan_price(target, wanted) is null or wanted = 'once') then
            return refusal(409, 'PLAN_NOT_SOLD', 'this plan cannot be bought here');
        end if;
    end if;
    refused := case
        when p_kind in ('checkout', 'subscribe') and has then
            refusal(409, 'ALREADY_SUBSCRIBED', 'there is a subscription already; change it instead')
        when p_kind = 'payment' and exists (
                select from payment_history
                where user_id = caller() and plan = target.id and status = 'COMPLETED' and not disputed) then
            refusal(409, 'ALREADY_PAID', 'this plan is paid already')
        when p_kind in ('change', 'preview', 'cancel', 'resume', 'withdraw') and not has then
            refusal(404, 'NOT_FOUND', 'there is no subscription')
        when p_kind = 'change' and s.plan = target.id and s.interval = wanted and s.next_plan is null then
            refusal(409, 'SAME_PLAN', 'the subscription has this plan')
        when p_kind = 'withdraw' and withdraw_until(s) is null then
            refusal(409, 'WITHDRAWAL_OVER', 'the time in which one can withdraw is over; cancel instead')
        when p_kind = 'withdraw' and exists (
                select from payment_requests
                where user_id = caller() and kind = 'withdraw' and state = 'done'
                  and parameters ->> 'subscription' = s.id) then
            refusal(409, 'ALREADY_WITHDRAWN', 'this contract was withdrawn from already')
        when p_kind = 'portal' and not exists (select from payment_customers where user_id = caller()) then
            refusal(404, 'NOT_FOUND', 'nothing was paid yet') end;
    if refused is not null then return refused; end if;
    insert into payment_requests (id, user_id, kind, parameters)
    values (p_id, caller(), p_kind, jsonb_strip_nulls(p_body || case
        when p_kind = 'withdraw' then
            jsonb_build_object('subscription', s.id, 'immediately', true, 'parts', withdrawal_parts(s))
        else payment_terms(p_kind, target, wanted, s, p_body) end));
    return json_build_object('id', p_id, 'state', 'requested', 'result', null);
end $$;

-- The worker's parameters of a request: the price of the plan, and the present subscription.
create or replace function payment_terms(p_kind text, p plans, p_interval text, s subscriptions, p_body jsonb)
returns jsonb language sql stable as $$
    select jsonb_build_object(
        'price', plan_price(p, p_interval), 'amount', p.price_cents, 'currency', p.currency, 'interval', p_interval,
        'subscription', s.id,
        'upgrade', case when s.id is not null and p.id is not null then
            p.rank > coalesce((select rank from plans where id = s.plan), -1)
            or p.id = s.plan and p_interval = 'year' and s.interval = 'month' end,
        'trial_days', case when p.trial_days > 0 and p_kind in ('checkout', 'subscribe')
            and not exists (select from subscriptions x
                            where x.user_id = caller() and x.status not in ('incomplete', 'incomplete_expired'))
            then p.trial_days end,
        'tax', case when setting('stripe_tax') = 'true' then true end,
        'immediate_start', case when (p_body ->> 'immediate_start')::boolean then
            extract(epoch from now())::bigint end)
$$;

-- The part of the payments that a withdrawal refunds, in millionths: all, or the rest of the period when the user asked
-- that the plan begin at once (Directive 2011/83/EU, Article 14).
create or replace function withdrawal_parts(s subscriptions) returns bigint language sql stable as $$
    select case when s.immediate_start_at is null then 1000000
        else round(1000000 * least(1, greatest(0, extract(epoch from s.period_end - now())
            / nullif(extract(epoch from s.period_end - s.period_start), 0)))) end
$$;

-- An administrator's request to refund a payment or a paid invoice, whole or in part: {id, state, result, user}, or a
-- refusal. The same id is the same request. NULL: there is nothing that was paid.
create or replace function payment_refund(p_id uuid, p_body jsonb) returns json
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    refused json := unless_admin();
    r payment_requests;
    payer uuid;
    reference text;
    invoice text := p_body ->> 'invoice';
    paid bigint;
begin
    if refused is not null then return refused; end if;
    select * into r from payment_requests where id = p_id and asked_by = caller();
    if found then
        return json_build_object('id', r.id, 'state', r.state, 'result', r.result, 'user', r.user_id);
    end if;
    if invoice is not null then
        select i.user_id, i.amount_paid into payer, paid from invoices i where i.id = invoice and i.amount_paid > 0;
    else
        select h.user_id, h.reference, h.amount - h.refunded into payer, reference, paid from payment_history h
        where (h.id::text = p_body ->> 'payment' or h.reference = p_body ->> 'payment') and h.status = 'COMPLETED';
    end if;
    if payer is null then return null; end if;
    if not exists (select from users where id = payer and erased_at is null) then
        return refusal(409, 'NOT_REFUNDABLE', 'the account is erased; refund at the payment provider');
    end if;
    if (p_body ->> 'amount')::bigint > paid then
        return refusal(422, 'VALIDATION_FAILED', format('at most %s can be refunded', paid),
            '[{"pointer": "/amount", "message": "is more than what was paid and not refunded"}]');
    end if;
    insert into payment_requests (id, user_id, asked_by, kind, parameters)
    values (p_id, payer, caller(), 'refund', jsonb_strip_nulls(jsonb_build_object('payment', reference,
        'invoice', invoice, 'amount', p_body -> 'amount', 'reason', p_body -> 'reason')));
    perform audit(payer, 'payment.refund', coalesce(reference, invoice), p_body - 'payment' - 'invoice');
    return json_build_object('id', p_id, 'state', 'requested', 'result', null, 'user', payer);
end $$;

-- A request that no client waits for.
create or replace function payment_ask(p_user uuid, p_kind text, p_parameters jsonb) returns void language plpgsql as $$
declare
    id uuid := gen_random_uuid();
begin
    insert into payment_requests (id, user_id, kind, parameters) values (id, p_user, p_kind, p_parameters);
    perform outbox_add(gen_random_uuid(), 'payment.requested.v1', p_user::text,
        json_build_object('user_id', p_user, 'request_id', id), '', '');
end $$;

-- A closed account is not charged again: its subscriptions end with their periods.
create or replace function payment_stop(p_user uuid) returns void language sql as $$
    select payment_ask(p_user, 'cancel', jsonb_build_object('subscription', s.id))
    from subscriptions s
    where s.user_id = p_user and s.cancel_at is null and s.status not in ('canceled', 'incomplete_expired')
$$;

-- True when the provider has deleted the user's data and ended the subscriptions, which comes before the account is
-- erased here. Otherwise requests it, again after an hour.
create or replace function payment_forget(p_user uuid) returns boolean language plpgsql as $$
begin
    if not exists (select from payment_customers where user_id = p_user)
        or exists (select from payment_requests where user_id = p_user and kind = 'forget' and state = 'done') then
        return true;
    end if;
    if not exists (select from payment_requests
                   where user_id = p_user and kind = 'forget' and created_at > now() - interval '1 hour') then
        perform payment_ask(p_user, 'forget', '{}');
    end if;
    return false;
end $$;

-- The state and the result of a request that the caller has made.
create or replace function payment_result(p_id uuid) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select json_build_object('state', state, 'result', result) from payment_requests
    where id = p_id and coalesce(asked_by, user_id) = caller()
$$;

-- The worker's view of a request that has no result: {kind, parameters, user, email, name, locale, customer,
-- age (s)}.
create or replace function payment_claim(p_id uuid, p_provider text) returns json
language sql stable security definer set search_path = airi, pg_temp as $$
    select json_build_object('kind', r.kind, 'parameters', r.parameters, 'user', u.id, 'email', u.email,
        'name', coalesce(u.display_name, ''), 'locale', u.locale, 'customer', c.id,
        'age', extract(epoch from now() - r.created_at)::bigint)
    from payment_requests r join users u on u.id = r.user_id and u.erased_at is null
    left join lateral (select * from payment_customers x where x.user_id = u.id and x.provider = p_provider
                       order by x.created_at limit 1) c on true
    where r.id = p_id and r.state = 'requested'
$$;

-- Stores the result of a request, and of the objects that the provider has changed for it. Returns as payment_apply().
create or replace function payment_finish(
    p_id uuid, p_provider text, p_state text, p_result jsonb, p_customer text, p_next_plan text, p_revision bigint,
    p_objects jsonb
) returns jsonb
language plpgsql security definer set search_path = airi, pg_temp as $$
declare
    r payment_requests;
    told jsonb;
begin
    update payment_requests set state = p_state, result = p_result where id = p_id and state = 'requested'
    returning * into r;
    if not found then return null; end if;
    if p_customer is not null then
        told := payment_apply(p_provider, null, '', '', 'applied', now(), p_customer, r.user_id::text, p_revision,
            p_objects);
        if p_next_plan is not null then
            update subscriptions set next_plan = nullif(p_next_plan, ''),
                next_interval = case when p_next_plan <> '' then r.parameters ->> 'interval' end
            where provider = p_provider and id = r.parameters ->> 'subscription' and user_id = r.user_id;
        end if;
        if r.kind = 'withdraw' and p_state = 'done' then
            perform payment_mail(r.user_id, 'withdrawal', jsonb_build_object('amount',
                amount_text((p_result ->> 'refunded')::bigint, p_result ->> 'currency')), null);
        end if;
    end if;
    return told;
end $$;
