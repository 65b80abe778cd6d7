// A profile under load: the dearest statements of Postgres, and of each process its top functions and a
// flame graph. perf samples the processor's clock, which a virtual machine has too.
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { pause, pids, sql } from './system.mjs';
import { table } from './table.mjs';

const seconds = 10;
const rate = 499; // samples a second of each core: not in step with timers
const top = 10;

// Statements inside functions count too, once by themselves and once in the statement that called the function.
const dearest = `
select json_build_object('ms', round(total_exec_time::numeric, 1), 'calls', calls,
    'share', round((100 * total_exec_time / sum(total_exec_time) filter (where toplevel) over ())::numeric, 1),
    'wal', wal_bytes / calls, 'inside', not toplevel, 'query', regexp_replace(query, '\\s+', ' ', 'g'))
from pg_stat_statements s join pg_database d on d.oid = s.dbid and d.datname = current_database()
order by total_exec_time desc limit ${top}`;

function printStatements() {
    const lines = sql(dearest)
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
        .map((one) => [
            `${one.ms}`,
            `${one.share} %`,
            `${one.calls}`,
            (one.ms / one.calls).toFixed(3),
            `${one.wal}`,
            `${one.inside ? '(inside) ' : ''}${one.query.slice(0, 90)}`,
        ]);
    console.error(`\nthe dearest statements\n${table(['ms', 'share', 'calls', 'ms a call', 'WAL bytes', ''], lines)}`);
}

// "frame;frame;frame count" lines to the functions that the samples ended in.
export function topFunctions(folded, count = top) {
    const found = new Map();
    let all = 0;
    for (const line of folded.split('\n').filter(Boolean)) {
        const end = line.lastIndexOf(' ');
        const samples = Number(line.slice(end + 1));
        const name = line.slice(line.lastIndexOf(';', end) + 1, end).replace(/^\[perf-\d+\.map\]$/, 'java');
        found.set(name, (found.get(name) ?? 0) + samples);
        all += samples;
    }
    const sorted = [...found].sort((a, b) => b[1] - a[1]).slice(0, count);
    return { all, functions: sorted.map(([name, samples]) => ({ name, share: (100 * samples) / all })) };
}

// One perf for all, whose start takes seconds under load; `sleep` begins when it records. Stacks are unwound from the
// programs' exception tables: the distribution's libraries have no frame pointers.
async function record(file, all) {
    const words = ['-q', '-e', 'cpu-clock', '-F', rate, '--call-graph', 'dwarf,4096', '-o', file, '-p', all.join(',')];
    const perf = spawn('perf', ['record', ...words, '--', 'sleep', seconds], {
        stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = await once(perf, 'exit');
    if (code !== 0) throw new Error(`perf record ends with ${code}`);
}

// perf script | inferno-collapse-perf > folded, inferno-flamegraph < folded > SVG.
async function draw(directory, data, part, of) {
    const folded = `${directory}/${part}.folded`;
    const script = spawn('perf', ['script', '-i', data, '--pid', of.join(',')], {
        stdio: ['ignore', 'pipe', 'ignore'],
    });
    const collapse = spawn('inferno-collapse-perf', [], { stdio: ['pipe', 'pipe', 'ignore'] });
    script.stdout.pipe(collapse.stdin);
    const out = createWriteStream(folded);
    collapse.stdout.pipe(out);
    await once(out, 'close');
    const found = topFunctions(readFileSync(folded, 'utf8'));
    if (found.all === 0) return found;
    const svg = execFileSync('inferno-flamegraph', ['--title', part, folded], { maxBuffer: 2 ** 27 });
    writeFileSync(`${directory}/${part}.svg`, svg);
    return found;
}

// Runs `load` and looks at it in the middle.
export async function profile(directory, load) {
    mkdirSync(directory, { recursive: true });
    sql('create extension if not exists pg_stat_statements schema public; select pg_stat_statements_reset()');
    const data = `${directory}/perf.data`;
    const parts = pids();
    const loaded = load();
    await pause(3000);
    await record(data, [...parts.values()].flat());
    await loaded;
    printStatements();
    for (const [part, of] of parts) {
        const { all, functions } = await draw(directory, data, part, of);
        if (all < rate / 10) continue; // too few to say anything
        const cores = (100 * all) / (rate * seconds);
        console.error(`\n${part}: ${cores.toFixed(0)} % of a core; the functions it was in`);
        for (const { name, share } of functions) console.error(`  ${share.toFixed(1).padStart(5)} %  ${name}`);
    }
    rmSync(data);
    console.error(`\nflame graphs: ${directory}/*.svg`);
}
