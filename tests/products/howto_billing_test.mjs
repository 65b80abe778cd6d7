// How-to-AI: PUT sets the plan, with and without a subscription before it.

import assert from 'node:assert/strict';

import { billingOf, monthly } from '../support/js/billing.mjs';
import { rejected } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const { stripe, test, joined, current, becomes } = await billingOf('howto', {
    prices: monthly('premium', 5000),
    webhook: '/api/subscription/webhook',
});

test('HOWTO-16: GET and PUT /api/subscription read and set the plan', async (stage) => {
    const user = await joined(stage);
    const put = (plan) => user.api('PUT', '/subscription', { plan });
    assert.equal((await user.api('GET', '/subscription')).json.data.plan, 'free');
    rejected(await put('enterprise'), 409, 'PLAN_NOT_SOLD');
    rejected(await put('free'), 404, 'NOT_FOUND');
    const bought = await put('premium');
    assert.equal(bought.status, 201, bought.text);
    await stripe.completeCheckout(bought.json.data.id, { card: 'ok' });
    assert.equal((await becomes(user, { plan: 'premium', status: 'active' })).price_cents, 5000);
    const dropped = await put('free');
    assert.equal(dropped.status, 200, dropped.text);
    assert.ok((await current(user)).subscription.cancel_at, 'at the end of the period');
});

test('HOWTO-18: each payment leaves an invoice, and administrators see the revenue', async (stage) => {
    const user = await joined(stage);
    const page = await user.api('PUT', '/subscription', { plan: 'premium' });
    await stripe.completeCheckout(page.json.data.id, { card: 'ok' });
    await becomes(user, { plan: 'premium' });
    const { subscription } = await current(user);
    stripe.advance(Date.parse(subscription.current_period_end) / 1000 - stripe.clock + 2 * 3600);
    const invoices = await eventually(
        'two invoices are paid',
        async () => {
            const { json } = await user.api('GET', '/subscription/invoices?limit=1');
            if (!json.meta?.next_cursor) return null;
            const next = await user.api('GET', `/subscription/invoices?limit=1&cursor=${json.meta.next_cursor}`);
            const both = [...json.data, ...next.json.data];
            return both.length === 2 && both.every(({ status }) => status === 'paid') && both;
        },
        { describe: async () => (await user.api('GET', '/subscription/invoices')).text },
    );
    assert.notEqual(invoices[0].id, invoices[1].id);
    assert.ok(Date.parse(invoices[0].created_at) > Date.parse(invoices[1].created_at), 'newest first');
    const admin = await joined(stage);
    rejected(await admin.api('GET', '/admin/revenue'), 403, 'FORBIDDEN');
    await appoint(stage.system, admin, 'admin');
    const revenue = await eventually('the revenue is counted', async () => {
        const { json } = await admin.api('GET', '/admin/revenue?days=366');
        return json.data?.by_day?.length > 0 && json.data;
    });
    assert.equal(revenue.mrr.usd % 5000, 0);
    assert.ok(revenue.mrr.usd >= 5000 && revenue.conversion > 0, JSON.stringify(revenue));
    assert.ok(revenue.by_day.some(({ currency, paid }) => currency === 'usd' && paid >= 5000));
    const file = await admin.api('GET', '/admin/revenue?days=366&format=csv');
    assert.match(file.headers['content-type'], /^text\/csv/);
    assert.match(file.text, /^day,currency,paid,refunded,payments\r\n(\d{4}-\d\d-\d\d,usd,\d+,\d+,\d+\r\n)+$/);
});
