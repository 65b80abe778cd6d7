// A well-behaved user who is served while others misbehave: over HTTP, over a WebSocket that must stay open, and with
// replies. Used by the tests of bad input.

import assert from 'node:assert/strict';

import { ask, Wire } from './raw.mjs';
import { withSystem } from './scenario.mjs';

class Bystander {
    static async join(system) {
        const out = new Bystander();
        out.system = system;
        out.user = await system.user();
        out.port = system.program('gateway-1').port;
        out.pid = system.program('gateway-1').pid;
        out.wire = await Wire.open(out.port, out.user.token);
        return out;
    }

    async served() {
        const { port, user, wire } = this;
        const begun = Date.now();
        const answer = await ask(port, { path: '/api/v1/auth/session', token: user.token });
        assert.equal(answer.status, 200, answer.text);
        assert.equal((await wire.reply('ping', {})).type, 'pong');
        assert.ok(Date.now() - begun < 3_000, `served at once, not after ${Date.now() - begun} ms`);
    }

    async chats() {
        await this.served();
        const client_message_id = crypto.randomUUID();
        const accepted = await this.wire.reply('message_send', {
            client_message_id,
            content: 'hello [[stub tokens=3]]',
        });
        assert.equal(accepted.type, 'message_accepted', JSON.stringify(accepted));
        const { generation_id } = accepted.data;
        const end = await this.wire.receive(
            'a reply',
            (frame) => frame.type === 'message_complete' && frame.data.generation_id === generation_id,
        );
        assert.equal(end.data.message.status, 'completed');
    }

    // Asserts that none of it caused a fault of the gateway.
    unharmed() {
        const gateway = this.system.program('gateway-1');
        assert.ok(gateway.running && gateway.pid === this.pid, 'the gateway is still running');
        assert.equal(this.wire.code, null, 'the WebSocket is open');
        for (const event of ['gateway.fault', 'gateway.stray_exception', 'request.failed'])
            assert.deepEqual(this.system.logged('gateway-1', event), [], 'no fault is logged');
    }
}

export const connectionsPerAddress = 2_000;

// Returns a function that declares tests whose bystander must be served and unharmed afterwards.
export function withBystander() {
    const scenario = withSystem({
        gatewayEnv: {
            ADDRESS: '0.0.0.0',
            CONNECTIONS_PER_ADDRESS: String(connectionsPerAddress),
            FRONTEND_URL: 'https://app.example.com',
        },
    });
    return (name, act) =>
        scenario(name, async ({ system }) => {
            const bystander = await Bystander.join(system);
            const [alice, bob] = await system.users(2);
            await act({ system, bystander, port: bystander.port, alice, bob });
            await bystander.chats();
            bystander.unharmed();
        });
}

export const conversationOf = async (port, token, json = {}) =>
    (await ask(port, { method: 'POST', path: '/api/v1/conversations', token, json })).json.data;
