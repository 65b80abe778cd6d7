// Comparisons of the five products with their documents: the profile's rows, and answers as a client sees them.

import assert from 'node:assert/strict';

import { address } from './accounts.mjs';
import { ask, claimsOf } from './raw.mjs';

// The plans by id, as everyone may read them: { price_cents, currency, limits, … }.
export async function plansOf(port) {
    const { json } = await ask(port, { path: '/api/v1/plans', from: address() });
    return Object.fromEntries(json.data.map((plan) => [plan.id, plan]));
}

// Asserts that the plans have these members, and that there are no others. Of `limits` and `features` the named ones.
export async function assertPlans(port, expected) {
    const plans = await plansOf(port);
    assert.deepEqual(Object.keys(plans), Object.keys(expected));
    for (const [id, members] of Object.entries(expected))
        for (const [name, value] of Object.entries(members))
            if (typeof value === 'object' && value !== null)
                for (const [key, amount] of Object.entries(value))
                    assert.deepEqual(plans[id][name][key], amount, `${id}: ${name}.${key}`);
            else assert.deepEqual(plans[id][name], value, `${id}: ${name}`);
}

// Asserts that these limits are the product's: [group, plan, scope, requests, seconds].
export async function assertRates(system, expected) {
    for (const [name, plan, scope, max, seconds] of expected) {
        const rows = await system.rows(
            'select max_requests, window_seconds from rate_limits where name = $1 and plan = $2 and scope = $3',
            [name, plan, scope],
        );
        assert.deepEqual(rows, [{ max_requests: max, window_seconds: seconds }], `${name} ${plan} ${scope}`);
    }
}

// Asserts that these models are active at these prices, and in this order of preference: [provider, model, nano-dollars
// a token]. Documents have one price for input and output.
export async function assertModels(system, expected) {
    const rows = await system.rows(
        'select provider, model, input_price, output_price from model_prices where active order by priority',
    );
    const found = expected.map(([provider, model, price]) => {
        const at = rows.findIndex((row) => row.provider === provider && row.model === model);
        assert.ok(at >= 0, `${provider} ${model} is active`);
        const row = rows[at];
        assert.deepEqual(
            [row.input_price, row.output_price].map((one) => one / 1e6),
            [price, price],
            `${provider} ${model}`,
        );
        return at;
    });
    assert.deepEqual(
        found,
        [...found].sort((a, b) => a - b),
        'in this order',
    );
}

// Asserts the lifetimes of a session's tokens, both in seconds.
export async function assertLifetimes(system, { user, access_token, expires_in }, { access, refresh }) {
    const { iat, exp } = claimsOf(access_token);
    assert.deepEqual([expires_in, exp - iat], [access, access]);
    const [row] = await system.rows(
        'select extract(epoch from expires_at - created_at)::int as life from sessions where user_id = $1 limit 1',
        [user.id],
    );
    assert.equal(row.life, refresh);
}

// Asserts these headers on data, errors, a page and an error of the transport.
export async function assertHeaders(ports, expected) {
    const asked = [
        { path: '/api/v1/plans' },
        { path: '/api/v1/conversations' },
        { path: '/nowhere' },
        { path: '/' },
        { path: '/healthz' },
        { method: 'POST', path: '/api/v1/auth/login', body: 'x'.repeat(70_000) },
        { method: 'OPTIONS', path: '/api/v1/plans' },
    ];
    for (const one of asked) {
        const { headers, status } = await ask(ports[0], { from: address(), ...one });
        for (const [name, value] of Object.entries(expected))
            // Behind the documented policy a page has its own.
            assert.equal(headers[name].split(', default-src')[0], value, `${one.path} (${status}): ${name}`);
    }
}

// Asserts which of these origins may read answers: origin → true or false.
export async function assertOrigins(port, expected) {
    for (const [origin, may] of Object.entries(expected)) {
        const { headers } = await ask(port, { path: '/api/v1/plans', headers: { Origin: origin }, from: address() });
        assert.equal(headers['access-control-allow-origin'], may ? origin : undefined, origin);
    }
}

// Sends requests, `i` being the number of those before, until one is limited; asserts that `count` were not, and that
// the limit is `"<group>";q=<count>;w=<seconds>`. Returns the last answer.
export async function assertLimit(send, group, count, seconds) {
    for (let i = 0; ; ++i) {
        const answer = await send(i);
        if (answer.status !== 429) {
            assert.ok(i < count, `request ${i + 1} of ${count}: ${answer.status} ${answer.text}`);
            continue;
        }
        assert.equal(i, count, answer.text);
        assert.equal(answer.json.error.code, 'RATE_LIMITED', answer.text);
        assert.equal(answer.headers['ratelimit-policy'], `"${group}";q=${count};w=${seconds}`);
        assert.match(answer.headers.ratelimit, /;r=0;t=\d+$/);
        return answer;
    }
}

// A message in a new conversation; resolves with the finished reply.
export async function talk(port, token, headers = {}) {
    const { status, json, text } = await ask(port, {
        method: 'POST',
        path: '/api/v1/chat/messages',
        token,
        headers,
        json: { content: 'hello [[stub tokens=5]]' },
    });
    assert.equal(status, 201, text);
    assert.deepEqual([json.data.role, json.data.status], ['assistant', 'completed']);
    assert.ok(json.data.content.length > 0 && json.data.metadata.tokens_out > 0, text);
    return json.data;
}

// The cookies of an answer by name: { value, path, httponly, … }, as a browser keeps them.
export function cookiesOf({ headers }) {
    return Object.fromEntries(
        (headers['set-cookie'] ?? []).map((line) => {
            const [pair, ...attributes] = line.split('; ');
            const [name, value] = pair.split('=');
            const rest = attributes.map((one) => [one.split('=')[0].toLowerCase(), one.split('=')[1] ?? true]);
            return [name, { value, ...Object.fromEntries(rest) }];
        }),
    );
}

// Asserts that everyone reads these settings.
export async function assertSettings(port, expected) {
    const { data } = (await ask(port, { path: '/api/v1/settings', from: address() })).json;
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(data[name], value, name);
}

// Asserts these settings as the product has them, those that nobody reads over HTTP too.
export async function assertOwnSettings(system, expected) {
    const rows = await system.rows('select key, value from system_settings where key = any ($1)', [
        Object.keys(expected),
    ]);
    assert.deepEqual(Object.fromEntries(rows.map(({ key, value }) => [key, value])), expected);
}
