// The pool of game servers: real processes that gaming workers start, check and stop as the sessions need them.

import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { withAccounts } from '../support/js/accounts.mjs';
import { begin, player, until } from '../support/js/games/sessions.mjs';
import { relayBot, World } from '../support/js/games/scripted_world.mjs';
import { afterFile } from '../support/js/harness.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const serverScript = path.join(path.dirname(fileURLToPath(import.meta.url)), '../support/js/games/pool_server.mjs');

// The servers that run, as they have said themselves.
const running = new Map();
const control = net.createServer((socket) => {
    let one = null;
    socket.on('error', () => {}).on('close', () => one && running.delete(one.id));
    createInterface({ input: socket }).on('line', (line) => {
        one = { ...JSON.parse(line), socket };
        assert.ok(!running.has(one.id), 'a server was started twice');
        running.set(one.id, one);
    });
});
await new Promise((resolve) => control.listen(0, '127.0.0.1', resolve));
const world = await World.start();
afterFile(() => {
    for (const { socket } of running.values()) socket.destroy();
    control.close();
    world.stop();
});

const test = withAccounts({
    file: crypto.randomUUID(),
    separate: true,
    profile: 'saas',
    gaming: 2,
    gamingEnv: {
        MINECRAFT_BOT: relayBot,
        GAME_POOL_DRIVER: 'process',
        GAME_POOL_COMMAND: `${process.execPath} ${serverScript} ${world.port} ${control.address().port}`,
        GAME_POOL_CHECK: '1s',
    },
});

const servers = (stage) =>
    stage.system.rows(
        'select id, state, handle, host, port from game_servers where gone_at is null order by created_at',
    );
const states = async (stage) => (await servers(stage)).map(({ state }) => state).sort();
// These states, and as many processes.
const settled = (stage, ...wanted) =>
    eventually(`${wanted} and ${wanted.length} processes`, async () => {
        const all = await servers(stage);
        return (
            JSON.stringify(all.map(({ state }) => state).sort()) === JSON.stringify(wanted.toSorted()) &&
            running.size === wanted.length &&
            all.every(({ id }) => running.has(id)) &&
            all
        );
    });

async function playing(stage) {
    const user = await player(stage);
    const { id } = await begin(user);
    const session = await until(user, id, 'active');
    return { user, id, name: session.companion_name, port: session.connection_details.port };
}
const end = async (stage, { user, id }) => {
    await user.api('POST', `/gaming/sessions/${id}/end`, {});
    await until(user, id, 'completed');
};

test('SAAS-45: two workers of one pool start two servers, and sessions are on them', async (stage) => {
    const two = await settled(stage, 'ready', 'ready');
    const one = await playing(stage);
    assert.ok(two.some(({ port }) => port === one.port));
    assert.equal((await world.visitor(one.name)).join.port, one.port);
    await end(stage, one);
});

test('SAAS-45: a server that dies is replaced, and its session goes on elsewhere', async (stage) => {
    await settled(stage, 'ready', 'ready');
    const one = await playing(stage);
    const lost = (await servers(stage)).find(({ port }) => port === one.port);
    process.kill(running.get(lost.id).pid, 'SIGKILL');
    const visitor = await eventually('the companion is on another server', () =>
        world.visitors.findLast(({ name, gone, join }) => name === one.name && !gone && join.port !== one.port),
    );
    const again = await until(one.user, one.id, 'active');
    assert.equal(again.connection_details.port, visitor.join.port);
    await settled(stage, 'ready', 'ready');
    await end(stage, one);
});

test('SAAS-45: a server that answers no check is ended and replaced', async (stage) => {
    const [first] = await settled(stage, 'ready', 'ready');
    running.get(first.id).socket.write('mute');
    await eventually('it is ended', () => !running.has(first.id));
    await settled(stage, 'ready', 'ready');
});

test('SAAS-45: load raises the number of servers, little use drains and stops one', async (stage) => {
    await settled(stage, 'ready', 'ready');
    const set = (key, value) => stage.system.rows('update system_settings set value = $2 where key = $1', [key, value]);
    await set('gaming_pool_up', '0.1');
    const one = await playing(stage);
    await settled(stage, 'ready', 'ready', 'ready');
    await set('gaming_pool_up', '0.8');
    await eventually('little is used', async () => {
        const [{ low_since: since }] = await stage.system.rows('select low_since from game_pools');
        return since !== null;
    });
    await stage.system.rows("update game_pools set low_since = now() - interval '6 minutes'");
    const left = await settled(stage, 'ready', 'ready');
    assert.ok(
        left.some(({ port }) => port === one.port),
        'the emptiest one was stopped',
    );
    await end(stage, one);
});

test('SAAS-45: a worker killed while it starts a server leaves neither an orphan nor a double', async (stage) => {
    const [first] = await settled(stage, 'ready', 'ready');
    await stage.system.rows(`
        create function hold_start() returns trigger language plpgsql as $$ begin
            if new.handle <> '' and old.handle = '' then perform pg_sleep(600); end if;
            return new;
        end $$`);
    await stage.system.rows(
        'create trigger hold before update on game_servers for each row execute function hold_start()',
    );
    process.kill(running.get(first.id).pid, 'SIGKILL');
    const starting = await eventually('another one starts', async () =>
        (await servers(stage)).find(({ id, state }) => state === 'starting' && running.has(id)),
    );
    const [{ starter }] = await stage.system.rows('select starter from game_servers where id = $1', [starting.id]);
    await stage.system.kill(starter.split('#')[0]);
    assert.ok(running.has(starting.id), 'the server outlives its worker');
    await stage.system.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where query like '%game_server_started%' and pid <> pg_backend_pid()`,
    );
    await stage.system.rows('drop function hold_start cascade');
    await stage.system.rows("update game_servers set lease_until = now() where state = 'starting'");
    await stage.system.rows('update game_pools set retry_at = now()');
    await eventually('the orphan is ended', () => !running.has(starting.id));
    await stage.system.rows('update game_pools set retry_at = now()');
    await settled(stage, 'ready', 'ready');
    await stage.system.start(starter.split('#')[0]);
    assert.deepEqual(await states(stage), ['ready', 'ready']);
});
