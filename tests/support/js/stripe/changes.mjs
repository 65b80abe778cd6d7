// Changes of a subscription's items: prorations, their invoice, previews, and updates that wait for a payment.

import { addInvoice, chargeInvoice, draftInvoice, finalizeInvoice, lineOf, voidInvoice } from './invoices.mjs';
import { declined, methodOf } from './money.mjs';
import { addPeriod } from './periods.mjs';
import { itemOf, periodEnd, setItems } from './subscriptions.mjs';
import { cardError, integer, invalid, missing, newId } from './wire.mjs';

// The items after the update that the parameters ask for.
export function changedItems(account, subscription, asked = []) {
    const items = subscription.items.data.map((item) => ({ ...item }));
    const { current_period_start: start, current_period_end: end } = items[0];
    asked.forEach((one, index) => {
        const at = items.findIndex(({ id }) => id === one.id);
        if (one.id && at < 0) {
            throw invalid(`No such subscription item: '${one.id}'`, {
                param: `items[${index}][id]`,
                code: 'resource_missing',
            });
        }
        const price = one.price && account.get('price', one.price, `items[${index}][price]`);
        if (one.deleted === 'true') items.splice(at, 1);
        else if (one.id) {
            Object.assign(items[at], {
                ...(price && { price, plan: itemOf(account, subscription, { price }).plan }),
                ...(one.quantity && { quantity: integer(one.quantity, `items[${index}][quantity]`) }),
            });
        } else {
            if (!price) throw missing(`items[${index}][price]`);
            if (items.some((item) => item.price.id === price.id)) {
                throw invalid(`Cannot add multiple subscription items with the same plan: ${price.id}`, {
                    param: `items[${index}][price]`,
                });
            }
            items.push(itemOf(account, subscription, { price, quantity: integer(one.quantity) ?? 1, start, end }));
        }
    });
    if (items.length === 0) throw invalid('A subscription must have at least one active plan.', { param: 'items' });
    return items;
}

const cost = ({ price, quantity }) => price.unit_amount * quantity;
const sameInterval = (a, b) =>
    a.recurring.interval === b.recurring.interval && a.recurring.interval_count === b.recurring.interval_count;

// The cost of a change at that time: its lines, and true when a new cycle begins with it.
export function proration(account, subscription, items, { behavior = 'create_prorations', at = account.now() } = {}) {
    const old = subscription.items.data;
    const reset = !sameInterval(old[0].price, items[0].price) || (cost(old[0]) === 0 && cost(items[0]) > 0);
    const lines = [];
    if (subscription.status !== 'trialing') {
        const { current_period_start: start, current_period_end: end } = old[0];
        const rest = Math.max(0, Math.min(1, (end - at) / (end - start)));
        const line = (item, sign, text) =>
            lines.push(
                lineOf(account, subscription, item, {
                    amount: sign * Math.round(cost(item) * rest),
                    period: { start: at, end },
                    proration: true,
                    description: `${text} time on ${item.price.product}`,
                }),
            );
        const unchanged = (one, others) =>
            others.some((other) => one.id === other.id && one.price.id === other.price.id && cost(one) === cost(other));
        if (behavior !== 'none') {
            for (const item of old) if (!unchanged(item, items)) line(item, -1, 'Unused');
            if (!reset) for (const item of items) if (!unchanged(item, old)) line(item, 1, 'Remaining');
        }
        if (reset) {
            const cycle = { start: at, end: addPeriod(at, items[0].price.recurring, at) };
            for (const item of items) lines.push(lineOf(account, subscription, item, { period: cycle }));
        }
    }
    return { lines, reset: reset && subscription.status !== 'trialing' };
}

function invoiceNow(account, subscription, lines) {
    const customer = account.objects.get(subscription.customer);
    const invoice = addInvoice(account, { customer, subscription, reason: 'subscription_update', lines });
    finalizeInvoice(account, invoice);
    return invoice;
}

// Carries out an update. `fields`: what else changes with it.
export function changeSubscription(account, subscription, items, { behavior, payment, at, fields = {} }) {
    const { lines, reset } = proration(account, subscription, items, { behavior, at });
    const bill = lines.length > 0 && (reset || behavior === 'always_invoice');
    const method = methodOf(account, account.objects.get(subscription.customer), subscription);
    const due = lines.reduce((sum, { amount }) => sum + amount, 0) > 0;
    if (bill && due && payment === 'error_if_incomplete' && method?._card !== 'ok') throw cardError(declined);
    const now = account.now();
    const apply = () => {
        if (reset) {
            for (const item of items) {
                item.current_period_start = now;
                item.current_period_end = addPeriod(now, items[0].price.recurring, now);
            }
            subscription.billing_cycle_anchor = now;
        }
        setItems(subscription, items);
    };
    if (bill && payment === 'pending_if_incomplete') {
        const pending = {
            billing_cycle_anchor: reset ? now : null,
            discounts: null,
            expires_at: Math.min(now + 23 * 3600, periodEnd(subscription)),
            subscription_items: items.map((item) => ({ ...item })),
            trial_end: null,
            trial_from_plan: null,
            _apply: apply,
        };
        subscription.pending_update = pending;
        const invoice = invoiceNow(account, subscription, lines);
        pending._invoice = invoice.id;
        if (invoice.status === 'paid') {
            subscription.pending_update = null;
            account.change(subscription, 'customer.subscription.updated', apply);
        } else if (!['ok'].includes(chargeInvoice(account, invoice))) {
            account.emit('customer.subscription.updated', subscription, { pending_update: null });
        }
        return;
    }
    account.change(subscription, 'customer.subscription.updated', () => {
        Object.assign(subscription, fields);
        apply();
        if (!bill) subscription._pending.push(...lines);
    });
    if (!bill) return;
    const invoice = invoiceNow(account, subscription, lines);
    if (invoice.status === 'open') chargeInvoice(account, invoice);
}

// The invoice that a change, or the next renewal, would make.
export function previewOf(account, { customer, subscription, items, behavior, at }) {
    const id = newId('upcoming_in_1', 23);
    let lines;
    let reason = 'upcoming';
    if (subscription) {
        const { lines: changes, reset } = proration(account, subscription, items, { behavior, at });
        const now = reset || behavior === 'always_invoice';
        if (now && changes.length) reason = 'subscription_update';
        const start = periodEnd(subscription);
        const end = addPeriod(start, items[0].price.recurring, subscription.billing_cycle_anchor);
        const next = items.map((item) => lineOf(account, subscription, item, { period: { start, end } }));
        lines = now && changes.length ? changes : [...subscription._pending, ...changes, ...next];
        lines = lines.map((line) => ({ ...line }));
    } else {
        const start = account.now();
        lines = items.map((item) =>
            lineOf(account, null, item, { period: { start, end: addPeriod(start, item.price.recurring, start) } }),
        );
    }
    const currency = items[0].price.currency;
    return draftInvoice(account, { customer, subscription, reason, lines, currency, more: { id } });
}

export function cancelPendingUpdate(account, subscription) {
    const invoice = account.objects.get(subscription.pending_update?._invoice);
    if (invoice?.status === 'open') voidInvoice(account, invoice);
    subscription.pending_update = null;
}
