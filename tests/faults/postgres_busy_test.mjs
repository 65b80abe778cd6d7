// Postgres is there, and the workers' statements fail: a lock is held, the disk is full, transactions conflict. Replies
// that are finished wait until they can be stored; none is generated again, and no record goes to the dead letters.

import assert from 'node:assert/strict';

import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { withFaults, print, seconds } from '../support/js/scenario.mjs';

const scenario = withFaults();
const tries = 8; // more than the attempts that a record has

// Restarts the workers with a lock time-out that a short test exceeds many times.
async function shortenLockTimeout(system) {
    const options = encodeURIComponent('-c lock_timeout=200ms -c statement_timeout=10s -c timezone=UTC');
    for (const name of ['moderation-1', 'chat-1']) {
        await system.stop(name);
        await system.start(name, { DATABASE_URL: `${system.workerUrl}?options=${options}` });
    }
    await system.settled({ moderation: 1, chat: 1 });
}

// How often the chat worker failed to store the end of a reply. Most lines are left out and counted.
const failures = (system) =>
    system
        .logged('chat-1', 'postgres.statement_failed')
        .filter(({ statement }) => statement === 'generations.finish')
        .reduce((sum, { not_logged = 0 }) => sum + 1 + not_logged, 0);

// `begin` brings Postgres into the state, and returns a function that ends it; `during` runs meanwhile.
async function outlast(stage, begin, during = async () => {}) {
    const { system } = stage;
    const clients = await stage.clientsOf(4);
    const sent = (await Promise.all(clients.map((c) => c.sendAll(orders(3, { script: 'tokens=30 rate=15' }))))).flat();
    await eventually('the replies are streaming', () => sent.every((one) => one.deltas > 1));
    const before = failures(system);
    const end = await begin();
    let late;
    try {
        const begun = Date.now();
        // The last words may come with the end of a reply alone.
        await eventually('the replies are complete', async () => (await system.stubStats()).under_way === 0);
        late = (await Promise.all(clients.map((c) => c.sendAll(orders(1, { script: 'tokens=5' }))))).flat();
        await during(clients[0], sent[0]);
        await eventually(
            'every reply has failed to be stored many times',
            () => failures(system) - before >= tries * sent.length,
            { within: 40_000, every: 200, describe: () => failures(system) - before },
        );
        for (const one of sent) assert.equal(one.ended, false, 'no reply has ended yet');
        print(`${failures(system) - before} failures of ${sent.length} replies in ${seconds(begun)}`);
    } finally {
        await end();
    }
    assert.equal(await stage.check(), sent.length + late.length);
    for (const one of [...sent, ...late]) {
        assert.equal(one.restarts, 0);
        assert.equal((await system.stubRequests(one.order.mark)).length, 1, 'the provider is asked once');
    }
}

scenario('finished replies outlast a lock on the generations', async (stage) => {
    const { system } = stage;
    await shortenLockTimeout(system);
    const lock = async () => {
        const holder = await system.database.connect();
        await holder.query('begin; lock table generations in access exclusive mode');
        return async () => {
            await holder.query('rollback');
            holder.release();
        };
    };
    await outlast(stage, lock, async ({ user }, { ids }) => {
        const asked = Date.now();
        const route = `/conversations/${ids.conversation_id}/messages`;
        const { status, headers } = await system.api('GET', route, { token: user.token });
        assert.equal(status, 503);
        assert.ok(Number(headers.get('retry-after')) > 0, 'Retry-After');
        assert.ok(Date.now() - asked < 15_000, `the gateway answers after ${seconds(asked)}`);
    });
});

scenario('finished replies outlast full disks, conflicts, time-outs, I/O errors and corrupted data', async (stage) => {
    const { system } = stage;
    await outlast(stage, async () => {
        // Each failure is another one; a sequence goes on when its transaction is rolled back.
        await system.rows(`
            create sequence faults;
            create function faults() returns trigger language plpgsql security definer set search_path = airi as $$
            declare
                states text[] = '{53100, 40001, 57014, 58030, 40P01, 53200, 55P03, XX001, 53300}';
            begin
                raise exception 'not now' using errcode = states[1 + nextval('faults') % array_length(states, 1)];
            end $$;
            create trigger faults before update on generations for each row when (new.state = 'completed')
                execute function faults();`);
        return () => system.rows('drop trigger faults on generations; drop function faults(); drop sequence faults');
    });
});
