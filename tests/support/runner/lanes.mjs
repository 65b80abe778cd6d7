// Executes jobs side by side, one in each lane. A job is a test file or a program that prints doctest's durations and
// ends with "N passed, N failed". Each returns { results: [{ name, failed, ms, error }], text, ms }.

import { fork, spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const children = new Set(); // running processes
let interrupted = false; // no further job begins

// Runs all jobs in `count` lanes and calls `finished(job, outcome)` for each.
export async function runJobs(jobs, count, finished) {
    const waiting = [...jobs];
    const running = new Set();
    await Promise.all(
        Array.from({ length: Math.min(count, jobs.length) }, async () => {
            const lane = new Lane();
            let job;
            while (waiting.length > 0 && !interrupted) {
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
    start() {
        this.child = fork(path.join(root, 'tests/support/runner/lane.mjs'), {
            stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        });
        children.add(this.child);
        this.child.once('exit', () => {
            children.delete(this.child);
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

function runProgram({ program, args }) {
    const begun = Date.now();
    return new Promise((resolve) => {
        const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
        children.add(child);
        let out = '';
        let err = '';
        child.stdout.on('data', (data) => (out += data));
        child.stderr.on('data', (data) => (err += data));
        child.once('error', (error) => (err += `${error}\n`));
        child.once('close', (code, signal) => {
            children.delete(child);
            const results = programResults(out, code ?? signal);
            const text = results.some((one) => one.failed) ? err : '';
            resolve({ results, text, ms: Date.now() - begun });
        });
    });
}

// doctest prints the failures of a case, then its duration and name. The program's last line counts the cases.
function programResults(out, code) {
    const results = [];
    let end = 0;
    for (const found of out.matchAll(/^(\d+\.\d+) s: (.*)$/gm)) {
        const before = out.slice(end, found.index);
        end = found.index + found[0].length;
        const failed = /: (FATAL )?ERROR: /.test(before);
        results.push({
            name: found[2],
            ms: Number(found[1]) * 1000,
            failed,
            error: failed ? before.trim() : undefined,
        });
    }
    const [, failed = 0] = out.match(/^\d+ passed, (\d+) failed$/m) ?? [];
    // A case that ends the program has no such line.
    if (code !== 0 && results.filter((one) => one.failed).length < Math.max(1, Number(failed)))
        results.push({ name: `the program ended with ${code}`, ms: 0, failed: true, error: out.slice(end) });
    return results;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
        interrupted = true;
        for (const child of children) child.kill('SIGTERM');
    });
