// JSON that clients write and merge into: bounded after the merge, whichever way it is written.

import assert from 'node:assert/strict';

import { birthDate, withAccounts } from '../support/js/accounts.mjs';
import { ask, rejected } from '../support/js/raw.mjs';

const test = withAccounts();

// Columns that no client merges into, by who writes them.
const written_otherwise = {
    profile: ['plans.features', 'feature_flags.rule', 'system_settings.value', 'ai_disclosures.texts'],
    'the migration of the tools that there are': ['companion_tools.parameters', 'game_verbs.parameters'],
    workers: [
        'messages.metadata',
        'conversations.safety',
        'generations.safety',
        'moderation_decisions.safety',
        'moderation_decisions.scores',
        'operations.place',
        'operations.progress',
        'operations.result',
        'notifications.metadata',
        'audit_log.details',
        'gaming_sessions.snapshot',
        'game_commands.result',
        'game_commands.call',
        'ai_game_actions.action_data',
    ],
    'one request, whose size is limited': [
        'generations.parameters',
        'operations.parameters',
        'payment_requests.parameters',
        'game_commands.command_data',
    ],
    'an answer of the payment provider': ['payment_requests.result'],
};

test('every column of JSON is bounded by the trigger or written by no client', async ({ system }) => {
    const columns = await system.rows(
        `select c.relname || '.' || a.attname as name,
                exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'keep_bounded'::regproc
                        and position(convert_to(a.attname, 'UTF8') in t.tgargs) > 0) as bounded
         from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'airi'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           and a.atttypid in ('json'::regtype, 'jsonb'::regtype) and a.attnum > 0 and not a.attisdropped`,
    );
    const exceptions = Object.values(written_otherwise).flat();
    const unbounded = columns.filter((one) => !one.bounded).map((one) => one.name);
    assert.deepEqual(unbounded.sort(), exceptions.sort(), 'add it to keep_bounded (sql/functions/bounds.sql)');
});

test('metadata and preferences that grow beyond 16 KiB or 100 members are refused, and shrink again', async ({
    system,
    ports,
    join,
    post,
}) => {
    const account = await join();
    const put = (json, path = '/users/profile', method = 'PUT') =>
        ask(ports[0], { method, path: `/api/v1${path}`, token: account.token, json });
    const sizes = async () =>
        (
            await system.rows(
                `select length(metadata::text) as metadata, length(preferences::text) as preferences
                 from users where id = $1`,
                [account.id],
            )
        )[0];
    const some = (from, count, length) =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${from + i}`, 'x'.repeat(length)]));
    for (const member of ['metadata', 'preferences']) {
        const naming = new RegExp(`"pointer":"/${member}"`);
        assert.equal((await put({ [member]: some(0, 60, 20) })).status, 200);
        rejected(await put({ [member]: some(60, 41, 20) }), 422, 'VALIDATION_FAILED', naming);
        assert.equal((await put({ [member]: some(60, 40, 20) })).status, 200);
        rejected(await put({ [member]: some(0, 86, 180) }), 422, 'VALIDATION_FAILED', naming);
        rejected(await put({ [member]: { k0: '€'.repeat(5_200) } }), 422, 'VALIDATION_FAILED', naming);
        assert.ok((await sizes())[member] < 4_000);
    }
    // Preferences have ways of their own.
    await system.rows("update users set preferences = jsonb_build_object('x', repeat('y', 16360)) where id = $1", [
        account.id,
    ]);
    const theme = { theme: 'dark' };
    for (const path of [`/users/${account.id}/preferences`, '/onboarding/preferences'])
        rejected(await put(theme, path, 'PATCH'), 422, 'VALIDATION_FAILED', /16 KiB/);
    rejected(await put({ preferences: theme }), 422, 'VALIDATION_FAILED', /16 KiB/);
    assert.equal((await put({ display_name: 'Ann' })).status, 200, 'other members change all the same');
    assert.equal((await put({ preferences: { x: null, theme: 'dark' } })).status, 200);
    const signup = {
        email: `${crypto.randomUUID()}@example.com`,
        password: 'a long enough one',
        birth_date: birthDate,
    };
    const big = { ...some(0, 1, 5_000), list: Array.from({ length: 4_200 }, () => 1) };
    rejected(
        await post('/auth/signup', { ...signup, metadata: some(0, 101, 1) }),
        422,
        'VALIDATION_FAILED',
        /metadata/,
    );
    rejected(await post('/auth/signup', { ...signup, metadata: big }), 422, 'VALIDATION_FAILED', /metadata/);
});

test('the trigger refuses what a statement forgets, and keeps what was there before', async ({ system, join }) => {
    const { id } = await join();
    const set = (length) =>
        system.rows("update users set metadata = jsonb_build_object('x', repeat('y', $2)) where id = $1", [id, length]);
    await assert.rejects(set(17_000), { code: '23514' });
    await system.rows('alter table users disable trigger keep_bounded');
    await set(20_000);
    await system.rows('alter table users enable trigger keep_bounded');
    await set(18_000);
    await assert.rejects(set(18_001), { code: '23514' });
    await set(10);
});
