// Idle sockets: authenticated WebSockets on one gateway, the gateway's memory per socket, and a delta that must still
// arrive.
import { client, withPeer } from '../lib/client.mjs';
import { settings } from '../lib/settings.mjs';
import { gatewayPid } from '../lib/system.mjs';

const kib = (got) => got.bytes_per_socket / 1024;

export async function measure() {
    const { sockets } = settings;
    const airi = await client('idle', {
        to: settings.gateway,
        pid: gatewayPid(),
        sockets,
        script: 'tokens=4 rate=100',
    });
    console.error(`  airi ${JSON.stringify(airi)}`);
    const peers = {};
    for (const [name, dialect] of [
        ['fanout_ws', 'ws'],
        ['fanout_socketio', 'socketio'],
    ])
        peers[dialect] = await withPeer(name, { CHANNEL: 'idle' }, ({ address, pid }) =>
            client('idle', { to: address, pid, sockets, dialect, messages: 0 }),
        );
    const beside = Object.entries(peers)
        .map(([name, got]) => `${name} ${kib(got).toFixed(1)} KiB`)
        .join(', ');
    const { p50, p99, count } = airi.first_delta;
    return [
        {
            what: `memory a socket, ${airi.sockets} open`,
            value: kib(airi),
            unit: 'KiB',
            target: '< 12',
            ok: airi.sockets === sockets && kib(airi) < 12,
            note: beside,
        },
        {
            what: 'message_send to first delta among them, p50',
            value: p50,
            unit: 'ms',
            target: '< 50',
            ok: count > 0 && p50 < 50,
            note: `p99 ${p99.toFixed(1)} ms, ${count} messages, provider without delay`,
        },
        { what: 'opening all of them', value: airi.opening_seconds, unit: 's' },
    ];
}
