// Usage events that wait in the topic are counted, each once, by the worker and by kafkajs with pg: events a second
// from the first one counted to the last.
import { readFileSync } from 'node:fs';

import { median, withPeer } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';
import { pause, rateOf, run, sql } from '../lib/system.mjs';

const events = 200_000;

// The lines begin with the user's id.
const people = () =>
    readFileSync(settings.people, 'utf8')
        .split('\n', 1000)
        .map((line) => line.split(' ', 1)[0]);

const fill = () =>
    withPeer('usage', { DO: 'fill', EVENTS: String(events), PEOPLE: people().join(',') }, ({ pid }) => ended(pid));

async function ended(pid) {
    for (;;) {
        try {
            process.kill(pid, 0);
        } catch {
            return;
        }
        await pause(100);
    }
}

const counted = (schema) => Number(sql(`select count(*) from ${schema}.usage_log where resource = 'tokens'`));

async function byAiri() {
    run('scale', 'usage=0');
    sql('truncate airi.usage_log, airi.usage_daily');
    await fill();
    run('scale', 'usage=1');
    return rateOf(() => counted('airi'), events);
}

async function byPeer() {
    run('scale', 'usage=0');
    sql(`drop schema if exists bench_peer cascade; create schema bench_peer;
        create table bench_peer.usage_log (like airi.usage_log including all);
        create table bench_peer.usage_daily (like airi.usage_daily including all)`);
    return withPeer('usage', { DO: 'consume', EVENTS: String(events), POSTGRES: settings.postgres }, () =>
        rateOf(() => counted('bench_peer'), events),
    );
}

export async function measure() {
    const [airi, peer] = [[], []];
    for (let round = 0; round < settings.rounds; ++round) {
        airi.push(await byAiri());
        peer.push(await byPeer());
    }
    const ratio = median(airi) / median(peer);
    return [
        {
            what: 'usage events counted',
            value: median(airi),
            unit: '/s',
            target: '>= 20000',
            ok: median(airi) >= 20_000,
            note: `${events} events of 1000 users`,
        },
        { what: 'usage events counted by kafkajs + pg', value: median(peer), unit: '/s' },
        { what: 'airi : kafkajs + pg', value: ratio },
    ];
}
