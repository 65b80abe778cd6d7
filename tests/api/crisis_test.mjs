// Help lines by country, on a whole system: for everybody, without a limit, whatever is away.

import assert from 'node:assert/strict';

import { address, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withAccounts();
const path = '/api/v1/crisis/resources';

const linesOf = async (port, query = '', more = {}) => {
    const { status, json, text } = await ask(port, { path: path + query, ...more });
    assert.equal(status, 200, text);
    return json.data;
};

test('EZRI-39: a visitor picks a country and gets its lines, with what to dial there', async ({ ports }) => {
    const { country, chosen_by, resources, countries } = await linesOf(ports[0], '?country=gb');
    assert.deepEqual([country, chosen_by], ['GB', 'query']);
    assert.ok(countries.includes('GB') && countries.includes('KR') && countries.length >= 38);
    const [samaritans, shout, emergency, directory] = resources;
    assert.deepEqual([samaritans.dial, samaritans.hours, samaritans.open], ['116 123', '24/7', true]);
    assert.deepEqual([shout.dial, shout.sms], [null, { number: '85258', keyword: 'SHOUT' }]);
    assert.deepEqual([emergency.kind, emergency.dial], ['emergency', '999']);
    assert.equal(directory.url, 'https://findahelpline.com');
    for (const { source } of resources) {
        assert.match(source.url, /^https?:/);
        assert.equal(source.reviewed, false, 'nobody has called a number');
    }
    const elsewhere = await linesOf(ports[0], '?country=KE');
    assert.deepEqual(
        elsewhere.resources.map(({ id }) => id),
        ['any_emergency', 'any_findahelpline'],
    );
    assert.equal((await linesOf(ports[1])).country, null);
    rejected(await ask(ports[0], { path: `${path}?country=Germany` }), 400, 'BAD_REQUEST');
});

test('EZRI-39: a country in the profile decides, until it is removed', async ({ ports, join }) => {
    const { token } = await join();
    const patch = (country) =>
        ask(ports[0], { method: 'PATCH', path: '/api/v1/users/profile', token, json: { country } });
    const saved = await patch('AT');
    assert.deepEqual([saved.status, saved.json.data.country], [200, 'AT']);
    const own = await linesOf(ports[0], '', { token });
    assert.deepEqual([own.country, own.chosen_by, own.resources[0].dial], ['AT', 'profile', '142']);
    assert.equal((await linesOf(ports[0], '?country=DE', { token })).country, 'DE');
    for (const wrong of ['at', 'AUT', '', 5]) rejected(await patch(wrong), 422, 'VALIDATION_FAILED');
    assert.equal((await patch(null)).json.data.country, null);
    assert.equal((await linesOf(ports[0], '', { token })).chosen_by, 'default');
    // Nor does a header of a client that is no trusted proxy.
    assert.equal((await linesOf(ports[0], '', { headers: { 'CF-IPCountry': 'FR' } })).chosen_by, 'default');
});

test('EZRI-39: the lines have no limit, also for one address and a token that is not valid', async ({ ports }) => {
    const from = address();
    const answers = await Promise.all(
        Array.from({ length: 130 }, () => ask(ports[0], { path, from, token: 'not.a.token' })),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    const limited = await Promise.all(
        Array.from({ length: 101 }, () => ask(ports[0], { path: '/api/v1/plans', from })),
    );
    assert.ok(limited.some(({ status }) => status === 429));
});
