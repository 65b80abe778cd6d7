// Two hundred users log in at once, repeatedly, while others chat: the time to the first delta with and without the
// logins, and the number of logins.
import { client, median, rounds } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';
import { sql } from '../lib/system.mjs';

const people = 200,
    first = 1000,
    streams = 10,
    script = 'first=100 tokens=40 rate=20';
const password = 'a password of the bench';

async function passwordHash() {
    const answer = await fetch(`http://${settings.gateway}/api/v1/auth/signup`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ email: `logins${Date.now()}@bench.test`, password, birth_date: '1990-02-28' }),
    });
    const { data } = await answer.json();
    return sql(`select password_hash from users where id = '${data.user.id}'`);
}

export async function measure() {
    sql(`update users set password_hash = '${await passwordHash()}' where email like 'bench1___@bench.test'`);
    const talk = { streams, script, seconds: settings.seconds };
    const login = {
        connections: people,
        first,
        seconds: settings.seconds + 4,
        to: settings.gateway,
        path: '/api/v1/auth/login',
        body: JSON.stringify({ email: 'bench{n}@bench.test', password }),
    };
    const got = await rounds([
        ['provider', () => client('provider', { ...talk, to: settings.stubProvider })],
        ['airi, no logins', () => client('latency', { ...talk, to: settings.gateway })],
        [
            'airi, 200 logins',
            async () => {
                const [chat, logins] = await Promise.all([
                    client('latency', { ...talk, to: settings.gateway }),
                    client('reads', login),
                ]);
                return { ...chat, logins };
            },
        ],
    ]);
    const [provider, quiet, busy] = [...got.values()];
    const p = (all, which) => median(all.map((one) => one.first_delta[which]));
    const rejected = busy.reduce((sum, one) => sum + one.logins.refused, 0);
    const loginTime = median(busy.map((one) => one.logins.answered.p50));
    const added = p(busy, 'p50') - p(provider, 'p50');
    return [
        {
            what: 'added to a first delta, p50, no logins',
            value: p(quiet, 'p50') - p(provider, 'p50'),
            unit: 'ms',
        },
        {
            what: `added to a first delta, p50, ${people} logins at once`,
            value: added,
            unit: 'ms',
            target: '< 50',
            ok: added < 50,
            note: `p99 ${(p(busy, 'p99') - p(provider, 'p50')).toFixed(1)} ms`,
        },
        {
            what: 'logins',
            value: median(busy.map((one) => one.logins.per_second)),
            unit: '/s',
            note: `rejected ${rejected}, p50 ${loginTime.toFixed(0)} ms`,
        },
    ];
}
