// Payment methods, payment intents and charges: what a card or an account does when it is charged.

import { invalid, newId } from './wire.mjs';

// The behaviour of Stripe's own test cards, by token.
const tokens = {
    pm_card_visa: 'ok',
    pm_card_mastercard: 'ok',
    pm_card_chargeDeclined: 'declined',
    pm_card_chargeCustomerFail: 'declined',
    pm_card_authenticationRequired: 'requires_action',
    pm_card_threeDSecure2Required: 'requires_action',
    pm_sepaDebit: 'sepa_processing',
};
export const cards = ['ok', 'declined', 'requires_action', 'sepa_processing'];

export function addPaymentMethod(account, card, customer = null) {
    if (!cards.includes(card)) throw new Error(`no such card: ${card}`);
    const type = card === 'sepa_processing' ? 'sepa_debit' : 'card';
    const details =
        type === 'card'
            ? { brand: 'visa', country: 'US', exp_month: 12, exp_year: 2034, funding: 'credit', last4: '4242' }
            : { bank_code: '37040044', country: 'DE', last4: '3000' };
    return account.add({
        id: newId('pm_1', 23),
        object: 'payment_method',
        allow_redisplay: 'unspecified',
        billing_details: { address: null, email: null, name: null, phone: null },
        created: account.now(),
        customer,
        livemode: false,
        metadata: {},
        type,
        [type]: details,
        _card: card,
    });
}

// The payment method that a request names, which may be a token of Stripe's.
export function paymentMethodOf(account, id, customer, param) {
    if (tokens[id]) return addPaymentMethod(account, tokens[id], customer);
    return account.get('payment_method', id, param);
}

export function setDefaultMethod(account, customer, method) {
    account.change(method, null, { customer: customer.id });
    account.emit('payment_method.attached', method);
    account.change(customer, 'customer.updated', (one) => {
        one.invoice_settings.default_payment_method = method.id;
    });
}

// The method that renewals of this subscription are charged to, or none.
export function methodOf(account, customer, subscription) {
    const id = subscription?.default_payment_method ?? customer.invoice_settings.default_payment_method;
    return account.objects.get(id) ?? null;
}

export function addIntent(account, { amount, currency, customer = null, types = ['card'], metadata = {}, ...more }) {
    if (!(amount > 0))
        throw invalid('Invalid positive integer', { param: 'amount', code: 'parameter_invalid_integer' });
    const id = newId('pi_3', 23);
    const intent = account.add({
        id,
        object: 'payment_intent',
        amount,
        amount_capturable: 0,
        amount_details: { tip: {} },
        amount_received: 0,
        application: null,
        application_fee_amount: null,
        automatic_payment_methods: null,
        canceled_at: null,
        cancellation_reason: null,
        capture_method: 'automatic',
        client_secret: `${id}_secret_${newId('', 25)}`,
        confirmation_method: 'automatic',
        created: account.now(),
        currency,
        customer,
        description: null,
        last_payment_error: null,
        latest_charge: null,
        livemode: false,
        metadata,
        next_action: null,
        on_behalf_of: null,
        payment_method: null,
        payment_method_configuration_details: null,
        payment_method_options: {},
        payment_method_types: types,
        processing: null,
        receipt_email: null,
        review: null,
        setup_future_usage: null,
        shipping: null,
        source: null,
        statement_descriptor: null,
        statement_descriptor_suffix: null,
        status: 'requires_payment_method',
        transfer_data: null,
        transfer_group: null,
        ...more,
    });
    account.emit('payment_intent.created', intent);
    return intent;
}

function addCharge(account, intent, method, fields) {
    const charge = account.add({
        id: newId(method.type === 'card' ? 'ch_3' : 'py_3', 23),
        object: 'charge',
        amount: intent.amount,
        amount_captured: fields.status === 'failed' ? 0 : intent.amount,
        amount_refunded: 0,
        application: null,
        application_fee: null,
        application_fee_amount: null,
        balance_transaction: fields.status === 'succeeded' ? newId('txn_3', 23) : null,
        billing_details: method.billing_details,
        calculated_statement_descriptor: 'AIRI',
        captured: fields.status !== 'failed',
        created: account.now(),
        currency: intent.currency,
        customer: intent.customer,
        description: intent.description,
        disputed: false,
        failure_balance_transaction: null,
        failure_code: null,
        failure_message: null,
        fraud_details: {},
        livemode: false,
        metadata: { ...intent.metadata },
        on_behalf_of: null,
        outcome: null,
        paid: fields.status !== 'failed',
        payment_intent: intent.id,
        payment_method: method.id,
        payment_method_details: { [method.type]: method[method.type], type: method.type },
        receipt_email: null,
        receipt_number: null,
        receipt_url: `${account.url}/receipts/${intent.id}`,
        refunded: false,
        review: null,
        shipping: null,
        source: null,
        source_transfer: null,
        statement_descriptor: null,
        statement_descriptor_suffix: null,
        transfer_data: null,
        transfer_group: null,
        _invoice: intent._invoice,
        ...fields,
    });
    intent.latest_charge = charge.id;
    return charge;
}

export const declined = {
    code: 'card_declined',
    decline_code: 'generic_decline',
    message: 'Your card was declined.',
    type: 'card_error',
};

// Charges the method: 'ok' | 'declined' | 'requires_action' | 'sepa_processing', with the events of each. `confirmed`:
// the person has confirmed the payment with their bank.
export function chargeIntent(account, intent, method, { confirmed = false } = {}) {
    const card = method._card === 'requires_action' && confirmed ? 'ok' : method._card;
    intent.payment_method = method.id;
    if (card === 'requires_action') {
        account.change(intent, null, {
            status: 'requires_action',
            next_action: {
                type: 'redirect_to_url',
                redirect_to_url: { return_url: null, url: `${account.url}/authenticate/${intent.id}` },
            },
        });
        account.emit('payment_intent.requires_action', intent);
    } else if (card === 'declined') {
        const charge = addCharge(account, intent, method, {
            status: 'failed',
            failure_code: declined.code,
            failure_message: declined.message,
        });
        account.emit('charge.failed', charge);
        failIntent(account, intent, { ...declined, charge: charge.id });
    } else if (card === 'sepa_processing') {
        account.emit('charge.pending', addCharge(account, intent, method, { status: 'pending' }));
        Object.assign(intent, { status: 'processing', next_action: null });
        account.emit('payment_intent.processing', intent);
    } else {
        account.emit('charge.succeeded', addCharge(account, intent, method, { status: 'succeeded' }));
        succeedIntent(account, intent);
    }
    return card;
}

export function succeedIntent(account, intent) {
    Object.assign(intent, {
        status: 'succeeded',
        amount_received: intent.amount,
        next_action: null,
        last_payment_error: null,
    });
    account.emit('payment_intent.succeeded', intent);
}

export function failIntent(account, intent, error) {
    const method = account.objects.get(intent.payment_method);
    Object.assign(intent, {
        status: 'requires_payment_method',
        next_action: null,
        payment_method: null,
        last_payment_error: { ...error, payment_method: method && account.render(method) },
    });
    account.emit('payment_intent.payment_failed', intent);
}

export function cancelIntent(account, intent, reason = null) {
    if (['succeeded', 'canceled', 'processing'].includes(intent.status)) {
        throw invalid(`You cannot cancel this PaymentIntent because it has a status of ${intent.status}.`, {
            code: 'payment_intent_unexpected_state',
        });
    }
    Object.assign(intent, { status: 'canceled', canceled_at: account.now(), cancellation_reason: reason });
    account.emit('payment_intent.canceled', intent);
}
