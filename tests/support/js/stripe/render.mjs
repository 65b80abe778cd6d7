// Objects as a version of the API shows them, with what `expand` asks for.

import { invalid, list } from './wire.mjs';

// Members that only `expand` shows.
const included = {
    invoice: {
        payments: (account, invoice) => list('/v1/invoice_payments', paymentsOf(account, invoice)),
        confirmation_secret: (account, invoice) => secretOf(account, invoice),
    },
    'checkout.session': {
        line_items: (account, session) => list(`/v1/checkout/sessions/${session.id}/line_items`, session._lines),
    },
    charge: {
        refunds: (account, charge) =>
            list(
                `/v1/charges/${charge.id}/refunds`,
                account.all('refund').filter((refund) => refund.charge === charge.id),
            ),
    },
};

export const paymentsOf = (account, { id }) => account.all('invoice_payment').filter(({ invoice }) => invoice === id);

function secretOf(account, invoice) {
    const intent = account.objects.get(invoice._intent);
    return intent ? { client_secret: intent.client_secret, type: 'payment_intent' } : null;
}

export const shapeOf = (version) => (version < '2025-03-31' ? 'acacia' : 'dahlia');

export function render(account, object, { shape, expand = [] }) {
    const shown = convert(account, copy(object), object, shape);
    for (const path of expand) expandPath(account, shown, path.split('.'), shape, path);
    return shown;
}

function copy(value) {
    if (Array.isArray(value)) return value.map(copy);
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value).filter(([key, one]) => !key.startsWith('_') && one !== undefined);
    return Object.fromEntries(entries.map(([key, one]) => [key, copy(one)]));
}

function expandPath(account, at, [key, ...rest], shape, path) {
    if (Array.isArray(at)) {
        for (const one of at) expandPath(account, one, [key, ...rest], shape, path);
        return;
    }
    const original = account.objects.get(at.id);
    if (at[key] === undefined && included[at.object]?.[key] && !(shape === 'acacia' && key === 'payments')) {
        const more = included[at.object][key](account, original);
        at[key] =
            more &&
            (more.object === 'list'
                ? { ...more, data: more.data.map((one) => render(account, one, { shape })) }
                : more);
    }
    if (at[key] === undefined) {
        throw invalid(`This property cannot be expanded (${path}).`, {
            param: 'expand',
            code: 'property_cannot_be_expanded',
        });
    }
    if (typeof at[key] === 'string') {
        const target = account.objects.get(at[key]);
        if (target) at[key] = render(account, target, { shape });
    }
    if (rest.length && at[key]) expandPath(account, at[key], rest, shape, path);
}

const converters = {
    subscription(account, shown) {
        const [first] = shown.items.data;
        Object.assign(shown, {
            current_period_start: first?.current_period_start ?? shown.created,
            current_period_end: first?.current_period_end ?? shown.created,
            discount: null,
            plan: first?.plan ?? null,
            quantity: first?.quantity ?? null,
        });
        for (const item of shown.items.data) {
            delete item.current_period_start;
            delete item.current_period_end;
        }
        for (const key of ['billing_mode', 'billing_schedules', 'customer_account']) delete shown[key];
    },
    invoice(account, shown, invoice) {
        const details = shown.parent?.subscription_details;
        const intent = account.objects.get(invoice._intent);
        Object.assign(shown, {
            subscription: details?.subscription ?? null,
            subscription_details: { metadata: details?.metadata ?? null },
            paid: shown.status === 'paid',
            paid_out_of_band: invoice._outOfBand ?? false,
            payment_intent: intent?.id ?? null,
            charge: intent?.latest_charge ?? null,
            tax: null,
            total_tax_amounts: [],
            discount: null,
            application_fee_amount: null,
        });
        for (const key of ['parent', 'total_taxes', 'customer_account', 'amount_overpaid']) delete shown[key];
        shown.lines.data.forEach((line) => {
            const { proration = false, subscription_item = null } = line.parent?.subscription_item_details ?? {};
            const price = account.objects.get(line.pricing?.price_details.price);
            Object.assign(line, {
                price: price ? copy(price) : null,
                plan: price ? planOf(price) : null,
                proration,
                subscription_item,
                type: proration ? 'invoiceitem' : 'subscription',
                amount_excluding_tax: line.amount,
                tax_amounts: [],
                tax_rates: [],
            });
            for (const key of ['parent', 'pricing', 'taxes', 'subtotal']) delete line[key];
        });
    },
    payment_intent(account, shown, intent) {
        shown.invoice = intent._invoice ?? null;
    },
    charge(account, shown, charge) {
        shown.invoice = charge._invoice ?? null;
    },
};

function convert(account, shown, original, shape) {
    if (shape === 'acacia') converters[shown.object]?.(account, shown, original);
    return shown;
}

export const planOf = ({ id, active, unit_amount, created, currency, product, recurring, metadata }) => ({
    id,
    object: 'plan',
    active,
    amount: unit_amount,
    amount_decimal: String(unit_amount),
    billing_scheme: 'per_unit',
    created,
    currency,
    interval: recurring?.interval ?? null,
    interval_count: recurring?.interval_count ?? null,
    livemode: false,
    metadata,
    meter: null,
    nickname: null,
    product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
});
