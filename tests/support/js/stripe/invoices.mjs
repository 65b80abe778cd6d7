// Invoices: their lines, their way from draft to paid, and what their payment does to the subscription.

import { addIntent, cancelIntent, chargeIntent, methodOf } from './money.mjs';
import { list, newId } from './wire.mjs';
import { applyPendingUpdate, endSubscription } from './subscriptions.mjs';
import { paymentsOf } from './render.mjs';
import { taxesOf } from './tax.mjs';

const priceOf = (account, item) => account.get('price', item.price.id ?? item.price);

export function lineOf(account, subscription, item, { amount, period, proration = false, description }) {
    const price = priceOf(account, item);
    const quantity = item.quantity ?? 1;
    const total = amount ?? price.unit_amount * quantity;
    return {
        id: newId('il_1', 23),
        object: 'line_item',
        amount: total,
        currency: price.currency,
        description: description ?? `${quantity} × ${price.product}`,
        discount_amounts: [],
        discountable: !proration,
        discounts: [],
        invoice: null,
        livemode: false,
        metadata: { ...subscription?.metadata },
        parent: subscription && {
            invoice_item_details: null,
            subscription_item_details: {
                invoice_item: proration ? newId('ii_1', 23) : null,
                proration,
                proration_details: { credited_items: null },
                subscription: subscription.id,
                subscription_item: item.id,
            },
            type: 'subscription_item_details',
        },
        period: period ?? { start: item.current_period_start, end: item.current_period_end },
        pretax_credit_amounts: [],
        pricing: {
            price_details: { price: price.id, product: price.product },
            type: 'price_details',
            unit_amount_decimal: String(price.unit_amount),
        },
        quantity,
        subscription: subscription?.id ?? null,
        subtotal: total,
        taxes: [],
    };
}

// An invoice that is not kept yet.
export function draftInvoice(account, { customer, subscription, reason, lines, currency, more = {} }) {
    const id = newId('in_1', 23);
    const sum = lines.reduce((total, { amount }) => total + amount, 0);
    const balance = customer.balance;
    const { tax, ...taxes } = taxesOf(account, customer, subscription, sum);
    const total = sum + tax;
    const due = Math.max(0, total + balance);
    for (const line of lines) line.invoice = id;
    const parent = subscription && {
        quote_details: null,
        subscription_details: { metadata: { ...subscription.metadata }, subscription: subscription.id },
        type: 'subscription_details',
    };
    return {
        id,
        object: 'invoice',
        account_country: 'DE',
        account_name: 'AIRI',
        account_tax_ids: null,
        amount_due: due,
        amount_overpaid: 0,
        amount_paid: 0,
        amount_remaining: due,
        amount_shipping: 0,
        application: null,
        attempt_count: 0,
        attempted: false,
        auto_advance: true,
        automatic_tax: {
            disabled_reason: null,
            enabled: subscription?.automatic_tax.enabled ?? false,
            liability: null,
            provider: null,
            status: subscription?.automatic_tax.enabled ? 'complete' : null,
        },
        automatically_finalizes_at: null,
        billing_reason: reason,
        collection_method: subscription?.collection_method ?? 'charge_automatically',
        created: account.now(),
        currency: subscription?.currency ?? currency,
        custom_fields: null,
        customer: customer.id,
        customer_account: null,
        customer_address: customer.address,
        customer_email: customer.email,
        customer_name: customer.name,
        customer_phone: customer.phone,
        customer_shipping: null,
        customer_tax_exempt: customer.tax_exempt,
        default_payment_method: null,
        default_source: null,
        default_tax_rates: [],
        description: null,
        discounts: [],
        due_date: null,
        effective_at: null,
        ending_balance: null,
        footer: null,
        from_invoice: null,
        hosted_invoice_url: null,
        invoice_pdf: null,
        issuer: { type: 'self' },
        last_finalization_error: null,
        latest_revision: null,
        lines: list(`/v1/invoices/${id}/lines`, lines, { total_count: lines.length }),
        livemode: false,
        metadata: {},
        next_payment_attempt: null,
        number: null,
        on_behalf_of: null,
        parent: parent ?? null,
        payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
        period_end: account.now(),
        period_start: account.now(),
        post_payment_credit_notes_amount: 0,
        pre_payment_credit_notes_amount: 0,
        receipt_number: null,
        rendering: null,
        shipping_cost: null,
        shipping_details: null,
        starting_balance: balance,
        statement_descriptor: null,
        status: 'draft',
        status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
        subtotal: sum,
        subtotal_excluding_tax: sum,
        test_clock: null,
        total,
        total_discount_amounts: [],
        total_excluding_tax: sum,
        total_pretax_credit_amounts: [],
        ...taxes,
        webhooks_delivered_at: null,
        _subscription: subscription?.id,
        ...more,
    };
}

export function addInvoice(account, about) {
    const invoice = account.add(draftInvoice(account, about));
    if (about.subscription) about.subscription.latest_invoice = invoice.id;
    account.emit('invoice.created', invoice);
    return invoice;
}

// Draft → open with a payment intent, or paid when nothing is due.
export function finalizeInvoice(account, invoice) {
    const customer = account.objects.get(invoice.customer);
    account.lastNumber = (account.lastNumber ?? 0) + 1;
    const credit = invoice.starting_balance + invoice.total;
    account.change(customer, 'customer.updated', { balance: Math.min(0, credit) });
    Object.assign(invoice, {
        status: 'open',
        number: `AIRI-${String(account.lastNumber).padStart(4, '0')}`,
        automatically_finalizes_at: null,
        effective_at: account.now(),
        ending_balance: customer.balance,
        hosted_invoice_url: `${account.url}/i/${invoice.id}`,
        invoice_pdf: `${account.url}/i/${invoice.id}/pdf`,
    });
    invoice.status_transitions.finalized_at = account.now();
    if (invoice.amount_due > 0) {
        const intent = addIntent(account, {
            amount: invoice.amount_due,
            currency: invoice.currency,
            customer: customer.id,
            description: invoice._subscription ? 'Subscription creation' : null,
            _invoice: invoice.id,
        });
        invoice._intent = intent.id;
        account.add({
            id: newId('inpay_1', 23),
            object: 'invoice_payment',
            amount_paid: null,
            amount_requested: invoice.amount_due,
            created: account.now(),
            currency: invoice.currency,
            invoice: invoice.id,
            is_default: true,
            livemode: false,
            payment: { payment_intent: intent.id, type: 'payment_intent' },
            status: 'open',
            status_transitions: { canceled_at: null, paid_at: null },
        });
    }
    account.emit('invoice.finalized', invoice);
    if (invoice.amount_due === 0) markPaid(account, invoice);
}

// Charges an open invoice to the method, and returns the outcome: as chargeIntent, or 'no_method'. `scheduled`: it is
// an attempt of Stripe's own, not a person's.
export function chargeInvoice(account, invoice, { method, scheduled = false, confirmed = false } = {}) {
    const subscription = account.objects.get(invoice._subscription);
    const used = method ?? methodOf(account, account.objects.get(invoice.customer), subscription);
    const intent = account.objects.get(invoice._intent);
    if (intent.status === 'processing') return 'sepa_processing';
    const outcome = used ? chargeIntent(account, intent, used, { confirmed }) : 'no_method';
    invoiceCharged(account, invoice, outcome, { scheduled });
    return outcome;
}

export function invoiceCharged(account, invoice, outcome, { scheduled = false } = {}) {
    const subscription = account.objects.get(invoice._subscription);
    if (outcome === 'ok') return markPaid(account, invoice);
    if (outcome === 'sepa_processing') {
        Object.assign(invoice, { attempted: true, next_payment_attempt: null });
        invoice.attempt_count = Math.max(1, invoice.attempt_count);
        if (subscription?.status === 'incomplete') {
            account.change(subscription, 'customer.subscription.updated', { status: 'active' });
        }
        return;
    }
    invoice.attempted = true;
    if (scheduled || invoice.attempt_count === 0) invoice.attempt_count += 1;
    const wait = account.dunning.retries[invoice.attempt_count - 1];
    const ended = !subscription || ['canceled', 'incomplete', 'incomplete_expired'].includes(subscription.status);
    if (scheduled || invoice.next_payment_attempt === null) {
        invoice.next_payment_attempt = ended || wait === undefined ? null : account.now() + wait;
    }
    if (outcome === 'requires_action') account.emit('invoice.payment_action_required', invoice);
    if (outcome !== 'requires_action' || scheduled) account.emit('invoice.payment_failed', invoice);
    if (!subscription || ended) return;
    if (['active', 'trialing'].includes(subscription.status) && !subscription.pending_update) {
        account.change(subscription, 'customer.subscription.updated', { status: 'past_due' });
    }
    if (scheduled && invoice.next_payment_attempt === null) endDunning(account, subscription);
}

function endDunning(account, subscription) {
    if (subscription.status !== 'past_due') return;
    if (account.dunning.end === 'cancel') endSubscription(account, subscription, 'payment_failed');
    if (account.dunning.end === 'unpaid') {
        account.change(subscription, 'customer.subscription.updated', { status: 'unpaid' });
    }
}

export function markPaid(account, invoice, { outOfBand = false } = {}) {
    const subscription = account.objects.get(invoice._subscription);
    Object.assign(invoice, {
        status: 'paid',
        attempted: true,
        attempt_count:
            outOfBand || invoice.amount_due === 0 ? invoice.attempt_count : Math.max(1, invoice.attempt_count),
        amount_paid: invoice.amount_due,
        amount_remaining: 0,
        auto_advance: false,
        next_payment_attempt: null,
        _outOfBand: outOfBand,
    });
    invoice.status_transitions.paid_at = account.now();
    for (const payment of paymentsOf(account, invoice)) {
        Object.assign(payment, { status: outOfBand ? 'canceled' : 'paid', amount_paid: invoice.amount_due });
        payment.status_transitions[outOfBand ? 'canceled_at' : 'paid_at'] = account.now();
        if (!outOfBand && account.shape === 'dahlia') account.emit('invoice_payment.paid', payment);
    }
    account.emit('invoice.paid', invoice);
    if (!outOfBand) account.emit('invoice.payment_succeeded', invoice);
    if (!subscription) return;
    if (subscription.pending_update?._invoice === invoice.id) applyPendingUpdate(account, subscription);
    if (['incomplete', 'past_due', 'unpaid'].includes(subscription.status)) {
        account.change(subscription, 'customer.subscription.updated', { status: 'active' });
    }
}

export function voidInvoice(account, invoice) {
    const intent = account.objects.get(invoice._intent);
    if (intent && !['succeeded', 'canceled', 'processing'].includes(intent.status)) {
        cancelIntent(account, intent, 'void_invoice');
    }
    Object.assign(invoice, { status: 'void', auto_advance: false, next_payment_attempt: null });
    invoice.status_transitions.voided_at = account.now();
    account.emit('invoice.voided', invoice);
}
