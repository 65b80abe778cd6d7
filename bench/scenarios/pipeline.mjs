// Pipeline throughput: short messages by WebSocket, each moderated, answered, streamed, stored and billed; counted at
// the client and again in Postgres. First at the target's rate, then as fast as the replies arrive.
import { client } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';
import { processorTime, since, sql } from '../lib/system.mjs';

const script = 'tokens=8';
const rate = 1000;

const stored = () => Number(sql("select count(*) from generations where state = 'completed'"));
const billed = () => Number(sql('select count(*) from usage_log'));

async function settled(count) {
    for (let tries = 0; tries < 60; ++tries) {
        if (billed() >= count) return;
        await new Promise((done) => setTimeout(done, 500));
    }
}

async function once(options) {
    const before = { stored: stored(), billed: billed(), processor: processorTime() };
    const got = await client('pipeline', { to: settings.gateway, script, sockets: 500, ...options });
    const used = since(before.processor, Math.max(1, got.finished));
    await settled(before.billed + got.finished);
    return { ...got, stored: stored() - before.stored, billed: billed() - before.billed, used };
}

const numbers = (of) =>
    Object.entries(of)
        .map(([name, value]) => `${name} ${value.toFixed(2)}`)
        .join(', ');

export async function measure() {
    const seconds = Math.max(settings.seconds, settings.seconds === 10 ? 60 : 0);
    await once({ window: 16, seconds: 5 });
    const steady = await once({ rate, seconds });
    for (const line of steady.course) console.error(`  ${JSON.stringify(line)}`);
    const most = await once({ window: 128, seconds: Math.min(seconds, 20) });
    for (const line of most.course) console.error(`  ${JSON.stringify(line)}`);
    const behind = steady.course.map((line) => line.under_way);
    const half = behind.length >> 1;
    const growing = behind.at(-1) > 2 * Math.max(...behind.slice(0, half), rate / 10);
    return [
        {
            what: `finished at ${rate}/s for ${seconds} s`,
            value: steady.per_second,
            unit: '/s',
            target: '>= 1,000, no growing lag',
            ok:
                !growing &&
                steady.finished === steady.sent &&
                steady.stored === steady.sent &&
                steady.per_second > rate * 0.99,
            note:
                `sent ${steady.sent}, stored ${steady.stored}, billed ${steady.billed}, failed ${steady.failed}; ` +
                `in flight ${behind.join(' ')}`,
        },
        {
            what: 'send to complete, p50 / p99',
            value: `${steady.whole.p50.toFixed(0)} / ${steady.whole.p99.toFixed(0)}`,
            unit: 'ms',
        },
        {
            what: 'maximum, 128 in flight',
            value: most.per_second,
            unit: '/s',
            note: `stored ${most.stored}, billed ${most.billed}; p50 ${most.whole.p50.toFixed(0)} ms`,
        },
        { what: 'processor time a message', value: most.used.all, unit: 'ms', note: numbers(most.used) },
    ];
}
