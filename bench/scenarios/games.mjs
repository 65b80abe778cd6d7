// Fifty companions in games on one worker, ten commands a second each: the time from the request to the game, which
// answers at once. The game stands behind the protocol of workers/gaming/bot, so that no bot's own work is measured.
import { readFileSync } from 'node:fs';
import { relayBot, World } from '../../tests/support/js/games/scripted_world.mjs';
import { settings } from '../lib/settings.mjs';
import { ofParts, pause, pids, processorTime, run, since, sql } from '../lib/system.mjs';

const sessions = 50;
const every = 100; // milliseconds between two commands of a session
const servers = 10;
const password = 'a password of the bench';

async function post(path, body, token) {
    const answer = await fetch(`http://${settings.gateway}/api/v1${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
    });
    return { status: answer.status, data: (await answer.json()).data };
}

const member = async (email) => {
    const { data } = await post('/auth/signup', { email, password, birth_date: '1990-02-28' });
    sql(`update users set plan = 'pro', email_verified_at = now() where email = '${email}'`);
    return data.access_token;
};

// A companion in the game: { token, id, visitor }.
async function companion(n, worlds) {
    const token = await member(`games${Date.now()}-${n}@bench.test`);
    const { data } = await post('/gaming/minecraft', { max_duration: 30 }, token);
    const visitors = () => worlds.flatMap((world) => world.visitors);
    for (const until = Date.now() + 60_000; Date.now() < until; await pause(50)) {
        const visitor = visitors().find((one) => one.name === data.companion_name);
        if (visitor) return { token, id: data.id, visitor };
    }
    throw new Error(`${data.companion_name} does not join`);
}

// Sends a command every 100 ms until `end`, and returns when each was sent.
async function command({ token, id }, begin, end) {
    const sent = new Map();
    let refused = 0;
    const waiting = [];
    for (let at = begin; at < end; at += every) {
        await pause(Math.max(0, at - performance.now()));
        const begun = performance.now();
        waiting.push(
            post(`/gaming/sessions/${id}/commands`, { verb: 'look' }, token).then(({ status, data }) =>
                status === 202 ? sent.set(data.id, begun) : (refused += 1),
            ),
        );
    }
    await Promise.all(waiting);
    return { sent, refused };
}

async function round(companions) {
    const begin = performance.now() + 200;
    const before = processorTime();
    const all = await Promise.all(
        companions.map((one, n) => {
            const from = begin + (n * every) / sessions;
            return command(one, from, from + settings.seconds * 1000);
        }),
    );
    const wanted = all.reduce((sum, { sent }) => sum + sent.size, 0);
    const arrived = () =>
        companions.flatMap(({ visitor }, n) =>
            visitor.commands.filter((one) => all[n].sent.has(one.id)).map((one) => one.at - all[n].sent.get(one.id)),
        );
    for (const until = Date.now() + 30_000; arrived().length < wanted && Date.now() < until;) await pause(50);
    const times = arrived().sort((a, b) => a - b);
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
    const refused = all.reduce((sum, one) => sum + one.refused, 0);
    const got = {
        p50: at(0.5),
        p99: at(0.99),
        per_second: times.length / settings.seconds,
        lost: wanted - times.length,
    };
    console.error(`  ${JSON.stringify({ ...got, refused }, (_, value) => value?.toFixed?.(2) ?? value)}`);
    return { ...got, refused, used: since(before, times.length) };
}

const memoryOf = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

export async function measure() {
    const worlds = await Promise.all(Array.from({ length: servers }, () => World.start()));
    process.env.GAME_SERVERS = worlds.map(({ port }) => `minecraft=127.0.0.1:${port}`).join(' ');
    process.env.MINECRAFT_BOT = relayBot;
    run('scale', 'gaming=1'); // the worker starts again, with these servers
    try {
        const companions = [];
        for (let n = 0; n < sessions; ++n) companions.push(await companion(n, worlds));
        const got = [];
        for (let n = 0; n < settings.rounds; ++n) got.push(await round(companions));
        const [middle] = [...got].sort((a, b) => a.p99 - b.p99).slice(got.length >> 1);
        const memory = memoryOf(pids().get('light')[0]);
        return [
            {
                what: `a command to the game, ${sessions} sessions`,
                value: middle.p99,
                unit: 'ms, p99',
                target: '< 20',
                ok: middle.p99 < 20,
                note: `p50 ${middle.p50.toFixed(1)} ms, ${middle.per_second.toFixed(0)} a second, lost ${middle.lost}`,
            },
            {
                what: 'memory of the worker, which runs the other light ones too',
                value: memory,
                unit: 'MB',
                target: '< 100',
                ok: memory < 100,
            },
            ...ofParts(middle.used, 'processor time a command', 'ms'),
        ];
    } finally {
        for (const world of worlds) world.stop();
    }
}
