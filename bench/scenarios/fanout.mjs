// Fan-out: one channel, 1,000 subscribers, deltas published over Redis as fast as all of them receive (never more than
// 64 in flight, so that nothing is dropped).
import { client, median, percentiles, rounds, withPeer } from '../lib/client.mjs';
import { readFileSync } from 'node:fs';
import { settings } from '../lib/settings.mjs';

const sockets = 1000;
const channel = () => `conversation:${readFileSync(settings.people, 'utf8').split('\n')[0].split(' ')[2]}`;

export async function measure() {
    const common = { sockets, seconds: settings.seconds, redis: settings.redis };
    const peer = (name, dialect, more) => () =>
        withPeer(name, { CHANNEL: channel(), ...more }, ({ address }) =>
            client('fanout', { ...common, to: address, dialect }),
        );
    const got = await rounds([
        ['airi', () => client('fanout', { ...common, to: settings.gateway, dialect: 'airi' })],
        ['ws', peer('fanout_ws', 'ws')],
        ['ws, corked by hand', peer('fanout_ws', 'ws', { CORK: 'yes' })],
        ['socket.io', peer('fanout_socketio', 'socketio')],
    ]);
    const rows = [...got].map(([name, each]) => ({
        what: `${name}, one process, ${sockets} subscribers`,
        value: median(each.map((one) => one.per_second)),
        unit: 'deltas/s',
        note: `${percentiles(each, (one) => one.delivery)} from publish`,
    }));
    const [airi, ws, corked, socketio] = rows.map((row) => row.value);
    return [
        ...rows,
        { what: 'airi : ws', value: airi / ws, target: '>= 3', ok: airi >= 3 * ws },
        { what: 'airi : ws, corked by hand', value: airi / corked },
        { what: 'airi : socket.io', value: airi / socketio },
    ];
}
