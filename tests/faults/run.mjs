// Runs the fault tests, one file after the other, each in a process and with systems of its own:
// node tests/faults/run.mjs [part of a file's name …]. The last line counts them.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(here)
    .filter((name) => name.endsWith('_test.mjs') && (wanted.length === 0 || wanted.some((part) => name.includes(part))))
    .sort()
    .map((name) => path.join(here, name));

let passed = 0;
let failed = 0;
const begun = Date.now();

function report(good, { name, details, file }) {
    // The files themselves are reported as tests too.
    if (files.some((each) => name === each || name === path.relative(process.cwd(), each) || name === path.basename(each))) {
        if (good || details.error?.failureType === 'subtestsFailed') return;
    }
    if (good) passed += 1;
    else failed += 1;
    const seconds = (details.duration_ms / 1000).toFixed(1);
    console.log(`${good ? 'ok  ' : 'FAIL'}  ${file ? `${path.basename(file, '_test.mjs')}: ` : ''}${name} (${seconds} s)`);
    if (!good) {
        const error = details.error?.cause ?? details.error;
        console.log(String(error?.stack ?? error).replaceAll(/^/gm, '      '));
    }
}

const stream = run({ files, concurrency: 1, timeout: 400_000 });
stream.on('test:pass', (data) => report(true, data));
stream.on('test:fail', (data) => report(false, data));
stream.on('test:stdout', ({ message }) => process.stdout.write(message));
stream.on('test:stderr', ({ message }) => process.stderr.write(message));
stream.on('end', () => {
    console.log(`${((Date.now() - begun) / 1000).toFixed(0)} s`);
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
});
stream.resume();
