// How-to-AI's users as its documents write them: the family /api/users/*.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { withProduct } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { appoint } from '../support/js/staff.mjs';

const test = withProduct('howto');
const call = (port, token) => (method, path, json) => ask(port, { method, path: `/api/users${path}`, token, json });

async function joinedAs(stage, role) {
    const account = await stage.join();
    await appoint(stage.system, account, role, stage.ports);
    return { ...account, api: call(stage.ports[0], account.token) };
}

test('HOWTO-09: a user reads and changes their account with its profile, and reads their sign-ins', async (stage) => {
    const [user, other] = [await joinedAs(stage, 'user'), await joinedAs(stage, 'user')];
    const me = (await user.api('GET', '/me')).json.data;
    assert.deepEqual([me.id, me.email, me.role], [user.id, user.email, 'user']);
    assert.deepEqual((await user.api('GET', `/${user.id}`)).json.data, me);
    const changed = await user.api('PUT', `/${user.id}`, { display_name: 'Ann' });
    assert.deepEqual([changed.status, changed.json.data.display_name], [200, 'Ann'], changed.text);
    assert.equal((await user.api('GET', '/me')).json.data.display_name, 'Ann');
    for (const [method, json] of [['GET'], ['PUT', { display_name: 'Bob' }]])
        rejected(await other.api(method, `/${user.id}`, json), 404, 'NOT_FOUND');
    await stage.login(user);
    const tries = (await user.api('GET', '/me/login-history')).json.data;
    assert.ok(tries.length >= 2 && tries.every((one) => one.outcome === 'success'), JSON.stringify(tries));
});

test('HOWTO-09: administrators list users; supers change roles, and users do neither', async (stage) => {
    const [user, admin, boss] = [
        await joinedAs(stage, 'user'),
        await joinedAs(stage, 'admin'),
        await joinedAs(stage, 'super'),
    ];
    const found = (await admin.api('GET', `?email=${user.email}`)).json.data;
    assert.deepEqual(
        found.map((one) => one.id),
        [user.id],
    );
    rejected(await user.api('GET', ''), 403, 'FORBIDDEN');
    for (const one of [user, admin])
        rejected(await one.api('PUT', `/${user.id}/role`, { role: 'admin' }), 403, 'FORBIDDEN');
    assert.equal((await boss.api('PUT', `/${user.id}/role`, { role: 'admin' })).json.data.role, 'admin');
    rejected(await boss.api('PUT', `/${user.id}/role`, { role: 'editor' }), 422, 'VALIDATION_FAILED', /\/role/);
    assert.equal((await admin.api('GET', `/${user.id}`)).json.data.role, 'admin');
});

test('HOWTO-09: a user issues, lists and revokes API keys below their account', async (stage) => {
    const user = await joinedAs(stage, 'user');
    await stage.system.rows("update users set plan = 'enterprise' where id = $1", [user.id]);
    const made = await user.api('POST', '/me/api-keys', { name: 'scripts' });
    assert.equal(made.status, 201, made.text);
    const { id, key } = made.json.data;
    assert.equal((await call(stage.ports[1], key)('GET', '/me')).json.data.id, user.id);
    assert.deepEqual(
        (await user.api('GET', '/me/api-keys')).json.data.map((one) => one.id),
        [id],
    );
    assert.equal((await user.api('DELETE', `/me/api-keys/${id}`)).json.data.id, id);
    await eventually(
        'the key is revoked',
        async () => (await call(stage.ports[1], key)('GET', '/me')).json.error?.code === 'INVALID_API_KEY',
    );
});
