// The floor: what each step on the way of a message costs alone on this machine, one after the other, and the sum of
// the steps that the first token needs (docs/performance.md says which and why).
import { client, median, rounds } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';
import { sql } from '../lib/system.mjs';

const steps = new Map([
    ['acknowledged', 'Kafka: publish until acknowledged'],
    ['hop', 'Kafka: publish until consumed'],
    ['read', 'Postgres: a row read'],
    ['commit', 'Postgres: a row inserted and committed'],
    ['ping', 'Redis: a command answered'],
    ['message', 'Redis: publish until received'],
    ['append', 'Redis: the append script until received'],
]);
// The gateway's look at Redis; two hops, to moderation and to chat; the message stored and the generation claimed; the
// first frame.
const firstToken = { ping: 1, hop: 2, commit: 2, append: 1 };

const prepare = `create table if not exists bench_floor (id uuid primary key, text text not null);
    truncate bench_floor`;

export async function measure() {
    sql(prepare);
    const got = await rounds([
        [
            'alone',
            () =>
                client('floor', {
                    postgres: settings.postgres,
                    redis: settings.redis,
                    insert: "insert into airi.bench_floor values ($1::uuid, repeat('x', 200))",
                    select: 'select id from airi.bench_floor where id = $1::uuid',
                }),
        ],
    ]);
    sql('drop table bench_floor');
    const of = (step, which) => 1000 * median(got.get('alone').map((one) => one[step][which]));
    const rows = [...steps].flatMap(([step, what]) =>
        ['p50', 'p99'].map((which) => ({ what: `${what}, ${which}`, value: of(step, which), unit: 'µs' })),
    );
    const sum = Object.entries(firstToken).reduce((all, [step, times]) => all + times * of(step, 'p50'), 0);
    const note = Object.entries(firstToken)
        .map(([step, times]) => `${times} × ${step}`)
        .join(' + ');
    return [...rows, { what: 'what the first token needs, p50', value: sum / 1000, unit: 'ms', note }];
}
