// Executes jobs side by side, one in each lane. A job is a test file or a program that prints doctest's durations and
// ends with "N passed, N failed". Each returns { results: [{ name, failed, ms, error }], text, ms }.

import { fork, spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

// Runs all jobs in `count` lanes and calls `finished(job, outcome)` for each.
export async function runJobs(jobs, count, finished) {
    const waiting = [...jobs];
    const running = new Set();
    await Promise.all(
        Array.from({ length: Math.min(count, jobs.length) }, async () => {
            const lane = new Lane();
            let job;
            while (waiting.length > 0) {
                [job] = waiting.splice(nextOf(waiting, job, running), 1);
                running.add(job);
                finished(job, await (job.program ? runProgram(job) : lane.run(job)));
                running.delete(job);
            }
            await lane.end();
        }),
    );
}

// The index of the job that continues a lane: one that needs the same system, else the first. Files that kill parts of
// their system are not run side by side while there are others, since both would be measured against the clock.
function nextOf(waiting, last, running) {
    const same = waiting.findIndex((job) => job.system && job.system === last?.system);
    if (same >= 0) return same;
    const killing = [...running].some((job) => job.label === 'faults');
    return Math.max(
        waiting.findIndex((job) => !killing || job.label !== 'faults'),
        0,
    );
}

// A process that runs test files, replaced when it exits by itself.
class Lane {
    static all = new Set();

    start() {
        this.child = fork(path.join(root, 'tests/support/runner/lane.mjs'), {
            stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        });
        Lane.all.add(this.child);
        this.child.once('exit', () => {
            Lane.all.delete(this.child);
            this.child = null;
        });
    }

    run({ file, wanted }) {
        if (!this.child) this.start();
        const { child } = this;
        const begun = Date.now();
        const results = [];
        let text = '';
        const print = (data) => (text += data);
        for (const stream of [child.stdout, child.stderr]) stream.on('data', print);
        return new Promise((resolve) => {
            const done = () => {
                for (const stream of [child.stdout, child.stderr]) stream.off('data', print);
                child.off('message', receive).off('exit', exit);
                resolve({ results, text, ms: Date.now() - begun });
            };
            const receive = ({ result }) => (result ? results.push(result) : done());
            const exit = (code, signal) => {
                if (!results.some((one) => one.failed))
                    results.push({ name: 'the process', failed: true, ms: 0, error: `ended with ${code ?? signal}` });
                done();
            };
            child.on('message', receive).once('exit', exit);
            child.send({ file: path.join(root, file), wanted });
        });
    }

    end() {
        const { child } = this;
        if (!child) return null;
        const exited = new Promise((resolve) => child.once('exit', resolve));
        child.send({ end: true });
        return exited;
    }
}

function runProgram({ program, args = [], env = {} }) {
    const begun = Date.now();
    return new Promise((resolve) => {
        const child = spawn(program, args, {
            cwd: root,
            env: { ...process.env, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        Lane.all.add(child);
        let text = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
        child.once('error', (error) => (text += `${error}\n`));
        child.once('close', (code, signal) => {
            Lane.all.delete(child);
            resolve({ ...programResults(text, code ?? signal), ms: Date.now() - begun });
        });
    });
}

// doctest says how long each case took, and the program how many passed; the lines in between are what failed.
function programResults(text, code) {
    const cases = [...text.matchAll(/^(\d+\.\d+) s: (.*)$/gm)].map(([, s, name]) => ({ name, ms: Number(s) * 1000 }));
    const [, passed = 0, failed = 0] = (text.match(/^(\d+) passed, (\d+) failed$/m) ?? []).map(Number);
    const rest = text.replaceAll(/^\d+\.\d+ s: .*\n|^\d+ passed, \d+ failed\n/gm, '');
    const results = cases.map((one) => ({ ...one, failed: false })).slice(0, passed);
    while (results.length < passed) results.push({ name: 'a case', ms: 0, failed: false });
    for (let n = 0; n < failed; ++n) results.push({ name: 'a case, see above', ms: 0, failed: true });
    if (code !== 0 && !failed) results.push({ name: `the program ended with ${code}`, ms: 0, failed: true });
    return { results, text: results.some((one) => one.failed) ? rest : '' };
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
        for (const child of Lane.all) child.kill('SIGTERM');
        process.exitCode = 1;
        setTimeout(() => process.exit(1), 15_000).unref();
    });
