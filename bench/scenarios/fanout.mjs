// Fan-out: one channel, 1,000 subscribers, deltas published over Redis as fast as all of them take them (never more than 64 on
// their way, so that nothing is dropped).
import { client, median, rounds, withPeer } from "../lib/client.mjs";
import { readFileSync } from "node:fs";
import { settings } from "../lib/settings.mjs";

const sockets = 1000;
const channel = () => `conversation:${readFileSync(settings.people, "utf8").split("\n")[0].split(" ")[2]}`;

export async function measure() {
    const common = { sockets, seconds: settings.seconds, redis: settings.redis };
    const peer = (name, dialect) => () =>
        withPeer(name, { CHANNEL: channel() }, ({ address }) => client("fanout", { ...common, to: address, dialect }));
    const got = await rounds([
        ["airi", () => client("fanout", { ...common, to: settings.gateway, dialect: "airi" })],
        ["ws", peer("fanout_ws", "ws")],
        ["socket.io", peer("fanout_socketio", "socketio")],
    ]);
    const rate = Object.fromEntries([...got].map(([name, each]) => [name, median(each.map((one) => one.per_second))]));
    const late = Object.fromEntries([...got].map(([name, each]) => [name, median(each.map((one) => one.delivery.p50))]));
    return [
        { what: `airi, ${sockets} subscribers`, value: rate.airi, unit: "deltas/s", note: `p50 ${late.airi.toFixed(1)} ms from publish` },
        { what: "ws, one process", value: rate.ws, unit: "deltas/s", note: `p50 ${late.ws.toFixed(1)} ms` },
        { what: "socket.io, one process", value: rate["socket.io"], unit: "deltas/s", note: `p50 ${late["socket.io"].toFixed(1)} ms` },
        { what: "airi : ws", value: rate.airi / rate.ws, target: ">= 3", ok: rate.airi >= 3 * rate.ws },
        { what: "airi : socket.io", value: rate.airi / rate["socket.io"] },
    ];
}
