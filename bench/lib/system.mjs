// The measured system as the operating system sees it: pids and processor time; and ./airi for its other verbs.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { settings } from './settings.mjs';

const airi = new URL('../../airi', import.meta.url).pathname;
const text = (path) => {
    try {
        return readFileSync(path, 'utf8');
    } catch {
        return '';
    }
};
const pidIn = (path) => Number(text(path).split('\n')[0]);

export const run = (...words) => execFileSync(airi, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
export const sql = (statement) =>
    run('psql', '-X', '-q', '-A', '-t', '-c', `set search_path = airi; ${statement}`).trim();
export const gatewayPid = () => pidIn(`${settings.home}/run/gateway/child`);

export function machine() {
    const [now] = loadavg();
    const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
    return `${cpus().length} cores of ${cpus()[0].model}, ${memory}, load ${now.toFixed(1)}`;
}

function processes() {
    const parents = new Map([[pidIn(`${settings.home}/stub-provider.pid`), 'stub-provider']]);
    for (const name of ['postgres', 'redis', 'kafka']) parents.set(pidIn(`${settings.home}/${name}/pid`), name);
    for (const slot of readdirSync(`${settings.home}/run`))
        parents.set(pidIn(`${settings.home}/run/${slot}/child`), slot.split('-')[0]);
    return parents;
}

// Processor milliseconds used so far, by part; children count for their parent's part. `all` is the whole machine's.
export function processorTime() {
    const parts = processes();
    const used = {};
    for (const entry of readdirSync('/proc')) {
        if (!/^\d+$/.test(entry)) continue;
        const fields = text(`/proc/${entry}/stat`)
            .replace(/^.*\) /s, '')
            .split(' ');
        const part = parts.get(Number(entry)) ?? parts.get(Number(fields[1]));
        if (part) used[part] = (used[part] ?? 0) + (Number(fields[11]) + Number(fields[12])) * 10;
    }
    const [user, nice, system, , , irq, soft] = text('/proc/stat').split('\n')[0].split(/\s+/).slice(1).map(Number);
    used.all = (user + nice + system + irq + soft) * 10;
    return used;
}

// The milliseconds used since then per unit of work; `other` was used by no part of the system and no client of ours.
export function since(before, pieces) {
    const after = processorTime();
    const each = Object.entries(after).map(([part, used]) => [part, (used - (before[part] ?? 0)) / pieces]);
    return Object.fromEntries(each.filter(([, used]) => used > 0));
}
