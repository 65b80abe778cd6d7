// Stripe's routes for everything but subscriptions: [method, path, parameters, handler]. A handler receives the
// account, the ids of the path and the parameters, and returns an object.

import { createRefund, updateDispute } from './aftermath.mjs';
import { createSession, expireSession, lineItemsOf } from './checkout.mjs';
import { addCustomer, deleteCustomer } from './customers.mjs';
import { addIntent, cancelIntent, chargeIntent, paymentMethodOf, setDefaultMethod } from './money.mjs';
import { chargeInvoice, finalizeInvoice, invoiceCharged, markPaid, voidInvoice } from './invoices.mjs';
import { taxRoutes } from './tax.mjs';
import { boolean, cardError, integer, invalid, mergedMetadata, missing, newId } from './wire.mjs';

const customerFields = ['email', 'name', 'phone', 'description', 'address', 'shipping', 'tax_exempt'];
const customerParameters = [...customerFields, 'metadata', 'preferred_locales', 'invoice_settings', 'payment_method'];

const textOf = (value) => (value === '' ? null : value);
const fieldsOf = (params, names) =>
    Object.fromEntries(names.filter((name) => name in params).map((name) => [name, textOf(params[name])]));

function setMethods(account, customer, params) {
    const id = params.invoice_settings?.default_payment_method ?? params.payment_method;
    if (!id) return;
    const param = 'invoice_settings[default_payment_method]';
    setDefaultMethod(account, customer, paymentMethodOf(account, id, customer.id, param));
}

function createCustomer(account, _, params) {
    const more = fieldsOf(params, ['description', 'address', 'shipping', 'preferred_locales', 'tax_exempt']);
    const customer = addCustomer(account, {
        ...fieldsOf(params, customerFields),
        ...more,
        metadata: params.metadata ?? {},
    });
    setMethods(account, customer, params);
    return customer;
}

function updateCustomer(account, [id], params) {
    const customer = account.customer(id);
    account.change(customer, 'customer.updated', (one) => {
        Object.assign(one, fieldsOf(params, [...customerFields, 'preferred_locales']));
        one.metadata = mergedMetadata(one.metadata, params.metadata);
    });
    setMethods(account, customer, params);
    return customer;
}

const sessionParameters = (
    'mode,success_url,cancel_url,line_items,client_reference_id,customer,customer_email,metadata,subscription_data,' +
    'payment_intent_data,allow_promotion_codes,automatic_tax,tax_id_collection,consent_collection,locale,expires_at,' +
    'payment_method_types,payment_method_collection,billing_address_collection,customer_creation,customer_update,' +
    'currency,discounts,custom_text,invoice_creation,phone_number_collection,submit_type,ui_mode,return_url,' +
    'saved_payment_method_options,payment_method_options,adaptive_pricing,after_expiration,origin_context'
).split(',');

function createPortalSession(account, _, params) {
    if (!params.customer) throw missing('customer');
    const customer = account.customer(params.customer, 'customer');
    const id = newId('bps_1', 23);
    return account.add({
        id,
        object: 'billing_portal.session',
        configuration: params.configuration ?? 'bpc_1AiriDefaultConfiguration',
        created: account.now(),
        customer: customer.id,
        customer_account: null,
        flow: params.flow_data ? { after_completion: { type: 'portal_homepage' }, ...params.flow_data } : null,
        livemode: false,
        locale: params.locale ?? null,
        on_behalf_of: null,
        return_url: params.return_url ?? null,
        url: `${account.url}/p/session/${id}`,
    });
}

const types = ['card', 'sepa_debit', 'ideal', 'bancontact', 'link', 'paypal', 'klarna', 'sofort', 'eps', 'giropay'];

function createIntent(account, _, params) {
    for (const name of ['amount', 'currency']) if (!params[name]) throw missing(name);
    if (params.customer) account.customer(params.customer, 'customer');
    for (const type of params.payment_method_types ?? []) {
        if (!types.includes(type)) {
            throw invalid(`The payment method type "${type}" is invalid.`, { param: 'payment_method_types' });
        }
    }
    const automatic = boolean(params.automatic_payment_methods?.enabled, 'automatic_payment_methods[enabled]');
    const intent = addIntent(account, {
        amount: integer(params.amount, 'amount'),
        currency: params.currency.toLowerCase(),
        customer: params.customer,
        types: params.payment_method_types ?? (automatic ? types.slice(0, 4) : ['card']),
        metadata: params.metadata,
        description: params.description ?? null,
        receipt_email: params.receipt_email ?? null,
        setup_future_usage: params.setup_future_usage ?? null,
        ...(automatic && { automatic_payment_methods: { allow_redirects: 'always', enabled: true } }),
    });
    if (params.payment_method) {
        const method = paymentMethodOf(account, params.payment_method, params.customer, 'payment_method');
        Object.assign(intent, { payment_method: method.id, status: 'requires_confirmation' });
        if (params.confirm === 'true') confirm(account, intent, method);
    }
    return intent;
}

// Charges the intent; a declined card is an error of the request.
function confirm(account, intent, method) {
    if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
        throw invalid(
            `You cannot confirm this PaymentIntent because it has already ${intent.status} after being confirmed.`,
            { code: 'payment_intent_unexpected_state' },
        );
    }
    if (!method) {
        throw invalid('You cannot confirm this PaymentIntent because it’s missing a payment method.', {
            code: 'payment_intent_unexpected_state',
        });
    }
    const outcome = chargeIntent(account, intent, method);
    const invoice = account.objects.get(intent._invoice);
    if (invoice) invoiceCharged(account, invoice, outcome);
    if (outcome === 'declined')
        throw cardError({ charge: intent.latest_charge, payment_intent: account.render(intent) });
}

function confirmIntent(account, [id], params) {
    const intent = account.get('payment_intent', id);
    const method = params.payment_method
        ? paymentMethodOf(account, params.payment_method, intent.customer, 'payment_method')
        : account.objects.get(intent.payment_method);
    confirm(account, intent, method);
    return intent;
}

function openInvoice(account, id, verb) {
    const invoice = account.get('invoice', id);
    if (invoice.status === 'open') return invoice;
    if (invoice.status === 'paid' && verb === 'pay')
        throw invalid('Invoice is already paid', { code: 'invoice_already_paid' });
    throw invalid(`You can only ${verb} open invoices. This invoice is ${invoice.status}.`, {
        code: 'invoice_not_editable',
    });
}

function payInvoice(account, [id], params) {
    const draft = account.get('invoice', id);
    if (draft.status === 'draft') finalizeInvoice(account, draft);
    if (draft.status === 'paid' && params.paid_out_of_band !== 'true') return draft;
    const invoice = openInvoice(account, id, 'pay');
    if (params.paid_out_of_band === 'true') markPaid(account, invoice, { outOfBand: true });
    else {
        const method =
            params.payment_method &&
            paymentMethodOf(account, params.payment_method, invoice.customer, 'payment_method');
        const outcome = chargeInvoice(account, invoice, { method });
        const error = { payment_intent: account.render(account.get('payment_intent', invoice._intent)) };
        if (outcome === 'requires_action') {
            const message = 'This payment requires additional user action before it can be completed successfully.';
            throw cardError({
                code: 'invoice_payment_intent_requires_action',
                decline_code: undefined,
                message,
                ...error,
            });
        }
        if (outcome === 'declined' || outcome === 'no_method') throw cardError(error);
    }
    return invoice;
}

const by = (field, params) => (one) => !params[field] || one[field] === params[field];

// The list of a type, filtered by the parameters that are fields, and by `fits`, which reads the `others`.
const listOf = (path, type, filters = [], others = [], fits = () => true) => [
    'GET',
    path,
    [...filters, ...others, 'limit', 'starting_after', 'ending_before', 'created'],
    (account, _, params) => {
        const wanted = (one) => filters.every((field) => by(field, params)(one)) && fits(one, params);
        return account.page(path, account.all(type).filter(wanted), params);
    },
];
const one = (path, type) => ['GET', path, [], (account, [id]) => account.get(type, id)];

export const routes = [
    ['POST', '/v1/customers', customerParameters, createCustomer],
    ['POST', '/v1/customers/:id', customerParameters, updateCustomer],
    ['DELETE', '/v1/customers/:id', [], (account, [id]) => deleteCustomer(account, account.customer(id))],
    listOf('/v1/customers', 'customer', ['email'], [], ({ deleted }) => !deleted),
    one('/v1/customers/:id', 'customer'),
    ...taxRoutes,

    ['POST', '/v1/checkout/sessions', sessionParameters, (account, _, params) => createSession(account, params)],
    [
        'POST',
        '/v1/checkout/sessions/:id/expire',
        [],
        (account, [id]) => expireSession(account, account.get('checkout.session', id)),
    ],
    [
        'GET',
        '/v1/checkout/sessions/:id/line_items',
        ['limit'],
        (account, [id]) => lineItemsOf(account.get('checkout.session', id)),
    ],
    listOf('/v1/checkout/sessions', 'checkout.session', ['customer', 'subscription', 'payment_intent', 'status']),
    one('/v1/checkout/sessions/:id', 'checkout.session'),

    [
        'POST',
        '/v1/billing_portal/sessions',
        ['customer', 'return_url', 'configuration', 'flow_data', 'locale'],
        createPortalSession,
    ],

    listOf('/v1/invoices', 'invoice', ['customer', 'status'], ['subscription'], (invoice, { subscription }) =>
        subscription ? invoice._subscription === subscription : true,
    ),
    one('/v1/invoices/:id', 'invoice'),
    ['POST', '/v1/invoices/:id/pay', ['payment_method', 'paid_out_of_band', 'off_session'], payInvoice],
    [
        'POST',
        '/v1/invoices/:id/finalize',
        ['auto_advance'],
        (account, [id]) => {
            const invoice = account.get('invoice', id);
            if (invoice.status !== 'draft')
                throw invalid('This invoice is already finalized, you can’t re-finalize it.');
            finalizeInvoice(account, invoice);
            return invoice;
        },
    ],
    [
        'POST',
        '/v1/invoices/:id/void',
        [],
        (account, [id]) => {
            const invoice = openInvoice(account, id, 'void');
            voidInvoice(account, invoice);
            return invoice;
        },
    ],
    listOf('/v1/invoice_payments', 'invoice_payment', ['invoice', 'status'], ['payment'], ({ payment }, params) =>
        params.payment?.payment_intent ? payment.payment_intent === params.payment.payment_intent : true,
    ),

    [
        'POST',
        '/v1/payment_intents',
        (
            'amount,currency,customer,payment_method_types,payment_method,automatic_payment_methods,metadata,' +
            'description,receipt_email,setup_future_usage,confirm,off_session,return_url,payment_method_options,' +
            'statement_descriptor,statement_descriptor_suffix,mandate_data'
        ).split(','),
        createIntent,
    ],
    [
        'POST',
        '/v1/payment_intents/:id',
        ['amount', 'currency', 'metadata', 'description', 'receipt_email', 'customer', 'payment_method'],
        (account, [id], params) => {
            const intent = account.get('payment_intent', id);
            return account.change(intent, null, {
                ...fieldsOf(params, ['description', 'receipt_email', 'customer']),
                ...(params.amount && { amount: integer(params.amount, 'amount') }),
                metadata: mergedMetadata(intent.metadata, params.metadata),
            });
        },
    ],
    [
        'POST',
        '/v1/payment_intents/:id/confirm',
        ['payment_method', 'return_url', 'off_session', 'mandate_data', 'payment_method_options'],
        confirmIntent,
    ],
    [
        'POST',
        '/v1/payment_intents/:id/cancel',
        ['cancellation_reason'],
        (account, [id], params) => {
            const intent = account.get('payment_intent', id);
            cancelIntent(account, intent, params.cancellation_reason);
            return intent;
        },
    ],
    listOf('/v1/payment_intents', 'payment_intent', ['customer']),
    one('/v1/payment_intents/:id', 'payment_intent'),
    listOf('/v1/payment_methods', 'payment_method', ['customer', 'type']),
    one('/v1/payment_methods/:id', 'payment_method'),
    [
        'POST',
        '/v1/payment_methods/:id/attach',
        ['customer'],
        (account, [id], params) => {
            if (!params.customer) throw missing('customer');
            const customer = account.customer(params.customer, 'customer');
            const method = paymentMethodOf(account, id, customer.id);
            account.change(method, null, { customer: customer.id });
            account.emit('payment_method.attached', method);
            return method;
        },
    ],

    [
        'POST',
        '/v1/refunds',
        ['charge', 'payment_intent', 'amount', 'reason', 'metadata', 'instructions_email'],
        (account, _, params) => createRefund(account, params),
    ],
    listOf('/v1/refunds', 'refund', ['charge', 'payment_intent']),
    one('/v1/refunds/:id', 'refund'),
    listOf('/v1/charges', 'charge', ['customer', 'payment_intent']),
    one('/v1/charges/:id', 'charge'),
    listOf('/v1/disputes', 'dispute', ['charge', 'payment_intent']),
    one('/v1/disputes/:id', 'dispute'),
    [
        'POST',
        '/v1/disputes/:id',
        ['evidence', 'metadata', 'submit'],
        (account, [id], params) => updateDispute(account, account.get('dispute', id), params),
    ],
    listOf(
        '/v1/prices',
        'price',
        ['product', 'currency', 'type'],
        ['lookup_keys'],
        ({ id, lookup_key: key }, { lookup_keys: keys }) => (keys ? keys.includes(key ?? id) : true),
    ),
    one('/v1/prices/:id', 'price'),
];
