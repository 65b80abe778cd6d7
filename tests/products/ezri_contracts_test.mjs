// Ezri's contracts: by the month and by the year, trials, withdrawal, payers who have to agree at their bank, tax.

import assert from 'node:assert/strict';

import { billingOf, mailsTo, monthly, yearly } from '../support/js/billing.mjs';
import { rejected } from '../support/js/raw.mjs';
import { taxIdsOf } from '../support/js/stripe/tax.mjs';
import { quiet } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const day = 86_400;
const { stripe, test, joined, current, becomes, bought } = await billingOf('ezri', {
    prices: { ...monthly('basic', 999), ...monthly('pro', 1999), ...yearly('basic', 9990), ...yearly('pro', 19_990) },
    prefix: '/v1',
    webhook: '/v1/billing/webhook',
});

const invoicesOf = async (user) => (await user.api('GET', '/billing/invoices')).json.data;
const set = ({ system }, key, value) =>
    system.rows('update system_settings set value = $2 where key = $1', [key, JSON.stringify(value)]);
const subscriptionOf = async (user) => (await current(user)).subscription;

async function changed(user, wanted, status = 200) {
    const { status: found, json, text } = await user.api('PATCH', '/billing/subscription', wanted);
    assert.equal(found, status, text);
    return json.data;
}

test('EZRI-51: plans are sold by the month and by the year', async (stage) => {
    const user = await joined(stage);
    const plans = (await user.api('GET', '/plans')).json.data;
    assert.deepEqual(
        plans.map(({ id, yearly_price_cents: cents }) => [id, cents]),
        [
            ['free', null],
            ['basic', 9990],
            ['pro', 19_990],
            ['enterprise', null],
        ],
    );
    rejected(
        await user.api('POST', '/subscription/create-checkout', { plan: 'basic', interval: 'week' }),
        422,
        'VALIDATION_FAILED',
    );
    rejected(
        await user.api('POST', '/subscription/create-checkout', { plan: 'free', interval: 'year' }),
        409,
        'PLAN_NOT_SOLD',
    );
    const yearlyUser = await bought(stage, 'basic', { interval: 'year' });
    const { interval, amount, current_period_end: end } = await subscriptionOf(yearlyUser);
    assert.deepEqual([interval, amount], ['year', 9990]);
    assert.ok(Date.parse(end) > Date.now() + 360 * 86_400_000, end);
});

test('EZRI-51: a change keeps the interval, and a longer one starts at once, a shorter one later', async (stage) => {
    const user = await bought(stage, 'basic');
    await changed(user, { plan: 'basic', interval: 'year' });
    const atOnce = await subscriptionOf(user);
    assert.deepEqual([atOnce.interval, atOnce.amount, atOnce.next_plan], ['year', 9990, null]);
    rejected(await user.api('PATCH', '/billing/subscription', { plan: 'basic' }), 409, 'SAME_PLAN');
    await changed(user, { plan: 'pro' });
    const higher = await current(user);
    assert.deepEqual([higher.plan, higher.subscription.interval], ['pro', 'year']);
    await changed(user, { plan: 'pro', interval: 'month' });
    const planned = await subscriptionOf(user);
    assert.deepEqual([planned.interval, planned.next_plan, planned.next_interval], ['year', 'pro', 'month']);
    stripe.advance(Date.parse(planned.current_period_end) / 1000 - stripe.clock + 3600);
    await eventually('the month begins', async () => {
        const { interval, amount, next_plan: next } = await subscriptionOf(user);
        return interval === 'month' && amount === 1999 && next === null;
    });
});

test('EZRI-51: the first subscription has a trial, which ends with a payment; a second one has none', async (stage) => {
    await stage.system.rows("update plans set trial_days = 7 where id = 'basic'");
    try {
        const user = await joined(stage);
        const { status, json, text } = await user.api('POST', '/billing/subscription', { plan: 'basic' });
        assert.equal(status, 201, text);
        const secret = json.data.client_secret;
        assert.match(secret, /^seti_\w+_secret_/);
        stripe.pay(secret.split('_secret_')[0], { card: 'ok' });
        const trial = await becomes(user, { plan: 'basic', status: 'trialing' });
        assert.equal((await invoicesOf(user)).filter(({ amount_paid: paid }) => paid > 0).length, 0);
        stripe.advance(Date.parse(trial.subscription.trial_end) / 1000 - stripe.clock - 2 * day);
        await eventually('the end of the trial is mailed', () => mailsTo(stage, user, /trial/).length === 1);
        stripe.advance(2 * day + 2 * 3600);
        await becomes(user, { plan: 'basic', status: 'active' });
        await eventually('the first payment', async () =>
            (await invoicesOf(user)).some((one) => one.amount_paid === 999),
        );
        assert.equal((await user.api('POST', '/subscription/cancel', { immediately: true })).status, 200);
        await becomes(user, { plan: 'free' });
        const again = await user.api('POST', '/billing/subscription', { plan: 'basic' });
        assert.equal(again.json.data.subscription.status, 'incomplete', again.text);
        assert.match(again.json.data.client_secret, /^pi_/);
    } finally {
        await stage.system.rows("update plans set trial_days = 0 where id = 'basic'");
    }
});

test('EZRI-51: a withdrawal within 14 days ends the plan and gives the money back', async (stage) => {
    const user = await bought(stage, 'basic');
    const { withdraw_until: until } = await subscriptionOf(user);
    assert.ok(Date.parse(until) > Date.now() + 14 * 86_400_000 - 60_000 && Date.parse(until) % 86_400_000 === 0, until);
    const { status, json, text } = await user.api('POST', '/billing/withdrawal', {});
    assert.equal(status, 200, text);
    assert.deepEqual([json.data.refunded, json.data.currency, json.data.subscription.status], [999, 'usd', 'canceled']);
    await becomes(user, { plan: 'free', status: 'free' });
    await eventually('the receipt of the withdrawal', () => mailsTo(stage, user, /withdrawn/).length === 1);
    assert.match(mailsTo(stage, user, /withdrawn/)[0].text, /9\.99 USD/);
    const [payment] = await stage.system.rows(
        'select status, refunded::int from payment_history where user_id = $1 and status = $2',
        [user.id, 'REFUNDED'],
    );
    assert.equal(payment.refunded, 999);
    rejected(await user.api('POST', '/billing/withdrawal', {}), 409, 'ALREADY_WITHDRAWN');
});

test('EZRI-51: whoever asked for the plan to begin at once pays for the days until the withdrawal', async (stage) => {
    const user = await bought(stage, 'basic', { immediate_start: true });
    await stripe.settled();
    await quiet(stage.system); // later events would store Stripe's period again
    await stage.system.rows(
        `update subscriptions set period_start = now() - interval '9 days', period_end = now() + interval '21 days'
         where user_id = $1`,
        [user.id],
    );
    const { status, json, text } = await user.api('POST', '/billing/withdrawal', {});
    assert.equal(status, 200, text);
    assert.equal(json.data.refunded, 699, '21 of 30 days of 9.99, rounded down');

    const late = await bought(stage, 'basic');
    await stage.system.rows("update subscriptions set created_at = now() - interval '16 days' where user_id = $1", [
        late.id,
    ]);
    assert.equal((await subscriptionOf(late)).withdraw_until, null);
    rejected(await late.api('POST', '/billing/withdrawal', {}), 409, 'WITHDRAWAL_OVER');
    rejected(await (await joined(stage)).api('POST', '/billing/withdrawal', {}), 404, 'NOT_FOUND');
});

test('EZRI-56: a higher plan starts when the payer has agreed at the bank, and not before', async (stage) => {
    const user = await bought(stage, 'basic');
    const { id } = await subscriptionOf(user);
    stripe.setCard(stripe.object(id).customer, 'requires_action');
    const { client_secret: secret } = await changed(user, { plan: 'pro' });
    assert.match(secret, /^pi_\w+_secret_/);
    assert.equal((await current(user)).plan, 'basic');
    stripe.pay(secret.split('_secret_')[0], { card: 'requires_action', confirm: true });
    await becomes(user, { plan: 'pro', status: 'active' });
});

test("EZRI-52: tax is added by the payer's country, and a business elsewhere owes it", async (stage) => {
    await set(stage, 'stripe_tax', true);
    try {
        const subscribed = async (details) => {
            const user = await joined(stage);
            const put = await user.api('PUT', '/billing/details', details);
            assert.equal(put.status, 200, put.text);
            const { json, status, text } = await user.api('POST', '/billing/subscription', { plan: 'basic' });
            assert.equal(status, 201, text);
            stripe.pay(json.data.client_secret.split('_secret_')[0], { card: 'ok' });
            await becomes(user, { plan: 'basic', status: 'active' });
            const [invoice] = await eventually('the invoice is paid', async () => {
                const all = await invoicesOf(user);
                return all.some(({ status: state }) => state === 'paid') && all;
            });
            return [invoice.amount_paid, invoice.tax, invoice.vat_id, invoice.reverse_charge];
        };
        const address = { line1: '1 rue de Rivoli', city: 'Paris', postal_code: '75001', country: 'FR' };
        assert.deepEqual(await subscribed({ address }), [1199, 200, null, false]);
        const vat = 'FR12345678901';
        assert.deepEqual(await subscribed({ name: 'ACME SARL', address, vat_id: vat }), [999, 0, vat, true]);

        const user = await joined(stage);
        const nowhere = await user.api('POST', '/billing/subscription', { plan: 'basic' });
        rejected(nowhere, 409, 'PAYMENT_REFUSED');
        const put = (body) => user.api('PUT', '/billing/details', body);
        rejected(await put({ vat_id: 'FR12' }), 422, 'VAT_ID_INVALID');
        rejected(await put({ vat_id: 'nonsense' }), 422, 'VALIDATION_FAILED');
        rejected(await put({ address: { country: 'France' } }), 422, 'VALIDATION_FAILED');
        rejected(await put({}), 422, 'VALIDATION_FAILED');
        const { customer } = stripe.requests.findLast(({ path }) => path === '/v1/subscriptions').params;
        for (const vat_id of ['DE123456789', 'DE123456789', 'DE987654321', '']) {
            assert.equal((await put({ vat_id })).status, 200);
            const ids = taxIdsOf(stripe.account, { id: customer }).map(({ value }) => value);
            assert.deepEqual(ids, vat_id ? [vat_id] : []);
        }
        const page = await user.api('POST', '/subscription/create-checkout', { plan: 'basic' });
        assert.equal(page.status, 201, page.text);
        await stripe.completeCheckout(page.json.data.id, { card: 'ok', country: 'CZ', vat: 'CZ12345678' });
        await becomes(user, { plan: 'basic', status: 'active' });
        const reversed = async () => (await invoicesOf(user)).some((one) => one.reverse_charge && one.tax === 0);
        await eventually('the page took the place and the VAT id', reversed);
    } finally {
        await set(stage, 'stripe_tax', false);
    }
});

test('EZRI-51: a second subscription is refused, wherever the first one was bought', async (stage) => {
    const user = await joined(stage);
    await stage.system.rows(
        `insert into subscriptions (provider, id, user_id, customer, plan, price, status, amount, currency, interval)
         values ('paypal', $2, $1, 'payer', 'basic', 'P-1', 'active', 999, 'usd', 'month')`,
        [user.id, `I-${user.id}`],
    );
    for (const [path, plan] of [
        ['/subscription/create-checkout', 'basic'],
        ['/billing/subscription', 'pro'],
    ])
        rejected(await user.api('POST', path, { plan }), 409, 'ALREADY_SUBSCRIBED');
});
