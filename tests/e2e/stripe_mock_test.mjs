// Stripe's own stripe-mock accepts each request that the payments worker can send. stripe-mock has no memory, so the
// worker runs against the stand-in, and the requests that it sent there are repeated at stripe-mock.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';

import { billingOf, frontend, monthly } from '../support/js/billing.mjs';
import { afterFile } from '../support/js/harness.mjs';
import { appoint } from '../support/js/staff.mjs';
import { callSites, isFrom, parametersIn } from '../support/js/stripe/call_sites.mjs';
import { StripeMock } from '../support/js/stripe/stripe_mock.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const mock = await StripeMock.start();
afterFile(() => mock.end());
const { stripe, test, joined, current, becomes, bought } = await billingOf('saas', {
    prices: { ...monthly('plus', 1499), ...monthly('pro', 2499) },
    webhook: '/api/subscription/webhook',
    options: { file: 'stripe_mock' }, // its plans are changed
});

const folder = (path) => new URL(`../../workers/${path}`, import.meta.url);
const textOf = (file) => readFileSync(folder(file), 'utf8');
const sources = readdirSync(folder('payments/')).filter((file) => file.endsWith('.cpp'));
const texts = sources.map((file) => textOf(`payments/${file}`));
const sites = texts.flatMap(callSites);
const [, version] = textOf('providers/payments/stripe.hpp').match(/api_version = "(.*?)"/);

async function done(asked, status = 200) {
    const answer = await asked;
    assert.equal(answer.status, status, answer.text);
    return answer.json.data;
}

const shown = ({ method, sent }) => `${method} ${sent.url} ${decodeURIComponent(sent.body)}`;
const send = (method, url, body, sample) => ({ ...sample, method, sent: { ...sample.sent, url, body } });

test('SAAS-16: a user buys a plan, opens the portal, or subscribes on a page of our own', async (stage) => {
    const { system } = stage;
    const user = await joined(stage);
    await system.rows("update users set display_name = 'Zoë & Søn + 1', locale = 'de' where id = $1", [user.id]);
    const page = await done(user.api('POST', '/subscription/create-checkout', { plan: 'plus' }), 201);
    await stripe.completeCheckout(page.id, { card: 'ok' });
    await becomes(user, { plan: 'plus', status: 'active' });
    await done(user.api('POST', '/billing/portal', { return_url: `${frontend}/account?a=1&b=2` }), 201);
    const other = await joined(stage);
    await done(other.api('POST', '/billing/subscription', { plan: 'pro' }), 201);
});

test('SAAS-16: a subscription goes up and down, with and without a planned change', async (stage) => {
    const user = await bought(stage, 'plus');
    await done(user.api('POST', '/subscription/preview', { plan: 'pro' }));
    const change = (plan) => done(user.api('PATCH', '/billing/subscription', { plan }));
    const scheduleOf = ({ subscription }) => stripe.object(subscription.id).schedule;
    await change('pro');
    await change('plus');
    assert.ok(scheduleOf(await current(user)), 'planned');
    await change('plus');
    await change('pro');
    assert.equal(scheduleOf(await current(user)), null);
});

test('SAAS-17: a subscription is cancelled and resumed in each spelling, and cancelled at once', async (stage) => {
    const user = await bought(stage, 'pro');
    const { subscription } = await current(user);
    const resume = () => done(user.api('POST', '/subscription/resume', {}));
    await done(user.api('PATCH', '/billing/subscription', { plan: 'plus' }));
    await done(user.api('POST', '/subscription/cancel', {}));
    await resume();
    stripe.cancelInPortal(subscription.id, { flexible: true });
    await eventually('the cancellation is planned', async () => (await current(user)).subscription.cancel_at);
    await resume();
    const { account } = stripe;
    account.change(account.get('subscription', subscription.id), 'customer.subscription.paused', { status: 'paused' });
    await resume();
    assert.equal(stripe.object(subscription.id).status, 'active');
    await done(user.api('POST', '/subscription/cancel', { immediately: true }));
    await becomes(user, { plan: 'free' });
});

test('SAAS-18: a plan is paid once in dollars or euros, disputed and refunded', async (stage) => {
    const { system, ports } = stage;
    await system.rows(
        `insert into plans (id, name, rank, price_cents, currency, billing_period)
            values ('once_usd', 'Once', 5, 500, 'usd', 'once'), ('once_eur', 'Once', 6, 500, 'eur', 'once')`,
    );
    const admin = await joined(stage);
    await appoint(system, admin, 'admin', ports);
    const paid = async (plan) => {
        const user = await joined(stage);
        const { payment_intent_id: intent } = await done(user.api('POST', '/payments/stripe', { plan }), 201);
        stripe.pay(intent, { card: 'ok' });
        await becomes(user, { plan });
        return { user, intent };
    };
    const disputed = await paid('once_usd');
    stripe.dispute(stripe.object(disputed.intent).latest_charge, { reason: 'fraudulent' });
    await becomes(disputed.user, { plan: 'free' });
    const { intent } = await paid('once_eur');
    for (const part of [{ amount: 100, reason: 'requested_by_customer' }, {}])
        await done(admin.api('POST', '/admin/refunds', { payment: intent, ...part }), 201);
    const user = await bought(stage, 'plus');
    const [invoice] = await eventually('the invoice is there', async () => {
        const data = await done(user.api('GET', '/subscription/invoices'));
        return data.length > 0 && data;
    });
    await done(admin.api('POST', '/admin/refunds', { invoice: invoice.id }), 201);
});

test('SAAS-16: a user is taxed, has a trial and withdraws', async ({ system, ...stage }) => {
    await system.rows("update system_settings set value = 'true' where key = 'stripe_tax'");
    await system.rows("update plans set trial_days = 7 where id = 'plus'");
    const user = await joined({ system, ...stage });
    const address = {
        line1: '1 rue de Rivoli',
        line2: '',
        city: 'Paris',
        postal_code: '75001',
        state: '',
        country: 'FR',
    };
    await done(user.api('PUT', '/billing/details', { name: 'ACME & Co', address, vat_id: 'FR12345678901' }));
    for (const vat_id of ['GB123456789', 'CHE123456789', 'NO123456789', ''])
        await done(user.api('PUT', '/billing/details', { vat_id }));
    await done(user.api('POST', '/billing/subscription', { plan: 'plus', immediate_start: true }), 201);
    const other = await joined({ system, ...stage });
    await done(other.api('POST', '/subscription/create-checkout', { plan: 'plus', immediate_start: true }), 201);
    await system.rows("update system_settings set value = 'false' where key = 'stripe_tax'");
    await system.rows("update plans set trial_days = 0 where id = 'plus'");
    const third = await bought({ system, ...stage }, 'plus', { immediate_start: true });
    await done(third.api('POST', '/billing/withdrawal', {}));
});

test('SAAS-16: the customer of a closed account is deleted', async (stage) => {
    const user = await bought(stage, 'plus');
    const { customer } = stripe.object((await current(user)).subscription.id);
    await stage.system.rows("select payment_ask($1, 'forget', '{}')", [user.id]);
    await eventually('the customer is deleted', () => stripe.object(customer).deleted);
});

test('each call to Stripe in the source of the worker was made, with each of its parameters', async () => {
    assert.ok(sites.length >= 25, `${sites.length} calls were found`);
    const good = stripe.requests.filter(({ status }) => status === 200);
    const missing = sites.filter((site) => !good.some((call) => isFrom(site, call)));
    assert.deepEqual(
        missing.map(({ source }) => source),
        [],
        'make them in this file',
    );
    const unknown = stripe.requests.filter((call) => !sites.some((site) => isFrom(site, call)));
    assert.deepEqual(unknown.map(shown), [], 'they have no place in the source');
    // Names of parameters, and the methods of payment, which are values.
    const sent = new Set(stripe.requests.flatMap((call) => [...new URLSearchParams(call.sent.body)].flat()));
    assert.deepEqual(
        texts
            .filter((text) => text.includes('stripe.post('))
            .flatMap((text) => [...parametersIn(text)])
            .filter((name) => !sent.has(name)),
        [],
        'send them in this file',
    );
});

test('stripe-mock accepts each request, and its answers have what was to be expanded', async () => {
    const refused = [];
    for (const call of stripe.requests) {
        const { status, json } = await mock.send(call);
        if (status !== 200) refused.push(`${shown(call)}: ${status} ${json.error?.message}`);
        for (const field of call.params.expand ?? []) {
            const found = field.split('.').reduce((at, name) => at?.[name], json);
            if (typeof found !== 'object' || found === null) refused.push(`${shown(call)}: no ${field} in the answer`);
        }
    }
    assert.deepEqual(refused, []);
});

test('stripe-mock rejects invented parameters, values, paths and expansions', async () => {
    const sample = stripe.requests.find(({ method }) => method === 'POST');
    for (const [method, path, body] of [
        ['POST', '/v1/customers', 'invented=1'],
        ['GET', '/v1/disputes?invented=1', ''],
        ['POST', '/v1/checkout/sessions', 'line_items[0][invented]=1'],
        ['POST', '/v1/subscription_schedules/sub_sched_1', 'phases[0][items][0][invented]=1'],
        ['POST', '/v1/checkout/sessions', 'mode=invented'],
        ['POST', '/v1/checkout/sessions', 'line_items[0][quantity]=many'],
        ['POST', '/v1/payment_intents', 'currency=eur'],
    ]) {
        const { status, json } = await mock.send(send(method, path, body, sample));
        assert.equal(status, 400, `${method} ${path} ${body}`);
        assert.match(json.error.message, /^Request validation error/);
    }
    assert.equal((await mock.send(send('POST', '/v1/invented', '', sample))).status, 404);
    const { json } = await mock.send(send('GET', '/v1/payment_intents/pi_1?expand[]=invented', '', sample));
    assert.equal(json.invented, undefined);
});

// Within a release (its name) Stripe adds only: a later document may know more than the worker's version, never less.
test("stripe-mock's version of the API is of the same release as the worker's, and not older", () => {
    const [worker, theirs] = [version, mock.version].map((text) => text.split('.'));
    assert.equal(theirs[1], worker[1], `${mock.version} for ${version}: change tests/support/stripe-mock`);
    assert.ok(theirs[0] >= worker[0], `${mock.version} for ${version}: change tests/support/stripe-mock`);
    for (const call of stripe.requests) assert.equal(call.version, version);
});
