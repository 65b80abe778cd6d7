// Compares Stripe's objects of a customer with the system's rows, mails and notices of the user.

import assert from 'node:assert/strict';

const ranks = ['free', 'plus', 'pro'];
const byFirst = (a, b) => (Object.values(a)[0] < Object.values(b)[0] ? -1 : 1);
const read = new Set(['subscription', 'invoice', 'payment_intent', 'charge', 'refund', 'dispute', 'checkout.session']);

// Whether the worker reads an object for the event; all others are stored as of an unknown type.
export const isApplied = ({ data: { object } }) => read.has(object.object) && object.id !== undefined;

// The customer whose life the event belongs to.
export function customerOf(stripe, { data: { object } }) {
    if (object.object === 'customer') return object.id;
    const parent = object.payment_intent ?? object.invoice;
    return object.customer ?? stripe.account.objects.get(parent)?.customer;
}

// The objects that the worker reads for these events, as they are now.
function objectsOf(stripe, events) {
    const ids = { subscription: new Set(), invoice: new Set(), payment_intent: new Set() };
    const add = (type, id) => id && ids[type].add(id);
    for (const event of events.filter(isApplied)) {
        const { object } = event.data;
        if (ids[object.object]) add(object.object, object.id);
        if (['charge', 'refund', 'dispute'].includes(object.object)) add('payment_intent', object.payment_intent);
        const now = stripe.object(object.id);
        if (object.object === 'invoice') add('subscription', now.parent?.subscription_details.subscription);
        if (object.object === 'checkout.session') {
            add('subscription', now.subscription);
            add('payment_intent', now.payment_intent);
        }
    }
    return Object.fromEntries(
        Object.entries(ids).map(([type, set]) => [type, [...set].map((id) => stripe.object(id))]),
    );
}

function paymentOf(stripe, intent) {
    const charge = intent.latest_charge && stripe.object(intent.latest_charge);
    const dispute = stripe.account.all('dispute').findLast((one) => one.payment_intent === intent.id);
    const declined = intent.status === 'requires_payment_method' && intent.last_payment_error;
    const succeeded = intent.status === 'succeeded' && (charge.refunded ? 'REFUNDED' : 'COMPLETED');
    return {
        reference: intent.id,
        status: succeeded || (intent.status === 'canceled' || declined ? 'FAILED' : 'PENDING'),
        refunded: charge?.amount_refunded ?? 0,
        disputed: dispute !== undefined && dispute.status !== 'won',
        dispute: dispute?.status ?? null,
    };
}

// { rows, failures }: the rows of a user for whom the worker has handled these events, and of each invoice by id how
// many failed attempts to collect it are mailed: `least` when only its present state was read, `most` when each was.
export function truthOf(stripe, events) {
    const objects = objectsOf(stripe, events);
    const payments = objects.payment_intent.map((one) => paymentOf(stripe, one));
    const disputedAt = payments.filter(({ disputed }) => disputed).map(({ reference }) => stripe.object(reference));
    const productOf = ({ items }) => items.data[0].price.product;
    const startOf = ({ items }) => items.data[0].current_period_start;
    const entitled = objects.subscription.filter(
        (one) =>
            ['active', 'trialing', 'past_due'].includes(one.status) &&
            !disputedAt.some(({ created }) => created > startOf(one) - 3600),
    );
    const plan = ranks.findLast((each) => entitled.some((one) => productOf(one) === each)) ?? 'free';
    const subscriptions = objects.subscription.map((one) => ({
        id: one.id,
        status: one.status,
        plan: productOf(one),
        period_end: one.items.data[0].current_period_end,
        ending: one.cancel_at !== null || one.cancel_at_period_end,
    }));
    const invoices = objects.invoice.map(({ id, status, amount_paid, attempt_count }) => ({
        id,
        status,
        amount_paid,
        attempts: attempt_count,
    }));
    const failures = new Map(
        objects.invoice.map(({ id, status, attempt_count: count, billing_reason: reason }) => {
            const most = reason === 'subscription_create' ? 0 : count;
            return [id, { most, least: status === 'open' && most > 0 ? 1 : 0 }];
        }),
    );
    const sorted = (list) => list.sort(byFirst);
    return {
        rows: {
            plan,
            subscriptions: sorted(subscriptions),
            invoices: sorted(invoices),
            payments: sorted(payments),
        },
        failures,
    };
}

const queries = {
    plans: 'select id as user_id, plan from users where id = any($1)',
    subscriptions: `select user_id, id, status, plan, extract(epoch from period_end)::int as period_end,
        cancel_at is not null as ending from subscriptions where user_id = any($1) order by id collate "C"`,
    invoices: `select user_id, id, status, amount_paid::int, attempts from invoices
        where user_id = any($1) order by id collate "C"`,
    payments: `select user_id, reference, status, refunded::int, disputed, dispute from payment_history
        where user_id = any($1) order by reference collate "C"`,
    history: `select user_id, subscription, plan, status, old_plan, old_status,
        extract(epoch from period_end)::int as period_end from subscription_history
        where user_id = any($1) order by id`,
    changes: `select user_id, at::text, subject as plan, details ->> 'from' as before from audit_log
        where user_id = any($1) and action = 'payment.plan' order by at`,
    disputes: `select user_id, subject as payment, details ->> 'status' as status from audit_log
        where user_id = any($1) and action = 'payment.dispute' order by at`,
    notices: `select (metadata ->> 'user_id')::uuid as user_id, user_id as receiver, metadata ->> 'payment' as payment
        from notifications where kind = 'dispute' and (metadata ->> 'user_id')::uuid = any($1)`,
};

// The rows and mails of each of these users, by id. `mails`: of all users.
export async function knownOf({ system }, users, mails) {
    const ids = users.map(({ id }) => id);
    const known = new Map(ids.map((id) => [id, { mails: [] }]));
    for (const [name, query] of Object.entries(queries)) {
        for (const one of known.values()) one[name] = [];
        for (const { user_id: id, ...row } of await system.rows(query, [ids])) known.get(id)[name].push(row);
    }
    const byAddress = new Map(users.map(({ id, email }) => [email, known.get(id)]));
    for (const mail of mails) byAddress.get(mail.to)?.mails.push(mail);
    return known;
}

export function checkRows({ plans, subscriptions, invoices, payments }, { rows }) {
    assert.deepEqual({ plan: plans[0].plan, subscriptions, invoices, payments }, rows);
}

const countBy = (list, key) => list.reduce((sums, one) => sums.set(key(one), (sums.get(key(one)) ?? 0) + 1), new Map());
const invoiceOf = ({ link }) => link.split('/').at(-1);
const mailed = ({ mails }, subject) => mails.filter((mail) => subject.test(mail.subject));

// Each effect of a user's rows exists once; returns their numbers. `late`: Stripe's objects did not change any more
// when the first event came, so each failure that can still be seen is mailed, and a dispute has only its last state.
// `administrators`: ids.
export function checkEffects(known, { rows, failures }, { late, administrators }) {
    checkHistory(known, rows, late);
    checkPlanChanges(known, rows);
    checkDisputes(known, rows, { late, administrators });
    const paid = rows.invoices.filter(({ status, amount_paid }) => status === 'paid' && amount_paid > 0);
    const receipts = countBy(mailed(known, /^Your payment to \S+$/), invoiceOf);
    assert.deepEqual(receipts, new Map(paid.map(({ id }) => [id, 1])), 'one receipt of each paid invoice');
    const told = countBy(mailed(known, /^Your payment to \S+ failed$/), invoiceOf);
    for (const id of told.keys()) assert.ok(failures.has(id), `a failure of ${id} is mailed`);
    for (const [id, { least, most }] of failures) {
        const count = told.get(id) ?? 0;
        assert.ok(count >= least && count <= (late ? least : most), `${count} mails of ${id}, not ${least} to ${most}`);
    }
    return {
        receipts: receipts.size,
        failures: told.size,
        changes: known.changes.length,
        disputes: known.disputes.length,
        notices: known.notices.length,
    };
}

// Each row continues the one before it and differs from it; the last one is the subscription.
function checkHistory({ history }, { subscriptions }, late) {
    const ids = new Set(history.map(({ subscription }) => subscription));
    assert.deepEqual([...ids].sort(), subscriptions.map(({ id }) => id).sort());
    for (const { id, plan, status, period_end } of subscriptions) {
        const mine = history.filter(({ subscription }) => subscription === id);
        if (late) assert.equal(mine.length, 1, `history of ${id}`);
        let before = { plan: null, status: null, period_end: null };
        for (const row of mine) {
            const text = `${JSON.stringify(row)} after ${JSON.stringify(before)}`;
            assert.ok(row.old_plan === before.plan && row.old_status === before.status, text);
            const same = ['plan', 'status', 'period_end'].every((name) => row[name] === before[name]);
            assert.ok(!same, text);
            before = row;
        }
        assert.deepEqual([before.plan, before.status, before.period_end], [plan, status, period_end], id);
    }
}

// The changes of the plan lead from the default one to the present one, and each is mailed once. Their number depends
// on the order of the events.
function checkPlanChanges(known, { plan }) {
    const left = [...known.changes];
    let at = 'free';
    while (left.length > 0) {
        const next = left.findIndex((one) => one.at === left[0].at && one.before === at);
        assert.ok(next >= 0, `no change from ${at} in ${JSON.stringify(left)}`);
        at = left.splice(next, 1)[0].plan;
    }
    assert.equal(at, plan, 'the end of the changes of the plan');
    const told = countBy(mailed(known, /^Your \S+ plan: /), ({ subject }) => subject.split(': ')[1].toLowerCase());
    assert.deepEqual(
        told,
        countBy(known.changes, (one) => one.plan),
        'mails of the changes of the plan',
    );
}

function checkDisputes({ disputes, notices }, { payments }, { late, administrators }) {
    const order = ['needs_response', 'under_review', 'won', 'lost'];
    const disputed = payments.filter(({ dispute }) => dispute !== null);
    const told = notices.map(({ receiver, payment }) => `${payment} ${receiver}`).sort();
    const due = disputed.flatMap(({ reference }) => administrators.map((id) => `${reference} ${id}`));
    assert.deepEqual(told, due.sort(), 'one notice of each dispute to each administrator');
    for (const { payment } of disputes)
        assert.ok(
            disputed.some(({ reference }) => reference === payment),
            `an audit row of ${payment}`,
        );
    for (const { reference, dispute } of disputed) {
        const states = disputes.filter(({ payment }) => payment === reference).map(({ status }) => status);
        const text = `audit rows of ${reference}: ${states}`;
        assert.equal(states.at(-1), dispute, text);
        const places = states.map((status) => order.indexOf(status));
        assert.ok(places[0] >= 0 && places.every((place, i) => i === 0 || place > places[i - 1]), text);
        if (late) assert.equal(states.length, 1, text);
    }
}
