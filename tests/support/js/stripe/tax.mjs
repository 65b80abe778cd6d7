// Stripe Tax, for a seller in Germany: VAT by the customer's country, which a business in another country of the
// European Union owes itself when its VAT id is known.

import { invalid, list, missing, newId } from './wire.mjs';

const seller = 'DE';
const percent = { AT: 20, CZ: 21, DE: 19, FR: 20, IE: 23 };
const patterns = {
    eu_vat: /^[A-Z]{2}[0-9A-Z+*.]{8,12}$/,
    gb_vat: /^GB\d{9}$/,
    ch_vat: /^CHE\d{9}/,
    no_vat: /^NO\d{9}/,
};

export const taxIdsOf = (account, customer) => account.all('tax_id').filter((one) => one.customer === customer.id);

// { total_taxes, customer_tax_ids, tax }: of an invoice of `amount` to the customer.
export function taxesOf(account, customer, subscription, amount) {
    const ids = taxIdsOf(account, customer);
    const customer_tax_ids = ids.map(({ type, value }) => ({ type, value }));
    if (!subscription?.automatic_tax.enabled) return { tax: 0, total_taxes: [], customer_tax_ids };
    const country = customer.address.country;
    const reverse = country !== seller && country in percent && ids.some(({ type }) => type === 'eu_vat');
    const known = country in percent;
    const tax = reverse || !known ? 0 : Math.round((amount * percent[country]) / 100);
    const entry = {
        amount: tax,
        tax_behavior: 'exclusive',
        tax_rate_details: { tax_rate: `txr_1${country}` },
        taxability_reason: reverse ? 'reverse_charge' : known ? 'standard_rated' : 'not_collecting',
        taxable_amount: reverse || !known ? 0 : amount,
        type: 'tax_rate_details',
    };
    return { tax, total_taxes: [entry], customer_tax_ids };
}

// Without the country nothing can be computed.
export function refuseUnknownPlace(customer) {
    if (customer.address?.country) return;
    throw invalid(
        'The customer’s location isn’t recognized. Set a valid customer address in order to automatically calculate ' +
            'tax.',
        { code: 'customer_tax_location_invalid' },
    );
}

function add(account, [id], params) {
    const customer = account.customer(id);
    for (const name of ['type', 'value']) if (!params[name]) throw missing(name);
    if (!patterns[params.type]?.test(params.value)) {
        throw invalid(`Invalid value for ${params.type}.`, { code: 'tax_id_invalid', param: 'value' });
    }
    return addTaxId(account, customer, params);
}

export function addTaxId(account, customer, { type, value }) {
    const one = account.add({
        id: newId('txi_1', 23),
        object: 'tax_id',
        country: value.slice(0, 2),
        created: account.now(),
        customer: customer.id,
        livemode: false,
        type,
        value,
        verification: { status: 'pending', verified_address: null, verified_name: null },
    });
    account.emit('customer.tax_id.created', one);
    return one;
}

export const taxRoutes = [
    ['POST', '/v1/customers/:id/tax_ids', ['type', 'value'], add],
    [
        'GET',
        '/v1/customers/:id/tax_ids',
        ['limit', 'starting_after', 'ending_before'],
        (account, [id]) => list(`/v1/customers/${id}/tax_ids`, taxIdsOf(account, account.customer(id))),
    ],
    [
        'DELETE',
        '/v1/customers/:id/tax_ids/:tax_id',
        [],
        (account, [, id]) => {
            account.emit('customer.tax_id.deleted', account.get('tax_id', id));
            account.objects.delete(id);
            return { id, object: 'tax_id', deleted: true };
        },
    ],
];
