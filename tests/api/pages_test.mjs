// Every list of the API, page by page, with the cursors as they come.

import assert from 'node:assert/strict';

import { withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';
import { addRow, conditions } from '../support/js/rows.mjs';
import { appoint } from '../support/js/staff.mjs';

const test = withAccounts({ profile: 'ezri', moderation: 1, chat: 0, usage: 0, notifications: 1 });
const rowsOfEach = 3;

// An administrator who has rows in every list.
async function withRows({ system, ports, join }) {
    const account = await join();
    await appoint(system, account, 'super', ports);
    const all = await conditions(system);
    for (let i = 0; i < rowsOfEach; ++i) {
        for (const table of ['notifications', 'login_history', 'crisis_alerts', 'conversations', 'invoices'])
            await addRow(system, table, account.id, `row${i}`, all);
        await system.rows(
            `with done as (insert into violations (id, user_id, category, reason)
                           values (gen_random_uuid(), $1, 'spam', 'term') returning id)
             insert into appeals (id, user_id, violation_id, statement)
             select gen_random_uuid(), $1, id, 'x' from done`,
            [account.id],
        );
        await system.rows(
            `insert into moderation_decisions (message_id, user_id, action, confidence, reason, review)
             values (gen_random_uuid(), $1, 'review', 1, 'term', 'held')`,
            [account.id],
        );
        await system.rows("insert into operations (id, kind, parameters) values (gen_random_uuid(), 'replay', '{}')");
        await system.rows("insert into backup_log (id, kind) values (gen_random_uuid(), 'manual')");
        await system.rows("insert into audit_log (user_id, actor, action) values ($1, $1, 'row')", [account.id]);
    }
    const [{ id: conversation }] = await system.rows('select id from conversations where user_id = $1 limit 1', [
        account.id,
    ]);
    await system.rows(
        `insert into messages (id, conversation_id, user_id, role, content, status, created_at, words)
         select gen_random_uuid(), $1, $2, 'user', 'walrus ' || n, 'accepted', now() - n * interval '1 s', '''walrus'''
         from generate_series(1, $3) n`,
        [conversation, account.id, rowsOfEach],
    );
    const sessions = await system.rows(
        `insert into gaming_sessions (id, user_id, conversation_id, game, status, companion_name, access_code,
                                      max_seconds, created_at)
         select gen_random_uuid(), $1, $2, 'minecraft', 'completed', 'x', 'x', 60, now() - n * interval '1 s'
         from generate_series(1, $3) n returning id`,
        [account.id, conversation, rowsOfEach],
    );
    const session = sessions[0].id;
    await system.rows(
        `with done as (insert into game_commands (id, session_id, origin, command_type, command_data, created_at)
                       select gen_random_uuid(), $1, 'user', 'look', '{}', now() - n * interval '1 s'
                       from generate_series(1, $2) n)
         insert into game_chat (session_id, player, text, decision)
         select $1, 'Steve', 'hello ' || n, 'heard' from generate_series(1, $2) n`,
        [session, rowsOfEach],
    );
    return { ...account, conversation, session };
}

// The paths of the lists that the document names, with the account's ids.
async function lists(port, { id, conversation, session }) {
    const { paths } = (await ask(port, { path: '/openapi.json' })).json;
    return Object.entries(paths)
        .filter(([, { get }]) => get?.parameters?.some(({ name }) => name === 'cursor'))
        .map(([path]) => {
            if (path.includes('/gaming/')) return path.replace('{id}', session);
            return path.replace('{id}', path.includes('conversations') && !path.includes('users') ? conversation : id);
        });
}

const nextOf = ({ json, headers }) =>
    Array.isArray(json)
        ? (/[?&]cursor=([^&>]+)/.exec(headers.link ?? '')?.[1] ?? null)
        : (json.meta.next_cursor ?? null);
const rowsOf = ({ json }) => (Array.isArray(json) ? json : (json.data.messages ?? json.data));

test('every list has pages, whose cursors need no encoding and take what they were made for', async (stage) => {
    const account = await withRows(stage);
    await Promise.all([stage.join(), stage.join()]); // for the list of users
    const [port] = stage.ports;
    const paths = await lists(port, account);
    assert.ok(paths.length >= 18, `only ${paths.length} lists`);
    for (const path of paths) {
        const get = (query) =>
            ask(port, { path: `${path}?${path.includes('search') ? 'q=walrus&' : ''}${query}`, token: account.token });
        const whole = await get('limit=100');
        assert.equal(whole.status, 200, `${path}: ${whole.text}`);
        const seen = [];
        const cursors = [];
        for (let cursor = ''; cursor !== null && seen.length < rowsOfEach;) {
            const page = await get(`limit=1${cursor && `&cursor=${cursor}`}`);
            assert.equal(page.status, 200, `${path}: ${page.text}`);
            assert.equal(rowsOf(page).length, 1, path);
            seen.push(...rowsOf(page));
            cursor = nextOf(page);
            if (cursor !== null) cursors.push(cursor);
        }
        assert.equal(new Set(seen.map((one) => JSON.stringify(one))).size, rowsOfEach, `${path} repeats a row`);
        for (const cursor of cursors) assert.match(cursor, /^[\w-]+$/, path);
        // A cursor from before was the text itself.
        const text = Buffer.from(cursors[0], 'base64url').toString();
        const before = await get(`limit=1&cursor=${encodeURIComponent(text)}`);
        assert.deepEqual(rowsOf(before), [seen[1]], `${path} takes an old cursor`);
        const forged = Buffer.from("2026-01-31|'").toString('base64url');
        for (const wrong of [forged, `${cursors[0]}=`, cursors[0].slice(1), 'x', '', '%00'])
            rejected(await get(`cursor=${wrong}`), 400, 'BAD_REQUEST');
    }
});
