// Shared by the end-to-end tests: e-mail addresses, the API of a running system.

import assert from 'node:assert/strict';

import { prove } from '../support/js/accounts.mjs';

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

    // With an address that is taken for proved on that system.
    async signup(system, email, password) {
        const { data } = await this.call('POST', '/auth/signup', { email, password, birth_date: '1990-02-28' });
        this.token = data.access_token;
        await prove(system, email);
        return data;
    }

    async messages(conversation_id) {
        return (await this.call('GET', `/conversations/${conversation_id}/messages?limit=50`)).data;
    }
}
