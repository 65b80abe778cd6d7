// Subscriptions: creation, renewal, trial, pause and end. Changes of their items are in changes.mjs.

import { addInvoice, chargeInvoice, finalizeInvoice, lineOf, voidInvoice } from './invoices.mjs';
import { addPeriod } from './periods.mjs';
import { declined, methodOf } from './money.mjs';
import { planOf } from './render.mjs';
import { cardError, invalid, list, newId } from './wire.mjs';

export const itemOf = (account, subscription, { price, quantity = 1, metadata = {}, start, end }) => ({
    id: newId('si_', 14),
    object: 'subscription_item',
    billing_thresholds: null,
    created: account.now(),
    current_period_end: end,
    current_period_start: start,
    discounts: [],
    metadata,
    plan: planOf(price),
    price,
    quantity,
    subscription: subscription.id,
    tax_rates: [],
});

const day = 86_400;

// Of the trial's end: three days before, or at once when it is nearer.
export function warn(account, subscription) {
    subscription._warned = subscription.trial_end;
    account.emit('customer.subscription.trial_will_end', subscription);
}

const itemsOf = (id, data) => list(`/v1/subscription_items?subscription=${id}`, data, { total_count: data.length });

// `behavior`: as payment_behavior. `charge`: whether the first invoice is charged here. `extras`: one-time items of
// that invoice.
export function createSubscription(account, about) {
    const { customer, items, extras = [], metadata = {}, trialEnd = null, fields = {} } = about;
    const { behavior = 'allow_incomplete' } = about;
    const [{ price }] = items;
    const now = account.now();
    const id = newId('sub_1', 23);
    const trialing = trialEnd > now;
    const end = trialing ? trialEnd : addPeriod(now, price.recurring, now);
    const subscription = {
        id,
        object: 'subscription',
        application: null,
        application_fee_percent: null,
        automatic_tax: { disabled_reason: null, enabled: false, liability: null },
        billing_cycle_anchor: trialing ? trialEnd : now,
        billing_cycle_anchor_config: null,
        billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
        billing_schedules: [],
        billing_thresholds: null,
        cancel_at: null,
        cancel_at_period_end: false,
        canceled_at: null,
        cancellation_details: { comment: null, feedback: null, reason: null },
        collection_method: 'charge_automatically',
        created: now,
        currency: price.currency,
        customer: customer.id,
        customer_account: null,
        days_until_due: null,
        default_payment_method: null,
        default_source: null,
        default_tax_rates: [],
        description: null,
        discounts: [],
        ended_at: null,
        invoice_settings: { account_tax_ids: null, issuer: { type: 'self' } },
        items: null,
        latest_invoice: null,
        livemode: false,
        metadata,
        next_pending_invoice_item_invoice: null,
        on_behalf_of: null,
        pause_collection: null,
        payment_settings: {
            payment_method_options: null,
            payment_method_types: null,
            save_default_payment_method: 'off',
        },
        pending_invoice_item_interval: null,
        pending_setup_intent: null,
        pending_update: null,
        schedule: null,
        start_date: now,
        status: trialing ? 'trialing' : 'incomplete',
        test_clock: null,
        transfer_data: null,
        trial_end: trialing ? trialEnd : null,
        trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' } },
        trial_start: trialing ? now : null,
        _pending: [], // lines of the next invoice
        ...fields,
    };
    if (fields.cancel_at_period_end) subscription.cancel_at = end;
    if (subscription.cancel_at) subscription.canceled_at = now;
    subscription.items = itemsOf(
        id,
        items.map((item) => itemOf(account, subscription, { ...item, start: now, end })),
    );
    const method = methodOf(account, customer, subscription);
    const charged = !trialing && price.unit_amount > 0 && behavior !== 'default_incomplete';
    if (charged && behavior === 'error_if_incomplete' && method?._card !== 'ok') throw cardError(declined);
    account.add(subscription);
    if (trialing && !method && behavior === 'default_incomplete') addSetup(account, subscription);
    const lines = subscription.items.data.map((item) =>
        lineOf(account, subscription, item, trialing ? { amount: 0, description: 'Trial period' } : {}),
    );
    for (const extra of extras) lines.push(lineOf(account, null, extra, { period: { start: now, end: now } }));
    const invoice = addInvoice(account, { customer, subscription, reason: 'subscription_create', lines });
    account.emit('customer.subscription.created', subscription);
    finalizeInvoice(account, invoice);
    if (charged && invoice.status === 'open' && about.charge !== false) chargeInvoice(account, invoice);
    if (trialing && trialEnd - now <= 3 * day) warn(account, subscription);
    return subscription;
}

// The set-up by which the client of a subscription in its trial gives a payment method.
function addSetup(account, subscription) {
    const id = newId('seti_1', 23);
    subscription.pending_setup_intent = account.add({
        id,
        object: 'setup_intent',
        client_secret: `${id}_secret_${newId('', 24)}`,
        created: account.now(),
        customer: subscription.customer,
        livemode: false,
        payment_method: null,
        status: 'requires_payment_method',
        usage: 'off_session',
        _subscription: subscription.id,
    }).id;
}

// A person gives a payment method to the set-up.
export function completeSetup(account, setup, method) {
    Object.assign(setup, { status: 'succeeded', payment_method: method.id });
    account.emit('setup_intent.succeeded', setup);
    account.change(account.objects.get(setup._subscription), 'customer.subscription.updated', {
        default_payment_method: method.id,
        pending_setup_intent: null,
    });
}

export function endSubscription(account, subscription, reason = 'cancellation_requested', { void: voids } = {}) {
    const expired = subscription.status === 'incomplete';
    Object.assign(subscription, {
        status: expired ? 'incomplete_expired' : 'canceled',
        canceled_at: subscription.canceled_at ?? account.now(),
        ended_at: account.now(),
        pending_update: null,
    });
    subscription.cancellation_details.reason ??= reason;
    const schedule = account.objects.get(subscription.schedule);
    if (schedule) account.change(schedule, null, { status: 'canceled', canceled_at: account.now() });
    for (const invoice of invoicesOf(account, subscription)) {
        if (invoice.status === 'open' && (voids || expired)) voidInvoice(account, invoice);
        else if (['open', 'draft'].includes(invoice.status)) {
            Object.assign(invoice, { auto_advance: false, next_payment_attempt: null, _at: null });
        }
    }
    account.emit(
        expired ? 'customer.subscription.updated' : 'customer.subscription.deleted',
        subscription,
        expired && {
            status: 'incomplete',
            ended_at: null,
        },
    );
}

export const invoicesOf = (account, { id }) =>
    account.all('invoice').filter(({ _subscription }) => _subscription === id);

export const periodEnd = ({ items }) => Math.min(...items.data.map((item) => item.current_period_end));

// Begins the next period with a draft invoice, which Stripe finalizes and charges an hour later.
export function renew(account, subscription) {
    const customer = account.objects.get(subscription.customer);
    const start = periodEnd(subscription);
    const [{ price }] = subscription.items.data;
    const end = addPeriod(start, price.recurring, subscription.billing_cycle_anchor);
    const trialing = subscription.status === 'trialing';
    if (trialing && !methodOf(account, customer, subscription)) {
        const behavior = subscription.trial_settings.end_behavior.missing_payment_method;
        if (behavior === 'cancel') return endSubscription(account, subscription);
        if (behavior === 'pause') {
            account.change(subscription, null, { status: 'paused' });
            account.emit('customer.subscription.paused', subscription);
            return undefined;
        }
    }
    account.change(subscription, 'customer.subscription.updated', () => {
        if (trialing) subscription.status = 'active';
        for (const item of subscription.items.data) {
            Object.assign(item, { current_period_start: start, current_period_end: end });
        }
        billPeriod(account, subscription, customer, subscription.status === 'unpaid');
    });
    return undefined;
}

function billPeriod(account, subscription, customer, left) {
    const behavior = subscription.pause_collection?.behavior;
    const lines = [
        ...subscription._pending.splice(0),
        ...subscription.items.data.map((item) => lineOf(account, subscription, item, {})),
    ];
    const invoice = addInvoice(account, { customer, subscription, reason: 'subscription_cycle', lines });
    if (left || behavior === 'keep_as_draft') return Object.assign(invoice, { auto_advance: false });
    if (behavior === 'void') return voidInvoice(account, invoice);
    if (behavior === 'mark_uncollectible') return Object.assign(invoice, { status: 'uncollectible' });
    return Object.assign(invoice, {
        automatically_finalizes_at: account.now() + account.draftSeconds,
        _at: account.now() + account.draftSeconds,
    });
}

// Ends a trial at once, with its invoice.
export function endTrial(account, subscription) {
    const now = account.now();
    const customer = account.objects.get(subscription.customer);
    const [{ price }] = subscription.items.data;
    const end = addPeriod(now, price.recurring, now);
    account.change(subscription, null, { trial_end: now, billing_cycle_anchor: now });
    account.emit('customer.subscription.trial_will_end', subscription);
    account.change(subscription, 'customer.subscription.updated', () => {
        subscription.status = 'active';
        for (const item of subscription.items.data) {
            Object.assign(item, { current_period_start: now, current_period_end: end });
        }
    });
    const lines = subscription.items.data.map((item) => lineOf(account, subscription, item, {}));
    const invoice = addInvoice(account, { customer, subscription, reason: 'subscription_update', lines });
    finalizeInvoice(account, invoice);
    if (invoice.status === 'open') chargeInvoice(account, invoice, { scheduled: true });
}

// Another end of the trial, or a trial from now on.
export function setTrial(account, subscription, end) {
    const now = account.now();
    if (end <= now)
        throw invalid('Invalid timestamp: must be an integer Unix timestamp in the future.', { param: 'trial_end' });
    account.change(subscription, 'customer.subscription.updated', () => {
        Object.assign(subscription, { status: 'trialing', trial_end: end, billing_cycle_anchor: end });
        subscription.trial_start ??= now;
        for (const item of subscription.items.data) Object.assign(item, { current_period_end: end });
    });
    if (end - now <= 3 * day) warn(account, subscription);
}

export function resume(account, subscription) {
    const now = account.now();
    const customer = account.objects.get(subscription.customer);
    const [{ price }] = subscription.items.data;
    for (const item of subscription.items.data) {
        item.current_period_start = now;
        item.current_period_end = addPeriod(now, price.recurring, now);
    }
    subscription.billing_cycle_anchor = now;
    const lines = subscription.items.data.map((item) => lineOf(account, subscription, item, {}));
    const invoice = addInvoice(account, { customer, subscription, reason: 'subscription_cycle', lines });
    finalizeInvoice(account, invoice);
    const outcome = invoice.status === 'open' ? chargeInvoice(account, invoice) : 'ok';
    if (outcome !== 'ok') return;
    account.change(subscription, 'customer.subscription.updated', { status: 'active' });
    account.emit('customer.subscription.resumed', subscription);
}

// The invoice of a pending update has been paid.
export function applyPendingUpdate(account, subscription) {
    const { _apply } = subscription.pending_update;
    account.change(subscription, 'customer.subscription.updated', () => {
        subscription.pending_update = null;
        _apply();
    });
    account.emit('customer.subscription.pending_update_applied', subscription);
}

export function expirePendingUpdate(account, subscription) {
    const invoice = account.objects.get(subscription.pending_update._invoice);
    if (invoice?.status === 'open') voidInvoice(account, invoice);
    subscription.pending_update = null;
    account.emit('customer.subscription.pending_update_expired', subscription);
}

export function setItems(subscription, data) {
    subscription.items = itemsOf(subscription.id, data);
}
