// What everybody may know of crisis safety: the protocol, the notices by place, and the yearly numbers of referrals.

import assert from 'node:assert/strict';

import { address, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';

const test = withAccounts({ disclosures: 1 });
const year = new Date().getUTCFullYear();

const referralsOf = async (port, path, of = year) => {
    const { status, json, text } = await ask(port, { path: `${path}?year=${of}`, from: address() });
    assert.equal(status, 200, text);
    return json.data;
};

async function isHelped({ join, ports, system }, country) {
    const { id, token } = await join();
    await system.rows('update users set country = $2 where id = $1', [id, country]);
    const wire = await Wire.open(ports[0], token);
    wire.send('message_send', { client_message_id: crypto.randomUUID(), content: 'I want to end my life' });
    await wire.receive('help lines', ({ type }) => type === 'crisis_resources');
    wire.end();
    return id;
}

test('SB 243 HB 2225: referrals are public by year and country, and survive an erased account', async (stage) => {
    const { ports, system } = stage;
    const count = () => system.rows('select job_crisis_referrals()');
    const ofCountry = async (country) =>
        (await referralsOf(ports[1], '/safety/referrals')).countries.find((one) => one.country === country);
    const first = await isHelped(stage, 'PT');
    await count();
    assert.deepEqual(await ofCountry('PT'), { country: 'PT', shown: '<5', false_alarms: 0 });
    for (let i = 0; i < 4; ++i) await isHelped(stage, 'PT');
    await count();
    assert.deepEqual(await ofCountry('PT'), { country: 'PT', shown: 5, false_alarms: 0 });
    while (!(await system.rows('select erase_account($1) as done', [first]))[0].done);
    assert.deepEqual(await system.rows('select 1 from moderation_decisions where user_id = $1', [first]), []);
    await count();
    assert.deepEqual(await ofCountry('PT'), { country: 'PT', shown: 5, false_alarms: 0 });
    assert.deepEqual(
        await referralsOf(ports[0], '/api/v1/safety/referrals'),
        await referralsOf(ports[1], '/safety/referrals'),
    );
    assert.deepEqual(await referralsOf(ports[0], '/safety/referrals', 2020), {
        year: 2020,
        counted_at: null,
        shown: 0,
        false_alarms: 0,
        countries: [],
    });
    const now = await ask(ports[0], { path: '/safety/referrals', from: address() });
    assert.equal(now.json.data.year, year);
    assert.doesNotMatch(now.text, new RegExp(first));
    for (const wrong of ['x', '1999', '2026.5', '10000'])
        rejected(await ask(ports[0], { path: `/safety/referrals?year=${wrong}`, from: address() }), 400, 'BAD_REQUEST');
});

test('SB 1546: the notices of every law are public, and Oregon is the one that demands interruptions', async ({
    ports,
}) => {
    const { json } = await ask(ports[0], { path: '/api/v1/safety/notices?language=de', from: address() });
    const of = (jurisdiction) =>
        json.data
            .filter((one) => one.jurisdiction === jurisdiction)
            .map(({ audience, kind, every_seconds, valid_from }) => [audience, kind, every_seconds, valid_from]);
    assert.deepEqual(of('US-NY'), [
        ['all', 'start', 86_400, '2025-11-05'],
        ['all', 'reminder', 10_800, '2025-11-05'],
    ]);
    assert.deepEqual(of('US-WA'), [
        ['all', 'start', 1_800, '2027-01-01'],
        ['all', 'reminder', 10_800, '2027-01-01'],
        ['minors', 'reminder', 3_600, '2027-01-01'],
    ]);
    assert.deepEqual(of('US-CA').at(-1), ['minors', 'reminder', 10_800, '2026-01-01']);
    assert.deepEqual(of('EU'), [['all', 'start', 86_400, '2026-08-02']]);
    const interrupting = json.data.filter((one) => one.interrupts).map((one) => one.jurisdiction);
    assert.deepEqual([...new Set(interrupting)], ['US-OR']);
    assert.match(json.data[0].text, /KI/);
});

test('SB 243: the protocol is a page for everybody, under a strict content policy', async ({ ports }) => {
    const page = await ask(ports[0], { path: '/safety', from: address() });
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html/);
    const policy = page.headers['content-security-policy'];
    assert.match(policy, /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/);
    assert.doesNotMatch(policy, /unsafe/);
    for (const part of [
        /no crisis service/,
        /988/,
        /findahelpline\.com/,
        /Columbia-Suicide\s+Severity Rating Scale/,
        /eating disorders/,
        /false alarm/,
        /interrupted/,
        /may not\s+be suitable for some minors/,
        /\/safety\/referrals/,
    ])
        assert.match(page.text, part);
    assert.doesNotMatch(page.text, /<script(?! type="module" src=)|style=|onclick=/);
});
