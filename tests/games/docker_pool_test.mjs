// The pool of game servers as containers of a Docker engine: what its API is asked for, and what becomes of its faults.

import assert from 'node:assert/strict';

import { DockerEngine } from '../support/js/games/docker_engine.mjs';
import { afterFile } from '../support/js/harness.mjs';
import { withOwnSystem } from '../support/js/scenario.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const image = 'registry.example/minecraft:1.20.2';
const engine = await DockerEngine.start();
engine.images.add(image);
afterFile(() => engine.stop());

const test = withOwnSystem({
    profile: 'saas',
    gaming: 1,
    gamingEnv: { ...engine.env, GAME_POOL_IMAGE: image, GAME_POOL_MEMORY: '512', GAME_POOL_CHECK: '1s' },
});

const servers = (stage) =>
    stage.system.rows('select id, state, handle, host, port, place from game_servers where gone_at is null');
const retryNow = (stage) => stage.system.rows('update game_pools set retry_at = now()');
// Two servers that are ready, and no container but theirs.
const settled = (stage) =>
    eventually(
        'two servers in two containers',
        async () => {
            const all = await servers(stage);
            return (
                all.length === 2 &&
                engine.containers.size === 2 &&
                all.every(({ state, handle }) => state === 'ready' && engine.containers.get(handle)?.process) &&
                all
            );
        },
        { describe: async () => ({ rows: await servers(stage), requests: engine.requests.slice(-20) }) },
    );
// A container is removed behind the pool's back.
async function lose(stage) {
    const [{ id, handle }] = await settled(stage);
    engine.requests.length = 0;
    await engine.remove(handle);
    return id;
}

test('SAAS-45: the pool starts its minimum as containers that bear its labels and bounds', async (stage) => {
    const [{ id: pool }] = await stage.system.rows('select id from game_pools');
    for (const { id, handle, host, port, place } of await settled(stage)) {
        const { name, asked, ports } = engine.containers.get(handle);
        assert.equal(name, `airi-${id}`);
        assert.equal(place, engine.id);
        assert.deepEqual(asked, {
            Image: image,
            Env: ['PORT=25565', `AIRI_SERVER_ID=${id}`, `AIRI_SERVER_POOL=${pool}`],
            Labels: { 'airi.pool': pool, 'airi.server': id },
            ExposedPorts: { '25565/tcp': {} },
            HostConfig: {
                PortBindings: { '25565/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
                Memory: 512 * 1024 * 1024,
            },
        });
        assert.deepEqual([host, `${port}`], ['127.0.0.1', ports['25565/tcp'][0].HostPort]);
    }
});

test('SAAS-45: a removed container is replaced, by one even if the answer to its creation is lost', async (stage) => {
    const lost = await lose(stage);
    engine.faults.push('lost');
    await eventually('its row is gone', async () => (await servers(stage)).every(({ id }) => id !== lost));
    await settled(stage);
    assert.deepEqual(
        engine.requests.filter((each) => each.startsWith('POST /containers/create')),
        ['POST /containers/create lost', 'POST /containers/create 409'],
    );
});

test('SAAS-45: a creation that fails or whose name is taken is tried again, and leaves nothing', async (stage) => {
    await lose(stage);
    engine.faults.push(500, 'taken');
    await eventually('it has failed', () => engine.requests.includes('POST /containers/create 500'));
    await eventually('the name is taken', async () => {
        await retryNow(stage);
        return [...engine.containers.values()].find(({ asked }) => !asked.Labels['airi.pool']);
    });
    const others = await eventually('two servers beside it', async () => {
        await retryNow(stage);
        return engine.running.length === 2 && [...engine.containers.values()].filter(({ process }) => !process);
    });
    assert.deepEqual(
        others.map(({ asked }) => asked.Labels),
        [{}],
        'what another one has made stays',
    );
    await engine.remove(others[0].Id);
    await settled(stage);
});

test('SAAS-45: a missing image is named in the log, and tried again less and less often', async (stage) => {
    await lose(stage);
    engine.images.delete(image);
    const failures = (least) =>
        eventually(`${least} attempts have failed`, async () => {
            const [pool] = await stage.system.rows(
                'select failures, extract(epoch from retry_at - now())::float as wait from game_pools',
            );
            return pool.failures >= least && pool.wait > 0 && pool;
        });
    await failures(1);
    await retryNow(stage);
    const { wait } = await failures(2);
    assert.ok(wait > 1, `${wait} s`); // the first pause is 1 s
    const messages = stage.system.logged('gaming-1', 'game_pool.engine_refused').map(({ message }) => message);
    assert.ok(messages.includes(`No such image: ${image}`), `${messages}`);
    const reasons = stage.system.logged('gaming-1', 'game_pool.start_failed').map(({ error }) => error);
    assert.ok(reasons.includes('the engine does not have the image'), `${reasons}`);
    assert.equal(engine.containers.size, 1);
    engine.images.add(image);
    await retryNow(stage);
    await settled(stage);
});

test('SAAS-45: an engine that is away loses no server', async (stage) => {
    const before = await settled(stage);
    await engine.leave();
    const missed = () => stage.system.logged('gaming-1', 'game_pool.not_checked').length;
    await eventually('both servers are not checked', () => missed() >= 2);
    assert.deepEqual(
        (await servers(stage)).map(({ state }) => state),
        ['ready', 'ready'],
    );
    await engine.listen();
    const ids = (all) => all.map(({ id }) => id).sort();
    assert.deepEqual(ids(await settled(stage)), ids(before));
});

test('SAAS-45: a worker that starts removes the containers of its pool that nobody wants', async (stage) => {
    const before = await settled(stage);
    const [{ id: pool }] = await stage.system.rows('select id from game_pools');
    const made = [pool, crypto.randomUUID()].map((label) => {
        const Labels = { 'airi.pool': label, 'airi.server': crypto.randomUUID() };
        return engine.put(`airi-${Labels['airi.server']}`, { Image: image, Labels });
    });
    await stage.system.stop('gaming-1');
    await stage.system.start('gaming-1');
    await eventually('the orphan is removed', () => !engine.containers.has(made[0].Id));
    assert.ok(engine.containers.has(made[1].Id), "another pool's stays");
    await engine.remove(made[1].Id);
    const ids = (all) => all.map(({ handle }) => handle).sort();
    assert.deepEqual(ids(await settled(stage)), ids(before));
});
