// The locks of the backends: another user of the machine reaches nothing, and each role only what is its own.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import kafkajs from 'kafkajs';
import pg from 'pg';

import { withSystem } from '../support/js/scenario.mjs';
import { kafkaOptions, kcatFile, redisUrl } from '../support/js/system/access.mjs';
import { readTopic, withAdmin } from '../support/js/system/checker.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const scenario = withSystem({ profile: 'ezri', exports: 1, crisis: 1, notifications: 1 });

// Runs a command as another user of the machine, who has nothing but the programs.
const asStranger = (command, args, input) =>
    spawnSync('setpriv', ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', '--', command, ...args], {
        cwd: '/',
        env: { PATH: process.env.PATH },
        encoding: 'utf8',
        timeout: 30_000,
        input,
    });

const kcat = (system, user, args, input) =>
    spawnSync('kcat', ['-F', kcatFile(system, user), '-b', system.brokers, ...args], {
        encoding: 'utf8',
        timeout: 30_000,
        input,
    });

const administrator = async (system, user) => {
    const options = { ...kafkaOptions(system, user), logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 0 } };
    const admin = new kafkajs.Kafka(options).admin();
    await admin.connect();
    return admin;
};

// One command of a user; the answer as redis-cli shows it.
const redis = (system, user, ...command) => {
    const url = new URL(redisUrl(system, user));
    return execFileSync('redis-cli', ['-h', url.hostname, '-p', url.port, '--user', user, ...command], {
        env: { PATH: process.env.PATH, REDISCLI_AUTH: url.password },
        encoding: 'utf8',
    }).trim();
};

scenario('another user of the machine reads and writes no topic', async ({ system }) => {
    const read = asStranger('kcat', ['-b', system.brokers, '-m', '3', '-C', '-t', 'email.requested.v1', '-e']);
    assert.notEqual(read.status, 0);
    assert.equal(read.stdout, '');
    const listed = asStranger('kcat', ['-b', system.brokers, '-m', '3', '-L']);
    assert.notEqual(listed.status, 0);
    const guess = [
        '-X',
        'security.protocol=SASL_PLAINTEXT',
        '-X',
        'sasl.mechanism=PLAIN',
        '-X',
        'sasl.username=operator',
    ];
    const guessed = asStranger('kcat', [
        ...guess,
        '-X',
        'sasl.password=operator',
        '-b',
        system.brokers,
        '-m',
        '3',
        '-L',
    ]);
    assert.notEqual(guessed.status, 0);
    assert.match(guessed.stderr, /SASL authentication error/);
});

scenario(
    'another user of the machine uses neither the controller of Kafka, nor Redis, nor Postgres',
    async ({ system }) => {
        const properties = readFileSync(path.join(system.dir, 'kafka/server.properties'), 'utf8');
        const controller = /CONTROLLER:\/\/([\d.:]+)/.exec(properties)[1];
        const asked = asStranger('kcat', ['-b', controller, '-m', '3', '-L']);
        assert.notEqual(asked.status, 0);
        const { port } = new URL(system.redisUrl);
        for (const command of [['--scan'], ['get', 'presence'], ['config', 'get', '*'], ['publish', 'outbox', 'x']])
            assert.match(asStranger('redis-cli', ['-p', port, ...command]).stdout + '', /^(NOAUTH.*\s*)?$/);
        for (const user of ['postgres', 'airi_app', 'airi_worker']) {
            const url = new URL(system.adminUrl);
            url.username = user;
            url.password = '';
            const refused = await new pg.Client({ connectionString: url.href }).connect().catch((error) => error);
            assert.match(refused?.message ?? 'connected', /password/);
        }
    },
);

scenario('another user of the machine opens no file of the servers, nor a log', async ({ system }) => {
    const { stdout, stderr } = asStranger('find', [system.dir, '-type', 'f', '-readable']);
    assert.equal(stdout, '');
    assert.match(stderr, /Permission denied/);
    // Not only because of the folder above them.
    const open = execFileSync('find', [
        ...['kafka', 'redis', 'postgres'].map((name) => path.join(system.dir, name)),
        ...['-mindepth', '1', '-type', 'f', '-perm', '/077', '-not', '-name', 'port', '-not', '-name', 'pid'],
    ]);
    assert.equal(open.toString(), '');
});

scenario('the gateway writes its own topics, and reads none', async ({ system }) => {
    const written = kcat(system, 'gateway', ['-P', '-t', 'email.requested.v1'], 'x');
    assert.match(written.stderr, /authorization failed/i);
    for (const topic of ['chat.requested.v1', 'email.requested.v1']) {
        const read = kcat(system, 'gateway', ['-C', '-t', topic, '-e', '-o', 'beginning']);
        assert.match(read.stderr, /authorization failed|unknown topic/i);
        assert.equal(read.stdout, '');
    }
    const joined = kcat(system, 'gateway', ['-G', 'mail', 'email.requested.v1', '-e']);
    assert.match(joined.stderr, /authorization failed/i);
    const admin = await administrator(system, 'gateway');
    await assert.rejects(admin.createTopics({ topics: [{ topic: 'mine' }] }), ({ errors }) =>
        errors.every(({ type }) => /AUTHORIZATION_FAILED/.test(type)),
    );
    await admin.disconnect();
});

scenario('a worker reads no dead letters, joins no other group and changes no rights', async ({ system }) => {
    const read = kcat(system, 'worker', ['-C', '-t', 'chat.requested.v1-dlt', '-e', '-o', 'beginning']);
    assert.match(read.stderr, /authorization failed/i);
    const joined = kcat(system, 'worker', ['-G', 'strangers', 'chat.requested.v1', '-e']);
    assert.match(joined.stderr, /authorization failed/i);
    const admin = await administrator(system, 'worker');
    const right = { resourceType: 2, resourceName: '*', resourcePatternType: 3, principal: 'User:worker', host: '*' };
    await assert.rejects(admin.createAcls({ acl: [{ ...right, operation: 2, permissionType: 3 }] }), /authorization/i);
    await assert.rejects(admin.deleteTopics({ topics: ['chat.requested.v1'] }), /authorization/i);
    await admin.disconnect();
});

scenario(
    'in Redis the gateway writes no stream, a worker changes no count, and neither has other commands',
    ({ system }) => {
        const refused = /NOPERM/;
        assert.match(redis(system, 'gateway', 'xadd', 'gen:x', '*', 'frame', 'x'), refused);
        assert.match(redis(system, 'gateway', 'get', 'reply:x'), refused);
        assert.match(redis(system, 'worker', 'set', 'rate:general:x', '0'), refused);
        assert.match(redis(system, 'worker', 'unlink', 'quota:messages:x'), refused);
        assert.match(redis(system, 'worker', 'get', 'state:x'), refused);
        assert.match(redis(system, 'worker', 'publish', 'quota:x', 'x'), refused);
        for (const user of ['gateway', 'worker'])
            for (const command of [['keys', '*'], ['flushall'], ['config', 'get', '*'], ['monitor'], ['acl', 'list']])
                assert.match(redis(system, user, ...command), refused);
    },
);

scenario('no event carries a link with a token that is readable', async ({ system }) => {
    const { email, token } = await system.user();
    await system.api('POST', '/auth/magic-link', { body: { email } });
    await system.api('POST', '/auth/forgot-password', { body: { email } });
    await system.api('POST', '/users/export', { token, body: {} });
    await system.api('POST', '/crisis/contacts', {
        token,
        body: { name: 'Ben', relationship: 'brother', email: 'ben@example.net' },
    });
    const links = await eventually('the mails with links', () => {
        const found = [...system.mail(email), ...system.mail('ben@example.net')].flatMap((mail) =>
            [...mail.text.matchAll(/[?#&](?:[a-z_]+=)?([A-Za-z0-9_-]{32,})/g)].map(([, secret]) => secret),
        );
        return new Set(found).size >= 4 && found;
    });
    const topics = await withAdmin(system, (admin) => admin.listTopics());
    for (const topic of topics.filter((name) => !name.startsWith('__')))
        for (const { value } of await readTopic(system, topic)) {
            for (const secret of links) assert.ok(!value?.includes(secret), `${topic} has a link's token`);
            assert.doesNotMatch(String(value), /https?:[^" ]*[?#&][a-z_]+=[A-Za-z0-9_-]{20,}/, topic);
        }
    const stored = await system.rows('select value::text from outbox');
    for (const { value } of stored) for (const secret of links) assert.ok(!value.includes(secret));
});
