// Pipeline throughput: short messages by WebSocket, each moderated, answered, streamed, stored and billed; counted at
// the client and again in Postgres. First at the target's rate, then as fast as the replies arrive.
import { client } from '../lib/client.mjs';
import { profile } from '../lib/profile.mjs';
import { settings } from '../lib/settings.mjs';
import { databaseCounters, ofParts, pause, processorTime, since, sql } from '../lib/system.mjs';

const script = 'tokens=8';
const rate = 1000;
const window = 512; // messages in flight at full load: their number bounds the lag

const stored = () => Number(sql("select count(*) from generations where state = 'completed'"));
const billed = () => Number(sql('select count(*) from usage_log'));

async function settled(count) {
    for (let tries = 0; tries < 60; ++tries) {
        if (billed() >= count) return;
        await pause(500);
    }
}

const load = (options) => client('pipeline', { to: settings.gateway, script, sockets: 500, ...options });

async function once(options) {
    const before = {
        stored: stored(),
        billed: billed(),
        database: await databaseCounters(),
        processor: processorTime(),
    };
    const got = await load(options);
    const used = since(before.processor, Math.max(1, got.finished));
    const unbilled = Math.max(0, before.billed + got.finished - billed());
    await settled(before.billed + got.finished);
    const after = await databaseCounters();
    const database = Object.fromEntries(
        Object.entries(after).map(([name, count]) => [name, (count - before.database[name]) / got.finished]),
    );
    for (const line of got.course) console.error(`  ${JSON.stringify(line)}`);
    return { ...got, stored: stored() - before.stored, billed: billed() - before.billed, unbilled, used, database };
}

export async function measure() {
    const seconds = settings.longSeconds(60);
    await load({ window: 16, seconds: 5 });
    const steady = await once({ rate, seconds });
    const most = await once({ window, seconds });
    if (settings.profile) await profile(settings.profile, () => load({ window, seconds: 30 }));
    const behind = steady.course.map((line) => line.under_way);
    const half = behind.length >> 1;
    const growing = behind.at(-1) > 2 * Math.max(...behind.slice(0, half), rate / 10);
    return [
        {
            what: `finished, ${rate}/s asked`,
            value: steady.per_second,
            unit: '/s',
            target: '>= 1,000, no growing lag',
            ok:
                !growing &&
                steady.finished === steady.sent &&
                steady.stored === steady.sent &&
                steady.per_second > rate * 0.99,
            note:
                `${seconds} s: sent ${steady.sent}, stored ${steady.stored}, billed ${steady.billed}, ` +
                `failed ${steady.failed}; in flight ${behind.join(' ')}`,
        },
        { what: `send to complete, ${rate}/s asked, p50`, value: steady.whole.p50, unit: 'ms' },
        { what: `send to complete, ${rate}/s asked, p99`, value: steady.whole.p99, unit: 'ms' },
        {
            what: `finished, ${window} in flight`,
            value: most.per_second,
            unit: '/s',
            note:
                `${seconds} s: stored ${most.stored}, billed ${most.billed}, failed ${most.failed}, ` +
                `unbilled at the end ${most.unbilled}`,
        },
        { what: `send to complete, ${window} in flight, p50`, value: most.whole.p50, unit: 'ms' },
        { what: 'processor time a message', value: most.used.system, unit: 'ms' },
        ...ofParts(most.used, 'processor time a message', 'ms'),
        { what: 'processor time a message, whole machine', value: most.used.machine, unit: 'ms' },
        {
            what: 'WAL flushes a message',
            value: most.database.flushes,
            target: '<= 0.2',
            ok: most.database.flushes <= 0.2,
        },
        { what: 'WAL records a message', value: most.database.records },
        { what: 'WAL a message', value: most.database.bytes / 1024, unit: 'KiB' },
        { what: 'transactions a message', value: most.database.transactions },
        { what: 'rows inserted a message', value: most.database.inserts },
        { what: 'rows updated a message', value: most.database.updates },
        { what: 'rows fetched a message', value: most.database.fetched },
    ];
}
