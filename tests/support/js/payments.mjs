// For the fault tests of payments: a system whose Stripe is the stand-in, and users who pay.

import { monthly } from './billing.mjs';
import { ask } from './raw.mjs';
import { withFaults } from './scenario.mjs';
import { StripeStandIn } from './stripe/stand_in.mjs';

export const day = 86_400;

// Returns the stand-in, and the function that declares tests. `options`: of the system.
export async function faultyPayments(options = {}) {
    const stripe = await StripeStandIn.start({
        prices: { ...monthly('plus', 1499), ...monthly('pro', 2499) },
        dunning: { retries: [3 * day, 5 * day], end: 'cancel' },
    });
    const scenario = withFaults({
        profile: 'saas',
        payments: 1,
        gatewayEnv: { STRIPE_WEBHOOK_SECRET: stripe.secret, FRONTEND_URL: 'https://app.example.com' },
        paymentsEnv: stripe.workerEnv,
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
