// A process of the runner: receives one test file after the other and runs it. Messages in: { file, wanted } with an
// absolute path and a word of the tests' names or null, or { end: true }. Messages out: { result } for each test, then
// { done: true }. What a file prints goes to stdout.

import { pathToFileURL } from 'node:url';

import { runFile } from '../js/harness.mjs';
import { endSystem, leaveSystem } from '../js/shared_system.mjs';

async function run({ file, wanted }) {
    const report = (result) => process.send({ result });
    const matches = (name) => wanted === null || name.toLowerCase().includes(wanted);
    const failed = await runFile(pathToFileURL(file).href, { wanted: matches, report });
    await leaveSystem({ failed });
    process.send({ done: true });
}

process.on('message', (message) => {
    if (!message.end) return void run(message);
    endSystem().finally(() => process.exit());
});
// Ends this process, and with it the system; the runner continues with a new one.
process.on('unhandledRejection', (error) => {
    console.log(`unhandled: ${error?.stack ?? error}`);
    process.exit(1);
});
process.on('disconnect', () => process.exit(1));
