// Ezri's billing: subscriptions that the client pays itself, invoices, portal, webhooks, failed payments.

import assert from 'node:assert/strict';

import { billingOf, mailsTo, monthly } from '../support/js/billing.mjs';
import { rejected } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const day = 86_400;
const { stripe, test, joined, current, becomes, bought } = await billingOf('ezri', {
    prices: { ...monthly('basic', 999), ...monthly('pro', 1999) },
    prefix: '/v1',
    webhook: '/v1/billing/webhook',
    stripeOptions: { dunning: { retries: [3 * day, 5 * day], end: 'cancel' } },
});

test('EZRI-51 EZRI-55: a subscription is created, paid by its secret, changed and cancelled', async (stage) => {
    const user = await joined(stage);
    const created = await user.api('POST', '/billing/subscription', { plan: 'basic' });
    assert.equal(created.status, 201, created.text);
    const { subscription, client_secret: secret } = created.json.data;
    assert.equal(subscription.status, 'incomplete');
    assert.match(secret, /^pi_\w+_secret_/);
    assert.equal((await current(user)).plan, 'free', 'not before it is paid');
    stripe.pay(secret.split('_secret_')[0], { card: 'ok' });
    const paid = await becomes(user, { plan: 'basic', status: 'active' });
    assert.equal(paid.subscription.id, subscription.id);

    rejected(await user.api('PATCH', '/billing/subscription', { plan: 'basic' }), 409, 'SAME_PLAN');
    rejected(await user.api('PATCH', '/billing/subscription', { plan: 'gold' }), 422, 'VALIDATION_FAILED');
    rejected(await user.api('PATCH', '/billing/subscription', { plan: 'enterprise' }), 409, 'PLAN_NOT_SOLD');
    const preview = await user.api('POST', '/subscription/preview', { plan: 'pro' });
    assert.equal(preview.status, 200, preview.text);
    assert.ok(preview.json.data.amount_due > 0 && preview.json.data.at_once, preview.text);
    const up = await user.api('PATCH', '/billing/subscription', { plan: 'pro' });
    assert.equal(up.status, 200, up.text);
    assert.equal((await current(user)).plan, 'pro', 'at once');

    const down = await user.api('PATCH', '/billing/subscription', { plan: 'basic' });
    assert.equal(down.status, 200, down.text);
    const planned = await current(user);
    assert.deepEqual([planned.plan, planned.subscription.next_plan], ['pro', 'basic']);

    const cancelled = await user.api('DELETE', '/billing/subscription');
    assert.equal(cancelled.status, 200, cancelled.text);
    const ending = await current(user);
    assert.deepEqual([ending.plan, ending.subscription.next_plan], ['pro', null]);
    assert.ok(ending.subscription.cancel_at, 'at the end of the period');
    const now = await user.api('POST', '/subscription/cancel', { immediately: true });
    assert.equal(now.status, 200, now.text);
    await becomes(user, { plan: 'free', status: 'free' });
    rejected(await user.api('DELETE', '/billing/subscription'), 404, 'NOT_FOUND');
});

test('EZRI-52 EZRI-53: invoices are listed and shown to their user only, and the portal opens', async (stage) => {
    const [user, stranger] = [await bought(stage, 'basic'), await joined(stage)];
    const invoices = await eventually('the invoice is there', async () => {
        const { json } = await user.api('GET', '/billing/invoices');
        return json.data.length > 0 && json.data;
    });
    assert.equal(invoices.length, 1);
    const [invoice] = invoices;
    assert.deepEqual(
        [invoice.status, invoice.amount_due, invoice.amount_paid, invoice.currency, invoice.amount],
        ['paid', 999, 999, 'usd', '9.99 USD'],
    );
    assert.ok(invoice.number && invoice.hosted_invoice_url && invoice.invoice_pdf && invoice.paid_at, invoice);
    const one = await user.api('GET', `/billing/invoices/${invoice.id}`);
    assert.deepEqual(one.json.data, invoice);
    rejected(await stranger.api('GET', `/billing/invoices/${invoice.id}`), 404, 'NOT_FOUND');
    assert.deepEqual((await stranger.api('GET', '/billing/invoices')).json.data, []);
    const portal = await user.api('POST', '/billing/portal', {});
    assert.equal(portal.status, 201, portal.text);
});

test('EZRI-59: administrators see the revenue by day', async (stage) => {
    const admin = await joined(stage);
    await appoint(stage.system, admin, 'admin', [stage.ports[0]]);
    const revenue = async () => (await admin.api('GET', '/admin/analytics/revenue?days=366')).json.data;
    const before = (await revenue()).mrr.usd ?? 0;
    await bought(stage, 'pro');
    const { mrr, by_day: days } = await revenue();
    assert.equal(mrr.usd - before, 1999);
    assert.ok(
        days.every(({ day, currency, paid }) => /^\d{4}-\d\d-\d\d$/.test(day) && currency === 'usd' && paid >= 0),
    );
});

test('EZRI-54 EZRI-56: a failed renewal is mailed, keeps the plan for its grace, then ends it', async (stage) => {
    const user = await bought(stage, 'basic');
    const { subscription } = await current(user);
    stripe.setCard(stripe.object(subscription.id).customer, 'declined');
    const renewal = Date.parse(subscription.current_period_end) / 1000 - stripe.clock;
    stripe.advance(renewal + 2 * 3600);
    const late = await becomes(user, { status: 'past_due' });
    assert.equal(late.plan, 'basic', 'for its grace');
    await eventually('the failure is mailed', () => mailsTo(stage, user, /failed/).length === 1);
    // The grace is counted by our clock, the provider's runs on its own.
    await stage.system.rows("update subscriptions set past_due_since = now() - interval '8 days' where user_id = $1", [
        user.id,
    ]);
    await stage.system.rows("update jobs set last_run = null where name = 'payment_grace'");
    await stage.system.rows('select job_payment_grace()');
    assert.equal((await becomes(user, { plan: 'free' })).status, 'past_due');
    stripe.setCard(stripe.object(subscription.id).customer, 'ok');
    stripe.advance(3 * day);
    await becomes(user, { plan: 'basic', status: 'active' });
    await eventually('the receipts are mailed', () => mailsTo(stage, user, /Your payment to \w+$/).length === 2);
});
