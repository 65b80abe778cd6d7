// HTTP reads on a filled database: 1,000 users with 100 messages each. The peer has the same endpoints in Fastify and
// pg, written the usual way: a pool, a prepared statement, rows converted to JSON. airi also checks the session and
// reads under row-level security.
import { client, median, percentiles, rounds, withPeer } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';
import { sql } from '../lib/system.mjs';

const endpoints = new Map([
    ['list conversations', '/api/v1/conversations?limit=20'],
    ['list 50 messages', '/api/v1/conversations/{id}/messages?limit=50'],
    ['search', '/api/v1/search/messages?q=harbour'],
    ['profile', '/api/v1/users/profile'],
]);

const fill = `
insert into messages (id, conversation_id, user_id, role, content, status, created_at)
select md5('bench/message/' || n || '/' || k || '/' || m)::uuid, md5('bench/conversation/' || n || '/' || k)::uuid,
    md5('bench/user/' || n)::uuid,
    (case when m % 2 = 0 then 'assistant' else 'user' end)::message_role,
    'Good morning, how did you sleep? I dreamt of the sea'
        || case when m = 7 then ', and of the house by the harbour.' else ' again.' end,
    (case when m % 2 = 0 then 'completed' else 'accepted' end)::message_status, now() - make_interval(mins => 100 - m)
from generate_series(1, 1000) n, generate_series(1, 4) k, generate_series(1, 25) m on conflict do nothing;
analyze messages`;

export async function measure() {
    sql(fill);
    const rows = [];
    for (const [what, path] of endpoints) {
        const common = { connections: 64, seconds: settings.seconds, path };
        const got = await rounds([
            [`airi, ${what}`, () => client('reads', { ...common, to: settings.gateway })],
            [
                `fastify + pg, ${what}`,
                () =>
                    withPeer('reads', { DATABASE_URL: settings.postgres }, ({ address }) =>
                        client('reads', { ...common, to: address }),
                    ),
            ],
        ]);
        const [airi, peer] = [...got].map(([name, all]) => ({
            what: name,
            value: median(all.map((one) => one.per_second)),
            unit: '/s',
            note: `${percentiles(all, (one) => one.answered)}, ${all[0].bytes} bytes`,
        }));
        rows.push(airi, peer, {
            what: `airi : fastify + pg, ${what}`,
            value: airi.value / peer.value,
            target: '>= 3',
            ok: airi.value >= 3 * peer.value,
        });
    }
    return rows;
}
