// Workers in one process, as ./airi up runs the light ones: they die together, each goes on where it was, and they end
// together in the time of one.

import assert from 'node:assert/strict';

import { password } from '../support/js/accounts.mjs';
import { scrape } from '../support/js/prometheus.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print, seconds } from '../support/js/scenario.mjs';

const scenario = withFaults({ separate: false, gateways: 1, exports: 1, memory: 1, partitions: 3 });
const shared = 'light-1';

const counted = async (system) =>
    (await system.rows("select count(*)::int as n from usage_log where resource = 'messages'"))[0].n;

async function metricsOf(system, name) {
    const counted = (await scrape(system, name)).matchAll(
        /^airi_worker_records_handled_total\{worker="(\w+)"\} (\d+)$/gm,
    );
    return [...counted].map(([, worker]) => worker);
}

scenario('each worker of a process has its own group, place in the logs and metrics', async ({ system }) => {
    assert.deepEqual(await metricsOf(system, shared), ['email', 'exports', 'memory', 'usage']);
    assert.deepEqual(await metricsOf(system, 'chat-1'), ['chat']);
    const started = system.logged(shared, 'worker.started');
    assert.deepEqual(started.map(({ worker }) => worker).sort(), ['email', 'exports', 'memory', 'outbox', 'usage']);
    assert.equal(new Set(started.map(({ owner }) => owner)).size, 1);
    assert.match(started[0].owner, /^light-1#/);
});

scenario('a process killed repeatedly loses and doubles no work of any of its workers', async (stage) => {
    const { system } = stage;
    const clients = await stage.clientsOf(3);
    const before = await counted(system);
    const sending = Promise.all(clients.map((c) => c.sendAll(orders(60, { script: 'tokens=5' }), { every: 20 })));
    const mails = [];
    for (let death = 0; death < 3; ++death) {
        const email = `${crypto.randomUUID()}@example.com`;
        const signup = await system.api('POST', '/auth/signup', {
            body: { email, password, birth_date: '1990-02-28' },
        });
        assert.equal(signup.status, 201);
        mails.push(email);
        await eventually('usage is being counted', async () => (await counted(system)) > before + 30 * death);
        await system.kill(shared);
        await system.start(shared);
    }
    await sending;
    await stage.check();
    assert.ok((await counted(system)) - before >= 180);
    for (const email of mails) {
        const found = await eventually(`the mail to ${email} is sent`, () => {
            const all = system.mail(email);
            return all.length > 0 && all;
        });
        assert.equal(found.length, 1);
    }
});

scenario('the workers of a process end together within its time while Kafka is away', async (stage) => {
    const { system } = stage;
    await system.kill('kafka');
    const begun = Date.now();
    assert.equal(await system.stop(shared), 0);
    // DRAIN_SECONDS is 2.
    assert.ok(Date.now() - begun < 6_000, `ended after ${seconds(begun)}`);
    print(`ended after ${seconds(begun)}`);
    await system.start('kafka');
    await system.start(shared);
});

scenario('a worker that has lost its place to another process ends its own with status 1', async ({ system }) => {
    const program = system.program(shared);
    assert.ok(program.running);
    // The test before has restarted it: whichever joins the group later fences the other one off.
    const last = (event) => system.logged(shared, event).findLast(({ worker }) => worker === 'usage')?.time;
    await eventually('it is in its group', () => last('worker.assigned') > last('worker.started'), { within: 60_000 });
    await system.start('usage-2', { AIRI_INSTANCE: shared });
    await eventually('the process ends', () => !program.running, { within: 30_000 });
    assert.deepEqual(program.endings, [1]);
    const [fenced] = system.logged(shared, 'consumer.failed');
    assert.equal(fenced.worker, 'usage');
});
