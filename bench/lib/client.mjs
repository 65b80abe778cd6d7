// Runs the load client and the peers as child processes.
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { settings } from './settings.mjs';

const start = promisify(execFile);

async function outputOf(program, words, options) {
    const more = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const { stdout, stderr } = await start(program, [...words, ...more], { maxBuffer: 2 ** 24 });
    if (stderr) console.error(stderr.trim());
    return JSON.parse(stdout);
}

export const client = (scenario, options) =>
    outputOf(`${settings.bin}/airi-bench`, [scenario], { ...options, people: settings.people });

// A client in JavaScript, client/<name>.mjs.
export const scriptedClient = (name, options) =>
    outputOf(process.execPath, [new URL(`../client/${name}.mjs`, import.meta.url).pathname], options);

async function freePort() {
    const server = createServer();
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address();
    await new Promise((done) => server.close(done));
    return port;
}

// Starts peers/<name>.mjs and calls `use`, behind its first line, with its address, its pid and a function that returns
// its next line.
export async function withPeer(name, environment, use) {
    const port = await freePort();
    const script = new URL(`../peers/${name}.mjs`, import.meta.url).pathname;
    const child = spawn(process.execPath, [script], {
        env: {
            ...process.env,
            NODE_ENV: 'production',
            PORT: String(port),
            REDIS_URL: settings.redis,
            ...settings.kafka,
            ...environment,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((done) => child.once('exit', done));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async () => {
        const { value, done } = await lines.next();
        if (done) throw new Error(`${name} has ended`);
        return value;
    };
    try {
        await line();
        return await use({ address: `127.0.0.1:${port}`, pid: child.pid, line });
    } finally {
        child.kill('SIGTERM');
        await ended;
    }
}

const rounded = (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value);

// Runs every contender once, then once more, so that a drift of the machine affects all of them.
export async function rounds(contenders) {
    const results = new Map(contenders.map(([name]) => [name, []]));
    for (let round = 1; round <= settings.rounds; ++round)
        for (const [name, measure] of contenders) {
            const got = await measure();
            results.get(name).push(got);
            console.error(`  ${round} ${name}: ${JSON.stringify(got, rounded)}`);
        }
    return results;
}

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// The medians of the percentiles p50 and p99 of `pick(result)` over all results, as text.
export function percentiles(results, pick) {
    const [p50, p99] = ['p50', 'p99'].map((name) => median(results.map((one) => pick(one)[name])).toFixed(1));
    return `p50 ${p50} ms, p99 ${p99} ms`;
}
