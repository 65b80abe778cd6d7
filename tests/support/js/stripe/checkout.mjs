// Checkout sessions: their creation, their completion by a person, and their end without one.

import { addCustomer } from './customers.mjs';
import { chargeInvoice } from './invoices.mjs';
import { addIntent, addPaymentMethod, chargeIntent, setDefaultMethod } from './money.mjs';
import { createSubscription, endSubscription } from './subscriptions.mjs';
import { addTaxId, taxIdsOf } from './tax.mjs';
import { boolean, integer, invalid, list, missing, newId, oneOf } from './wire.mjs';

const day = 86_400;

function lineItems(account, asked) {
    if (!asked?.length) throw missing('line_items');
    return asked.map(({ price: id, price_data: data, quantity: count }, index) => {
        const at = `line_items[${index}]`;
        if (!id && !data) throw missing(`${at}[price]`);
        const quantity = integer(count, `${at}[quantity]`) ?? 1;
        const price = id ? account.get('price', id, `${at}[price]`) : inlinePrice(account, data, at);
        const amount = price.unit_amount * quantity;
        return {
            id: newId('li_1', 23),
            object: 'item',
            amount_discount: 0,
            amount_subtotal: amount,
            amount_tax: 0,
            amount_total: amount,
            currency: price.currency,
            description: price.nickname ?? price.product,
            price,
            quantity,
        };
    });
}

function inlinePrice(account, { unit_amount, currency, product, recurring }, at) {
    if (!unit_amount) throw missing(`${at}[price_data][unit_amount]`);
    if (!currency) throw missing(`${at}[price_data][currency]`);
    const amount = integer(unit_amount, `${at}[price_data][unit_amount]`);
    const interval = recurring?.interval ?? null;
    return account.addPrice(newId('price_1', 23), { unit_amount: amount, currency, interval, product });
}

export function createSession(account, params) {
    const mode = oneOf(params.mode, ['payment', 'setup', 'subscription'], 'mode');
    if (!mode) throw missing('mode');
    if (mode === 'setup') throw invalid('The stand-in has no sessions of the mode setup', { param: 'mode' });
    if (!params.success_url) throw missing('success_url');
    for (const name of ['success_url', 'cancel_url']) {
        if (params[name] && !/^https?:\/\//.test(params[name])) {
            throw invalid('Not a valid URL', { param: name, code: 'url_invalid' });
        }
    }
    if (params.customer && params.customer_email) {
        throw invalid('You may only specify one of these parameters: customer, customer_email.', { param: 'customer' });
    }
    if (params.customer) account.customer(params.customer, 'customer');
    const lines = lineItems(account, params.line_items);
    const recurring = lines.filter(({ price }) => price.type === 'recurring');
    if (mode === 'subscription' && recurring.length === 0) {
        throw invalid('You must provide at least one recurring price in `subscription` mode when using prices.', {
            param: 'line_items',
        });
    }
    if (mode === 'payment' && recurring.length > 0) {
        throw invalid(
            'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use ' +
                'only one-time prices.',
            { param: 'line_items[0][price]' },
        );
    }
    const other = mode === 'subscription' ? 'payment_intent_data' : 'subscription_data';
    if (params[other]) throw invalid(`You can not pass \`${other}\` in \`${mode}\` mode.`, { param: other });
    const trial = integer(params.subscription_data?.trial_period_days, 'subscription_data[trial_period_days]');
    const total = lines.reduce((sum, { amount_total: amount }) => sum + amount, 0);
    const expires = integer(params.expires_at, 'expires_at') ?? account.now() + day;
    if (expires < account.now() + 1800 || expires > account.now() + day) {
        throw invalid(
            'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
            { param: 'expires_at' },
        );
    }
    const due = mode === 'subscription' && trial ? 0 : total;
    const id = newId('cs_test_a1', 58);
    const enabled = boolean(params.automatic_tax?.enabled, 'automatic_tax[enabled]') ?? false;
    if (enabled && params.customer) {
        for (const field of ['address', ...(params.tax_id_collection?.enabled === 'true' ? ['name'] : [])]) {
            if (params.customer_update?.[field] === 'auto') continue;
            throw invalid(`Set \`customer_update[${field}]\` to 'auto', or the customer's ${field} first.`);
        }
    }
    return account.add({
        id,
        object: 'checkout.session',
        adaptive_pricing: { enabled: false },
        after_expiration: null,
        allow_promotion_codes: boolean(params.allow_promotion_codes, 'allow_promotion_codes') ?? null,
        amount_subtotal: due,
        amount_total: due,
        automatic_tax: { enabled, liability: enabled ? { type: 'self' } : null, provider: null, status: null },
        billing_address_collection: params.billing_address_collection ?? null,
        cancel_url: params.cancel_url ?? null,
        client_reference_id: params.client_reference_id ?? null,
        client_secret: null,
        collected_information: null,
        consent: null,
        consent_collection: params.consent_collection
            ? {
                  payment_method_reuse_agreement: null,
                  promotions: 'none',
                  terms_of_service: 'none',
                  ...params.consent_collection,
              }
            : null,
        created: account.now(),
        currency: lines[0].currency,
        currency_conversion: null,
        custom_fields: [],
        custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
        customer: params.customer ?? null,
        customer_account: null,
        customer_creation: mode === 'payment' ? (params.customer_creation ?? 'if_required') : null,
        customer_details: null,
        customer_email: params.customer_email ?? null,
        discounts: [],
        expires_at: expires,
        invoice: null,
        invoice_creation: null,
        livemode: false,
        locale: params.locale ?? null,
        metadata: params.metadata ?? {},
        mode,
        origin_context: null,
        payment_intent: null,
        payment_link: null,
        payment_method_collection: params.payment_method_collection ?? 'always',
        payment_method_configuration_details: null,
        payment_method_options: {},
        payment_method_types: params.payment_method_types ?? ['card'],
        payment_status: due === 0 ? 'no_payment_required' : 'unpaid',
        permissions: null,
        phone_number_collection: { enabled: false },
        recovered_from: null,
        saved_payment_method_options: null,
        setup_intent: null,
        shipping_address_collection: null,
        shipping_cost: null,
        shipping_options: [],
        status: 'open',
        submit_type: null,
        subscription: null,
        success_url: params.success_url,
        tax_id_collection: { enabled: params.tax_id_collection?.enabled === 'true', required: 'never' },
        total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
        ui_mode: 'hosted',
        url: `${account.url}/c/pay/${id}`,
        wallet_options: null,
        _lines: lines,
        _trial: trial,
        _data: params.subscription_data ?? params.payment_intent_data ?? {},
    });
}

const noAddress = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

export const lineItemsOf = ({ id, _lines }) => list(`/v1/checkout/sessions/${id}/line_items`, _lines);

export function expireSession(account, session) {
    if (session.status !== 'open') {
        throw invalid(
            `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ` +
                `${session.status}.`,
        );
    }
    const subscription = account.objects.get(session._subscription);
    if (subscription?.status === 'incomplete') endSubscription(account, subscription);
    Object.assign(session, { status: 'expired', url: null });
    account.emit('checkout.session.expired', session);
    return session;
}

// The actions of a person on the page of the session. Returns the outcome: 'declined' leaves the session open,
// 'requires_action' too unless the person confirms with their bank. `card`: 'none' where no payment is due and the
// session collects a method only if required. `country` and `vat`: what the person enters where the page asks for them.
export function completeSession(account, session, asked = {}) {
    const { card = 'ok', confirm = true, email, name = 'Ada L.', country = 'DE', vat } = asked;
    if (session.status !== 'open') throw new Error(`the session is ${session.status}`);
    const about = { email: email ?? session.customer_email ?? 'ada@example.com', name };
    const guest = session.customer_creation === 'if_required' && !session.customer;
    const known = session.customer ?? session._customer;
    const customer = known ? account.customer(known) : guest ? { id: null, ...about } : addCustomer(account, about);
    session._customer = customer.id;
    if (session.automatic_tax.enabled) {
        account.change(customer, 'customer.updated', { address: { ...noAddress, country }, name });
        if (vat) addTaxId(account, customer, { type: 'eu_vat', value: vat });
    }
    const method = card === 'none' ? null : addPaymentMethod(account, card, customer.id);
    const optional = session.amount_total === 0 && session.payment_method_collection === 'if_required';
    if (!method && !optional) throw new Error('the session requires a payment method');
    const outcome =
        session.mode === 'subscription'
            ? subscribe(account, session, customer, method, confirm)
            : pay(account, session, customer, method, confirm);
    if (outcome === 'declined' || outcome === 'requires_action') return outcome;
    Object.assign(session, {
        status: 'complete',
        url: null,
        customer: customer.id,
        customer_details: {
            address: { ...noAddress, country },
            business_name: null,
            email: customer.email,
            individual_name: null,
            name: customer.name ?? name,
            phone: null,
            tax_exempt: 'none',
            tax_ids: taxIdsOf(account, customer).map(({ type, value }) => ({ type, value })),
        },
        consent: session.consent_collection && {
            promotions: null,
            terms_of_service: session.consent_collection.terms_of_service === 'required' ? 'accepted' : null,
        },
    });
    if (session.automatic_tax.enabled) session.automatic_tax.status = 'complete';
    if (outcome === 'ok' && session.amount_total > 0) session.payment_status = 'paid';
    account.emit('checkout.session.completed', session);
    return outcome;
}

function subscribe(account, session, customer, method, confirm) {
    if (session._trial && method?._card === 'declined') return 'declined';
    let subscription = account.objects.get(session._subscription);
    if (!subscription) {
        const { metadata = {}, description = null, trial_settings: trial } = session._data;
        subscription = createSubscription(account, {
            customer,
            items: session._lines.filter(({ price }) => price.recurring),
            extras: session._lines.filter(({ price }) => !price.recurring),
            metadata,
            trialEnd: session._trial ? account.now() + session._trial * day : null,
            charge: false,
            fields: {
                description,
                automatic_tax: {
                    disabled_reason: null,
                    enabled: session.automatic_tax.enabled,
                    liability: session.automatic_tax.liability,
                },
                ...(trial && { trial_settings: trial }),
            },
        });
        session._subscription = subscription.id;
    }
    const invoice = account.objects.get(subscription.latest_invoice);
    const outcome = invoice.status === 'open' ? chargeInvoice(account, invoice, { method, confirmed: confirm }) : 'ok';
    if (outcome === 'declined' || (outcome === 'requires_action' && !confirm)) return outcome;
    Object.assign(session, { subscription: subscription.id, invoice: invoice.id });
    if (!method) return outcome;
    account.change(subscription, null, { default_payment_method: method.id });
    if (!customer.invoice_settings.default_payment_method) setDefaultMethod(account, customer, method);
    return outcome;
}

function pay(account, session, customer, method, confirm) {
    const known = account.objects.get(session.payment_intent);
    const intent =
        known ??
        addIntent(account, {
            amount: session.amount_total,
            currency: session.currency,
            customer: customer.id,
            types: session.payment_method_types,
            metadata: session._data.metadata ?? {},
            description: session._data.description ?? null,
            _session: session.id,
        });
    session.payment_intent = intent.id;
    return chargeIntent(account, intent, method, { confirmed: confirm });
}
