// Exports of a user's data: complete despite crashes, without other users' data, available for a limited time.

import assert from 'node:assert/strict';

import pg from 'pg';

import { eventually } from '../support/js/system/wait.mjs';
import { tokenOf } from '../support/js/mail_links.mjs';
import { ask, rejected, Wire } from '../support/js/raw.mjs';
import { withSystem, print } from '../support/js/scenario.mjs';

const scenario = withSystem({ exports: 1, notifications: 1 });

const apiOf = (system, user) => (method, path, json) =>
    ask(system.program('gateway-1').port, { method, path: `/api/v1${path}`, token: user.token, json });
// What the account's page does: opens the archive, then gets it.
async function download(api, id) {
    const opened = await api('POST', `/users/export/${id}/download`, {});
    assert.equal(opened.status, 200, opened.text);
    return api('GET', `/users/export/${id}`);
}
const ready = (api, id) =>
    eventually(
        'the export is ready',
        async () => {
            const list = (await api('GET', '/users/export')).json.data;
            const one = list.find((each) => each.id === id);
            return ['ready', 'failed'].includes(one.state) && one;
        },
        { within: 60_000 },
    );

// Inserts `count` messages in each of so many conversations directly into the tables.
async function fill(system, user, conversations, count) {
    await system.rows(
        `
        with c as (insert into conversations (id, user_id, title) select gen_random_uuid(), $1, 'About "' || n || '"'
        from generate_series(1, $2::int) n returning id)
        insert into messages (id, conversation_id, user_id, role, content, status, created_at)
        select gen_random_uuid(), c.id, $1, 'user', 'word ' || n || ' "quoted" ü \\ ' || repeat('x', 200),
        'accepted', now() - make_interval(secs => n / 2) from c, generate_series(1, $3::int) n`,
        [user.id, conversations, count],
    );
}
const messagesOf = (archive) => archive.conversations.flatMap((one) => one.messages);

scenario(
    "SAAS-08: an archive holds all of a user's data and nobody else's, and a mail and a frame announce it",
    async ({ system }) => {
        const [user, other] = [await system.user(), await system.user()];
        const api = apiOf(system, user);
        const port = system.program('gateway-1').port;
        const wire = await Wire.open(port, user.token);
        await wire.reply('subscribe', { channel: `user:${user.id}` });
        const sent = await wire.reply('message_send', {
            client_message_id: 'one',
            content: 'remember this [[stub tokens=2]]',
        });
        await wire.receive('a reply', (frame) => frame.type === 'message_complete');
        await api('DELETE', `/conversations/${sent.data.conversation_id}/messages/${sent.data.reply_id}`);
        await ask(port, {
            method: 'POST',
            path: '/v1/chat/completions',
            token: user.token,
            json: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'by a program [[stub tokens=2]]' }] },
        });
        const { key } = (await api('POST', '/api-keys', { name: 'mine' })).json.data;
        await api('PUT', '/users/consents', { kind: 'terms', granted: true, version: '1' });
        await api('POST', '/companions', { name: 'Own', personality: 'quiet' });
        await apiOf(system, other)('POST', '/chat/messages', { content: 'another secret [[stub tokens=2]]' });
        await fill(system, user, 3, 10);

        const asked = await api('POST', '/users/export', {});
        assert.equal(asked.status, 202, asked.text);
        const notice = await wire.receive(
            'the archive',
            (frame) => frame.type === 'notification_new' && frame.data.kind === 'export_ready',
        );
        assert.deepEqual(notice.data.notification.metadata, { export_id: asked.json.data.id });
        const made = await ready(api, asked.json.data.id);
        const mail = await eventually('a mail', () =>
            system.mail(user.email).find((one) => one.link?.endsWith('/#/account')),
        );
        assert.ok(!mail.text.includes(made.id), 'the mail opens nothing');
        assert.equal(made.download, `/api/v1/users/export/${made.id}`);
        const got = await download(api, made.id);
        assert.equal(got.status, 200);
        assert.match(got.headers['content-disposition'], /^attachment; filename="export-[0-9a-f-]+\.json"$/);
        const archive = JSON.parse(got.text);
        assert.equal(Buffer.byteLength(got.text), made.bytes);
        assert.equal(archive.profile.email, user.email);
        assert.equal(archive.conversations.length, 4);
        assert.equal(messagesOf(archive).length, 32);
        assert.ok(messagesOf(archive).some((one) => one.content.startsWith('remember this')));
        assert.ok(
            messagesOf(archive).some((one) => one.deleted_at),
            'deleted but retained data is included',
        );
        assert.deepEqual(
            archive.other_messages.map((one) => one.role),
            ['user', 'assistant'],
        );
        for (const name of ['sessions', 'consents', 'api_keys', 'companions', 'audit_log', 'exports'])
            assert.ok(archive[name].length > 0, name);
        for (const name of [
            'login_history',
            'user_identities',
            'avatars',
            'conversation_templates',
            'usage_daily',
            'moderation_decisions',
        ])
            assert.ok(Array.isArray(archive[name]), name);
        const [{ hash }] = await system.rows('select hash from api_keys where user_id = $1', [user.id]);
        const [{ password_hash: word }] = await system.rows('select password_hash from users where id = $1', [user.id]);
        for (const foreign of [other.email, other.id, 'another secret', hash, word, key])
            assert.ok(!got.text.includes(foreign), foreign);
        assert.deepEqual((await apiOf(system, other)('GET', '/users/export')).json.data, []);
        wire.end();
    },
);

scenario(
    'a new table of users is in the archive without its secrets, and so is a table that refers to it',
    async ({ system }) => {
        const [user, other] = [await system.user(), await system.user()];
        const client = new pg.Client({ connectionString: system.adminUrl, options: '-c search_path=airi' });
        await client.connect();
        try {
            await client.query('begin');
            await client.query(`
            create table notes (id uuid primary key, user_id uuid not null references users on delete cascade,
                text text, pin_hash text, sealed_text text);
            create table note_lines (note uuid not null references notes on delete cascade, line text);
            alter table notes owner to airi_owner;
            alter table note_lines owner to airi_owner`);
            for (const { id } of [user, other]) {
                await client.query("insert into notes values ($1, $1, $2, 'a secret', 'a secret')", [id, `of ${id}`]);
                await client.query('insert into note_lines values ($1, $2)', [id, `line of ${id}`]);
            }
            const id = crypto.randomUUID();
            await client.query('insert into exports (id, user_id) values ($1, $2)', [id, user.id]);
            let state = 'running';
            while (state === 'running')
                ({ state } = JSON.parse((await client.query('select export_step($1)::text as x', [id])).rows[0].x));
            const { rows } = await client.query('select body from export_parts where export_id = $1 order by part', [
                id,
            ]);
            const archive = JSON.parse(rows.map((row) => row.body).join(''));
            assert.deepEqual(archive.notes, [{ id: user.id, text: `of ${user.id}` }]);
            assert.deepEqual(archive.note_lines, [{ note: user.id, line: `line of ${user.id}` }]);
        } finally {
            await client.end();
        }
    },
);

scenario('every table that the archive leaves out has rows of users and a reason', async ({ system }) => {
    assert.deepEqual(
        await system.rows(`select name, reason from export_exceptions()
            where reason = '' or name not in (select t.name from tables_of_users() t)`),
        [],
        'lines of export_exceptions in sql/functions/exports.sql',
    );
});

scenario(
    'an archive opens once, within minutes, for the session of its owner that asked for it',
    async ({ system }) => {
        const [user, other] = [await system.user(), await system.user()];
        const [api, theirs] = [apiOf(system, user), apiOf(system, other)];
        const port = system.program('gateway-1').port;
        await system.rows('update users set email_verified_at = now() where id = $1', [user.id]);
        const { id } = (await api('POST', '/users/export', {})).json.data;
        const { download: path } = await ready(api, id);
        const get = (token) => ask(port, { path, token });
        const open = () => api('POST', `/users/export/${id}/download`, {});
        rejected(await get(user.token), 409, 'DOWNLOAD_NOT_OPEN');
        await system.rows("update exports set state = 'running' where id = $1", [id]);
        rejected(await open(), 404, 'NOT_FOUND');
        await system.rows("update exports set state = 'ready' where id = $1", [id]);

        const opened = (await open()).json.data;
        assert.equal(opened.download, path);
        const left = Date.parse(opened.expires_at) - Date.now();
        assert.ok(left > 200_000 && left < 400_000, `${left} ms`);
        rejected(await get(null), 401, 'UNAUTHENTICATED');
        rejected(await get(other.token), 404, 'NOT_FOUND');
        for (const wrong of [id, 'x', crypto.randomUUID()])
            rejected(await theirs('POST', `/users/export/${wrong}/download`, {}), 404, 'NOT_FOUND');
        for (const wrong of ['x', "' or true --".replaceAll(' ', '%20')])
            rejected(await api('GET', `/users/export/${wrong}`), 404, 'NOT_FOUND');
        const login = await system.api('POST', '/auth/login', {
            body: { email: user.email, password: user.password },
            headers: { 'X-Token-Transport': 'bearer' },
        });
        rejected(await get(login.json.data.access_token), 409, 'DOWNLOAD_NOT_OPEN');
        const both = await Promise.all([get(user.token), get(user.token)]);
        assert.deepEqual(both.map((one) => one.status).sort(), [200, 409], 'once, at once');
        rejected(await get(user.token), 409, 'DOWNLOAD_NOT_OPEN');

        await open();
        await system.rows("update exports set open_until = now() - interval '1 second' where id = $1", [id]);
        rejected(await get(user.token), 409, 'DOWNLOAD_NOT_OPEN');
        await open();
        await system.api('POST', '/auth/forgot-password', { body: { email: user.email } });
        const token = await tokenOf(system, user.email, 'reset_password');
        const reset = { token, new_password: 'another long password' };
        assert.equal((await system.api('POST', '/auth/reset-password', { body: reset })).status, 200);
        rejected(await get(user.token), 401, 'SESSION_ENDED');
        rejected(await get(login.json.data.access_token), 401, 'SESSION_ENDED');

        await system.rows("update exports set expires_at = now() - interval '1 second' where id = $1", [id]);
        await system.rows('select job_exports()');
        assert.deepEqual(await system.rows('select 1 from export_parts where export_id = $1', [id]), []);
        assert.deepEqual(await system.rows('select state from exports where id = $1', [id]), [{ state: 'expired' }]);
    },
);

scenario('a user has one export at a time and three a day', async ({ system }) => {
    const user = await system.user();
    const api = apiOf(system, user);
    await system.stop('exports-1');
    const many = await Promise.all(Array.from({ length: 5 }, () => api('POST', '/users/export', {})));
    assert.deepEqual(
        many.map((one) => one.status),
        Array(5).fill(202),
    );
    assert.equal(new Set(many.map((one) => one.json.data.id)).size, 1);
    await system.start('exports-1');
    await ready(api, many[0].json.data.id);
    for (let i = 0; i < 2; ++i) await ready(api, (await api('POST', '/users/export', {})).json.data.id);
    const fourth = await api('POST', '/users/export', {});
    rejected(fourth, 429, 'EXPORT_LIMIT');
    assert.ok(Number(fourth.headers['retry-after']) > 0);
    const mails = await eventually('three mails', () => {
        const found = system.mail(user.email).filter((one) => one.link?.endsWith('/#/account'));
        return found.length >= 3 && found;
    });
    assert.equal(mails.length, 3, 'one each, however often its event was delivered');
});

for (const [what, harm] of [
    [
        'the worker dies repeatedly',
        async (system) => {
            await system.kill('exports-1');
            await system.start('exports-1');
        },
    ],
    [
        'Postgres is restarted',
        async (system) => {
            await system.stop('postgres');
            await system.start('postgres');
        },
    ],
])
    scenario(`SAAS-08: an archive is complete without duplicates when ${what}`, async ({ system }) => {
        const user = await system.user();
        const api = apiOf(system, user);
        await fill(system, user, 30, 1500);
        const { id } = (await api('POST', '/users/export', {})).json.data;
        let harms = 0;
        for (const mark of [13, 20, 30]) {
            await eventually(
                `part ${mark}`,
                async () => (await system.rows('select parts from exports where id = $1', [id]))[0].parts >= mark,
                { every: 2, within: 60_000 },
            );
            if ((await system.rows('select state from exports where id = $1', [id]))[0].state === 'running') harms += 1;
            await harm(system);
        }
        await system.ready('gateway-1');
        const made = await ready(api, id);
        assert.equal(made.state, 'ready');
        const archive = JSON.parse((await download(api, made.id)).text);
        const ids = messagesOf(archive).map((one) => one.id);
        assert.equal(ids.length, 45_000);
        assert.equal(new Set(ids).size, 45_000, 'each once');
        assert.equal(archive.conversations.length, 30);
        const longest = await system.rows(
            'select max(octet_length(body))::int as n from export_parts where export_id = $1',
            [id],
        );
        print(`${made.bytes} bytes, parts of at most ${longest[0].n}, harmed ${harms} times`);
        assert.ok(harms > 0);
        await eventually('one mail', () => system.mail(user.email).some((one) => one.link?.endsWith('/#/account')));
    });
