// Added latency: message_send to the first message_delta, minus the provider's own time to the first token, measured
// directly with the same script and the same number of clients.
import { client, median, rounds } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';

// A single stream uses short replies to get many samples; parallel streams use long replies that overlap.
const scripts = new Map([
    [1, 'first=20 tokens=4 rate=100'],
    [100, 'first=100 tokens=40 rate=20'],
    [500, 'first=100 tokens=40 rate=20'],
]);
const targets = new Map([
    [1, 8],
    [100, 25],
]);

export async function measure() {
    // The first hundred messages of a new system take twice the time: the broker compiles, Postgres plans.
    await client('latency', { streams: 100, script: scripts.get(100), seconds: 5, to: settings.gateway });
    const rows = [];
    for (const [streams, script] of scripts) {
        const common = { streams, script, seconds: settings.seconds };
        const got = await rounds([
            [`provider, ${streams}`, () => client('provider', { ...common, to: settings.stubProvider })],
            [`airi, ${streams}`, () => client('latency', { ...common, to: settings.gateway })],
        ]);
        const [provider, airi] = [...got.values()].map((each) => ({
            p50: median(each.map((one) => one.first_delta.p50)),
            p99: median(each.map((one) => one.first_delta.p99)),
        }));
        const target = targets.get(streams);
        const added = airi.p50 - provider.p50;
        const text = ({ p50, p99 }) => `${p50.toFixed(1)} / ${p99.toFixed(1)} ms`;
        const note = `provider alone ${text(provider)}, through airi ${text(airi)}`;
        rows.push({
            what: `added, ${streams} at once, p50`,
            value: added,
            unit: 'ms',
            target: target && `< ${target}`,
            ok: target && added < target,
            note,
        });
        rows.push({ what: `added, ${streams} at once, p99`, value: airi.p99 - provider.p50, unit: 'ms' });
    }
    return rows;
}
