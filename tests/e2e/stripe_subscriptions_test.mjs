// The stand-in for Stripe, by Stripe's own SDK: the lives of its subscriptions.

import assert from 'node:assert/strict';
import Stripe from 'stripe';

import { check } from '../support/js/harness.mjs';
import { raised, stages, subscribed, subscriptionOf, typesOf } from '../support/js/stripe/stages.mjs';

const day = 86_400;
const stage = stages();

await check('a completed checkout pays, links the ids and activates the subscription', async () => {
    const all = await stage();
    const { session, id, customer } = await subscribed(all, { subscription_data: { metadata: { plan: 'plus' } } });
    assert.deepEqual(
        [session.status, session.payment_status, session.client_reference_id, session.url],
        ['complete', 'paid', 'u1', null],
    );
    const subscription = await subscriptionOf(all, id);
    const [item] = subscription.items.data;
    assert.deepEqual([subscription.status, item.price.id], ['active', 'price_plus_monthly']);
    assert.deepEqual(subscription.metadata, { plan: 'plus' });
    assert.ok(item.current_period_end > item.current_period_start + 27 * day);
    assert.equal(subscription.current_period_end, undefined);
    await all.standIn.settled();
    const { types, taken } = all.endpoint;
    for (const type of ['customer.subscription.created', 'invoice.paid', 'checkout.session.completed']) {
        assert.ok(types.includes(type), `${type} in ${types}`);
    }
    assert.equal(types.at(-1), 'checkout.session.completed');
    const of = (type) => taken.find((event) => event.type === type);
    assert.equal(of('customer.subscription.created').data.object.status, 'incomplete');
    assert.equal(of('customer.subscription.updated').data.object.status, 'active');
    assert.equal(of('customer.subscription.updated').data.previous_attributes.status, 'incomplete');
    assert.equal(of('invoice.paid').data.object.parent.subscription_details.subscription, id);
    assert.equal(of('invoice.paid').data.object.payments, undefined);
    assert.equal(of('invoice.paid').api_version, '2026-03-25.dahlia');
    const entry = all.standIn.ledger[customer.id];
    assert.deepEqual([entry.paid, entry.owed, entry.access, entry.subscription.status], [1499, 0, true, 'active']);
});

await check('a declined card leaves the session open, and an open session expires', async () => {
    const all = await stage();
    const session = await all.stripe.checkout.sessions.create({
        mode: 'subscription',
        customer_email: 'ada@example.com',
        line_items: [{ price: 'price_plus_monthly', quantity: 1 }],
        success_url: 'https://airi.example/paid',
    });
    assert.equal(all.standIn.completeCheckout(session.id, { card: 'declined' }), 'declined');
    assert.equal((await all.stripe.checkout.sessions.retrieve(session.id)).status, 'open');
    all.standIn.advance(day);
    assert.equal((await all.stripe.checkout.sessions.retrieve(session.id)).status, 'expired');
    const types = typesOf(all);
    assert.ok(types.includes('payment_intent.payment_failed') && types.includes('checkout.session.expired'));
    assert.deepEqual(
        (await all.stripe.subscriptions.list({ status: 'all' })).data.map(({ status }) => status),
        ['incomplete_expired'],
    );
});

await check('a subscription renews, and its failed payments end it', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    all.standIn.advance(32 * day);
    assert.equal(all.standIn.ledger[customer.id].paid, 2 * 1499);
    assert.ok(typesOf(all).includes('invoice.upcoming'));
    assert.equal(all.standIn.events.find(({ type }) => type === 'invoice.upcoming').data.object.id, undefined);
    all.standIn.setCard(customer, 'declined');
    const from = all.standIn.events.length;
    all.standIn.advance(31 * day);
    assert.equal((await subscriptionOf(all, id)).status, 'past_due');
    assert.equal(all.standIn.ledger[customer.id].owed, 1499);
    all.standIn.advance(20 * day);
    assert.equal((await subscriptionOf(all, id)).status, 'canceled');
    const failed = all.standIn.events.slice(from).filter(({ type }) => type === 'invoice.payment_failed');
    assert.deepEqual(
        failed.map(({ data }) => [data.object.attempt_count, data.object.next_payment_attempt !== null]),
        [
            [1, true],
            [2, true],
            [3, true],
            [4, false],
        ],
    );
});

await check('the end of dunning is the setting of the account', async () => {
    for (const [end, status] of [
        ['cancel', 'canceled'],
        ['unpaid', 'unpaid'],
        ['past_due', 'past_due'],
    ]) {
        const all = await stage({ dunning: { end } });
        const { id, customer } = await subscribed(all);
        all.standIn.setCard(customer, 'declined');
        all.standIn.advance(50 * day);
        assert.equal((await subscriptionOf(all, id)).status, status);
        all.standIn.advance(31 * day);
        assert.equal((await subscriptionOf(all, id)).status, status);
        assert.equal(all.standIn.ledger[customer.id].paid, 1499);
    }
});

await check('a card that works again ends dunning, by the retry or by the invoice page', async () => {
    for (const byPage of [false, true]) {
        const all = await stage({ dunning: { end: 'unpaid' } });
        const { id, customer } = await subscribed(all);
        all.standIn.setCard(customer, 'declined');
        all.standIn.advance(31 * day + 7200);
        const late = await subscriptionOf(all, id);
        assert.equal(late.status, 'past_due');
        if (byPage) all.standIn.pay(late.latest_invoice);
        else {
            all.standIn.setCard(customer, 'ok');
            all.standIn.advance(4 * day);
        }
        assert.equal((await subscriptionOf(all, id)).status, 'active');
        assert.deepEqual([all.standIn.ledger[customer.id].paid, all.standIn.ledger[customer.id].owed], [2998, 0]);
    }
});

await check('a retry by SEPA waits for the bank, and is not repeated', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    all.standIn.setCard(customer, 'declined');
    all.standIn.advance(31 * day + 7200);
    all.standIn.setCard(customer, 'sepa_processing');
    all.standIn.advance(9 * day);
    const waiting = all.standIn.ledger[customer.id];
    assert.deepEqual([waiting.subscription.status, waiting.pending, waiting.owed], ['past_due', 1499, 1499]);
    all.standIn.settleSepa((await all.stripe.paymentIntents.list()).data[0], true);
    assert.equal((await subscriptionOf(all, id)).status, 'active');
});

await check('a renewal that needs the customer awaits them', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    all.standIn.setCard(customer, 'requires_action');
    all.standIn.advance(31 * day + 7200);
    const late = await subscriptionOf(all, id);
    assert.equal(late.status, 'past_due');
    assert.ok(typesOf(all).includes('invoice.payment_action_required'));
    all.standIn.pay(late.latest_invoice, { card: 'requires_action' });
    assert.equal((await subscriptionOf(all, id)).status, 'active');
});

await check('a trial warns three days before its end, and becomes paid', async () => {
    const all = await stage();
    const { id, customer, session } = await subscribed(all, { subscription_data: { trial_period_days: 14 } });
    assert.equal(session.payment_status, 'no_payment_required');
    assert.equal((await subscriptionOf(all, id)).status, 'trialing');
    all.standIn.advance(12 * day);
    assert.ok(typesOf(all).includes('customer.subscription.trial_will_end'));
    assert.equal(all.standIn.ledger[customer.id].paid, 0);
    all.standIn.advance(3 * day);
    assert.equal((await subscriptionOf(all, id)).status, 'active');
    assert.equal(all.standIn.ledger[customer.id].paid, 1499);
});

await check('a trial is begun without a card where none is required, ended early and extended', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all, {
        card: 'none',
        payment_method_collection: 'if_required',
        subscription_data: { trial_period_days: 2 },
    });
    assert.ok(typesOf(all).includes('customer.subscription.trial_will_end'));
    const end = all.standIn.clock + 20 * day;
    const longer = await all.stripe.subscriptions.update(id, { trial_end: end });
    assert.deepEqual([longer.trial_end, longer.items.data[0].current_period_end], [end, end]);
    all.standIn.setCard(customer, 'ok');
    const ended = await all.stripe.subscriptions.update(id, { trial_end: 'now' });
    assert.equal(ended.status, 'active');
    assert.equal(all.standIn.ledger[customer.id].paid, 1499);
});

await check('a trial without a card pauses, and resumes', async () => {
    const all = await stage();
    const customer = await all.stripe.customers.create({ email: 'ada@example.com' });
    const { id } = await all.stripe.subscriptions.create({
        customer: customer.id,
        items: [{ price: 'price_plus_monthly' }],
        trial_period_days: 7,
        trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
    });
    all.standIn.advance(8 * day);
    assert.equal((await subscriptionOf(all, id)).status, 'paused');
    all.standIn.setCard(customer, 'ok');
    await all.stripe.subscriptions.resume(id);
    assert.equal((await subscriptionOf(all, id)).status, 'active');
    const types = typesOf(all);
    assert.ok(types.includes('customer.subscription.paused') && types.includes('customer.subscription.resumed'));
});

await check('an incomplete subscription is paid by its intent, or expires after 23 hours', async () => {
    for (const paid of [true, false]) {
        const all = await stage();
        const customer = await all.stripe.customers.create({ email: 'ada@example.com' });
        const { id, status, latest_invoice } = await all.stripe.subscriptions.create({
            customer: customer.id,
            items: [{ price: 'price_plus_monthly' }],
            payment_behavior: 'default_incomplete',
            expand: ['latest_invoice.confirmation_secret'],
        });
        assert.equal(status, 'incomplete');
        const [intent] = latest_invoice.confirmation_secret.client_secret.split('_secret_');
        if (paid) assert.equal(all.standIn.pay(intent), 'ok');
        all.standIn.advance(23 * 3600);
        assert.equal((await subscriptionOf(all, id)).status, paid ? 'active' : 'incomplete_expired');
        assert.equal((await all.stripe.invoices.retrieve(latest_invoice.id)).status, paid ? 'paid' : 'void');
    }
});

await check('an upgrade is previewed, and charges what the preview says', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    all.standIn.advance(10 * day);
    const [item] = (await subscriptionOf(all, id)).items.data;
    const change = { items: [{ id: item.id, price: 'price_pro_monthly' }], proration_behavior: 'always_invoice' };
    const at = all.standIn.clock;
    const preview = await all.stripe.invoices.createPreview({
        customer: customer.id,
        subscription: id,
        subscription_details: { ...change, proration_date: at },
    });
    assert.ok(preview.amount_due > 1000 && preview.amount_due < 2500, `${preview.amount_due}`);
    await all.stripe.subscriptions.update(id, {
        ...change,
        proration_date: at,
        payment_behavior: 'pending_if_incomplete',
    });
    const now = await all.stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
    assert.deepEqual([now.items.data[0].price.id, now.pending_update], ['price_pro_monthly', null]);
    assert.equal(now.items.data[0].id, item.id);
    assert.equal(now.latest_invoice.amount_paid, preview.amount_due);
    assert.equal(now.latest_invoice.billing_reason, 'subscription_update');
    assert.equal(all.standIn.ledger[customer.id].paid, 1499 + preview.amount_due);
});

await check('an upgrade that is not paid waits, and expires or is applied', async () => {
    for (const paid of [true, false]) {
        const all = await stage();
        const { id, customer } = await subscribed(all);
        all.standIn.setCard(customer, 'declined');
        all.standIn.advance(day);
        const [item] = (await subscriptionOf(all, id)).items.data;
        const waiting = await all.stripe.subscriptions.update(id, {
            items: [{ id: item.id, price: 'price_pro_monthly' }],
            proration_behavior: 'always_invoice',
            payment_behavior: 'pending_if_incomplete',
        });
        assert.equal(waiting.items.data[0].price.id, 'price_plus_monthly');
        assert.equal(waiting.status, 'active');
        assert.equal(waiting.pending_update.subscription_items[0].price.id, 'price_pro_monthly');
        if (paid) all.standIn.pay(waiting.latest_invoice);
        else all.standIn.advance(day);
        const after = await subscriptionOf(all, id);
        assert.equal(after.items.data[0].price.id, paid ? 'price_pro_monthly' : 'price_plus_monthly');
        assert.equal(after.pending_update, null);
        const type = `customer.subscription.pending_update_${paid ? 'applied' : 'expired'}`;
        assert.ok(typesOf(all).includes(type), type);
    }
});

await check('a downgrade at once becomes a balance that the next invoice uses', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all, { price: 'price_pro_monthly' });
    const [item] = (await subscriptionOf(all, id)).items.data;
    await all.stripe.subscriptions.update(id, {
        items: [{ id: item.id, price: 'price_plus_monthly' }],
        proration_behavior: 'always_invoice',
    });
    assert.equal((await all.stripe.customers.retrieve(customer.id)).balance, 1499 - 3999);
    all.standIn.advance(32 * day);
    assert.equal((await all.stripe.customers.retrieve(customer.id)).balance, 2 * 1499 - 3999);
    assert.equal(all.standIn.ledger[customer.id].paid, 3999);
});

await check('a change with prorations is charged with the next invoice, as its preview says', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    all.standIn.advance(10 * day);
    const [item] = (await subscriptionOf(all, id)).items.data;
    await all.stripe.subscriptions.update(id, { items: [{ id: item.id, price: 'price_pro_monthly' }] });
    assert.equal(all.standIn.ledger[customer.id].paid, 1499);
    const preview = await all.stripe.invoices.createPreview({ customer: customer.id, subscription: id });
    assert.equal(preview.lines.data.length, 3);
    assert.ok(preview.amount_due > 3999);
    all.standIn.advance(23 * day);
    assert.equal(all.standIn.ledger[customer.id].paid, 1499 + preview.amount_due);
});

await check('an update that must be paid fails with a declined card and changes nothing', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    all.standIn.setCard(customer, 'declined');
    all.standIn.advance(day);
    const before = await subscriptionOf(all, id);
    await raised(Stripe.errors.StripeCardError, () =>
        all.stripe.subscriptions.update(id, {
            items: [{ id: before.items.data[0].id, price: 'price_pro_monthly' }],
            proration_behavior: 'always_invoice',
            payment_behavior: 'error_if_incomplete',
        }),
    );
    assert.deepEqual({ ...(await subscriptionOf(all, id)) }, { ...before });
});

await check('a changed interval begins a new cycle and is charged at once', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    const [item] = (await subscriptionOf(all, id)).items.data;
    await all.stripe.subscriptions.update(id, { items: [{ id: item.id, price: 'price_plus_yearly' }] });
    const [now] = (await subscriptionOf(all, id)).items.data;
    assert.ok(now.current_period_end > all.standIn.clock + 360 * day);
    assert.equal(all.standIn.ledger[customer.id].paid, 14_990);
});

await check('a schedule downgrades at the end of the period, or is released', async () => {
    for (const released of [false, true]) {
        const all = await stage();
        const { id, customer } = await subscribed(all, { price: 'price_pro_monthly' });
        const schedule = await all.stripe.subscriptionSchedules.create({ from_subscription: id });
        const [phase] = schedule.phases;
        await all.stripe.subscriptionSchedules.update(schedule.id, {
            end_behavior: 'release',
            phases: [
                {
                    items: [{ price: 'price_pro_monthly', quantity: 1 }],
                    start_date: phase.start_date,
                    end_date: phase.end_date,
                },
                { items: [{ price: 'price_plus_monthly', quantity: 1 }], proration_behavior: 'none' },
            ],
        });
        assert.equal((await subscriptionOf(all, id)).schedule, schedule.id);
        if (released) await all.stripe.subscriptionSchedules.release(schedule.id);
        all.standIn.advance(32 * day);
        const [item] = (await subscriptionOf(all, id)).items.data;
        assert.equal(item.price.id, released ? 'price_pro_monthly' : 'price_plus_monthly');
        assert.equal(all.standIn.ledger[customer.id].paid, 3999 + (released ? 3999 : 1499));
    }
});

await check('a cancellation at the end of the period has two spellings, and can be taken back', async () => {
    const all = await stage();
    const { id } = await subscribed(all);
    const end = (await subscriptionOf(all, id)).items.data[0].current_period_end;
    const classic = await all.stripe.subscriptions.update(id, { cancel_at_period_end: true });
    assert.deepEqual([classic.cancel_at_period_end, classic.cancel_at], [true, end]);
    const kept = await all.stripe.subscriptions.update(id, { cancel_at_period_end: false });
    assert.deepEqual([kept.cancel_at_period_end, kept.cancel_at, kept.canceled_at], [false, null, null]);
    all.standIn.cancelInPortal(id, { flexible: true });
    const flexible = await subscriptionOf(all, id);
    assert.deepEqual([flexible.cancel_at_period_end, flexible.cancel_at], [false, end]);
    all.standIn.advance(32 * day);
    assert.equal((await subscriptionOf(all, id)).status, 'canceled');
    assert.equal(all.standIn.events.at(-1).type, 'customer.subscription.deleted');
});

await check('a cancellation by cancel_at is taken back by an empty cancel_at alone', async () => {
    const all = await stage();
    const { id } = await subscribed(all);
    all.standIn.cancelInPortal(id);
    const untouched = await all.stripe.subscriptions.update(id, { cancel_at_period_end: false });
    assert.ok(untouched.cancel_at > 0);
    await raised(Stripe.errors.StripeInvalidRequestError, () =>
        all.stripe.subscriptions.update(id, { cancel_at_period_end: false, cancel_at: '' }),
    );
    const kept = await all.stripe.subscriptions.update(id, { cancel_at: '' });
    assert.deepEqual([kept.cancel_at, kept.canceled_at, kept.cancel_at_period_end], [null, null, false]);
    all.standIn.cancelInPortal(id, { bare: true });
    const bare = await subscriptionOf(all, id);
    assert.deepEqual([bare.cancel_at, bare.cancel_at_period_end], [null, true]);
    all.standIn.advance(32 * day);
    assert.equal((await subscriptionOf(all, id)).status, 'canceled');
});

await check('a cancelled subscription ends at once and cannot be cancelled again', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    assert.equal((await all.stripe.subscriptions.cancel(id)).status, 'canceled');
    const error = await raised(Stripe.errors.StripeInvalidRequestError, () => all.stripe.subscriptions.cancel(id));
    assert.deepEqual([error.code, error.statusCode], ['resource_missing', 404]);
    assert.equal((await all.stripe.subscriptions.list({ customer: customer.id })).data.length, 0);
    assert.equal((await all.stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data.length, 1);
});

await check('a plan that is changed in the portal is charged at once', async () => {
    const all = await stage();
    const { id, customer } = await subscribed(all);
    all.standIn.changeInPortal(id, 'price_pro_monthly');
    assert.equal((await subscriptionOf(all, id)).items.data[0].price.id, 'price_pro_monthly');
    assert.equal(all.standIn.ledger[customer.id].paid, 3999);
});
