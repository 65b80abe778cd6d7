// The measured system as the operating system and Postgres see it: pids, processor time, counters; and ./airi for its
// other verbs.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { settings } from './settings.mjs';

const text = (path) => {
    try {
        return readFileSync(path, 'utf8');
    } catch {
        return '';
    }
};
const pidIn = (path) => Number(text(path).split('\n')[0]);

export const run = (...words) =>
    execFileSync(settings.airi, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
export const sql = (statement) =>
    run('psql', '-X', '-q', '-A', '-t', '-c', `set search_path = airi, public; ${statement}`).trim();
export const gatewayPid = () => pidIn(`${settings.home}/run/gateway/child`);
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// The part of each pid; a slot chat-2 belongs to the part chat.
function parents() {
    const found = new Map([[pidIn(`${settings.home}/stub-provider.pid`), 'stub-provider']]);
    for (const name of ['postgres', 'redis', 'kafka']) found.set(pidIn(`${settings.home}/${name}/pid`), name);
    for (const slot of readdirSync(`${settings.home}/run`)) {
        found.set(pidIn(`${settings.home}/run/${slot}/child`), slot.replace(/-\d+$/, ''));
        found.set(pidIn(`${settings.home}/run/${slot}/pid`), 'supervisors');
    }
    found.delete(0);
    return found;
}

// The fields of /proc/<pid>/stat behind the name.
const statOf = (pid) =>
    text(`/proc/${pid}/stat`)
        .replace(/^.*\) /s, '')
        .split(' ');

// Every process of the system with its part; children count for their parent's part.
function processes() {
    const parts = parents();
    const found = [];
    for (const entry of readdirSync('/proc')) {
        if (!/^\d+$/.test(entry)) continue;
        const fields = statOf(entry);
        const part = parts.get(Number(entry)) ?? parts.get(Number(fields[1]));
        if (part) found.push({ pid: Number(entry), part, fields });
    }
    return found;
}

// The pids of each part.
export function pids() {
    const found = new Map();
    for (const { pid, part } of processes()) found.set(part, [...(found.get(part) ?? []), pid]);
    found.delete('supervisors');
    return found;
}

const processorMs = (fields) => fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10;

// Processor milliseconds of one process and its ended children.
export const timeOf = (pid) => processorMs(statOf(pid));

// Processor milliseconds used so far: by part, ended children included; `system` is their sum without the stub
// provider, `machine` everything on this machine.
export function processorTime() {
    const used = {};
    for (const { part, fields } of processes()) used[part] = (used[part] ?? 0) + processorMs(fields);
    used.system = Object.entries(used).reduce((sum, [part, ms]) => sum + (part === 'stub-provider' ? 0 : ms), 0);
    const [user, nice, system, , , irq, soft] = text('/proc/stat').split('\n')[0].split(/\s+/).slice(1).map(Number);
    used.machine = (user + nice + system + irq + soft) * 10;
    return used;
}

// The milliseconds used since then per unit of work.
export function since(before, pieces) {
    const after = processorTime();
    const each = Object.entries(after).map(([part, used]) => [part, (used - (before[part] ?? 0)) / pieces]);
    return Object.fromEntries(each.filter(([, used]) => used > 0));
}

// One figure for each part that used any: `what` and `value` of a row.
export function ofParts(used, what, unit) {
    const parts = Object.keys(used).filter((part) => !['system', 'machine', 'stub-provider'].includes(part));
    parts.sort((a, b) => used[b] - used[a]);
    return parts.map((part) => ({ what: `${what}, ${part}`, value: used[part], unit }));
}

// Postgres' own counters. Sessions report theirs within a second of their last transaction.
export async function databaseCounters() {
    await pause(1500);
    return JSON.parse(
        sql(`select json_build_object('transactions', d.xact_commit, 'inserts', d.tup_inserted,
            'updates', d.tup_updated, 'fetched', d.tup_fetched, 'flushes', w.wal_sync, 'records', w.wal_records,
            'bytes', w.wal_bytes) from pg_stat_database d, pg_stat_wal w where d.datname = current_database()`),
    );
}

// Resolves when the count has reached the target; fails when it does not grow for a minute.
async function until(count, target) {
    for (let [at, last, grown] = [count(), 0, Date.now()]; at < target; at = count()) {
        if (at > last) [last, grown] = [at, Date.now()];
        if (Date.now() - grown > 60_000) throw new Error(`${at} of ${target} are done, and no more follow`);
        await pause(500);
    }
}

// The pieces a second from the first one done to the last, by a count that grows to `pieces`.
export async function rateOf(count, pieces) {
    await until(count, 1);
    const [begun, already] = [performance.now(), count()];
    await until(count, pieces);
    return ((pieces - already) / (performance.now() - begun)) * 1000;
}
