// The archive worker beside the running system, and a lost table that is rebuilt from what it archived.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Archive } from '../support/js/archive.mjs';
import { send } from '../support/js/ctl.mjs';
import { afterFile } from '../support/js/harness.mjs';
import { print, withFaults } from '../support/js/scenario.mjs';
import { readTopic, withAdmin } from '../support/js/system/checker.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const dir = mkdtempSync(path.join(os.tmpdir(), 'airi-archive-'));
afterFile(() => rmSync(dir, { recursive: true }));
const place = { ARCHIVE_URL: `file://${dir}` };
const test = withFaults({ partitions: 2, archive: 1, archiveEnv: { ...place, ARCHIVE_INTERVAL: '1s' } });
const topic = 'usage.recorded.v1';

// The columns that follow from the events; created_at is when a line was written.
const ledger = async (system) => ({
    log: await system.rows(
        `select event_id, user_id, resource, quantity, provider, model, tokens_in, tokens_out, cost_nanousd, outcome,
            reference, occurred_at, tokens_cached, tokens_reasoning, price_version from usage_log order by 1`,
    ),
    days: await system.rows('select * from usage_daily order by user_id, day, resource, model'),
});

// A mail is in the ledger when it was sent, which nothing else here waits for; each user gets one.
const countedMails = (system) =>
    eventually('the mails are in the ledger', async () => {
        const [{ missing }] = await system.rows(
            `select (select count(*) from users)
                - (select count(*) from usage_log where resource = 'emails') as missing`,
        );
        return missing === '0';
    });

async function archived(archive, system, which) {
    const held = (await readTopic(system, which)).length;
    await eventually(`${which} is archived`, async () => {
        const { text } = await archive.ctl(['archive', 'list', '--topic', which]);
        const [, , , records] = text.trim().split('\n').at(-1).split(/ +/);
        return Number(records) >= held;
    });
    return held;
}

test('a lost table that is rebuilt from the archive equals the one lost', async (stage) => {
    const { system } = stage;
    const archive = new Archive(system, place);
    const clients = await stage.clientsOf(3);
    await Promise.all(clients.map((client) => client.sendAll(orders(10, { script: 'tokens=5' }))));
    await system.kill('archive-1');
    await Promise.all(clients.map((client) => client.sendAll(orders(5, { script: 'tokens=5' }))));
    await system.start('archive-1');
    await stage.check();
    await countedMails(system);
    const count = await archived(archive, system, topic);
    const before = await ledger(system);
    assert.equal(before.log.length, count);

    await system.rows('truncate usage_log, usage_daily');
    await withAdmin(system, async (admin) => {
        const ends = await admin.fetchTopicOffsets(topic);
        const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
        await admin.deleteTopicRecords({ topic, partitions });
    });
    assert.equal((await readTopic(system, topic)).length, 0, 'the broker has none of them');
    const done = await archive.ctl(['replay', '--from-archive', '--topic', topic, '--for-group', 'usage']);
    assert.equal(done.code, 0, done.errors);
    assert.match(done.text, new RegExp(`${count} sent, x-replay-id`));
    await eventually('the table is there again', async () => (await ledger(system)).log.length === count);
    assert.deepEqual(await ledger(system), before);

    const again = await archive.ctl(['replay', '--from-archive', '--topic', topic]);
    assert.equal(again.code, 0, again.errors);
    await stage.check();
    assert.deepEqual(await ledger(system), before, 'a second replay changes nothing');
    const verified = await archive.ctl(['archive', 'verify']);
    assert.equal(verified.code, 0, verified.text);
    print(verified.text.trim().split('\n').at(-1));
});

test('a lost table is rebuilt by one command, from the broker or the archive, and no sum is doubled', async (stage) => {
    const { system } = stage;
    const archive = new Archive(system, place);
    const clients = await stage.clientsOf(2);
    await Promise.all(clients.map((client) => client.sendAll(orders(10, { script: 'tokens=5' }))));
    await stage.check();
    await countedMails(system);
    const before = await ledger(system);

    // The test above has deleted the broker's records.
    const refused = await archive.ctl(['replay', '--reprocess', 'usage_log']);
    assert.equal(refused.code, 2, refused.text);
    assert.match(refused.errors, /the broker has deleted \d+ records of usage\.recorded\.v1: --from-archive/);
    const words = ['replay', '--reprocess', 'usage_log', '--from-archive', '--as', 'ada'];
    await system.rows('truncate usage_log');
    assert.equal((await archive.ctl([...words, '--dry-run'])).code, 0);
    assert.equal((await ledger(system)).log.length, 0);
    const done = await archive.ctl(words);
    assert.equal(done.code, 0, done.errors);
    assert.match(done.text, /^usage_log: the group usage stores each line that is missing;/);
    assert.match(done.text, /\n\d+ sums of usage_daily corrected\n$/);
    assert.deepEqual(await ledger(system), before, 'usage_daily was not lost, and is not doubled');

    await system.rows('truncate usage_daily');
    const sums = await archive.ctl(['replay', '--reprocess', 'usage_daily']);
    assert.equal(sums.text.split('\n').at(-2), `${before.days.length} sums of usage_daily corrected`, sums.errors);
    assert.deepEqual(await ledger(system), before);
    const logged = await system.rows(
        "select details from audit_log where action = 'ctl.replay' and subject = 'usage_log' order by at",
    );
    const [begun, ended] = logged.slice(-2).map(({ details }) => details);
    assert.deepEqual([begun.outcome, ended.outcome, ended.operator], ['begun', 'done', 'ada']);
    assert.ok(ended.records >= before.log.length);

    for (const [more, pattern] of [
        [['messages'], /"messages" does not follow from events alone; these do: usage_log, usage_daily/],
        [['usage_log', '--topic', topic], /--reprocess chooses the topic, its records and the group itself/],
        [['usage_daily', '--from-archive'], /usage_daily does not follow from records/],
    ]) {
        const bad = await archive.ctl(['replay', '--reprocess', ...more]);
        assert.equal(bad.code, 2);
        assert.match(bad.errors, pattern);
    }
});

test('the worker archives every topic, dead letters too, and names what the broker deleted before', async (stage) => {
    const { system } = stage;
    const archive = new Archive(system, place);
    const dead = `${topic}-dlt`;
    await send(system, dead, [{ key: 'k', value: 'no JSON', headers: { ce_id: 'x' } }]);
    await archived(archive, system, dead);
    const { text } = await archive.ctl(['archive', 'list']);
    for (const name of ['chat.requested.v1', 'chat.finished.v1', 'email.requested.v1'])
        assert.ok(text.includes(name), name);
    assert.deepEqual(system.logged('archive-1', 'archive.failed'), []);
    assert.ok(system.logged('archive-1', 'archive.written').length > 0);

    await system.stop('archive-1');
    await send(
        system,
        dead,
        Array.from({ length: 10 }, (_, n) => ({ value: `${n}` })),
    );
    await withAdmin(system, async (admin) => {
        const [{ high }] = await admin.fetchTopicOffsets(dead);
        const offset = String(Number(high) - 4);
        await admin.deleteTopicRecords({ topic: dead, partitions: [{ partition: 0, offset }] });
    });
    await system.start('archive-1');
    const [lost] = await eventually('the loss is logged', () => {
        const lines = system.logged('archive-1', 'archive.records_lost');
        return lines.length > 0 && lines;
    });
    assert.deepEqual([lost.topic, lost.to - lost.from], [dead, 6]);
    await eventually('the rest is archived', async () => {
        const found = await archive.ctl(['archive', 'verify', '--topic', dead]);
        return (
            found.code === 0 &&
            /6 records were deleted by the broker/.test(found.text) &&
            /5 records, 0/.test(found.text)
        );
    });
});

test('the worker does nothing without ARCHIVE_URL, and goes on when the storage is back', async ({ system }) => {
    await system.stop('archive-1');
    await system.start('archive-1', { ARCHIVE_URL: '' });
    assert.equal(system.logged('archive-1', 'archive.off').length, 1);
    await system.stop('archive-1');
    const absent = { ARCHIVE_URL: 'file:///proc/archive' };
    await system.start('archive-1', absent);
    await eventually('it names the failure', () => system.logged('archive-1', 'archive.failed').length > 0);
    await system.stop('archive-1');
    await system.start('archive-1');
    const metrics = async () =>
        (await fetch(`http://127.0.0.1:${system.program('archive-1').adminPort}/metrics`)).text();
    await eventually('a round is complete', async () => /airi_archive_complete_seconds \d{10}/.test(await metrics()));
    assert.ok(!readFileSync(system.program('archive-1').log, 'utf8').includes(system.encryptionKey));
});
