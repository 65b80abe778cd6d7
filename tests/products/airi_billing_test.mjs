// AIRI Platform: buying pro, cancelling it, and the rows that its webhooks leave.

import assert from 'node:assert/strict';

import { billingOf, monthly } from '../support/js/billing.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const { stripe, test, joined, current, becomes, bought } = await billingOf('airi', {
    prices: monthly('pro', 2499),
    webhook: '/api/subscription/webhook',
});

test('AIRI-37: a subscription has its period, is cancelled at its end, and can be kept', async (stage) => {
    const user = await bought(stage, 'pro');
    const { subscription } = await current(user);
    const days =
        (Date.parse(subscription.current_period_end) - Date.parse(subscription.current_period_start)) / 86_400_000;
    assert.ok(days >= 28 && days <= 31, `${days} days`);
    const cancelled = await user.api('POST', '/subscription/cancel', {});
    assert.equal(cancelled.status, 200, cancelled.text);
    const ending = await current(user);
    assert.equal(ending.plan, 'pro');
    assert.equal(ending.subscription.cancel_at, subscription.current_period_end);
    stripe.advance(Date.parse(subscription.current_period_end) / 1000 - stripe.clock + 2 * 3600);
    await becomes(user, { plan: 'free', status: 'free', subscription: null });
});

test('AIRI-37: a plan that an operator gave is active without a subscription', async (stage) => {
    const { system } = stage;
    const user = await joined(stage);
    await system.rows("update users set plan = 'enterprise' where id = $1", [user.id]);
    assert.equal((await current(user)).status, 'active');
});

test('AIRI-38: five kinds of events leave a history of the subscription and of its payments', async (stage) => {
    const user = await bought(stage, 'pro');
    await user.api('POST', '/subscription/cancel', { immediately: true });
    await becomes(user, { plan: 'free' });
    const history = await stage.system.rows(
        'select plan, status, old_status from subscription_history where user_id = $1 order by id',
        [user.id],
    );
    assert.equal(history.at(-1).status, 'canceled');
    assert.ok(
        history.some(({ status, plan }) => status === 'active' && plan === 'pro'),
        JSON.stringify(history),
    );
    const [payment] = await eventually(
        'the payment is stored',
        async () => {
            const rows = await stage.system.rows(
                'select status, amount::int, currency, reference, plan from payment_history where user_id = $1',
                [user.id],
            );
            return rows[0]?.status === 'COMPLETED' && rows;
        },
        {
            describe: () =>
                stage.system.rows('select type, object, outcome from payment_events order by handled_at desc limit 30'),
        },
    );
    assert.deepEqual([payment.amount, payment.currency, payment.plan], [2499, 'usd', null]);
    assert.match(payment.reference, /^pi_/);
    const shown = await user.api('GET', `/payments/${payment.reference}`);
    assert.equal(shown.json.data.status, 'COMPLETED', shown.text);
    const events = await stage.system.rows(
        "select distinct type from payment_events where outcome in ('applied', 'covered') order by type",
    );
    for (const type of ['customer.subscription.created', 'customer.subscription.deleted', 'invoice.payment_succeeded'])
        assert.ok(
            events.some((one) => one.type === type),
            `${type} in ${events.map((one) => one.type)}`,
        );
});

test('AIRI-10: API keys end with the plan that has them', async (stage) => {
    const { system, ports } = stage;
    const user = await joined(stage);
    await system.rows("update users set plan = 'enterprise' where id = $1", [user.id]);
    const made = await eventually('a key is made', async () => {
        const answer = await user.api('POST', '/api-keys', { name: 'k', scopes: ['read'] });
        return answer.status === 201 && answer;
    });
    const key = made.json.data.key;
    const read = () => ask(ports[0], { path: '/api/v1/conversations', token: key });
    assert.equal((await read()).status, 200);
    await system.rows("update users set plan = 'free' where id = $1", [user.id]);
    await eventually('the key is rejected', async () => (await read()).status !== 200);
    rejected(await read(), 402, 'PLAN_LIMIT');
});
