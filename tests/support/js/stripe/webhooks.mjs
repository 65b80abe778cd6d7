// Deliveries of events to a webhook endpoint: signed, retried until the answer is 2xx, or held and released in a chosen
// order.

import { createHmac } from 'node:crypto';

export function sign(body, { secrets, at = Math.floor(Date.now() / 1000) }) {
    const signed = (secret) => createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
    return [`t=${at}`, ...secrets.map((secret) => `v1=${signed(secret)}`)].join(',');
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref());

export class Webhooks {
    constructor({ url, secret }) {
        this.url = url;
        this.secrets = [secret];
        this.holding = false;
        this.held = [];
        this.attempts = []; // of deliveries: { event, status, error }
        this.first = Promise.resolve(); // the first attempts, one after the other
        this.open = new Set();
        this.down = false;
        this.timeout = 10_000;
    }

    receive(event) {
        if (this.holding) {
            event.pending_webhooks = 1;
            this.held.push(event);
        } else if (this.url) this.deliver(event);
    }

    // Resolves when an attempt was answered with 2xx.
    deliver(event) {
        event.pending_webhooks = 1;
        const attempt = this.first.then(() => this.attempt(event));
        this.first = attempt;
        const done = attempt.then((status) => this.untilTaken(event, status));
        this.open.add(done);
        return done.finally(() => this.open.delete(done));
    }

    async untilTaken(event, status) {
        for (let wait = 50; !this.down && !(status >= 200 && status < 300); wait = Math.min(2 * wait, 1000)) {
            await pause(wait);
            if (!this.down) status = await this.attempt(event);
        }
        event.pending_webhooks = 0;
        return status;
    }

    // One POST; returns its status, 0 without an answer.
    async attempt(event) {
        const { status, error } = await this.post(JSON.stringify(event, null, 2));
        this.attempts.push({ event, status, error });
        return status;
    }

    async post(body, { secrets = this.secrets, at, signature = sign(body, { secrets, at }), headers = {} } = {}) {
        try {
            const answer = await fetch(this.url, {
                method: 'POST',
                body,
                redirect: 'manual',
                signal: AbortSignal.timeout(this.timeout),
                headers: {
                    'Content-Type': 'application/json; charset=utf-8',
                    'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
                    'Stripe-Signature': signature,
                    ...headers,
                },
            });
            return { status: answer.status, text: await answer.text() };
        } catch (error) {
            return { status: 0, error };
        }
    }

    // Delivers what is held, by index: all in order, or as `order` says, with what it repeats and without what it
    // omits.
    async release(order = this.held.map((_, index) => index)) {
        const events = order.map((index) => this.held[index] ?? fail(`no event ${index} is held`));
        this.held = [];
        this.holding = false;
        const taken = [];
        for (const event of events) taken.push(await this.deliver(event));
        return taken;
    }

    // Delivers these events, so many at a time; one that is listed twice, twice. What is held stays held. Resolves with
    // the last status of each delivery.
    async deliverAll(events, lanes) {
        const waiting = [...events];
        const statuses = [];
        const lane = async () => {
            while (waiting.length) {
                const event = waiting.shift();
                statuses.push(await this.untilTaken(event, await this.attempt(event)));
            }
        };
        await Promise.all(Array.from({ length: lanes }, lane));
        return statuses;
    }

    // Resolves when no delivery is open.
    async settled() {
        while (this.open.size) await Promise.all(this.open);
    }
}

function fail(message) {
    throw new Error(message);
}
