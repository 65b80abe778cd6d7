// The arguments of bench/run and the addresses of the measured system.
import { parseArgs } from 'node:util';

// Quiet comes first, before anything has left work behind, and ingress last, because it leaves the workers stopped.
const all = [
    'quiet',
    'floor',
    'latency',
    'pipeline',
    'reads',
    'logins',
    'idle',
    'fanout',
    'usage',
    'webhooks',
    'games',
    'replay',
    'ingress',
];
const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        sockets: { type: 'string' },
        json: { type: 'boolean' },
    },
});
const wrong = positionals.find((name) => !all.includes(name));
if (wrong) throw new Error(`no scenario ${wrong}; there are: ${all.join(' ')}`);

const { env } = process;
export const settings = {
    scenarios: all.filter((name) => positionals.length === 0 || positionals.includes(name)),
    rounds: Number(values.rounds ?? 3),
    seconds: Number(values.seconds ?? 10),
    // These need a longer time to mean anything: a growing lag, a quiet system.
    longSeconds: (otherwise) => Number(values.seconds ?? otherwise),
    sockets: Number(values.sockets ?? 10000),
    json: values.json ?? false,
    profile: env.BENCH_PROFILE,
    airi: env.BENCH_AIRI,
    home: env.BENCH_HOME,
    bin: env.BENCH_BIN,
    port: Number(env.PORT),
    gateway: `127.0.0.1:${env.PORT}`,
    stubProvider: env.BENCH_STUB_PROVIDER,
    redis: env.BENCH_REDIS,
    postgres: env.BENCH_POSTGRES,
    kafka: {
        KAFKA_BROKERS: env.BENCH_KAFKA,
        ...(env.BENCH_KAFKA_PASSWORD && {
            KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
            KAFKA_SASL_MECHANISM: 'PLAIN',
            KAFKA_USERNAME: 'operator',
            KAFKA_PASSWORD: env.BENCH_KAFKA_PASSWORD,
        }),
    },
    people: `${env.BENCH_HOME}/people`,
};
