// Deliveries of many webhooks at once, shuffled and repeated, to workers that are killed meanwhile.

import { deadLetters, lagOf, withAdmin } from './system/checker.mjs';
import { eventually } from './system/wait.mjs';
import { shuffled } from './dice.mjs';

const patience = 300_000; // ms; other tests may run beside

export class WebhookStorm {
    // `workers`: the names of those that may be killed.
    constructor({ system }, stripe, random, workers) {
        Object.assign(this, { system, stripe, random, workers });
        this.sent = new Map(); // by event id: the event, in the order of the first deliveries
        this.deliveries = 0;
        this.kills = []; // { names, left }: how many delivered events were not handled yet
        this.open = []; // deliveries that go on
    }

    // Begins to deliver these events in any order, each fourth of them twice or three times, with some of those that
    // were delivered before. Returns at once.
    begin(events) {
        const { random } = this;
        const again = [...this.sent.values()].filter(() => random(8) === 0);
        const copies = (event) => Array(random(4) === 0 ? 2 + random(2) : 1).fill(event);
        const order = shuffled([...events.flatMap(copies), ...again], random);
        for (const event of order) this.sent.set(event.id, event);
        this.deliveries += order.length;
        this.open.push(this.stripe.deliverAll(order));
    }

    async handled() {
        const rows = await this.system.rows('select id from payment_events where id = any($1)', [
            [...this.sent.keys()],
        ]);
        return new Set(rows.map(({ id }) => id));
    }

    // An event that was acknowledged must not be given up.
    async refuseDeadLetters() {
        const count = await deadLetters(this.system, 'webhook.received.v1');
        if (count === 0) return;
        const handled = await this.handled();
        const lost = [...this.sent.values()].filter(({ id }) => !handled.has(id)).map(({ type }) => type);
        const error = new Error(`${count} webhooks are dead letters; not handled: ${lost.join(', ') || 'none'}`);
        throw Object.assign(error, { final: true });
    }

    // Waits until so many of the delivered events are handled, and returns their number.
    async reach(wanted) {
        let last;
        let polls = 0;
        return eventually(
            `${wanted} events are handled`,
            async () => {
                last = (await this.handled()).size;
                if (++polls % 100 === 0) await this.refuseDeadLetters();
                return last >= wanted && last;
            },
            { within: patience, every: 50, describe: () => `${last} of ${this.sent.size}` },
        );
    }

    // Kills workers `times` times, each after a random number of the open events is handled.
    async killAt(times) {
        const { random, system, workers } = this;
        for (let i = 0; i < times; ++i) {
            const done = (await this.handled()).size;
            const left = this.sent.size - (await this.reach(done + random(Math.max(1, this.sent.size - done))));
            const names = random(4) === 0 ? workers : [workers[random(workers.length)]];
            await Promise.all(names.map((name) => system.kill(name)));
            this.kills.push({ names, left });
            await Promise.all(names.map((name) => system.start(name)));
        }
    }

    // Waits until all deliveries are handled, repetitions too, and their mails and notices are sent.
    async end() {
        const statuses = (await Promise.all(this.open)).flat();
        await this.reach(this.sent.size);
        await withAdmin(this.system, async (admin) => {
            const read = (group, topic) =>
                eventually(`${group} has read ${topic}`, async () => (await lagOf(admin, group, topic)) === 0, {
                    within: patience,
                    every: 100,
                });
            await read('payments', 'webhook.received.v1');
            await eventually(
                'the outbox is empty',
                async () => (await this.system.rows('select 1 from outbox limit 1')).length === 0,
                { within: patience },
            );
            await read('mail', 'email.requested.v1');
            await read('notifications', 'notification.requested.v1');
        });
        await this.refuseDeadLetters();
        return statuses;
    }
}
