// The API's contract: its documents are valid, the page shows them, and schemathesis finds no operation whose response
// differs from /openapi.json, whatever it is sent.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Parser } from '@asyncapi/parser';

import { Browser, inBothSchemes } from './browser.mjs';
import { monthly } from '../support/js/billing.mjs';
import { afterFile, check } from '../support/js/harness.mjs';
import { StripeStandIn } from '../support/js/stripe/stand_in.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { Api, freshEmail } from './checks.mjs';
import { pythonWith } from './python.mjs';
import { pageSystem } from './system.mjs';

const stripe = await StripeStandIn.start({ prices: monthly('plus', 1499) });
afterFile(() => stripe.end());
const { system, url: base } = await pageSystem({
    payments: 1,
    paymentsEnv: stripe.workerEnv,
});
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const work = mkdtempSync(path.join(os.tmpdir(), 'airi-contract-'));
// They end the session that the others need, or do not end by themselves.
const left_out = [
    'auth.logout',
    'sessions.end',
    'sessions.end_all',
    'auth.change_password',
    'account_deletion.request',
    'account_deletion.of_user',
    'generations.events',
];

// Returns the output and the exit code.
function run(command, args, within = 60_000) {
    return new Promise((resolve) => {
        execFile(
            command,
            args,
            { cwd: work, timeout: within, maxBuffer: 64 << 20, env: { ...process.env, NO_COLOR: '1' } },
            (error, out, err) => resolve({ code: error ? (error.code ?? error.signal) : 0, text: `${out}${err}` }),
        );
    });
}

async function fetched(address) {
    const answer = await fetch(`${base}${address}`);
    assert.equal(answer.status, 200);
    return { text: await answer.text(), headers: answer.headers };
}

await check('the OpenAPI document passes the linter', async () => {
    const { text } = await fetched('/openapi.json');
    const file = path.join(work, 'openapi.json');
    writeFileSync(file, text);
    const linter = path.join(here, '../node_modules/@redocly/cli/bin/cli.js');
    const done = await run(process.execPath, [linter, 'lint', file, '--format=json', '--extends=recommended']);
    const found = JSON.parse(done.text.slice(done.text.indexOf('{'), done.text.lastIndexOf('}') + 1));
    assert.equal(
        found.totals.errors,
        0,
        JSON.stringify(
            found.problems.filter((one) => one.severity === 'error'),
            null,
            1,
        ),
    );
    assert.equal(done.code, 0);
});

await check('the AsyncAPI document is valid and lists every frame and topic', async () => {
    const { text } = await fetched('/asyncapi.json');
    const { document, diagnostics } = await new Parser().parse(text);
    assert.deepEqual(
        diagnostics.filter((one) => one.severity === 0).map((one) => `${one.path.join('/')}: ${one.message}`),
        [],
    );
    const names = document
        .channels()
        .get('socket')
        .messages()
        .all()
        .map((message) => message.name());
    const schemas = path.join(root, 'schemas/frames');
    const declared = readdirSync(schemas).flatMap((file) =>
        Object.values(JSON.parse(readFileSync(path.join(schemas, file), 'utf8')).$defs),
    );
    assert.ok(declared.length >= 30);
    assert.deepEqual(names.sort(), declared.map((frame) => frame.properties.type.const).sort());
    const topics = document
        .channels()
        .all()
        .map((channel) => channel.address());
    for (const topic of ['chat.requested.v1', 'chat.finished.v1-retry', 'usage.recorded.v1-dlt'])
        assert.ok(topics.includes(topic), `no ${topic}`);
});

await check('the page shows every operation, works by keyboard and loads nothing from other origins', async () => {
    const document = JSON.parse((await fetched('/openapi.json')).text);
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    const browser = await new Browser(base).start();
    try {
        const page = await browser.openPage();
        await page.goto(`${base}/docs`);
        const entries = page.locator('details.operation');
        await entries.first().waitFor();
        assert.equal(await entries.count(), operations.length);
        await page.locator('#filter').fill('patch conversations');
        const shown = page.locator('details.operation:visible');
        await eventually('the others are hidden', async () => (await shown.count()) === 1);
        await shown.locator('summary').focus();
        await page.keyboard.press('Enter');
        // In the body, in the response's resolved schema, in the path.
        for (const text of ['system_prompt', 'data.last_message_preview', 'in the path', '404'])
            await shown.getByText(text, { exact: false }).first().waitFor();
        await inBothSchemes(page, 'the documents');
        await page.locator('#filter').fill('');
        for (const entry of await entries.all())
            if (!(await entry.evaluate((one) => one.open))) await entry.locator('summary').press('Enter');
        await eventually(
            'each tells its refusals',
            async () =>
                (await page.locator('details.operation[open]').filter({ hasText: 'Errors' }).count()) ===
                operations.length,
        );
        await page.goto(`${base}/docs#messages.list`);
        await page.locator('[id="messages.list"][open]').waitFor();
        assert.deepEqual(browser.faults, []);
    } finally {
        await browser.close();
    }
});

await check('schemathesis finds no response that the OpenAPI document lacks', async () => {
    const operations = Object.values(JSON.parse((await fetched('/openapi.json')).text).paths).flatMap(Object.values);
    // Each is answered by the same route as another one.
    const others = operations.filter((one) => one['x-same-as']).map((one) => one.operationId);
    assert.ok(others.length >= 20);
    const api = new Api(base);
    await api.signup(system, freshEmail('contract'), 'a long enough password');
    const { data } = await api.call('POST', '/conversations', { title: 'of the contract' });
    await api.call('POST', `/conversations/${data.id}/messages`, { content: 'say something' });
    const done = await run(
        pythonWith('requirements.txt'),
        [
            '-m',
            'schemathesis.cli',
            '--config-file',
            path.join(here, 'schemathesis.toml'),
            'run',
            `${base}/openapi.json`,
            '--header',
            `Authorization: Bearer ${api.token}`,
            '--header',
            'Prefer: wait=1',
            ...[...left_out, ...others].flatMap((name) => ['--exclude-operation-id', name]),
            // To a user each of these is a 403, which routes_test.mjs and admin_test.mjs assert.
            '--exclude-tag',
            'admin',
            '--warnings',
            'off',
        ],
        840_000,
    );
    assert.equal(
        done.code,
        0,
        done.text
            .split('\n')
            .map((line) => line.slice(0, 500))
            .join('\n')
            .slice(-20_000),
    );
    const [, tested] = done.text.match(/Tested: (\d+)/) ?? assert.fail(done.text.slice(-2000));
    const [, cases] = done.text.match(/([\d,]+) generated/) ?? assert.fail(done.text.slice(-2000));
    assert.ok(Number(tested) >= 45, `${tested} operations were tested`);
    assert.ok(Number(cases.replaceAll(',', '')) >= 1000, `${cases} requests were made`);
    // The session is still valid: the requests were a user's, not anonymous.
    assert.equal((await api.call('GET', '/auth/session')).success, true);
});

rmSync(work, { recursive: true });
