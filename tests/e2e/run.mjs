#!/usr/bin/env node
// Runs the end-to-end tests against one private system with the simulated provider: the client protocol, the page in
// Chromium, the API's contract, the official clients. The last line counts them all.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { OpenIdProvider } from '../support/js/identity_providers.mjs';
import { freePort } from '../support/js/system/process.mjs';
import { startSystem } from '../support/js/system/system.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
// The clients come last: they make the provider fail, and its circuit breaker opens at the third failure.
const files = [
    'protocol_test.mjs',
    'page_test.mjs',
    'conversations_page_test.mjs',
    'live_list_page_test.mjs',
    'account_page_test.mjs',
    'schemathesis_test.mjs',
    'links_page_test.mjs',
    'privacy_page_test.mjs',
    'identity_page_test.mjs',
    'clients_test.mjs',
];

function runFile(file, env) {
    return new Promise((resolve) => {
        const child = spawn(process.execPath, [path.join(here, file)], {
            env: { ...process.env, ...env },
            stdio: ['ignore', 'pipe', 'inherit'],
        });
        let text = '';
        child.stdout.on('data', (data) => {
            text += data;
        });
        child.on('close', (code) => {
            const counts = [...text.matchAll(/^(\d+) passed, (\d+) failed$/gm)].pop();
            console.log(`${file}\n${text.replaceAll(/^\d+ passed, \d+ failed$/gm, '').trimEnd()}`);
            const failed = counts ? Number(counts[2]) : 0;
            resolve({ passed: counts ? Number(counts[1]) : 0, failed: code !== 0 && failed === 0 ? 1 : failed });
        });
    });
}

// identity_page_test.mjs starts this provider; the oauth worker discovers it then.
const openid = new OpenIdProvider(await freePort());
const system = await startSystem({
    providers: ['simulated'],
    chatEnv: { SIMULATED_TOKENS_PER_SECOND: '15' },
    exports: 1,
    oauth: 1,
    oauthEnv: openid.env,
});
let passed = 0;
let failed = 0;
try {
    const env = {
        AIRI_URL: `http://127.0.0.1:${system.program('gateway-1').port}`,
        KAFKA_BROKERS: system.brokers,
        AIRI_OUTBOX: path.join(system.dir, 'mail'),
        AIRI_OIDC_PORT: String(openid.port),
    };
    for (const file of files) {
        const counts = await runFile(file, env);
        passed += counts.passed;
        failed += counts.failed;
    }
} finally {
    await system.end({ failed: failed > 0 });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
