// Stripe's objects and events for many customers, each with a subscription and a paid invoice: made once by the
// stand-in of the tests, then copied with other ids.
import { StripeStandIn } from '../../tests/support/js/stripe/stand_in.mjs';

export const customers = 2000;
export const version = '2026-03-25.dahlia';

const price = { unit_amount: 2499, currency: 'usd', interval: 'month', interval_count: 1, product: 'prod_pro' };

// Stripe's JSON is indented and in ASCII.
const textOf = (object) =>
    JSON.stringify(object, null, 2).replace(
        /[^\0-\x7f]/g,
        (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );

// Texts in which {n} is the customer's number and {event} the event's id: { subscription, invoice, events }.
async function templates() {
    const stripe = await StripeStandIn.start({ prices: { price_pro_monthly: price } });
    const post = async (path, form) => {
        const headers = { authorization: `Bearer ${stripe.key}`, 'stripe-version': version };
        const answer = await fetch(`${stripe.url}/v1/${path}`, {
            method: 'POST',
            headers,
            body: new URLSearchParams(form),
        });
        return answer.json();
    };
    const customer = await post('customers', { email: 'bench@bench.test' });
    stripe.setCard(customer.id, 'ok');
    const { id, latest_invoice: invoice } = await post('subscriptions', {
        customer: customer.id,
        'items[0][price]': 'price_pro_monthly',
    });
    const general = (object) =>
        textOf(object)
            .replaceAll(customer.id, 'cus_bench{n}')
            .replaceAll(id, 'sub_bench{n}')
            .replaceAll(invoice, 'in_bench{n}');
    const eventOf = (type) => {
        const event = stripe.events.findLast((one) => one.type === type);
        return general({ ...event, id: '{event}' });
    };
    const made = {
        subscription: general(stripe.object(id)),
        invoice: general(stripe.object(invoice)),
        events: ['customer.subscription.updated', 'invoice.paid'].map(eventOf),
    };
    await stripe.end();
    return made;
}

const { subscription, invoice, events } = await templates();
const copies = (text) => Array.from({ length: customers }, (_, n) => text.replaceAll('{n}', String(n + 1)));

// The answers to GET, by path.
export const objects = () =>
    new Map([
        ...copies(subscription).map((text, n) => [`/v1/subscriptions/sub_bench${n + 1}`, text]),
        ...copies(invoice).map((text, n) => [`/v1/invoices/in_bench${n + 1}`, text]),
    ]);

// The text of the event number `i`: of each customer in turn first the subscription, then the invoice.
export function eventTexts() {
    const halves = events.map((text) => copies(text).map((one) => one.split('{event}')));
    return (i, id) => halves[Math.floor(i / customers) % halves.length][i % customers].join(id);
}
