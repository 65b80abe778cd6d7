// The payments worker is killed, Stripe fails, and webhooks come in any order and more than once: the rows are the same
// as those of a life without faults, and each mail is sent once.

import assert from 'node:assert/strict';

import { monthly, mailsTo } from '../support/js/billing.mjs';
import { ask } from '../support/js/raw.mjs';
import { withFaults } from '../support/js/scenario.mjs';
import { StripeStandIn } from '../support/js/stripe/stand_in.mjs';
import { deadLetters } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const day = 86_400;
const stripe = await StripeStandIn.start({
    prices: { ...monthly('plus', 1499), ...monthly('pro', 2499) },
    dunning: { retries: [3 * day, 5 * day], end: 'cancel' },
});
const scenario = withFaults({
    profile: 'saas',
    payments: 1,
    gatewayEnv: { STRIPE_WEBHOOK_SECRET: stripe.secret, FRONTEND_URL: 'https://app.example.com' },
    paymentsEnv: { STRIPE_SECRET_KEY: stripe.key, STRIPE_API_BASE: stripe.url },
});

// A generator of numbers below `most`, the same for the same seed (xorshift32).
function randomOf(seed) {
    let state = seed || 1;
    return (most) => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) % most;
    };
}

async function joined({ system }) {
    const { port } = system.program('gateway-1');
    stripe.deliverTo(`http://127.0.0.1:${port}/api/webhooks/stripe`);
    const user = await system.user('free');
    const api = (method, path, json) => ask(port, { method, path: `/api/v1${path}`, token: user.token, json });
    return { ...user, api };
}

const buy = async (user, plan) => {
    const { status, json, text } = await user.api('POST', '/subscription/create-checkout', { plan });
    assert.equal(status, 201, text);
    await stripe.completeCheckout(json.data.id, { card: 'ok' });
};

// The stored rows of a user's plan, invoices and payments, in the form of `truth`.
async function state({ system }, user) {
    const [{ plan }] = await system.rows('select plan from users where id = $1', [user.id]);
    const subscriptions = await system.rows(
        'select id, status, plan, cancel_at is not null as ending from subscriptions where user_id = $1 order by id',
        [user.id],
    );
    const invoices = await system.rows(
        'select id, status, amount_paid::int from invoices where user_id = $1 order by id',
        [user.id],
    );
    const payments = await system.rows(
        'select reference, status, refunded::int from payment_history where user_id = $1 order by reference',
        [user.id],
    );
    return { plan, subscriptions, invoices, payments };
}

const chargeOf = ({ latest_charge: charge }) => charge && stripe.object(charge.id ?? charge);

function paymentStatus(intent) {
    if (intent.status === 'succeeded') return chargeOf(intent).refunded ? 'REFUNDED' : 'COMPLETED';
    const declined = intent.status === 'requires_payment_method' && intent.last_payment_error;
    return intent.status === 'canceled' || declined ? 'FAILED' : 'PENDING';
}

function truth(customer, plan) {
    const byId = (a, b) => (a.id < b.id ? -1 : 1);
    const mine = (type) =>
        stripe.events.filter(({ data }) => data.object.object === type && data.object.customer === customer);
    const ids = (type) => [...new Set(mine(type).map(({ data }) => data.object.id))].filter(Boolean);
    const objects = (type) =>
        ids(type)
            .map((id) => stripe.object(id))
            .filter(Boolean)
            .sort(byId);
    return {
        plan,
        subscriptions: objects('subscription').map(
            ({ id, status, items, cancel_at: at, cancel_at_period_end: flag }) => ({
                id,
                status,
                plan: items.data[0].price.id.split('_')[1],
                ending: at !== null || flag,
            }),
        ),
        invoices: objects('invoice').map(({ id, status, amount_paid: paid }) => ({ id, status, amount_paid: paid })),
        payments: objects('payment_intent').map((intent) => ({
            reference: intent.id,
            status: paymentStatus(intent),
            refunded: chargeOf(intent)?.amount_refunded ?? 0,
        })),
    };
}

// A life: buy, fail, recover, upgrade, cancel. Its events are held.
async function live(user) {
    await buy(user, 'plus');
    const [subscription] = Object.values(stripe.ledger)
        .filter(({ metadata }) => metadata.user_id === user.id)
        .flatMap(({ subscriptions }) => subscriptions);
    const { customer } = stripe.object(subscription.id);
    stripe.setCard(customer, 'declined');
    stripe.advance(31 * day + 2 * 3600);
    stripe.setCard(customer, 'ok');
    stripe.advance(4 * day);
    stripe.changeInPortal(subscription.id, 'price_pro_monthly');
    stripe.cancelInPortal(subscription.id, { now: true });
    return customer;
}

const rounds = process.env.AIRI_LONG_TESTS ? 40 : 6;

scenario(
    'a whole life in any order, with repetitions and kills of the worker, ends in the same rows',
    async (stage) => {
        const { system } = stage;
        for (let seed = 1; seed <= rounds; ++seed) {
            const random = randomOf(seed * 7919);
            const user = await joined(stage);
            stripe.hold();
            const customer = await live(user);
            const held = stripe.held.length;
            assert.ok(held > 15, `${held} events`);
            const order = [...Array(held).keys()];
            for (let i = held - 1; i > 0; --i) {
                const j = random(i + 1);
                [order[i], order[j]] = [order[j], order[i]];
            }
            const twice = order.filter(() => random(4) === 0);
            const delivered = stripe.release([...order, ...twice]);
            for (let kills = random(3); kills > 0; --kills) {
                await eventually('an event is handled', async () => {
                    const [{ count }] = await system.rows('select count(*)::int as count from payment_events');
                    return count > 0;
                });
                await system.kill('payments-1');
                await system.start('payments-1');
            }
            assert.ok((await delivered).every((status) => status === 200));
            const wanted = truth(customer, 'free');
            await eventually(
                `seed ${seed}: the rows are Stripe's`,
                async () => {
                    const found = await state(stage, user);
                    assert.deepEqual(found, wanted);
                    return true;
                },
                { within: 60_000, describe: () => state(stage, user) },
            );
            const paid = wanted.invoices.filter((one) => one.status === 'paid' && one.amount_paid > 0).length;
            await eventually(
                'one receipt for each paid invoice',
                () => mailsTo(stage, user, /^Your payment to/).length >= paid,
            );
            assert.equal(mailsTo(stage, user, /^Your payment to (?!.*failed)/).length, paid);
        }
    },
);

scenario('Stripe away, slow or cut off in the middle of a purchase makes one subscription', async (stage) => {
    const user = await joined(stage);
    for (const status of ['cut', 500, 429, ...Array(6).fill(503)])
        stripe.fault({ path: /^\/v1\/checkout\/sessions$/, status, done: true });
    stripe.fault({ path: /^\/v1\/subscriptions\//, status: 'cut' });
    await buy(user, 'plus');
    await eventually('the plan is there', async () => (await state(stage, user)).plan === 'plus', { within: 40_000 });
    const mine = Object.values(stripe.ledger).filter(({ metadata }) => metadata.user_id === user.id);
    assert.equal(mine.length, 1, 'one customer');
    assert.equal(mine[0].subscriptions.length, 1);
    assert.equal(await deadLetters(stage.system, 'webhook.received.v1'), 0);
    assert.equal(await deadLetters(stage.system, 'payment.requested.v1'), 0);
});

scenario('webhooks are not acknowledged while Kafka is away, and none is lost', async (stage) => {
    const { system } = stage;
    const user = await joined(stage);
    const page = await user.api('POST', '/subscription/create-checkout', { plan: 'plus' });
    assert.equal(page.status, 201, page.text);
    await system.stop('kafka');
    await stripe.completeCheckout(page.json.data.id, { card: 'ok' });
    await eventually('a webhook is refused', () => stripe.deliveries.some(({ status }) => status === 503), {
        within: 60_000,
    });
    await system.start('kafka');
    await eventually('the plan is there', async () => (await state(stage, user)).plan === 'plus', { within: 60_000 });
});
