// The system of this process: started when a test first needs it, used by one file after the other while they ask for
// equal options, replaced when a test has failed on it or has killed or stopped a part of it.

import { discount } from './harness.mjs';
import { startSystem } from './system/system.mjs';

let current = null; // { key, system }

// Returns a running system with these options, as startSystem() takes them.
export async function systemWith(options) {
    const key = JSON.stringify(options);
    if (current?.key === key) return current.system;
    await endSystem();
    const begun = Date.now();
    current = { key, system: await startSystem(options) };
    discount(Date.now() - begun);
    console.log(`      a system is up in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    return current.system;
}

// Called after each file.
export async function leaveSystem({ failed }) {
    if (current && (failed || !(await current.system.intact()))) await endSystem({ failed });
}

export async function endSystem(how) {
    const { system } = current ?? {};
    current = null;
    await system?.end(how);
}
