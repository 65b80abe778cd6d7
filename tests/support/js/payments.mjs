// Shared by the tests that disturb payments: a system whose Stripe is the stand-in, and users who pay.

import assert from 'node:assert/strict';

import { monthly } from './billing.mjs';
import { ask } from './raw.mjs';
import { withFaults } from './scenario.mjs';
import { StripeStandIn } from './stripe/stand_in.mjs';

export const day = 86_400;

// Returns the stand-in and what declares tests. `options`: of the system.
export async function faultyPayments(options = {}) {
    const stripe = await StripeStandIn.start({
        prices: { ...monthly('plus', 1499), ...monthly('pro', 2499) },
        dunning: { retries: [3 * day, 5 * day], end: 'cancel' },
    });
    const scenario = withFaults({
        profile: 'saas',
        payments: 1,
        gatewayEnv: { STRIPE_WEBHOOK_SECRET: stripe.secret, FRONTEND_URL: 'https://app.example.com' },
        paymentsEnv: { STRIPE_SECRET_KEY: stripe.key, STRIPE_API_BASE: stripe.url },
        ...options,
    });
    return { stripe, scenario };
}

const webhooksOf = (system) => `${system.url()}/api/webhooks/stripe`;

// A new user, who has bought nothing yet. The stand-in's webhooks go to the first gateway.
export async function joined({ system }, stripe) {
    stripe.deliverTo(webhooksOf(system));
    const { port } = system.program('gateway-1');
    const user = await system.user('free');
    const api = (method, path, json) => ask(port, { method, path: `/api/v1${path}`, token: user.token, json });
    return { ...user, api };
}

// The id of the page on which the user pays for the plan.
export async function checkout(user, plan) {
    const { status, json, text } = await user.api('POST', '/subscription/create-checkout', { plan });
    assert.equal(status, 201, text);
    return json.data.id;
}

// So many users, each with a customer at Stripe that is stored as after their first request: { user, customer }.
export async function customers({ system }, stripe, count) {
    stripe.deliverTo(webhooksOf(system));
    const made = Array.from({ length: count }, () => {
        const id = crypto.randomUUID();
        const email = `${id}@example.com`;
        return {
            user: { id, email },
            customer: stripe.call('POST', 'customers', { email, metadata: { user_id: id } }).id,
        };
    });
    const ids = made.map(({ user }) => user.id);
    await system.rows(
        `insert into users (id, email, plan) select one, one || '@example.com', 'free' from unnest($1::uuid[]) one`,
        [ids],
    );
    await system.rows(
        "insert into payment_customers (provider, id, user_id) select 'stripe', * from unnest($1::text[], $2::uuid[])",
        [made.map(({ customer }) => customer), ids],
    );
    return made;
}
