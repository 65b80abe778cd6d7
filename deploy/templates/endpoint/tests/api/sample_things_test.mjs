// The users' sample things: listed in pages, added, deleted, and nobody else's.

import assert from 'node:assert/strict';

import { withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withAccounts();
const api = (port, token) => (method, path, json) =>
    ask(port, { method, path: `/api/v1/sample-things${path}`, token, json });

test('sample things are added, listed newest first, read and deleted', async ({ ports, join }) => {
    const call = api(ports[0], (await join()).token);
    const added = [];
    for (const name of ['first', 'second', 'third']) {
        const { status, json, text } = await call('POST', '', { name });
        assert.equal(status, 201, text);
        assert.equal(json.data.name, name);
        added.unshift(json.data);
    }
    const page = (await call('GET', '?limit=2')).json;
    assert.deepEqual(page.data, added.slice(0, 2));
    const rest = (await call('GET', `?limit=2&cursor=${encodeURIComponent(page.meta.next_cursor)}`)).json;
    assert.deepEqual(rest.data, added.slice(2));
    assert.equal(rest.meta.next_cursor, null);
    assert.deepEqual((await call('GET', `/${added[0].id}`)).json.data, added[0]);
    assert.deepEqual((await call('DELETE', `/${added[0].id}`)).json.data, { id: added[0].id });
    rejected(await call('GET', `/${added[0].id}`), 404, 'NOT_FOUND');
    assert.deepEqual((await call('GET', '')).json.data, added.slice(1));
});

test('a sample thing without a name is rejected', async ({ ports, join }) => {
    const call = api(ports[0], (await join()).token);
    for (const body of [{}, { name: '' }, { name: 'x'.repeat(81) }, { name: 'x', more: 1 }])
        rejected(await call('POST', '', body), 422, 'VALIDATION_FAILED');
});

test('a second user neither reads nor deletes a sample thing', async ({ ports, join }) => {
    const [mine, foreign] = [api(ports[0], (await join()).token), api(ports[1], (await join()).token)];
    const { id } = (await mine('POST', '', { name: 'mine' })).json.data;
    assert.deepEqual((await foreign('GET', '')).json.data, []);
    for (const method of ['GET', 'DELETE']) rejected(await foreign(method, `/${id}`), 404, 'NOT_FOUND');
    assert.equal((await mine('GET', `/${id}`)).status, 200);
});
