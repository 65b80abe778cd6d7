// The events of whole lives of paying users come in any order, more than once, while the payments workers are killed:
// the rows are always what Stripe has in the end, and each effect and mail exists once.

import assert from 'node:assert/strict';
import path from 'node:path';

import { dice, shuffled } from '../support/js/dice.mjs';
import { grouped } from '../support/js/grouped.mjs';
import { Life, stepNames } from '../support/js/payment_lives.mjs';
import { checkEffects, checkRows, customerOf, isApplied, knownOf, truthOf } from '../support/js/payment_truth.mjs';
import { customers, day, faultyPayments } from '../support/js/payments.mjs';
import { print, seconds } from '../support/js/scenario.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { OutboxReader } from '../support/js/system/outbox.mjs';
import { WebhookStorm } from '../support/js/webhook_storm.mjs';

const hour = 3600;
const month = 31 * day + 2 * hour; // with the hour that a draft invoice waits
const workers = ['payments-1', 'payments-2'];
const { stripe, scenario } = await faultyPayments({
    payments: workers.length,
    notifications: 1,
    moderation: 0,
    chat: 0,
    usage: 0,
});

const administrators = [crypto.randomUUID(), crypto.randomUUID()];

// Makes the administrators, and returns a function that checks the lives of users.
async function observer(stage) {
    const { system } = stage;
    await system.rows(
        `insert into users (id, email, plan, role) select one, one || '@example.com', 'free', 'admin'
            from unnest($1::uuid[]) one on conflict do nothing`,
        [administrators],
    );
    const outbox = new OutboxReader(path.join(system.dir, 'mail'));

    // `events`: those that were delivered. `late`: as checkEffects takes it. `describe`: of a life, how to repeat it.
    // Returns the numbers of the effects.
    return async function check(all, { events, late, describe }) {
        const sums = {};
        const outcomes = new Map(
            (
                await system.rows('select id, outcome from payment_events where id = any($1)', [
                    events.map(({ id }) => id),
                ])
            ).map(({ id, outcome }) => [id, outcome]),
        );
        const byCustomer = grouped(events, (event) => customerOf(stripe, event));
        const users = all.map(({ user }) => user);
        const known = await knownOf(stage, users, outbox.update());
        for (const life of all) {
            const { user, customer } = life;
            const mine = byCustomer.get(customer);
            try {
                for (const event of mine) {
                    const outcome = outcomes.get(event.id);
                    const wanted = isApplied(event) ? ['applied', 'covered'] : ['unknown_type'];
                    assert.ok(wanted.includes(outcome), `outcome of ${event.type}: ${outcome}`);
                    sums[outcome] = (sums[outcome] ?? 0) + 1;
                }
                const truth = truthOf(stripe, mine);
                checkRows(known.get(user.id), truth);
                addTo(sums, checkEffects(known.get(user.id), truth, { late, administrators }));
            } catch (error) {
                const types = mine.map(({ type }) => type).join(', ');
                throw new Error(`${describe(life)}; first deliveries: ${types}`, { cause: error });
            }
        }
        return sums;
    };
}

function addTo(sums, numbers) {
    for (const [name, number] of Object.entries(numbers)) sums[name] = (sums[name] ?? 0) + number;
}

function permutations(list) {
    if (list.length === 0) return [[]];
    return list.flatMap((one, i) => permutations(list.filter((_, j) => j !== i)).map((rest) => [one, ...rest]));
}

// The last event of each type, in this order.
const lastOf = (events, types) => types.map((type) => events.findLast((event) => event.type === type));

// Two lives and the five events that contradict each other most: a failed payment is made good and disputed, and the
// subscription ends; an upgrade is refunded in part, and a dispute of the first payment is won.
const lives = {
    'an ended one': {
        types: [
            'customer.subscription.created',
            'invoice.payment_failed',
            'invoice.paid',
            'charge.dispute.created',
            'customer.subscription.deleted',
        ],
        plan: 'free',
        live(each) {
            each((life) => life.buy('plus'));
            each((life) => life.use('declined'));
            stripe.advance(month);
            each((life) => life.use('ok'));
            stripe.advance(4 * day);
            each((life) => stripe.dispute(life.refundable.at(-1).id));
            each((life) => stripe.cancelInPortal(life.subscription.id, { now: true }));
        },
    },
    'an upgraded one': {
        types: [
            'checkout.session.completed',
            'charge.dispute.created',
            'customer.subscription.updated',
            'charge.refunded',
            'charge.dispute.closed',
        ],
        plan: 'pro',
        live(each) {
            each((life) => life.buy('plus'));
            each((life) => stripe.dispute(life.refundable[0].id));
            stripe.advance(5 * day);
            each((life) => stripe.changeInPortal(life.subscription.id, 'price_pro_monthly'));
            each((life) => life.refund(0.5));
            each((life) => stripe.closeDispute(life.dispute.id, 'won'));
        },
    },
};

for (const [name, { types, plan, live }] of Object.entries(lives)) {
    scenario(`up to five events of a life, ${name}, end in the same rows in each of their orders`, async (stage) => {
        const begun = Date.now();
        const check = await observer(stage);
        const random = dice(1);
        const orders = types.flatMap((_, i) => permutations(types.slice(0, i + 1)));
        assert.equal(orders.length, 1 + 2 + 6 + 24 + 120);
        stripe.forget();
        stripe.hold();
        const all = (await customers(stage, stripe, orders.length)).map((about, i) =>
            Object.assign(new Life(stripe, about, random), { order: orders[i] }),
        );
        live((act) => all.forEach(act));
        const byCustomer = grouped(stripe.held.splice(0), (event) => customerOf(stripe, event));
        const chosen = all.map(({ customer, order }) => lastOf(byCustomer.get(customer), order));
        for (const events of chosen) assert.ok(events.every(Boolean), 'each life has each event');
        const storm = new WebhookStorm(stage, stripe, random, workers);
        // The lives advance together: the first event of each, then the second ones.
        for (const i of types.keys()) {
            const events = chosen.filter(({ length }) => length > i).map((order) => order[i]);
            for (const event of events) storm.sent.set(event.id, event);
            const [statuses] = await Promise.all([stripe.deliverAll(events), storm.killAt(random(2))]);
            assert.ok(statuses.length > 0 && statuses.every((status) => status === 200));
            await storm.reach(storm.sent.size);
        }
        await storm.end();
        const events = [...storm.sent.values()];
        assert.equal(events.length, 1 + 2 * 2 + 6 * 3 + 24 * 4 + 120 * 5);
        await check(all, { events, late: true, describe: ({ order }) => `order ${order.join(', ')}` });
        const complete = all.filter(({ order }) => order.length === types.length).map(({ user }) => user.id);
        const rows = await stage.system.rows('select plan, count(*)::int from users where id = any($1) group by 1', [
            complete,
        ]);
        assert.deepEqual(rows, [{ plan, count: 120 }]);
        print(`${all.length} lives, ${events.length} events, ${seconds(begun)}`);
    });
}

// A life with a disputed payment, the event of the dispute, and the storm that delivers the others.
async function disputed(stage) {
    const random = dice(1);
    stripe.forget();
    stripe.hold();
    const [life] = (await customers(stage, stripe, 1)).map((about) => new Life(stripe, about, random));
    life.buy('plus');
    stripe.dispute(life.refundable[0].id);
    const opened = stripe.held.findIndex(({ type }) => type === 'charge.dispute.created');
    const [created] = stripe.held.splice(opened, 1);
    return { life, created, storm: new WebhookStorm(stage, stripe, random, workers) };
}

scenario('what has changed while it was read is read again, and its older state is not stored', async (stage) => {
    const check = await observer(stage);
    const { life, created, storm } = await disputed(stage);
    let answer;
    const until = new Promise((resolve) => (answer = resolve));
    // The event does not name the customer: the dispute is read once more when its payment has named them.
    for (const when of [Promise.resolve(), until])
        stripe.fault({ method: 'GET', path: /disputes$/, status: 'late', until: when });
    storm.begin([created]);
    await eventually('the dispute is read', () => stripe.server.faults.length === 0);
    stripe.closeDispute(life.dispute.id, 'lost');
    // Those of the dispute wait behind the first one.
    const others = stripe.held.filter(({ type }) => !type.includes('dispute'));
    assert.ok(others.length > 5);
    storm.begin(others);
    await storm.reach(others.length);
    const [{ dispute }] = await stage.system.rows('select dispute from payment_history where user_id = $1', [
        life.user.id,
    ]);
    assert.equal(dispute, 'lost', 'the newer state was read before');
    answer();
    storm.begin(stripe.held.splice(0));
    await storm.end();
    const events = [...storm.sent.values()];
    const describe = ({ user }) => `user ${user.id}`;
    const effects = await check([life], { events, late: true, describe });
    assert.equal(effects.disputes, 1, 'one state of the dispute was stored');
});

scenario('an event that other events overtake again and again is handled in the end', async (stage) => {
    const check = await observer(stage);
    const { life, created, storm } = await disputed(stage);
    // Each attempt reads the dispute twice: the second answer waits until something else of the customer has changed.
    const answers = [];
    const reads = () => stripe.requests.filter(({ path: read }) => /disputes$/.test(read)).length;
    const attempts = 8;
    for (let i = 0; i < attempts; ++i)
        for (const until of [Promise.resolve(), new Promise((resolve) => answers.push(resolve))])
            stripe.fault({ method: 'GET', path: /disputes$/, status: 'late', until });
    storm.begin([created]);
    for (let i = 0; i < attempts; ++i) {
        await eventually(`attempt ${i + 1} has read the dispute`, () => reads() >= 2 * (i + 1));
        if (i % 2) stripe.keepInPortal(life.subscription.id);
        else stripe.cancelInPortal(life.subscription.id);
        const changes = stripe.held.splice(0).filter(({ type }) => type === 'customer.subscription.updated');
        storm.begin(changes.slice(-1));
        await storm.reach(storm.sent.size - 1);
        answers[i]();
    }
    const statuses = await storm.end();
    assert.ok(statuses.length > attempts);
    const describe = ({ user }) => `user ${user.id}`;
    await check([life], { events: [...storm.sent.values()], late: false, describe });
});

const size = 50; // lives at once
const total = process.env.AIRI_LONG_TESTS ? 2000 : 100;
const firstSeed = Number(process.env.FAULTS_SEED ?? 1);

// Users take random steps, while time goes by for all of them. With an odd seed the events come when all lives are
// over; otherwise some of them come while the lives go on, so that objects change while they are read. The steps are
// added to `taken`. Returns numbers.
async function liveBatch(stage, seed, { check, taken }) {
    const random = dice(seed);
    const late = seed % 2 === 1;
    stripe.forget();
    stripe.hold();
    const all = (await customers(stage, stripe, size)).map((about) => new Life(stripe, about, random));
    const storm = new WebhookStorm(stage, stripe, random, workers);
    // The answers of these requests may be old when they arrive. The number of requests depends on the speed of the
    // workers, so the delays have a generator of their own.
    const delay = dice(seed);
    const fault = { method: 'GET', path: /[A-M]$/, status: 'late', ms: () => delay(300), times: Infinity };
    if (!late) stripe.fault(fault);
    for (const life of all) life.buy();
    for (const time of shuffled([3 * hour, 4 * day, month, random(2) ? 9 * day : month], random)) {
        for (const life of shuffled(all, random)) for (let n = 1 + random(2); n > 0; --n) life.step();
        stripe.advance(time);
        if (late) continue;
        const before = storm.sent.size;
        const [now, later] = [[], []];
        for (const event of stripe.held.splice(0)) (random(2) ? now : later).push(event);
        stripe.held.push(...later);
        storm.begin(now);
        if (random(2)) await storm.killAt(1);
        await storm.reach(before + random(storm.sent.size - before));
    }
    storm.begin(stripe.held.splice(0));
    await storm.killAt(1 + random(2));
    const statuses = await storm.end();
    stripe.forgetFaults();
    assert.equal(statuses.length, storm.deliveries);
    assert.ok(statuses.every((status) => status === 200));
    const events = [...storm.sent.values()];
    assert.ok(events.length > 20 * size, `${events.length} events`);
    assert.equal(events.length, stripe.events.length, 'every event was delivered');
    const describe = ({ user, done }) => `user ${user.id}: ${done.join(', ')}`;
    const effects = await check(all, { events, late, describe });
    for (const { done } of all) for (const step of done) taken.add(step);
    return {
        lives: all.length,
        events: events.length,
        deliveries: storm.deliveries,
        kills: storm.kills.length,
        'kills while events were open': storm.kills.filter(({ left }) => left > 0).length,
        ...effects,
    };
}

scenario('lives of random steps end in the same rows, whatever the order of events and the kills', async (stage) => {
    const begun = Date.now();
    const check = await observer(stage);
    const taken = new Set();
    const sums = { lives: 0 };
    for (let seed = firstSeed; sums.lives < total; ++seed)
        try {
            addTo(sums, await liveBatch(stage, seed, { check, taken }));
        } catch (error) {
            throw new Error(`seed ${seed}`, { cause: error });
        }
    assert.deepEqual(
        stepNames.filter((name) => !taken.has(name)),
        [],
        'steps that no life has taken',
    );
    for (const [name, number] of Object.entries(sums)) assert.ok(number > 0, `no ${name}`);
    const counts = Object.entries(sums).map(([name, number]) => `${number} ${name}`);
    print(`${counts.join(', ')} in ${seconds(begun)}`);
});
