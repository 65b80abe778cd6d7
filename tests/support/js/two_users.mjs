// Two users with rows in every table of users' rows. Used by the tests of row-level security and of the routes.

import { eventually } from './system/wait.mjs';
import { Wire } from './raw.mjs';

// Tables without users' rows: the profile's data and the workers' own state.
export const catalogue = [
    'plans',
    'plan_limits',
    'rate_limits',
    'model_prices',
    'feature_flags',
    'system_settings',
    'blocked_terms',
    'provider_health',
    'inbox',
    'login_failures',
    'identity_providers',
    'jobs',
    'applied_files',
    'schema_migrations',
];
// The owner of a row, where it is not its user_id.
const ownerOf = {
    users: 'id',
    companions: 'owner',
    conversation_templates: 'owner',
    export_parts: '(select x.user_id from exports x where x.id = export_id)',
    refresh_tokens: '(select s.user_id from sessions s where s.id = session_id)',
};
export const owner = (table) => ownerOf[table] ?? 'user_id';

const people = new WeakMap(); // by system

// Two users with rows in every table of users' rows.
export function twoUsers(system) {
    if (!people.has(system)) people.set(system, createUsers(system));
    return people.get(system);
}

async function createUsers(system) {
    const port = system.program('gateway-1').port;
    const users = await Promise.all(
        ['alice', 'bob'].map(async (name) => {
            const user = await system.user();
            const mark = `${name}${crypto.randomUUID().replaceAll('-', '')}`;
            const wire = await Wire.open(port, user.token);
            const accepted = await wire.reply('message_send', {
                client_message_id: mark,
                content: `${mark} [[stub tokens=2]]`,
            });
            await wire.receive('a reply', (frame) => frame.type === 'message_complete');
            wire.end();
            const ids = accepted.data;
            const [{ id: companion }] = await system.rows(
                `insert into companions (id, owner, name, personality)
                 values (gen_random_uuid(), $1, $2, 'x') returning id`,
                [user.id, mark.slice(0, 20)],
            );
            await system.rows("insert into login_history (user_id, outcome) values ($1, 'success')", [user.id]);
            await system.rows("insert into audit_log (user_id, action) values ($1, 'test')", [user.id]);
            await system.rows(
                "insert into consents (user_id, kind, granted, version) values ($1, 'terms', true, 'x')",
                [user.id],
            );
            const [{ id: archive }] = await system.rows(
                'insert into exports (id, user_id, token_hash) values (gen_random_uuid(), $1, $2) returning id',
                [user.id, mark],
            );
            await system.rows('insert into export_parts (export_id, part, body) values ($1, 0, $2)', [archive, mark]);
            await system.rows(
                `insert into email_links (hash, user_id, kind, email, expires_at)
                    values ($2, $1, 'magic_link', 'x', now())`,
                [user.id, mark],
            );
            await system.rows(
                "insert into user_identities (user_id, provider, issuer, subject) values ($1, 'test', 'x', $2)",
                [user.id, mark],
            );
            await system.rows(
                `insert into identity_flows (id, user_id, state_hash, binding_hash, nonce_hash, provider)
                    values (gen_random_uuid(), $1, $2, 'x', 'x', 'test')`,
                [user.id, mark],
            );
            await system.rows("insert into two_factor (user_id, secret) values ($1, 'x')", [user.id]);
            await system.rows(
                `insert into api_keys (id, user_id, name, prefix, hash, scopes)
                    values (gen_random_uuid(), $1, 'x', 'x', $2, '{}')`,
                [user.id, mark],
            );
            await system.rows(
                `insert into avatars (id, user_id, sha256, media_type, width, height, bytes)
                    values (gen_random_uuid(), $1, $2, 'image/png', 1, 1, 'x')`,
                [user.id, mark],
            );
            await system.rows(
                "insert into conversation_templates (id, owner, name) values (gen_random_uuid(), $1, 'x')",
                [user.id],
            );
            await system.rows('insert into cancellations (generation_id, user_id) values ($1, $2)', [
                crypto.randomUUID(),
                user.id,
            ]);
            await system.rows(
                `insert into message_quota (user_id, day, message_id) values ($1, current_date, gen_random_uuid())`,
                [user.id],
            );
            await system.rows(
                `insert into moderation_decisions (message_id, user_id, action, confidence, reason)
                 values (gen_random_uuid(), $1, 'warn', 1, $2)`,
                [user.id, mark],
            );
            return {
                ...user,
                mark,
                port,
                ids: {
                    conversation: ids.conversation_id,
                    message: ids.message_id,
                    reply: ids.reply_id,
                    generation: ids.generation_id,
                    companion,
                    user: user.id,
                },
            };
        }),
    );
    for (const table of await tablesOfUsers(system))
        for (const { id } of users)
            await eventually(
                `${table} has rows of both`,
                async () =>
                    (await system.rows(`select 1 from ${table} where ${owner(table)} = $1 limit 1`, [id])).length === 1,
            );
    return users;
}

// Partitions are accessed through their parents and are listed in the first test only.
export async function tablesOfUsers(system) {
    const rows = await system.rows(
        `select relname from pg_class where relnamespace = 'airi'::regnamespace
         and relkind in ('r', 'p') and not relispartition`,
    );
    return rows.map((row) => row.relname).filter((name) => !catalogue.includes(name));
}
