// The stand-in for Stripe, by Stripe's own SDK: its API, its events and their deliveries, its pages.

import assert from 'node:assert/strict';
import Stripe from 'stripe';

import { check } from '../support/js/harness.mjs';
import { clientOf, raised, stages, subscribed, subscriptionOf, typesOf } from '../support/js/stripe/stages.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Browser } from './browser.mjs';

const stage = stages();

await check('a customer is created, changed, found by their email and deleted', async () => {
    const { stripe, standIn } = await stage();
    const made = await stripe.customers.create({ email: 'a+b@example.com', metadata: { user_id: 'u 1 & more' } });
    assert.match(made.id, /^cus_/);
    assert.deepEqual(made.metadata, { user_id: 'u 1 & more' });
    await stripe.customers.update(made.id, { name: 'Ada', metadata: { user_id: '' } });
    const { data } = await stripe.customers.list({ email: 'a+b@example.com' });
    assert.deepEqual([data.length, data[0].name, data[0].metadata], [1, 'Ada', {}]);
    assert.deepEqual(standIn.events[1].data.previous_attributes, { name: null, metadata: { user_id: 'u 1 & more' } });
    await stripe.customers.del(made.id);
    assert.equal((await stripe.customers.retrieve(made.id)).deleted, true);
    assert.deepEqual(typesOf({ standIn }), ['customer.created', 'customer.updated', 'customer.deleted']);
});

await check('an expanded invoice has its payments, and a payment names its invoice', async () => {
    const all = await stage();
    const { id } = await subscribed(all);
    const { latest_invoice: invoice } = await all.stripe.subscriptions.retrieve(id, {
        expand: ['latest_invoice.payments', 'customer'],
    });
    const { payment_intent: intent } = invoice.payments.data[0].payment;
    assert.match(intent, /^pi_/);
    const { data } = await all.stripe.invoicePayments.list({
        payment: { type: 'payment_intent', payment_intent: intent },
    });
    assert.equal(data[0].invoice, invoice.id);
    await raised(Stripe.errors.StripeInvalidRequestError, () =>
        all.stripe.subscriptions.retrieve(id, { expand: ['nonsense'] }),
    );
});

await check('an endpoint of acacia gets events in the old shape', async () => {
    const all = await stage({ shape: 'acacia' });
    const { id } = await subscribed(all);
    const [event] = all.standIn.events.filter(({ type }) => type === 'invoice.paid');
    const { subscription, paid, charge, payment_intent: intent, parent } = event.data.object;
    assert.deepEqual([subscription, paid, parent, event.api_version], [id, true, undefined, '2025-02-24.acacia']);
    assert.match(charge, /^ch_/);
    assert.match(intent, /^pi_/);
    const old = await clientOf(all.standIn, { apiVersion: '2025-02-24.acacia' }).subscriptions.retrieve(id);
    assert.ok(old.current_period_end > 0);
    assert.equal(old.items.data[0].current_period_end, undefined);
    assert.ok((await subscriptionOf(all, id)).items.data[0].current_period_end > 0);
});

await check('a checkout by SEPA completes unpaid, and its debit succeeds or fails later', async () => {
    for (const ok of [true, false]) {
        const all = await stage();
        const session = await all.stripe.checkout.sessions.create({
            mode: 'payment',
            line_items: [{ price: 'price_credits', quantity: 2 }],
            payment_method_types: ['card', 'sepa_debit'],
            success_url: 'https://airi.example/paid',
        });
        all.standIn.completeCheckout(session.id, { card: 'sepa_processing' });
        const {
            status,
            payment_status: paid,
            payment_intent,
        } = await all.stripe.checkout.sessions.retrieve(session.id);
        assert.deepEqual([status, paid], ['complete', 'unpaid']);
        all.standIn.settleSepa(payment_intent, ok);
        const last = all.standIn.events.at(-1);
        assert.equal(last.type, `checkout.session.async_payment_${ok ? 'succeeded' : 'failed'}`);
        assert.equal(last.data.object.payment_status, ok ? 'paid' : 'unpaid');
    }
});

await check('a subscription by SEPA is active while its debit is processing, and past due when it fails', async () => {
    for (const ok of [true, false]) {
        const all = await stage();
        const { id, session } = await subscribed(all, { card: 'sepa_processing' });
        assert.deepEqual([session.status, session.payment_status], ['complete', 'unpaid']);
        assert.equal((await subscriptionOf(all, id)).status, 'active');
        const [intent] = (await all.stripe.paymentIntents.list()).data;
        all.standIn.settleSepa(intent, ok);
        assert.equal((await subscriptionOf(all, id)).status, ok ? 'active' : 'past_due');
        assert.equal(typesOf(all).at(-1), `checkout.session.async_payment_${ok ? 'succeeded' : 'failed'}`);
    }
});

await check('a guest pays without becoming a customer', async () => {
    const all = await stage();
    const session = await all.stripe.checkout.sessions.create({
        mode: 'payment',
        line_items: [{ price: 'price_credits', quantity: 1 }],
        success_url: 'https://airi.example/paid',
    });
    all.standIn.completeCheckout(session.id);
    const { customer, customer_details: details } = await all.stripe.checkout.sessions.retrieve(session.id);
    assert.deepEqual([customer, details.email], [null, 'ada@example.com']);
    assert.ok(!typesOf(all).includes('customer.created'));
});

await check('a charge is refunded in parts, and a failed refund returns to the ledger', async () => {
    const all = await stage();
    const { customer } = await subscribed(all);
    const [charge] = (await all.stripe.charges.list({ customer: customer.id })).data;
    const first = await all.stripe.refunds.create({ charge: charge.id, amount: 500, metadata: { our_id: 'r1' } });
    assert.deepEqual([first.status, first.amount, first.metadata.our_id], ['succeeded', 500, 'r1']);
    await all.stripe.refunds.create({ payment_intent: charge.payment_intent });
    assert.equal((await all.stripe.charges.retrieve(charge.id)).refunded, true);
    const error = await raised(Stripe.errors.StripeInvalidRequestError, () =>
        all.stripe.refunds.create({ charge: charge.id }),
    );
    assert.equal(error.code, 'charge_already_refunded');
    assert.equal(all.standIn.ledger[customer.id].refunded, 1499);
    all.standIn.failRefund(first);
    assert.equal(all.standIn.ledger[customer.id].refunded, 999);
    assert.equal((await all.stripe.refunds.retrieve(first.id)).status, 'failed');
    const types = typesOf(all);
    for (const type of ['refund.created', 'charge.refunded', 'refund.failed']) assert.ok(types.includes(type), type);
});

await check('a dispute is created, answered and closed', async () => {
    const all = await stage();
    const { customer } = await subscribed(all);
    const [charge] = (await all.stripe.charges.list({ customer: customer.id })).data;
    const dispute = all.standIn.dispute(charge, { reason: 'fraudulent' });
    assert.equal((await all.stripe.disputes.retrieve(dispute.id)).status, 'needs_response');
    assert.ok(dispute.evidence_details.due_by > all.standIn.clock);
    await all.stripe.disputes.update(dispute.id, { evidence: { product_description: 'A companion' } });
    all.standIn.closeDispute(dispute, 'lost');
    assert.equal(all.standIn.ledger[customer.id].lost, 1499);
    const kinds = typesOf(all).filter((type) => type.startsWith('charge.dispute.'));
    assert.deepEqual(
        kinds.map((type) => type.slice(15)),
        ['created', 'funds_withdrawn', 'updated', 'closed'],
    );
});

await check('the same Idempotency-Key replays the answer, and rejects other parameters', async () => {
    const { stripe, standIn } = await stage();
    const idempotencyKey = 'one';
    const first = await stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey });
    const again = await stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey });
    assert.equal(again.id, first.id);
    assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
    await raised(Stripe.errors.StripeIdempotencyError, () =>
        stripe.customers.create({ email: 'b@example.com' }, { idempotencyKey }),
    );
    assert.deepEqual(
        standIn.requests.map(({ status, replayed }) => [status, replayed]),
        [
            [200, false],
            [200, true],
            [400, false],
        ],
    );
    standIn.forgetKeys();
    assert.notEqual((await stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey })).id, first.id);
});

await check('a concurrent request with the same key conflicts', async () => {
    const { stripe, standIn } = await stage();
    standIn.fault({ path: /customers/, status: 'slow', ms: 300 });
    const options = { idempotencyKey: 'two' };
    const slow = stripe.customers.create({ email: 'a@example.com' }, options);
    await eventually('the first one has begun', () => standIn.requests.length === 1);
    const error = await raised(Stripe.errors.StripeAPIError, () =>
        stripe.customers.create({ email: 'a@example.com' }, options),
    );
    assert.deepEqual([error.statusCode, error.headers['stripe-should-retry']], [409, 'true']);
    assert.match((await slow).id, /^cus_/);
});

await check('faults are answered in turn, and the SDK retries them with its key', async () => {
    const { stripe, standIn } = await stage();
    standIn.fault({ method: 'POST', path: /customers/, status: 429 });
    const limited = await raised(Stripe.errors.StripeRateLimitError, () => stripe.customers.create({}));
    assert.equal(limited.code, 'lock_timeout');
    standIn.fault({ path: /customers/, status: 500, times: 2 });
    const patient = clientOf(standIn, { maxNetworkRetries: 3 });
    await patient.customers.create({ email: 'a@example.com' });
    standIn.fault({ path: /customers/, status: 'cut', done: true });
    await patient.customers.create({ email: 'b@example.com' });
    assert.equal((await stripe.customers.list()).data.length, 2);
    standIn.fault({ path: /customers/, status: 'hang' });
    await raised(Stripe.errors.StripeConnectionError, () => stripe.customers.list({}, { timeout: 200 }));
});

await check('faulty requests raise typed errors that name the parameter', async () => {
    const { stripe, standIn } = await stage();
    const { StripeInvalidRequestError, StripeAuthenticationError } = Stripe.errors;
    const create = (params) => () => stripe.checkout.sessions.create(params);
    const good = { mode: 'payment', success_url: 'https://a.example', line_items: [{ price: 'price_credits' }] };
    for (const [params, code, param] of [
        [{ ...good, mode: undefined }, 'parameter_missing', 'mode'],
        [{ ...good, line_items: [{ price: 'price_none' }] }, 'resource_missing', 'line_items[0][price]'],
        [{ ...good, customer: 'cus_none' }, 'resource_missing', 'customer'],
        [{ ...good, mood: 'good' }, 'parameter_unknown', 'mood'],
        [{ ...good, line_items: [{ prize: 'p' }] }, 'parameter_unknown', 'line_items[0][prize]'],
        [{ ...good, line_items: [{ price: 'price_credits', quantity: 'x' }] }, 'parameter_invalid_integer'],
    ]) {
        const error = await raised(StripeInvalidRequestError, create(params));
        assert.deepEqual([error.statusCode, error.code], [400, code]);
        if (param) assert.equal(error.param, param);
        assert.match(error.requestId, /^req_/);
    }
    const lost = await raised(StripeInvalidRequestError, () => stripe.customers.retrieve('cus_none'));
    assert.deepEqual([lost.statusCode, lost.code], [404, 'resource_missing']);
    const stranger = clientOf({ ...standIn, key: 'sk_test_wrong', port: standIn.port });
    await raised(StripeAuthenticationError, () => stranger.customers.list());
});

await check('a declined card is an error of the request that charges it', async () => {
    const { stripe } = await stage();
    const params = { amount: 500, currency: 'eur', payment_method: 'pm_card_chargeDeclined', confirm: true };
    const error = await raised(Stripe.errors.StripeCardError, () => stripe.paymentIntents.create(params));
    assert.deepEqual([error.code, error.decline_code], ['card_declined', 'generic_decline']);
    assert.equal(error.payment_intent.status, 'requires_payment_method');
    const [intent] = (await stripe.paymentIntents.list()).data;
    const paid = await stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' });
    assert.deepEqual([paid.status, paid.amount_received], ['succeeded', 500]);
});

await check('a list is read page by page, newest first', async () => {
    const { stripe } = await stage();
    const made = [];
    for (let i = 0; i < 5; ++i) made.unshift((await stripe.customers.create({ email: `${i}@example.com` })).id);
    const page = await stripe.customers.list({ limit: 2 });
    assert.deepEqual(
        [page.data.map(({ id }) => id), page.has_more, page.url],
        [made.slice(0, 2), true, '/v1/customers'],
    );
    const all = await stripe.customers.list({ limit: 2 }).autoPagingToArray({ limit: 100 });
    assert.deepEqual(
        all.map(({ id }) => id),
        made,
    );
    const events = await stripe.events.list({ types: ['customer.created'], limit: 3 });
    assert.equal(events.data[0].data.object.id, made[0]);
    assert.equal((await stripe.events.retrieve(events.data[0].id)).type, 'customer.created');
});

await check('held events are released in a chosen order, with repetitions', async () => {
    const { stripe, standIn, endpoint } = await stage();
    standIn.hold();
    for (const name of 'abc') await stripe.customers.create({ name });
    assert.equal(standIn.held.length, 3);
    assert.deepEqual(await standIn.release([2, 0, 0, 1]), [200, 200, 200, 200]);
    assert.equal(endpoint.taken.map(({ data }) => data.object.name).join(''), 'caab');
    await stripe.customers.create({ name: 'd' });
    await standIn.settled();
    assert.equal(endpoint.taken.at(-1).data.object.name, 'd');
});

await check('events are delivered many at a time, as often as they are listed, and others stay held', async () => {
    const { stripe, standIn, endpoint } = await stage();
    standIn.hold();
    for (const name of 'abc') await stripe.customers.create({ name });
    const [first, second] = standIn.held.splice(0, 2);
    endpoint.refuse = 2;
    assert.deepEqual(await standIn.deliverAll([first, second, second], 3), [200, 200, 200]);
    assert.deepEqual(endpoint.taken.map(({ data }) => data.object.name).sort(), ['a', 'b', 'b']);
    await stripe.customers.create({ name: 'd' });
    assert.deepEqual(
        standIn.held.map(({ data }) => data.object.name),
        ['c', 'd'],
    );
});

await check('an answer that is late has what was true when the request came', async () => {
    const { stripe, standIn } = await stage();
    const { id } = await stripe.customers.create({ name: 'a' });
    let answer;
    standIn.fault({ method: 'GET', path: /customers/, status: 'late', until: new Promise((done) => (answer = done)) });
    const read = stripe.customers.retrieve(id);
    await eventually('it is read', () => standIn.requests.some(({ method }) => method === 'GET'));
    standIn.call('POST', `customers/${id}`, { name: 'b' });
    answer();
    assert.equal((await read).name, 'a');
    assert.equal((await stripe.customers.retrieve(id)).name, 'b');
    assert.throws(() => standIn.call('GET', 'customers/cus_none'), /No such customer/);
});

await check('a lower price begins with the next period; an account that forgets keeps its prices', async () => {
    const on = await stage();
    const { standIn } = on;
    const { id } = await subscribed(on, { price: 'price_pro_monthly' });
    standIn.changeAtPeriodEnd(id, 'price_plus_monthly');
    const priceOf = async () => (await subscriptionOf(on, id)).items.data[0].price.id;
    assert.equal(await priceOf(), 'price_pro_monthly');
    standIn.advance(32 * 86_400);
    assert.equal(await priceOf(), 'price_plus_monthly');
    standIn.forget();
    assert.equal(standIn.object(id), undefined);
    assert.deepEqual([standIn.events.length, Object.keys(standIn.ledger).length], [0, 0]);
    await subscribed(on, { price: 'price_plus_monthly' });
});

await check('a rejected delivery is repeated until it is taken', async () => {
    const { stripe, standIn, endpoint } = await stage();
    endpoint.refuse = 3;
    await stripe.customers.create({ name: 'a' });
    await standIn.settled();
    assert.deepEqual(
        standIn.deliveries.map(({ status }) => status),
        [500, 500, 500, 200],
    );
    assert.equal(endpoint.taken.length, 1);
});

await check('forged, late and altered signatures are rejected by the SDK', async () => {
    const { standIn } = await stage();
    const body = JSON.stringify({ id: 'evt_1', object: 'event', type: 'customer.created' });
    const verify = (text, header) => Stripe.webhooks.constructEvent(text, header, standIn.secret);
    assert.equal(verify(body, standIn.sign(body)).id, 'evt_1');
    assert.equal(verify(body, standIn.sign(body, { secrets: ['whsec_old', standIn.secret] })).id, 'evt_1');
    const { StripeSignatureVerificationError } = Stripe.errors;
    const now = Math.floor(Date.now() / 1000);
    for (const [text, header] of [
        [body, standIn.sign(body, { secrets: ['whsec_wrong'] })],
        [body, standIn.sign(body, { at: now - 600 })],
        [`${body} `, standIn.sign(body)],
    ]) {
        await raised(StripeSignatureVerificationError, async () => verify(text, header));
    }
});

await check('a rolled secret signs beside the old one until that is dropped', async () => {
    const { stripe, standIn, endpoint } = await stage();
    const old = standIn.secret;
    standIn.rollSecret();
    await stripe.customers.create({ name: 'a' });
    await standIn.settled();
    const [{ body, signature }] = endpoint.bodies;
    for (const secret of [old, standIn.secret]) assert.ok(Stripe.webhooks.constructEvent(body, signature, secret));
    assert.notEqual(standIn.rollSecret({ drop: true }), old);
    await stripe.customers.create({ name: 'b' });
    await standIn.settled();
    const { body: text, signature: header } = endpoint.bodies[1];
    await raised(Stripe.errors.StripeSignatureVerificationError, async () =>
        Stripe.webhooks.constructEvent(text, header, old),
    );
});

await check('the pages of Stripe pay, go back and cancel in a browser', async () => {
    const all = await stage();
    const { stripe, standIn } = all;
    const site = all.endpoint.url;
    const customer = await stripe.customers.create({ email: 'ada@example.com' });
    const session = await stripe.checkout.sessions.create({
        mode: 'subscription',
        customer: customer.id,
        line_items: [{ price: 'price_plus_monthly', quantity: 1 }],
        success_url: `${site}?paid={CHECKOUT_SESSION_ID}`,
        cancel_url: `${site}?a=1&b=2`,
    });
    const page = await (await new Browser(standIn.url).start()).openPage();
    await page.goto(session.url);
    await page.getByRole('button', { name: 'Back' }).click();
    await page.waitForURL(`${site}?a=1&b=2`);
    await page.goto(session.url);
    await page.getByLabel('Payment method').selectOption('Declined card');
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Payment method').selectOption('Card');
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.waitForURL(`${site}?paid=${session.id}`);
    const portal = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: `${site}?back` });
    await page.goto(portal.url);
    await page.getByRole('button', { name: 'Cancel subscription' }).click();
    await page.getByText('cancels on').waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    await page.waitForURL(`${site}?back`);
    assert.ok(standIn.ledger[customer.id].subscription.cancel_at > 0);
});

await check('an open invoice is paid on its hosted page', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    all.standIn.setCard(customer, 'declined');
    all.standIn.advance(31 * 86_400 + 7200);
    const { latest_invoice: late } = await all.stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
    const pay = (card) => fetch(late.hosted_invoice_url, { method: 'POST', body: new URLSearchParams({ card }) });
    assert.match(await (await pay('declined')).text(), /declined/);
    assert.match(await (await pay('ok')).text(), /paid/);
    assert.equal((await subscriptionOf(all, id)).status, 'active');
});
