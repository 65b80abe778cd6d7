// The slots of ./airi up: which processes there are, and that each gets the settings and secrets of its program only.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterFile, declareTest as test } from '../support/js/harness.mjs';
import { binaries } from '../support/js/system/system.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { workers } from '../support/js/system/workers.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const home = mkdtempSync('/tmp/airi-slots-');
afterFile(() => rmSync(home, { recursive: true, force: true }));

// Runs a function of deploy/lib/services.sh in an environment; the lines of its output.
function lines(script, env = {}) {
    const { status, stdout, stderr } = spawnSync(
        'bash',
        [
            '-euc',
            `for part in base settings services games; do source deploy/lib/$part.sh; done
             open_home; bin="$1" app_url=app worker_url=worker redis_url=redis brokers=kafka; ${script}`,
            'slots',
            binaries,
        ],
        { cwd: root, env: { PATH: process.env.PATH, HOME: home, AIRI_HOME: home, ...env }, encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter(Boolean);
}

// Makes so many copies of a worker wanted.
function scale(name, copies) {
    mkdirSync(path.join(home, 'scale'), { recursive: true });
    writeFileSync(path.join(home, 'scale', name), `${copies}\n`);
}

const light = workers.filter((one) => one.light).map(({ name }) => name);
const secrets = {
    ENCRYPTION_KEY_PREVIOUS: 'e',
    OPENAI_API_KEY: 'o',
    GROQ_API_KEY_FILE: '/nowhere',
    MAIL_SMTP_URL: 'smtp://127.0.0.1',
    AWS_SECRET_ACCESS_KEY: 'a',
    GOOGLE_CLIENT_SECRET: 'g',
    JWT_SECRET_PREVIOUS: 'j',
    AIRI_APP_PASSWORD: 'p',
    POSTGRES_PASSWORD: 'p',
};

// The secrets that a slot's process would get.
function secretsOf(slot) {
    const names = lines(
        `mkdir -p "$home/run/${slot}"; echo 1 >"$home/run/${slot}/port"; slot_environment ${slot}; compgen -e`,
        secrets,
    );
    return names
        .filter(
            (name) => name in secrets || ['ENCRYPTION_KEY', 'EVIDENCE_KEY', 'JWT_SECRET', 'LINK_KEY'].includes(name),
        )
        .sort();
}

test('the first copies of the light workers share a slot, every other copy has its own', () => {
    const heavy = workers.filter((one) => !one.light).map(({ name }) => `${name}-1`);
    assert.deepEqual(lines('wanted_slots'), [...heavy, 'light-1', 'gateway']);
    assert.deepEqual(lines('slot_workers light-1'), [light.join(',')]);
    scale('email', 3);
    scale('usage', 0);
    scale('chat', 2);
    const slots = [...heavy, 'chat-2', 'email-2', 'email-3', 'light-1', 'gateway'];
    assert.deepEqual(lines('wanted_slots').sort(), slots.sort());
    assert.deepEqual(lines('slot_workers light-1'), [light.filter((name) => name !== 'usage').join(',')]);
    assert.deepEqual(lines('slot_command email-2'), [path.join(binaries, 'airi-worker'), 'email']);
    assert.deepEqual(lines('wanted_slots | slots_of email'), ['email-2', 'email-3', 'light-1']);
    assert.deepEqual(lines('wanted_slots | slots_of chat'), ['chat-1', 'chat-2']);
    for (const name of light) scale(name, 0);
    assert.ok(!lines('wanted_slots').includes('light-1'));
    rmSync(path.join(home, 'scale'), { recursive: true });
});

test('a slot gets the secrets that its workers need, and no others', () => {
    assert.deepEqual(secretsOf('gateway'), [
        'ENCRYPTION_KEY',
        'ENCRYPTION_KEY_PREVIOUS',
        'EVIDENCE_KEY',
        'JWT_SECRET',
        'JWT_SECRET_PREVIOUS',
        'LINK_KEY',
    ]);
    assert.deepEqual(secretsOf('moderation-1'), [
        'ENCRYPTION_KEY',
        'ENCRYPTION_KEY_PREVIOUS',
        'EVIDENCE_KEY',
        'OPENAI_API_KEY',
    ]);
    assert.deepEqual(secretsOf('chat-1'), ['GROQ_API_KEY_FILE', 'OPENAI_API_KEY']);
    assert.deepEqual(secretsOf('email-2'), ['AWS_SECRET_ACCESS_KEY', 'LINK_KEY', 'MAIL_SMTP_URL']);
    assert.deepEqual(secretsOf('usage-2'), []);
    assert.deepEqual(secretsOf('light-1'), [
        'AWS_SECRET_ACCESS_KEY',
        'ENCRYPTION_KEY',
        'ENCRYPTION_KEY_PREVIOUS',
        'GOOGLE_CLIENT_SECRET',
        'GROQ_API_KEY_FILE',
        'LINK_KEY',
        'MAIL_SMTP_URL',
        'OPENAI_API_KEY',
    ]);
});

test('a slot has another fingerprint when its workers or settings change, not when those of others do', () => {
    const print = (slot, env) =>
        lines(
            `mkdir -p "$home/run/${slot}"; echo 1 >"$home/run/${slot}/port"
             slot_environment ${slot}; slot_fingerprint ${slot}`,
            env,
        )[0];
    const before = print('light-1', {});
    assert.equal(print('light-1', {}), before);
    assert.equal(print('light-1', { CHAT_LEASE: '20' }), before);
    assert.notEqual(print('light-1', { MAIL_FROM: 'a@example.com' }), before);
    assert.notEqual(print('light-1', { MAIL_SMTP_URL_FILE: '/nowhere' }), before);
    scale('usage', 0);
    assert.notEqual(print('light-1', {}), before);
    rmSync(path.join(home, 'scale'), { recursive: true });
});

test('a program that root starts runs as its own user, wherever it lies, and ends with its supervisor', async () => {
    const isRoot = process.getuid() === 0;
    const dir = path.join(home, 'supervised');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    cpSync('/bin/sleep', path.join(dir, 'program'));
    const supervisor = spawn(
        path.join(root, 'deploy/supervise.sh'),
        [dir, isRoot ? 'nobody' : '', '--', path.join(dir, 'program'), '600'],
        { cwd: root },
    );
    const pid = () =>
        existsSync(path.join(dir, 'child')) && readFileSync(path.join(dir, 'child'), 'utf8').split('\n')[0];
    const command = () => pid() && readFileSync(`/proc/${pid()}/cmdline`, 'utf8');
    await eventually('the program runs', () => command() === `${path.join(dir, 'program')}\x00600\x00`);
    const program = pid();
    assert.notEqual(statSync(`/proc/${program}`).uid, 0);
    if (isRoot) assert.match(readFileSync(`/proc/${program}/status`, 'utf8'), /^Groups:\s*$/m, 'no group of root');
    supervisor.kill('SIGKILL');
    await eventually('it has ended too', () => !existsSync(`/proc/${program}`));
});

test('a secret in a file that only root may read reaches the program of another user', () => {
    const file = path.join(home, 'key');
    writeFileSync(file, 'from-a-file\n', { mode: 0o600 });
    mkdirSync(path.join(home, 'run/chat-1'), { recursive: true });
    writeFileSync(path.join(home, 'run/chat-1/port'), '1\n');
    const shown = 'slot_environment chat-1; printf "%s,%s\\n" "${OPENAI_API_KEY:-}" "${OPENAI_API_KEY_FILE:-}"';
    assert.deepEqual(lines(shown, { OPENAI_API_KEY_FILE: file }), [
        process.getuid() === 0 ? 'from-a-file,' : `,${file}`,
    ]);
});
