// Shared by the end-to-end tests: named checks, waiting with a deadline, the API of a running system.

import assert from 'node:assert/strict';

let passed = 0;
let failed = 0;

// Runs one check; a check that throws has failed, and the others continue.
export async function check(name, act) {
    const begun = Date.now();
    try {
        await act();
        passed += 1;
        console.log(`ok    ${name} (${Date.now() - begun} ms)`);
    } catch (error) {
        failed += 1;
        console.log(`FAIL  ${name} (${Date.now() - begun} ms)`);
        console.log(String(error.stack ?? error).replaceAll(/^/gm, '      '));
    }
}

// Prints the last line and sets the exit code.
export function finish() {
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed > 0 ? 1 : 0);
}

// Calls `ask` until its result is neither null, undefined nor false, and returns it.
export async function eventually(what, ask, { within = 20_000, every = 25 } = {}) {
    const deadline = Date.now() + within;
    for (;;) {
        const got = await ask();
        if (got !== null && got !== undefined && got !== false) return got;
        if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, every));
    }
}

export function needed(name) {
    const value = process.env[name];
    if (value) return value;
    console.log(`${name} is not set\n0 passed, 1 failed`);
    process.exit(1);
}

export const freshEmail = (what) => `${what}-${Date.now()}-${Math.floor(Math.random() * 1e6)}@example.com`;

// Asserts that every entry extends the one before.
export function assertGrows(texts, least) {
    assert.ok(texts.length >= least, `seen ${texts.length} times, not ${least}: ${JSON.stringify(texts)}`);
    for (let i = 1; i < texts.length; ++i) {
        assert.ok(texts[i].length > texts[i - 1].length, `shrank: ${JSON.stringify(texts.slice(i - 1, i + 1))}`);
        assert.ok(texts[i].startsWith(texts[i - 1]), `changed: ${JSON.stringify(texts.slice(i - 1, i + 1))}`);
    }
}

export class Api {
    constructor(base) {
        this.base = base.replace(/\/$/, '');
        this.token = null;
    }

    async call(method, path, body, more = {}) {
        const headers = { 'Content-Type': 'application/json', ...more };
        if (this.token) headers.Authorization = `Bearer ${this.token}`;
        const options = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
        const answer = await fetch(`${this.base}/api/v1${path}`, options);
        const json = await answer.json();
        assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
        return json;
    }

    async signup(email, password) {
        const { data } = await this.call('POST', '/auth/signup', { email, password });
        this.token = data.access_token;
        return data;
    }

    async messages(conversation_id) {
        return (await this.call('GET', `/conversations/${conversation_id}/messages?limit=50`)).data;
    }
}
