// airi-ctl: replays of topics and dead letters beside the running system.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { ctl, send, startCtl } from '../support/js/ctl.mjs';
import { print, withFaults } from '../support/js/scenario.mjs';
import { readTopic } from '../support/js/system/checker.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withFaults({ partitions: 2 });

const sums = (system) =>
    system.rows('select user_id, resource, quantity, requests, cost_nanousd from usage_daily order by 1, 2, model');

test('AIRI-40: a replay of handled records changes nothing, and marks its records', async (stage) => {
    const { system } = stage;
    const clients = await stage.clientsOf(3);
    await Promise.all(clients.map((client) => client.sendAll(orders(10, { script: 'tokens=5' }))));
    await stage.check();
    const before = await sums(system);
    const usage = 'usage.recorded.v1';
    const tokens = ['replay', '--topic', usage, '--dry-run', '--where', '/resource=tokens'];
    const dry = await ctl(system, ...tokens);
    assert.equal(dry.code, 0, dry.errors);
    const all = (await readTopic(system, usage)).map(({ value }) => JSON.parse(value));
    const ofTokens = all.filter(({ resource }) => resource === 'tokens');
    assert.match(dry.text, new RegExp(`^${ofTokens.length} of ${all.length} records match\n`));
    assert.match(dry.text, new RegExp(`usage\\.recorded\\.v1 +${ofTokens.length}\n`));
    const { id } = clients[0].user;
    const one = await ctl(system, ...tokens, '--where', `/user_id=${id}`);
    const mine = ofTokens.filter((event) => event.user_id === id);
    assert.match(one.text, new RegExp(`^${mine.length} of ${all.length} records match\n`));
    for (const topic of ['chat.requested.v1', 'chat.finished.v1', usage]) {
        const done = await ctl(system, 'replay', '--topic', topic, '--from', '1h', '--rate', '2000');
        assert.equal(done.code, 0, done.errors);
        assert.match(done.text, /\d+ sent, x-replay-id [0-9a-f-]{36}\n$/);
    }
    await system.settled(system.options);
    const replayed = (await readTopic(system, usage)).filter((record) => record.headers['x-replay-id']);
    assert.equal(new Set(replayed.map((record) => record.headers['x-replay-id'])).size >= 1, true);
    for (const record of replayed) assert.equal(record.headers['x-replay-count'], '1');
    assert.deepEqual(await sums(system), before, 'counted once');
    const [{ replies }] = await system.rows(
        "select count(*)::int as replies from messages where role = 'assistant' and user_id = any($1)",
        [clients.map((client) => client.user.id)],
    );
    assert.equal(replies, 30, 'answered once');
});

test('a replay that is killed again and again sends each record, and goes on where it was', async (stage) => {
    const { system } = stage;
    const source = 'moderation.decided.v1'; // no worker consumes it
    const count = 20_000;
    const mark = crypto.randomUUID();
    for (let at = 0; at < count; at += 5_000)
        await send(
            system,
            `${source}-retry`,
            Array.from({ length: 5_000 }, (_, i) => ({
                key: `k${at + i}`,
                value: JSON.stringify({ mark, n: at + i }),
                headers: { ce_id: crypto.randomUUID(), ce_type: 'test' },
            })),
        );
    const state = path.join(system.dir, 'replay.json');
    const into = `${source}-dlt`;
    const words = [
        'replay',
        '--topic',
        `${source}-retry`,
        '--where',
        `/mark=${mark}`,
        '--into',
        into,
        '--state',
        state,
    ];
    let deaths = 0;
    for (;;) {
        const running = startCtl(system, ...words, '--rate', '20000');
        const place = existsSync(state) ? readFileSync(state, 'utf8') : '';
        const outcome = await Promise.race([
            running.ended,
            eventually('it has gone on', () => existsSync(state) && readFileSync(state, 'utf8') !== place, {
                every: 5,
            }).then(() => 'killed'),
        ]);
        if (outcome !== 'killed') {
            assert.equal(outcome, 0, running.errors);
            break;
        }
        running.child.kill('SIGKILL');
        await running.ended;
        deaths += 1;
    }
    const sent = (await readTopic(system, into)).filter(({ value }) => value?.includes(mark));
    const numbers = new Set(sent.map(({ value }) => JSON.parse(value).n));
    assert.equal(numbers.size, count, 'none is lost');
    assert.equal(new Set(sent.map(({ headers }) => headers['x-replay-id'])).size, 1, 'one replay');
    assert.ok(deaths > 0);
    print(`${sent.length} records for ${count} after ${deaths} deaths`);
    const other = await ctl(system, 'replay', '--topic', source, '--state', state);
    assert.equal(other.code, 1);
    assert.match(other.errors, /state file is damaged or of another replay/);
});

test('dead letters are counted, shown and sent back to their topic, where they are handled', async (stage) => {
    const { system } = stage;
    const topic = 'usage.recorded.v1';
    const user = await system.user('pro');
    const event = {
        user_id: user.id,
        resource: 'pictures',
        quantity: 7,
        provider: '',
        model: '',
        tokens_in: 0,
        tokens_out: 0,
        cost_nanousd: 0,
        outcome: 'completed',
        reference: crypto.randomUUID(),
        occurred_at: new Date().toISOString(),
    };
    const id = crypto.randomUUID();
    const given = { ce_id: id, ce_type: topic, ce_source: '/test', ce_specversion: '1.0', ce_time: event.occurred_at };
    const dead = { 'kafka_dlt-original-consumer-group': 'usage', 'airi-attempts': '3' };
    await send(system, `${topic}-dlt`, [
        {
            key: user.id,
            value: JSON.stringify(event),
            headers: { ...given, ...dead, 'kafka_dlt-exception-message': 'a fault of ours' },
        },
        { key: user.id, value: '{', headers: { ...given, ...dead, 'kafka_dlt-exception-message': 'not JSON' } },
    ]);
    const list = await ctl(system, 'dlq', 'list');
    assert.equal(list.code, 0, list.errors);
    assert.match(list.text, / 1 .* waiting +usage\.recorded\.v1 +usage +a fault of ours\n/);
    assert.match(list.text, / 1 .* usage\.recorded\.v1 +usage +not JSON\n/);
    const shown = await ctl(system, 'dlq', 'show', '--topic', topic, '--error', 'fault of ours');
    const [line] = shown.text.trim().split('\n').map(JSON.parse);
    assert.deepEqual(
        [line.event_id, line.group, line.attempts, JSON.parse(line.value).quantity],
        [id, 'usage', '3', 7],
    );
    const back = await ctl(system, 'dlq', 'retry', '--topic', topic, '--error', 'fault of ours');
    assert.equal(back.code, 0, back.errors);
    assert.match(back.text, /^1 of \d+ records match\n/);
    assert.match(back.text, /^1 retried\n1 sent, x-replay-id /m);
    const none = await ctl(system, 'dlq', 'retry', '--topic', topic, '--error', 'fault of ours');
    assert.match(none.text, /^0 of \d+ records match\n/, 'none waits any more');
    const again = ['--error', 'fault of ours', '--decided', 'retried'];
    assert.match((await ctl(system, 'dlq', 'retry', '--topic', topic, ...again)).text, /^1 retried\n/m);
    assert.equal((await ctl(system, 'dlq', 'drop', '--topic', topic, '--error', 'not JSON')).code, 0);
    assert.match((await ctl(system, 'dlq', 'list')).text, / 1 .* dropped +usage\.recorded\.v1 +usage +not JSON\n/);
    const counted = () =>
        system.rows("select quantity::int as n from usage_daily where user_id = $1 and resource = 'pictures'", [
            user.id,
        ]);
    await eventually('it is counted', async () => (await counted()).length > 0);
    const [record] = (await readTopic(system, topic)).filter(({ headers }) => headers.ce_id === id);
    assert.equal(record.headers['airi-group'], 'usage', 'the group that gave it up handles it, and no other');
    await system.settled(system.options);
    assert.deepEqual(await counted(), [{ n: 7 }], 'once, though it was sent back twice');
});

test('airi-ctl names an unknown topic, an unknown command and a state file that cannot be written', async ({
    system,
}) => {
    const topic = 'moderation.decided.v1';
    await send(system, topic, [{ key: 'k', value: '{}', headers: { ce_id: crypto.randomUUID() } }]);
    for (const [words, code, message] of [
        [['replay', '--topic', 'no.such.topic'], 1, /topic/],
        [['replay', '--topic', topic, '--into', 'no.such.topic'], 1, /topic/],
        [['dlq', 'retry', '--topic', 'no.such.topic'], 2, /no topic with dead letters is named "no\.such\.topic"/],
        [['dlq', 'burn'], 2, /no command is named "dlq burn"/],
        [['replay', '--topic', topic, '--state', '/nowhere/file'], 1, /state file cannot be written/],
    ]) {
        const done = await ctl(system, ...words);
        assert.equal(done.code, code, `${words.join(' ')}: ${done.errors}`);
        assert.match(done.errors, message);
    }
    const help = await ctl(system, '--help');
    assert.equal(help.code, 0);
    assert.match(help.text, /dlq retry/);
});

test('groups are listed with what waits for them, and moved only when they have no members', async (stage) => {
    const { system } = stage;
    const client = await stage.client();
    const sent = await client.sendAll(orders(10, { script: 'tokens=2' }));
    await eventually('the replies are counted', async () => {
        const lines = await system.rows('select from usage_log where user_id = $1', [client.user.id]);
        return lines.length === 2 * sent.length;
    });
    const lineOf = async (topic) => {
        const { code, text, errors } = await ctl(system, 'groups', 'list', '--group', 'usage');
        assert.equal(code, 0, errors);
        const found = text.split('\n').find((line) => line.includes(topic));
        const [, state, members, , waiting, since] = found.trim().split(/ +/);
        return { state, members, waiting: Number(waiting), since };
    };
    const topic = 'usage.recorded.v1';
    const move = (...more) => ctl(system, 'groups', 'move', '--group', 'usage', '--topic', topic, ...more);
    // Mails are counted too, some time later.
    const idle = await eventually('nothing waits', async () => {
        const line = await lineOf(topic);
        return line.waiting === 0 && line;
    });
    assert.deepEqual(idle, { state: 'Stable', members: '1', waiting: 0, since: undefined });
    const refused = await move('--to', 'beginning');
    assert.equal(refused.code, 2);
    assert.match(refused.errors, /the group "usage" has 1 members: stop its workers first/);

    const mine = async () => (await sums(system)).filter((row) => row.user_id === client.user.id);
    const before = await mine();
    await system.stop('usage-1');
    await eventually('the group is empty', async () => (await lineOf(topic)).state === 'Empty');
    const dry = await move('--to', 'beginning', '--dry-run');
    assert.equal(dry.code, 0, dry.errors);
    assert.match(dry.text, /usage\.recorded\.v1 +0 +\d+ -> 0\n[^]*nothing was moved\n$/);
    const still = (await lineOf(topic)).waiting;
    assert.ok(still < 5, `${still} wait`);
    const moved = await move('--to', 'beginning');
    assert.equal(moved.code, 0, moved.errors);
    const { waiting, since } = await lineOf(topic);
    const all = await readTopic(system, topic);
    assert.equal(waiting, all.length);
    assert.ok(Date.parse(`${since}Z`) <= Date.now() && Date.parse(`${since}Z`) > Date.now() - 600_000, since);
    await system.start('usage-1');
    await eventually('what was read is read again', async () => (await lineOf(topic)).waiting === 0);
    assert.deepEqual(await mine(), before, 'and changes nothing');
    const unknown = await ctl(system, 'groups', 'move', '--group', 'nobody', '--topic', topic, '--to', 'end');
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /no group is named "nobody"/);
});
