// Sessions of games as a client sees them.
import assert from 'node:assert/strict';

import { ask, Wire } from '../raw.mjs';
import { eventually } from '../system/wait.mjs';

// A user with a plan, their socket, and calls of the API.
export async function player(stage, plan = 'pro') {
    const account = await stage.join(plan);
    const api = (method, path, json) =>
        ask(stage.ports[0], { method, path: `/api/v1${path}`, token: account.token, json });
    return { ...account, api, wire: await Wire.open(stage.ports[0], account.token) };
}

export async function begin(user, fields = {}) {
    const made = await user.api('POST', fields.game ? '/gaming/sessions' : '/gaming/minecraft', fields);
    assert.equal(made.status, 201, made.text);
    return made.json.data;
}

export const read = async (user, id) => (await user.api('GET', `/gaming/sessions/${id}`)).json.data;

// The session once it has that status. Asks four times a second, for the sake of the API's rates.
export const until = (user, id, status) =>
    eventually(
        `the session is ${status}`,
        async () => {
            const session = await read(user, id);
            return session.status === status && session;
        },
        { every: 250 },
    );

export async function command(user, id, verb, args = {}) {
    const made = await user.api('POST', `/gaming/sessions/${id}/commands`, { verb, arguments: args });
    assert.equal(made.status, 202, made.text);
    return made.json.data;
}

// The command once it has ended.
export const ended = (user, id, commandId) =>
    eventually(
        'the command has ended',
        async () => {
            const { data } = (await user.api('GET', `/gaming/sessions/${id}/commands?limit=50`)).json;
            const one = data.find((each) => each.id === commandId);
            return one.state === 'done' && one;
        },
        { every: 250 },
    );
