// Shared by the tests of the stand-in for Stripe: a stand-in, Stripe's own SDK and a webhook endpoint that
// verifies by it.

import assert from 'node:assert/strict';
import http from 'node:http';
import Stripe from 'stripe';

import { afterFile } from '../harness.mjs';
import { StripeStandIn } from './stand_in.mjs';

const prices = {
    price_plus_monthly: { unit_amount: 1499, interval: 'month', product: 'plus' },
    price_plus_yearly: { unit_amount: 14_990, interval: 'year', product: 'plus' },
    price_pro_monthly: { unit_amount: 3999, interval: 'month', product: 'pro' },
    price_credits: { unit_amount: 500, interval: null, product: 'credits' },
};

// A webhook endpoint: `taken` are the events that it verified by the SDK; `refuse` answers of it are 500.
class Endpoint {
    constructor(standIn) {
        this.taken = [];
        this.bodies = [];
        this.refuse = 0;
        this.server = http.createServer(async (request, response) => {
            let body = '';
            for await (const piece of request) body += piece;
            if (this.refuse-- > 0) return response.writeHead(500).end();
            const signature = request.headers['stripe-signature'];
            this.bodies.push({ body, signature });
            try {
                this.taken.push(Stripe.webhooks.constructEvent(body, signature, standIn.secret));
                response.writeHead(200).end();
            } catch (error) {
                response.writeHead(400).end(String(error));
            }
            return undefined;
        });
    }

    async up() {
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}/webhooks`;
        return this;
    }

    down() {
        this.server.closeAllConnections();
        this.server.close();
    }

    get types() {
        return this.taken.map(({ type }) => type);
    }
}

export const clientOf = (standIn, more = {}) =>
    new Stripe(standIn.key, {
        host: '127.0.0.1',
        port: standIn.port,
        protocol: 'http',
        apiVersion: '2026-03-25.dahlia',
        maxNetworkRetries: 0,
        telemetry: false,
        ...more,
    });

// Call it once in a file. Returns what starts a stand-in of the test's own: { standIn, stripe, endpoint }.
export function stages() {
    const started = [];
    afterFile(async () => {
        for (const end of started) await end();
    });
    return async (options = {}) => {
        const standIn = await StripeStandIn.start({ prices, ...options });
        const endpoint = await new Endpoint(standIn).up();
        standIn.deliverTo(endpoint.url);
        started.push(
            () => standIn.end(),
            () => endpoint.down(),
        );
        return { standIn, endpoint, stripe: clientOf(standIn) };
    };
}

// The error that `act` raises; it must be of that kind.
export const raised = async (kind, act) => {
    try {
        await act();
    } catch (error) {
        assert.ok(error instanceof kind, `${error.constructor.name}: ${error.message}`);
        return error;
    }
    throw new Error(`nothing was raised, ${kind.name} was expected`);
};

// A subscription that was bought on Stripe's page.
export async function subscribed({ standIn, stripe }, { price = 'price_plus_monthly', card = 'ok', ...more } = {}) {
    const customer = await stripe.customers.create({ email: 'ada@example.com', metadata: { user_id: 'u1' } });
    const session = await stripe.checkout.sessions.create({
        mode: 'subscription',
        customer: customer.id,
        client_reference_id: 'u1',
        line_items: [{ price, quantity: 1 }],
        success_url: 'https://airi.example/paid?session={CHECKOUT_SESSION_ID}',
        cancel_url: 'https://airi.example/plans',
        ...more,
    });
    assert.equal(standIn.completeCheckout(session.id, { card }), card === 'none' ? 'ok' : card);
    const done = await stripe.checkout.sessions.retrieve(session.id);
    return { customer, session: done, id: done.subscription };
}
export const subscriptionOf = ({ stripe }, id) => stripe.subscriptions.retrieve(id);
export const typesOf = ({ standIn }, from = 0) => standIn.events.slice(from).map(({ type }) => type);
