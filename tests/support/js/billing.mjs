// Shared by the tests of payments: a product whose Stripe is the stand-in, and users who pay.

import assert from 'node:assert/strict';

import { withAccounts } from './accounts.mjs';
import { ask } from './raw.mjs';
import { StripeStandIn } from './stripe/stand_in.mjs';
import { eventually } from './system/wait.mjs';

export const frontend = 'https://app.example.com';

// The id of the page at Stripe on which the user pays for the plan. `more`: members of the request besides the plan.
export async function checkoutAt(stripe, user, plan, more = {}) {
    const { status, json, text } = await user.api('POST', '/subscription/create-checkout', { plan, ...more });
    assert.equal(status, 201, text);
    assert.ok(json.data.url.startsWith(stripe.url), json.data.url);
    return json.data.id;
}

// The profile's product, whose prices Stripe has; `prefix` is that of its clients' paths, `webhook` the path that
// Stripe calls. `test` declares tests; the functions take their stage.
export async function billingOf(profile, { prices, prefix = '/api', webhook, options = {}, stripeOptions = {} }) {
    const stripe = await StripeStandIn.start({ prices, ...stripeOptions });
    const test = withAccounts({
        profile,
        payments: 1,
        gatewayEnv: {
            STRIPE_WEBHOOK_SECRET: stripe.secret,
            FRONTEND_URL: frontend,
            ENABLE_RATE_LIMITING: 'false',
        },
        paymentsEnv: stripe.workerEnv,
        ...options,
    });

    async function joined(stage) {
        stripe.deliverTo(`http://127.0.0.1:${stage.ports[0]}${webhook}`);
        const account = await stage.join();
        const api = (method, path, json, more) =>
            ask(stage.ports[0], { method, path: `${prefix}${path}`, token: account.token, json, ...more });
        return { ...account, api };
    }

    async function current(user) {
        const { status, json, text } = await user.api('GET', '/subscription/current');
        assert.equal(status, 200, text);
        return json.data;
    }

    const becomes = (user, wanted) =>
        eventually(
            `the plan becomes ${JSON.stringify(wanted)}`,
            async () => {
                const found = await current(user);
                return Object.entries(wanted).every(([name, value]) => found[name] === value) && found;
            },
            { describe: () => current(user) },
        );

    const checkout = (user, plan, more) => checkoutAt(stripe, user, plan, more);

    async function bought(stage, plan, more) {
        const user = await joined(stage);
        await stripe.completeCheckout(await checkout(user, plan, more), { card: 'ok' });
        await becomes(user, { plan, status: 'active' });
        return user;
    }

    return { stripe, test, joined, current, becomes, checkout, bought };
}

export const monthly = (product, cents, currency = 'usd') => ({
    [`price_${product}_monthly`]: { unit_amount: cents, currency, interval: 'month', product },
});

export const yearly = (product, cents, currency = 'usd') => ({
    [`price_${product}_yearly`]: { unit_amount: cents, currency, interval: 'year', product },
});

export const mailsTo = (stage, user, subject) =>
    stage.system.mail(user.email).filter((mail) => subject.test(mail.subject));
