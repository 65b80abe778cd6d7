// The payments worker meets a Stripe that fails, and webhooks a Kafka that is away: nothing is bought twice and nothing
// is lost. Orders of events and kills of the worker are in payment_orders_test.mjs.

import assert from 'node:assert/strict';

import { checkoutAt } from '../support/js/billing.mjs';
import { faultyPayments, joined } from '../support/js/payments.mjs';
import { deadLetters } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const { stripe, scenario } = await faultyPayments();

async function planOf({ system }, user) {
    const [{ plan }] = await system.rows('select plan from users where id = $1', [user.id]);
    return plan;
}

scenario('Stripe away, slow or cut off in the middle of a purchase makes one subscription', async (stage) => {
    const user = await joined(stage, stripe);
    for (const status of ['cut', 500, 429, ...Array(6).fill(503)])
        stripe.fault({ path: /^\/v1\/checkout\/sessions$/, status, done: true });
    stripe.fault({ path: /^\/v1\/subscriptions\//, status: 'cut' });
    await stripe.completeCheckout(await checkoutAt(stripe, user, 'plus'), { card: 'ok' });
    await eventually('the plan is there', async () => (await planOf(stage, user)) === 'plus', { within: 40_000 });
    const mine = Object.values(stripe.ledger).filter(({ metadata }) => metadata.user_id === user.id);
    assert.equal(mine.length, 1, 'one customer');
    assert.equal(mine[0].subscriptions.length, 1);
    assert.equal(await deadLetters(stage.system, 'webhook.received.v1'), 0);
    assert.equal(await deadLetters(stage.system, 'payment.requested.v1'), 0);
});

scenario('webhooks are not acknowledged while Kafka is away, and none is lost', async (stage) => {
    const { system } = stage;
    const user = await joined(stage, stripe);
    const page = await checkoutAt(stripe, user, 'plus');
    await system.stop('kafka');
    await stripe.completeCheckout(page, { card: 'ok' });
    await eventually('a webhook is refused', () => stripe.deliveries.some(({ status }) => status === 503), {
        within: 60_000,
    });
    await system.start('kafka');
    await eventually('the plan is there', async () => (await planOf(stage, user)) === 'plus', { within: 60_000 });
});
