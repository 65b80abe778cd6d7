// The operations worker: replays, decisions about dead letters and moves of groups that administrators ask for.

import assert from 'node:assert/strict';

import { send } from '../support/js/ctl.mjs';
import { print, withFaults } from '../support/js/scenario.mjs';
import { rejected, ask } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';
import { readTopic } from '../support/js/system/checker.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withFaults({ partitions: 2, operations: 1 });
const ended = ['done', 'failed', 'cancelled'];

// A super's calls of the administrative API.
async function administrator({ system }, role = 'super') {
    const user = await system.user();
    const { port } = system.program('gateway-1');
    await appoint(system, user, role, [port]);
    const call = (method, path, json) => ask(port, { method, path: `/api/v1/admin${path}`, token: user.token, json });
    const read = async (id) => (await call('GET', `/operations/${id}`)).json.data;
    const request = async (kind, more = {}) => {
        const answer = await call('POST', '/operations', { kind, ...more });
        assert.equal(answer.status, 202, answer.text);
        return answer.json.data;
    };
    const until = (id, what, holds) =>
        eventually(what, async () => {
            const operation = await read(id);
            return holds(operation) && operation;
        });
    const done = async (kind, more) => {
        const { id } = await request(kind, more);
        const operation = await until(id, `${kind} ends`, ({ state }) => ended.includes(state));
        assert.equal(operation.state, 'done', operation.error);
        return operation.result;
    };
    return { ...user, call, read, request, until, done };
}

const numbered = (mark, count) =>
    Array.from({ length: count }, (_, n) => ({
        key: `k${n}`,
        value: JSON.stringify({ mark, n }),
        headers: { ce_id: crypto.randomUUID(), ce_type: 'test' },
    }));

test('AIRI-40: an administrator previews a replay and runs it, and it changes nothing that was done', async (stage) => {
    const { system } = stage;
    const admin = await administrator(stage);
    const client = await stage.client();
    await client.sendAll(orders(5, { script: 'tokens=3' }));
    await stage.check();
    const topic = 'usage.recorded.v1';
    const mine = { topic, where: [{ pointer: '/user_id', value: client.user.id }] };
    const sums = () => system.rows('select * from usage_daily where user_id = $1 order by resource', [client.user.id]);
    const before = await sums();
    const seen = (await readTopic(system, topic)).filter(({ value }) => value.includes(client.user.id));
    const preview = await admin.done('replay', { ...mine, dry_run: true });
    assert.deepEqual([preview.matched, preview.sent], [seen.length, 0]);
    assert.deepEqual(preview.by_type, { [topic]: seen.length });
    const result = await admin.done('replay', mine);
    assert.equal(result.sent, seen.length);
    const again = (await readTopic(system, topic)).filter(({ headers }) => headers['x-replay-id'] === result.replay_id);
    assert.equal(again.length, seen.length);
    await system.settled(system.options);
    assert.deepEqual(await sums(), before);
    const [entry] = await system.rows(
        "select details from audit_log where action = 'operation.requested' order by at desc",
    );
    assert.equal(entry.details.kind, 'replay');
});

test('dead letters are counted, shown without their values, parked, dropped and retried once', async (stage) => {
    const { system } = stage;
    const admin = await administrator(stage);
    const topic = 'moderation.decided.v1'; // no worker consumes it
    const mark = crypto.randomUUID();
    const letters = numbered(mark, 6).map((one, n) => ({
        ...one,
        headers: {
            ...one.headers,
            'kafka_dlt-original-consumer-group': 'sample',
            'kafka_dlt-exception-message': n < 3 ? `${mark} first fault` : `${mark} other fault`,
        },
    }));
    await send(system, `${topic}-dlt`, letters);
    const counts = async () => {
        const { dead_letters: all } = await admin.done('list_dead_letters', { topic, error: mark });
        return Object.fromEntries(all.map((one) => [`${one.error.slice(37)}: ${one.decision}`, one.records]));
    };
    const inTopic = async () => (await readTopic(system, topic)).filter(({ value }) => value?.includes(mark)).length;
    assert.deepEqual(await counts(), { 'first fault: waiting': 3, 'other fault: waiting': 3 });
    const { dead_letters: shown } = await admin.done('show_dead_letters', { topic, error: mark, limit: 2 });
    assert.equal(shown.length, 2);
    assert.deepEqual([shown[0].key, shown[0].group, shown[0].decision], ['k0', 'sample', 'waiting']);
    assert.ok(shown[0].bytes > 40 && !('value' in shown[0]), 'the value stays where it is');

    const other = { topic, error: `${mark} other` };
    assert.equal((await admin.done('park_dead_letters', { ...other, dry_run: true })).matched, 3);
    assert.deepEqual(await counts(), { 'first fault: waiting': 3, 'other fault: waiting': 3 });
    await admin.done('park_dead_letters', other);
    await admin.done('drop_dead_letters', { topic, error: mark, key: 'k0' });
    assert.deepEqual(await counts(), {
        'first fault: dropped': 1,
        'first fault: waiting': 2,
        'other fault: parked': 3,
    });
    assert.equal((await admin.done('retry_dead_letters', { topic, error: mark })).sent, 2);
    assert.equal(await inTopic(), 2);
    assert.equal((await admin.done('retry_dead_letters', { topic, error: mark })).sent, 0, 'none waits any more');
    assert.equal((await admin.done('retry_dead_letters', { topic, error: mark, decided: 'parked' })).sent, 3);
    assert.equal(await inTopic(), 5);
    assert.deepEqual(await counts(), {
        'first fault: dropped': 1,
        'first fault: retried': 2,
        'other fault: retried': 3,
    });
});

test('groups are listed, and one with members is not moved', async (stage) => {
    const admin = await administrator(stage);
    const { groups } = await admin.done('list_groups', { group: 'operations' });
    assert.deepEqual(
        [groups[0].group, groups[0].members, groups[0].topic],
        ['operations', 1, 'operation.requested.v1'],
    );
    const { id } = await admin.request('move_group', { group: 'usage', topic: 'usage.recorded.v1', place: 'end' });
    const refused = await admin.until(id, 'the move ends', ({ state }) => ended.includes(state));
    assert.deepEqual(
        [refused.state, refused.error],
        ['failed', 'the group "usage" has 1 members: stop its workers first'],
    );
});

test('a replay stops when it is cancelled, and an ended one cannot be cancelled', async (stage) => {
    const { system } = stage;
    const admin = await administrator(stage);
    const topic = 'moderation.decided.v1';
    const mark = crypto.randomUUID();
    await send(system, topic, numbered(mark, 2_000));
    const { id } = await admin.request('replay', { topic, rate: 20, where: [{ pointer: '/mark', value: mark }] });
    await admin.until(id, 'it runs', ({ state }) => state === 'running');
    const cancelled = await admin.call('POST', `/operations/${id}/cancel`, {});
    assert.equal(cancelled.json.data.state, 'cancelling');
    const end = await admin.until(id, 'it ends', ({ state }) => ended.includes(state));
    assert.equal(end.state, 'cancelled');
    assert.ok(end.result.sent < 2_000, `${end.result.sent} were sent`);
    assert.equal((await admin.call('POST', `/operations/${id}/cancel`, {})).json.data.state, 'cancelled');
    await admin.done('list_groups');
    const [{ id: last }] = (await admin.call('GET', '/operations?limit=1')).json.data;
    rejected(await admin.call('POST', `/operations/${last}/cancel`, {}), 409, 'OPERATION_ENDED');
});

test('a replay goes on where its killed or stopped worker was', async (stage) => {
    const { system } = stage;
    const admin = await administrator(stage);
    const topic = 'moderation.decided.v1';
    const count = 600;
    const mark = crypto.randomUUID();
    await send(system, `${topic}-retry`, numbered(mark, count));
    const { id } = await admin.request('replay', {
        topic: `${topic}-retry`,
        into: `${topic}-dlt`,
        rate: 100,
        where: [{ pointer: '/mark', value: mark }],
    });
    const sent = async () =>
        (await readTopic(system, `${topic}-dlt`)).filter(({ headers }) => headers['x-replay-id'] === id);
    await eventually('it has sent something', async () => (await sent()).length > 100);
    await system.kill('operations-1');
    const atDeath = (await sent()).length;
    await system.start('operations-1');
    await eventually('another worker goes on', async () => (await sent()).length > atDeath, { within: 60_000 });
    await system.stop('operations-1');
    assert.ok((await sent()).length < count, 'a stopped worker leaves the rest');
    await system.start('operations-1');
    const end = await admin.until(id, 'it ends', ({ state }) => ended.includes(state));
    assert.equal(end.state, 'done', end.error);
    const all = await sent();
    assert.equal(new Set(all.map(({ value }) => JSON.parse(value).n)).size, count, 'none is lost');
    print(`${all.length} records for ${count} after a death and a stop`);
    assert.ok(all.length <= count + 100, 'at most one batch is sent twice');
});

test('a wrong request is refused, and an operation that cannot be carried out fails with its reason', async (stage) => {
    const admin = await administrator(stage);
    for (const [body, message] of [
        [{ kind: 'replay' }, /topic is missing/],
        [{ kind: 'move_group', topic: 'a.v1', place: 'end' }, /group is missing/],
        [{ kind: 'burn' }, /./],
        [{ kind: 'replay', topic: 'a b' }, /./],
        [{ kind: 'replay', topic: 'a', from: '2026-02-30T00:00:00Z' }, /./],
        [
            { kind: 'replay', topic: 'a', from: '2026-02-02T00:00:00Z', to: '2026-02-01T00:00:00Z' },
            /from must be before/,
        ],
    ])
        rejected(await admin.call('POST', '/operations', body), 422, 'VALIDATION_FAILED', message);
    for (const [kind, more, error] of [
        ['replay', { topic: 'no.such.topic' }, /no topic is named "no.such.topic"/],
        ['retry_dead_letters', { topic: 'no.such.topic' }, /no topic with dead letters is named "no.such.topic"/],
        ['move_group', { topic: 'usage.recorded.v1', group: 'nobody', place: 'end' }, /no group is named "nobody"/],
        ['move_group', { topic: 'usage.recorded.v1', group: 'usage', place: 'soon' }, /"soon" is no place/],
    ]) {
        const { id } = await admin.request(kind, more);
        const end = await admin.until(id, `${kind} ends`, ({ state }) => ended.includes(state));
        assert.equal(end.state, 'failed');
        assert.match(end.error, error);
    }
    rejected(await admin.call('GET', `/operations/${crypto.randomUUID()}`), 404, 'NOT_FOUND');
    const reader = await administrator(stage, 'admin');
    assert.ok((await reader.call('GET', '/operations')).json.data.length > 0);
    rejected(await reader.call('POST', '/operations', { kind: 'list_groups' }), 403);
});
