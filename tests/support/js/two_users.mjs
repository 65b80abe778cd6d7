// Two users with rows in every table of users' rows. Used by the tests of row-level security and of the routes.

import assert from 'node:assert/strict';

import { addRow, conditions } from './rows.mjs';
import { Wire } from './raw.mjs';

// Tables without users' rows: the profile's data and the workers' own state.
export const catalogue = [
    'plans',
    'plan_limits',
    'rate_limits',
    'model_prices',
    'model_ids',
    'feature_flags',
    'system_settings',
    'blocked_terms',
    'moderation_rules',
    'moderation_shadow_counts',
    'crisis_resources',
    'crisis_referrals',
    'ai_disclosures',
    'provider_health',
    'budget_warnings',
    'business_alerts',
    'companion_tools',
    'game_verbs',
    'game_pools',
    'game_servers',
    'inbox',
    'outbox',
    'outbox_leases',
    'operations',
    'backup_log',
    'violation_rules',
    'violation_patterns',
    'login_failures',
    'payment_events',
    'identity_providers',
    'contact_channels',
    'jobs',
    'applied_files',
    'schema_migrations',
];
const people = new WeakMap(); // by system

// Two users with rows in every table of users' rows.
export function twoUsers(system) {
    if (!people.has(system)) people.set(system, createUsers(system));
    return people.get(system);
}

async function createUsers(system) {
    const port = system.program('gateway-1').port;
    const all = await tablesOfUsers(system);
    return Promise.all(
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
            for (const [table, own] of all) {
                const [row] = await system.rows(`select 1 from ${table} where ${own} limit 1`, [user.id]);
                if (!row) await addRow(system, table, user.id, mark, all);
            }
            const [{ id: companion }] = await system.rows('select id from companions where owner = $1', [user.id]);
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
}

// Each table of users' rows with the SQL condition for those of the user $1. Partitions are accessed through their
// parents and are listed in the first test only.
export async function tablesOfUsers(system) {
    const all = await conditions(system);
    const tables = await system.rows(
        `select relname as name from pg_class where relnamespace = 'airi'::regnamespace
         and relkind in ('r', 'p') and not relispartition`,
    );
    for (const { name } of tables)
        assert.ok(
            all.has(name) || catalogue.includes(name),
            `nothing says whose rows ${name} has: it needs user_id with a reference to users, or a line in catalogue ` +
                'of tests/support/js/two_users.mjs when no row is of a user',
        );
    return all;
}
