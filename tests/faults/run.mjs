// Runs the fault tests, one file after the other, each in a process and with systems of its own:
// node tests/faults/run.mjs [part of a file's name …]. The last line counts them. The soak, whose faults come by chance, runs
// only when it is named.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const names = readdirSync(here)
    .filter((name) => name.endsWith('_test.mjs'))
    .filter((name) => (wanted.length === 0 ? !name.startsWith('soak') : wanted.some((part) => name.includes(part))))
    .sort();

let passed = 0;
let failed = 0;

// The file itself is reported as a test too; it counts only when it failed apart from its tests.
function report(good, file, { name, details }) {
    if (name.endsWith(file) && (good || details.error?.failureType === 'subtestsFailed')) return;
    if (good) passed += 1;
    else failed += 1;
    console.log(`${good ? 'ok  ' : 'FAIL'} ${name} (${(details.duration_ms / 1000).toFixed(1)} s)`);
    if (good) return;
    const error = details.error?.cause ?? details.error;
    console.log(String(error?.stack ?? error).replaceAll(/^/gm, '      '));
}

function runFile(file) {
    return new Promise((resolve) => {
        const stream = run({ files: [path.join(here, file)], concurrency: 1, timeout: 300_000 });
        stream.on('test:pass', (data) => report(true, file, data));
        stream.on('test:fail', (data) => report(false, file, data));
        stream.on('test:stdout', ({ message }) => process.stdout.write(message));
        stream.on('test:stderr', ({ message }) => process.stderr.write(message));
        stream.on('end', resolve);
        stream.resume();
    });
}

for (const file of names) {
    const begun = Date.now();
    console.log(file);
    await runFile(file);
    console.log(`      ${((Date.now() - begun) / 1000).toFixed(0)} s`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
