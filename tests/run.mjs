// Runs the tests of a folder, one file after the other, each in a process and with systems of its own:
// node tests/run.mjs <api|security|faults> [part of a file's name …]. The last line counts the tests. The soak test,
// whose faults are random, runs only when it is named.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

const [folderName, ...parts] = process.argv.slice(2);
const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), folderName ?? '');
const files = readdirSync(folder)
    .filter((name) => name.endsWith('_test.mjs'))
    .filter((name) => (parts.length === 0 ? !name.startsWith('soak') : parts.some((part) => name.includes(part))))
    .sort();

let passed = 0;
let failed = 0;

// node:test reports the file itself as a test too; it counts only when it failed for another reason than its tests.
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
        const stream = run({ files: [path.join(folder, file)], concurrency: 1, timeout: 300_000 });
        stream.on('test:pass', (data) => report(true, file, data));
        stream.on('test:fail', (data) => report(false, file, data));
        stream.on('test:stdout', ({ message }) => process.stdout.write(message));
        stream.on('test:stderr', ({ message }) => process.stderr.write(message));
        stream.on('end', resolve);
        stream.resume();
    });
}

for (const file of files) {
    const started = Date.now();
    console.log(file);
    await runFile(file);
    console.log(`      ${((Date.now() - started) / 1000).toFixed(0)} s`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
