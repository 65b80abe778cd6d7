// Ingress: HTTP sends acknowledged by Kafka, each user on a keep-alive connection. Every contender validates the JSON
// and the token, builds the same event and responds when the broker has it; airi also checks the session, the
// conversation's owner and the daily quota. Measured with the workers running, which process the messages on the same
// cores, and without them.
import { client, median, percentiles, rounds, withPeer } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';
import { run } from '../lib/system.mjs';

const connections = 128;
const workers = ['moderation', 'chat', 'usage'];

async function compare(when) {
    const common = { connections, seconds: settings.seconds };
    const peer = (batch) => () =>
        withPeer('ingress', { BATCH: batch }, ({ address }) => client('ingress', { ...common, to: address }));
    const got = await rounds([
        [`airi, ${when}`, () => client('ingress', { ...common, to: settings.gateway })],
        [`fastify + kafkajs, a send each, ${when}`, peer('no')],
        [`fastify + kafkajs, in batches, ${when}`, peer('yes')],
    ]);
    const [airi, each, batches] = [...got].map(([what, all]) => ({
        what,
        value: median(all.map((one) => one.per_second)),
        unit: '/s',
        note: percentiles(all, (one) => one.acknowledged),
    }));
    const ratio = (what, other) => ({
        what,
        value: airi.value / other.value,
        target: '>= 3',
        ok: airi.value >= 3 * other.value,
    });
    return [
        airi,
        each,
        batches,
        ratio(`airi : a send each, ${when}`, each),
        ratio(`airi : in batches, ${when}`, batches),
    ];
}

export async function measure() {
    const running = await compare('workers running');
    run('scale', ...workers.map((name) => `${name}=0`));
    return [...running, ...(await compare('workers stopped'))];
}
