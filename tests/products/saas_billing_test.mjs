// AIRI SaaS: buying, changing and cancelling a plan at Stripe, and what its webhooks do.

import assert from 'node:assert/strict';

import { password } from '../support/js/accounts.mjs';
import { billingOf, frontend, mailsTo, monthly } from '../support/js/billing.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { deadLetters } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const webhook = '/api/subscription/webhook';
const { stripe, test, joined, current, becomes, checkout, bought } = await billingOf('saas', {
    prices: { ...monthly('plus', 1499), ...monthly('pro', 2499) },
    webhook,
    options: { notifications: 1 },
});

test('SAAS-15 SAAS-16: a user buys each plan at its price and has it once it is paid', async (stage) => {
    for (const [plan, cents, price] of [
        ['plus', 1499, 'price_plus_monthly'],
        ['pro', 2499, 'price_pro_monthly'],
    ]) {
        const user = await joined(stage);
        const wire = await Wire.open(stage.ports[1], user.token);
        assert.equal((await current(user)).status, 'free');
        const session = await checkout(user, plan);
        const created = stripe.requests.findLast(({ path }) => path === '/v1/checkout/sessions');
        assert.equal(created.params.line_items[0].price, price);
        assert.ok(created.params.success_url.startsWith(`${frontend}/`), created.params.success_url);
        assert.equal((await current(user)).plan, 'free', 'not before it is paid');
        await stripe.completeCheckout(session, { card: 'ok' });
        const frame = await wire.receive('the new plan', ({ type }) => type === 'subscription_updated');
        assert.equal(frame.data.plan, plan);
        const now = await current(user);
        assert.deepEqual(
            [now.plan, now.status, now.price_cents, now.subscription.amount, now.subscription.interval],
            [plan, 'active', cents, cents, 'month'],
        );
        assert.ok(Date.parse(now.subscription.current_period_end) > Date.now() + 27 * 86_400_000);
        const again = await user.api('POST', '/subscription/create-checkout', { plan });
        rejected(again, 409, 'ALREADY_SUBSCRIBED');
        wire.end();
    }
});

test('SAAS-17: the customer portal is for customers, and its cancellation arrives', async (stage) => {
    const stranger = await joined(stage);
    rejected(await stranger.api('POST', '/billing/portal', {}), 404, 'NOT_FOUND');
    const user = await bought(stage, 'plus');
    const { status, json, text } = await user.api('POST', '/billing/portal', { return_url: `${frontend}/account` });
    assert.equal(status, 201, text);
    assert.ok(json.data.url.startsWith(stripe.url));
    rejected(
        await user.api('POST', '/billing/portal', { return_url: 'https://evil.example/' }),
        422,
        'VALIDATION_FAILED',
    );
    rejected(
        await user.api('POST', '/billing/portal', { return_url: `${frontend}.evil.example/` }),
        422,
        'VALIDATION_FAILED',
    );
    const { subscription } = await current(user);
    stripe.cancelInPortal(subscription.id, { flexible: true });
    await eventually('the cancellation is planned', async () => (await current(user)).subscription.cancel_at);
    assert.equal((await current(user)).plan, 'plus', 'until the end of the period');
    const kept = await user.api('POST', '/subscription/resume');
    assert.equal(kept.status, 200, kept.text);
    assert.equal((await current(user)).subscription.cancel_at, null);
});

test('SAAS-18: a disputed payment suspends its plan and is told to administrators, until it is won', async (stage) => {
    const admin = await joined(stage);
    await appoint(stage.system, admin, 'admin', [stage.ports[0]]);
    const user = await bought(stage, 'pro');
    const { subscription } = await current(user);
    const [charge] = stripe.account
        .all('charge')
        .filter((one) => one.customer === stripe.object(subscription.id).customer);
    const dispute = stripe.dispute(charge.id, { reason: 'fraudulent' });
    await becomes(user, { plan: 'free' });
    const notices = async () =>
        (await admin.api('GET', '/notifications')).json.data.filter(({ kind }) => kind === 'dispute');
    const [notice] = await eventually('it is told', async () => {
        const found = await notices();
        return found.length > 0 && found;
    });
    assert.equal(notice.title, 'A payment of 24.99 USD is disputed');
    stripe.closeDispute(dispute.id, 'won');
    await becomes(user, { plan: 'pro', status: 'active' });
    assert.equal((await notices()).length, 1, 'once');
    const states = await stage.system.rows(
        `select details ->> 'status' as status from audit_log
            where user_id = $1 and action = 'payment.dispute' order by at`,
        [user.id],
    );
    assert.deepEqual(
        states.map((row) => row.status),
        ['needs_response', 'won'],
    );
});

test('SAAS-18: an administrator refunds an invoice, and the subscription goes on', async (stage) => {
    const admin = await joined(stage);
    await appoint(stage.system, admin, 'admin', [stage.ports[0]]);
    const user = await bought(stage, 'plus');
    const [invoice] = await eventually('the invoice is there', async () => {
        const { data } = (await user.api('GET', '/subscription/invoices')).json;
        return data.length > 0 && data;
    });
    const { status, json, text } = await admin.api('POST', '/admin/refunds', { invoice: invoice.id, amount: 499 });
    assert.equal(status, 201, text);
    assert.deepEqual([json.data.amount, json.data.currency, json.data.status], [499, 'usd', 'succeeded']);
    assert.equal((await current(user)).plan, 'plus');
    const rest = await admin.api('POST', '/admin/refunds', { invoice: invoice.id });
    assert.equal(rest.json.data.amount, 1000, rest.text);
    rejected(await admin.api('POST', '/admin/refunds', { invoice: invoice.id }), 409, 'NOT_REFUNDABLE', /refunded/);
});

test('SAAS-50: administrators see the business figures and are warned when they fall', async (stage) => {
    const { system } = stage;
    const admin = await joined(stage);
    await appoint(system, admin, 'admin', [stage.ports[0]]);
    const payers = [await bought(stage, 'plus'), await bought(stage, 'pro')];
    const figures = async () => (await admin.api('GET', '/admin/revenue?days=7')).json.data;
    const { mrr, sign_ups: signUps, conversion, users_by_plan: plans } = await figures();
    assert.ok(mrr.usd >= 1499 + 2499 && signUps >= 3 && conversion > 0, JSON.stringify({ mrr, signUps, conversion }));
    assert.ok(plans.plus >= 1 && plans.pro >= 1 && plans.free >= 1, JSON.stringify(plans));

    const job = () => system.rows('select job_business_alerts()');
    const notices = async () =>
        (await admin.api('GET', '/notifications')).json.data
            .filter(({ kind }) => kind === 'business')
            .map(({ title }) => title)
            .sort();
    await job();
    assert.deepEqual(await notices(), []);
    await system.rows(
        `insert into users (id, email, plan) select gen_random_uuid(), 'u' || n || '@many.example', 'free'
            from generate_series(1, 100) n`,
    );
    // A large subscriber has left.
    await system.rows(
        `insert into subscriptions (provider, id, user_id, customer, plan, price, status, amount, currency, interval,
                                    created_at, ended_at)
            values ('stripe', 'sub_left', $1, 'cus_left', 'pro', 'price_pro_monthly', 'canceled', 99900, 'usd', 'month',
                    now() - interval '180 days', now() - interval '1 day')`,
        [payers[0].id],
    );
    for (let i = 0; i < 2; ++i) await job();
    await eventually('both are told, once', async () => (await notices()).length === 2);
    assert.deepEqual(await notices(), ['Few users pay', 'The recurring revenue has fallen']);
    await system.rows("delete from users where email like '%@many.example'");
    await system.rows("delete from subscriptions where id = 'sub_left'");
    await job();
    assert.deepEqual(await system.rows('select from business_alerts'), []);
});

test('SAAS-18: a webhook is checked, unknown types are acknowledged, and nothing else is', async (stage) => {
    const [port] = stage.ports;
    await joined(stage);
    const event = {
        id: `evt_${crypto.randomUUID()}`,
        object: 'event',
        type: 'payout.paid',
        livemode: false,
        data: { object: { id: 'po_1', object: 'payout' } },
    };
    const body = JSON.stringify(event);
    const post = (text, signature) =>
        ask(port, {
            method: 'POST',
            path: webhook,
            body: text,
            headers: { 'Content-Type': 'application/json', ...(signature && { 'Stripe-Signature': signature }) },
        });
    const good = await post(body, stripe.sign(body));
    assert.equal(good.status, 200, good.text);
    assert.deepEqual(good.json, { received: true });
    const now = Math.floor(Date.now() / 1000);
    const forged = [
        undefined,
        '',
        'v1=abc',
        't=1',
        stripe.sign(body, { at: now - 301 }),
        stripe.sign(body, { at: now + 400 }),
        stripe.sign(`${body} `),
        stripe.sign(body, { secrets: ['whsec_other'] }),
        `${stripe.sign(body)},t=${now}`,
    ];
    for (const signature of forged) rejected(await post(body, signature), 400, 'SIGNATURE_INVALID');
    const large = JSON.stringify({ ...event, padding: 'x'.repeat(2_000_000) });
    assert.equal((await post(large, stripe.sign(large))).status, 413);
    await eventually('the event is stored', async () => {
        const [row] = await stage.system.rows('select outcome from payment_events where id = $1', [event.id]);
        return row?.outcome === 'unknown_type';
    });
});

test('SAAS-19: an event that comes again, late or in another order changes nothing', async (stage) => {
    const user = await joined(stage);
    stripe.hold();
    await stripe.completeCheckout(await checkout(user, 'plus'), { card: 'ok' });
    const held = stripe.held.length;
    assert.ok(held >= 4, `${held} events`);
    const order = [...Array(held).keys()].reverse();
    await stripe.release([...order, ...order]);
    await becomes(user, { plan: 'plus', status: 'active' });
    await stripe.settled();
    const history = () =>
        stage.system.rows('select status from subscription_history where user_id = $1 order by id', [user.id]);
    const mails = () => mailsTo(stage, user, /payment/i).length;
    await eventually('the receipt is mailed', () => mails() === 1);
    const before = await history();
    const events = stripe.events.filter(({ type }) => type.startsWith('customer.subscription.'));
    await stripe.resend(events.at(-1));
    await user.api('POST', '/subscription/cancel', { immediately: true });
    await becomes(user, { plan: 'free', status: 'free' });
    // The events of its beginning say active.
    for (const one of events) await stripe.resend(one);
    const [{ count }] = await stage.system.rows(
        'select count(*)::int as count from payment_events where id = any($1)',
        [events.map(({ id }) => id)],
    );
    assert.equal(count, events.length);
    assert.equal((await current(user)).plan, 'free');
    assert.equal((await history()).length, before.length + 1);
    assert.equal(mails(), 1);
});

test('SAAS-18: a burst of events about a subscription reads it at most twice', async (stage) => {
    const user = await bought(stage, 'plus');
    const { id } = (await current(user)).subscription;
    await stripe.settled();
    const { account } = stripe;
    stripe.hold();
    for (let i = 0; i < 20; ++i)
        account.change(account.get('subscription', id), 'customer.subscription.updated', {
            description: `change ${i}`,
        });
    const burst = stripe.held.map((event) => event.id);
    const before = stripe.requests.length;
    stripe.fault({ method: 'GET', path: new RegExp(`^/v1/subscriptions/${id}`), status: 'slow', ms: 1000 });
    await stripe.release([...burst.keys()]);
    const outcomes = () =>
        stage.system.rows(
            'select outcome, count(*)::int from payment_events where id = any($1) group by outcome order by outcome',
            [burst],
        );
    await eventually(
        'the burst is handled',
        async () => (await outcomes()).reduce((sum, { count }) => sum + count, 0) === burst.length,
    );
    const counts = Object.fromEntries((await outcomes()).map(({ outcome, count }) => [outcome, count]));
    // None is applied when a read for an earlier event was late enough.
    assert.ok((counts.applied ?? 0) <= 2 && counts.covered >= 18, JSON.stringify(counts));
    const reads = stripe.requests.slice(before).filter(({ path }) => path === `/v1/subscriptions/${id}`);
    assert.ok(reads.length <= 2, `${reads.length} reads`);
});

test('SAAS-18: an event in a version of the API that no test covers is parked', async (stage) => {
    const user = await bought(stage, 'plus');
    await stripe.settled();
    const { subscription } = await current(user);
    const event = {
        ...stripe.events.findLast(({ data }) => data.object.id === subscription.id),
        id: `evt_${crypto.randomUUID()}`,
        api_version: '2027-09-30.eucalyptus',
    };
    const parked = await deadLetters(stage.system, 'webhook.received.v1');
    assert.equal((await stripe.post(JSON.stringify(event))).status, 200);
    await eventually(
        'it is parked',
        async () => (await deadLetters(stage.system, 'webhook.received.v1')) === parked + 1,
    );
    assert.deepEqual(await stage.system.rows('select from payment_events where id = $1', [event.id]), []);
});

test('SAAS-20: pictures of their own end with the plan that has them', async (stage) => {
    const user = await bought(stage, 'plus');
    const picture = Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
        'base64',
    );
    const upload = () =>
        ask(stage.ports[0], {
            method: 'POST',
            path: '/api/v1/avatars',
            token: user.token,
            body: picture,
            headers: { 'Content-Type': 'image/png' },
        });
    // Gateways hear of a plan some milliseconds after it is stored.
    const made = await eventually('the gateway knows the plan', async () => {
        const answer = await upload();
        return answer.status !== 402 && answer;
    });
    assert.equal(made.status, 201, made.text);
    await user.api('POST', '/subscription/cancel', { immediately: true });
    await becomes(user, { plan: 'free', status: 'free' });
    const refused = await eventually('the gateway knows that it ended', async () => {
        const answer = await upload();
        return answer.status !== 201 && answer;
    });
    rejected(refused, 402, 'PLAN_LIMIT');
});

test('SAAS-16: a closed account is not charged again, and its erasure leaves only its invoices', async (stage) => {
    const { system } = stage;
    const user = await bought(stage, 'plus');
    const { subscription } = await current(user);
    const { customer } = stripe.object(subscription.id);
    const closed = await user.api('DELETE', '/users/me', { password });
    assert.ok(closed.status < 300, closed.text);
    await eventually('the cancellation is planned', () => stripe.object(subscription.id).cancel_at_period_end);
    await system.rows("update users set erase_at = now() - interval '1 second' where id = $1", [user.id]);
    await eventually('the account is erased', async () => {
        await system.rows('select job_erasures()');
        const [{ erased }] = await system.rows('select erased_at is not null as erased from users where id = $1', [
            user.id,
        ]);
        return erased;
    });
    assert.equal(stripe.object(subscription.id).status, 'canceled');
    assert.ok(stripe.object(customer).deleted, 'the customer is deleted at Stripe');
    const counts = await system.rows(
        `select (select count(*) from subscriptions where user_id = $1)::int as subscriptions,
                (select count(*) from payment_customers where user_id = $1)::int as customers,
                (select count(*) from invoices where user_id = $1 and status = 'paid')::int as invoices`,
        [user.id],
    );
    assert.deepEqual(counts, [{ subscriptions: 0, customers: 0, invoices: 1 }]);
});
