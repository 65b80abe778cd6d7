// Presence over two gateways: sent to the user's other devices and to administrators, whatever dies in between.

import assert from 'node:assert/strict';

import { eventually, pause } from '../support/js/system/wait.mjs';
import { Wire } from '../support/js/raw.mjs';
import { withSystem, print, seconds } from '../support/js/scenario.mjs';
import { appoint } from '../support/js/staff.mjs';

const scenario = withSystem();

const presence = async (system, user, gateway = 'gateway-1') =>
    (await system.api('GET', '/users/presence', { token: user.token, gateway })).json.data;
const presenceFrames = (wire, user) =>
    wire.frames
        .filter((frame) => frame.type === 'presence' && frame.data.user_id === user.id)
        .map((frame) => frame.data.state);
const port = (system, n) => system.program(`gateway-${n}`).port;

async function administrator(system) {
    const user = await system.user();
    await appoint(system, user, 'admin');
    const wire = await Wire.open(port(system, 2), user.token);
    assert.equal((await wire.reply('subscribe', { channel: 'admin' })).type, 'subscribed');
    return wire;
}

async function online(system, user, devices) {
    await eventually(
        `${devices} devices`,
        async () => {
            const current = await presence(system, user, 'gateway-2');
            return current.state === 'online' && current.devices === devices;
        },
        { describe: () => presence(system, user) },
    );
}

scenario(
    'SAAS-29: a user is online from the first socket until ten seconds after the last, and a reload changes nothing',
    async ({ system }) => {
        const [user, stranger] = await system.users(2);
        const admin = await administrator(system);
        const alien = await Wire.open(port(system, 1), stranger.token);
        const before = await presence(system, user);
        assert.deepEqual([before.state, before.devices], ['offline', 0]);
        const first = await Wire.open(port(system, 1), user.token);
        await online(system, user, 1);
        const second = await Wire.open(port(system, 2), user.token);
        await online(system, user, 2);
        await admin.receive(
            'an administrator is notified',
            (frame) => frame.type === 'presence' && frame.data.user_id === user.id,
        );
        first.end();
        await online(system, user, 1);
        second.end();
        const left = Date.now();
        await eventually('none is left', async () => (await presence(system, user)).devices === 0);
        assert.equal((await presence(system, user)).state, 'online', 'not yet');
        const again = await Wire.open(port(system, 1), user.token);
        await online(system, user, 1);
        await pause(left + 14_000 - Date.now());
        assert.deepEqual(presenceFrames(admin, user), ['online'], 'it caused no notification');
        again.end();
        const closed = Date.now();
        await eventually('the user is offline', () => presenceFrames(admin, user).at(-1) === 'offline', {
            within: 16_000,
        });
        assert.ok(Date.now() - closed > 9_000, 'after the grace');
        const after = await presence(system, user);
        assert.deepEqual([after.state, after.devices], ['offline', 0]);
        assert.ok(Math.abs(Date.parse(after.last_seen) - closed) < 2_000, after.last_seen);
        const back = await Wire.open(port(system, 2), user.token);
        await eventually('the user is online', () => presenceFrames(admin, user).at(-1) === 'online');
        assert.deepEqual(presenceFrames(admin, user), ['online', 'offline', 'online'], 'each once');
        assert.deepEqual(presenceFrames(alien, user), [], "it is nobody else's business");
        for (const wire of [alien, back, admin]) wire.end();
    },
);

scenario(
    "SAAS-29: the user's other devices see presence, and the next heartbeat repairs FLUSHALL",
    async ({ system }) => {
        const user = await system.user();
        const admin = await administrator(system);
        const wire = await Wire.open(port(system, 1), user.token);
        await online(system, user, 1);
        await system.redis('FLUSHALL');
        assert.equal((await presence(system, user)).state, 'offline', 'forgotten');
        const flushed = Date.now();
        await online(system, user, 1);
        assert.ok(Date.now() - flushed < 17_000, seconds(flushed));
        await wire.receive(
            'the device itself is notified',
            (frame) => frame.type === 'presence' && frame.data.state === 'online',
        );
        assert.ok(presenceFrames(admin, user).every((state) => state === 'online'));
        await system.kill('redis');
        const without = await presence(system, user);
        assert.deepEqual([without.state, without.devices], ['unknown', null]);
        assert.ok(Date.parse(without.last_seen) > 0, 'as in the session');
        await system.start('redis');
        await online(system, user, 1);
        for (const one of [admin, wire]) one.end();
    },
);

scenario(
    'SAAS-29: users of a killed gateway go offline within 45 seconds unless another gateway has a device',
    async ({ system }) => {
        const [alone, both] = await system.users(2);
        const admin = await administrator(system);
        const wires = [
            await Wire.open(port(system, 1), alone.token),
            await Wire.open(port(system, 1), both.token),
            await Wire.open(port(system, 2), both.token),
        ];
        await online(system, alone, 1);
        await online(system, both, 2);
        await system.kill('gateway-1');
        const killed = Date.now();
        await eventually('one is offline', () => presenceFrames(admin, alone).at(-1) === 'offline', { within: 46_000 });
        print(`offline ${seconds(killed)} after the gateway's death`);
        const left = await presence(system, both, 'gateway-2');
        assert.deepEqual([left.state, left.devices], ['online', 1]);
        assert.deepEqual(presenceFrames(admin, both), ['online']);
        const { last_seen } = await presence(system, alone, 'gateway-2');
        assert.ok(Date.parse(last_seen) < killed + 1_000, `last heartbeat: ${last_seen}`);
        await system.start('gateway-1');
        for (const wire of [...wires, admin]) wire.end();
    },
);
