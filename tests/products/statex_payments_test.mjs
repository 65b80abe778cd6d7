// Statex: a tier that is paid once.

import assert from 'node:assert/strict';

import { billingOf } from '../support/js/billing.mjs';
import { rejected } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const { stripe, test, joined, current, becomes } = await billingOf('statex', {
    prices: {},
    webhook: '/api/payments/stripe/webhook',
});

async function asked(stage, plan = 'premium') {
    const user = await joined(stage);
    const { status, json, text } = await user.api('POST', '/payments/stripe', { plan });
    assert.equal(status, 201, text);
    return { ...user, intent: json.data.payment_intent_id, secret: json.data.client_secret };
}
const paymentOf = async (user) => (await user.api('GET', `/payments/${user.intent}`)).json.data;

test('STATEX-15: an intent in euros takes cards, SEPA debits, iDEAL and Bancontact', async (stage) => {
    const user = await asked(stage);
    assert.ok(user.secret.startsWith(`${user.intent}_secret_`), user.secret);
    const made = stripe.requests.findLast(({ path, method }) => method === 'POST' && path === '/v1/payment_intents');
    assert.deepEqual(made.params.payment_method_types, ['card', 'sepa_debit', 'ideal', 'bancontact']);
    assert.deepEqual([made.params.amount, made.params.currency], ['4900', 'eur']);
    assert.ok(made.idempotencyKey.length > 10);
    rejected(await user.api('POST', '/payments/stripe', { plan: 'standard' }), 409, 'PLAN_NOT_SOLD');
});

test('STATEX-20 STATEX-22: a payment is pending until it is completed, which unlocks its tier', async (stage) => {
    const user = await asked(stage);
    const before = await paymentOf(user);
    assert.deepEqual([before.status, before.gateway, before.gateway_id], ['PENDING', 'STRIPE', user.intent]);
    assert.equal((await current(user)).plan, 'standard');
    stripe.pay(user.intent, { card: 'declined' });
    await eventually('it has failed', async () => (await paymentOf(user)).status === 'FAILED');
    stripe.pay(user.intent, { card: 'ok' });
    await becomes(user, { plan: 'premium', status: 'active' });
    assert.equal((await paymentOf(user)).status, 'COMPLETED');
    const stranger = await joined(stage);
    rejected(await stranger.api('GET', `/payments/${user.intent}`), 404, 'NOT_FOUND');
});

test('STATEX-20: a debit is pending until the bank has answered', async (stage) => {
    const user = await asked(stage, 'eu_compliance');
    stripe.pay(user.intent, { card: 'sepa_processing' });
    await stripe.settled();
    assert.equal((await paymentOf(user)).status, 'PENDING');
    assert.equal((await current(user)).plan, 'standard');
    stripe.settleSepa(user.intent, true);
    await becomes(user, { plan: 'eu_compliance' });
});

test('STATEX-22: a dispute takes the tier away until it is won', async (stage) => {
    const user = await asked(stage);
    stripe.pay(user.intent, { card: 'ok' });
    await becomes(user, { plan: 'premium' });
    const dispute = stripe.dispute(stripe.object(user.intent).latest_charge, { reason: 'fraudulent' });
    await becomes(user, { plan: 'standard' });
    stripe.closeDispute(dispute.id, 'won');
    await becomes(user, { plan: 'premium' });
});

test('STATEX-20: an administrator refunds a payment in part and whole, which locks its tier again', async (stage) => {
    const user = await asked(stage);
    stripe.pay(user.intent, { card: 'ok' });
    await becomes(user, { plan: 'premium' });
    const refund = { payment: user.intent };
    rejected(await user.api('POST', '/admin/refunds', refund), 403, 'FORBIDDEN');
    const admin = await joined(stage);
    await appoint(stage.system, admin, 'admin', [stage.ports[0]]);
    const give = (json, more) => admin.api('POST', '/admin/refunds', json, more);
    rejected(await give({ payment: 'pi_none' }), 404, 'NOT_FOUND');
    rejected(await give({}), 422, 'VALIDATION_FAILED');
    rejected(await give({ ...refund, invoice: 'in_1' }), 422, 'VALIDATION_FAILED');
    rejected(await give({ ...refund, amount: 0 }), 422, 'VALIDATION_FAILED');
    const { amount } = await paymentOf(user);
    rejected(await give({ ...refund, amount: amount + 1 }), 422, 'VALIDATION_FAILED');
    const key = { headers: { 'Idempotency-Key': crypto.randomUUID() } };
    const part = { ...refund, amount: 100, reason: 'requested_by_customer' };
    const first = await give(part, key);
    assert.equal(first.status, 201, first.text);
    assert.deepEqual([first.json.data.amount, first.json.data.status], [100, 'succeeded']);
    assert.deepEqual((await give(part, key)).json.data, first.json.data, 'once');
    assert.deepEqual([(await paymentOf(user)).refunded, (await current(user)).plan], [100, 'premium']);
    const rest = await give(refund);
    assert.equal(rest.json.data.amount, amount - 100, rest.text);
    await becomes(user, { plan: 'standard' });
    assert.deepEqual([(await paymentOf(user)).status, (await paymentOf(user)).refunded], ['REFUNDED', amount]);
    rejected(await give(refund), 404, 'NOT_FOUND');
    const audited = await stage.system.rows(
        "select actor from audit_log where user_id = $1 and action = 'payment.refund'",
        [user.id],
    );
    assert.deepEqual(audited, Array(2).fill({ actor: admin.id }));
});
