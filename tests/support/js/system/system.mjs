// A whole airi of its own, in a temporary directory on free ports: servers, topics, schema, the stub provider, gateways
// and workers. It ends with the process that started it, whatever happens there.

import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import kafkajs from 'kafkajs';
import pg from 'pg';

import { kafkaOptions, kafkaSettings, redisCommand } from './access.mjs';
import { environmentOf, forServers, sanitizers } from './environment.mjs';
import { readOutbox } from './outbox.mjs';
import { freePort, Program } from './process.mjs';
import { eventually } from './wait.mjs';
import { workers } from './workers.mjs';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');
const servers = ['postgres', 'redis', 'kafka'];
const isServer = (name) => /^(postgres|redis|kafka(-[23])?)$/.test(name);
const open = new Set();

export const binaries = process.env.AIRI_BIN_DIR ?? path.join(root, '.airi/build/dev/bin');
export const secretText = (bytes = 24) => randomBytes(bytes).toString('hex');

const defaults = {
    profile: 'saas',
    partitions: 3,
    gateways: 2,
    ...Object.fromEntries(workers.map(({ name }) => [name, 0])),
    // memory calls the provider too: only for its own tests
    moderation: 1,
    chat: 1,
    usage: 1,
    email: 1,
    outbox: 1,
    env: {}, // of every program
    gatewayEnv: {},
    ...Object.fromEntries(workers.map(({ name }) => [`${name}Env`, {}])), // of every copy of a worker
    kafkaNodes: 1, // or 3: kafka, kafka-2 and kafka-3
    kafkaTls: null, // KAFKA_TLS_PEM and KAFKA_TLS_CA of deploy/servers.sh: Kafka's clients speak TLS
    providers: ['openai'],
    moderationProvider: false, // the moderation worker asks the stub provider for scores, too
    supervised: false, // gateways and workers that exit by themselves are restarted
    separate: false, // each light worker has a process of its own; otherwise their first copies share light-1
    file: '', // systems of different files are different ones
};

// Starts everything and waits until it is ready. `options` as in `defaults`.
export async function startSystem(options = {}) {
    for (const name of Object.keys(options))
        if (!(name in defaults))
            throw new Error(
                `unknown option or worker "${name}" of a system; known: ${Object.keys(defaults).join(', ')}`,
            );
    const system = new System({ ...defaults, ...options });
    open.add(system);
    try {
        await system.begin();
    } catch (error) {
        await system.end({ failed: true });
        throw error;
    }
    return system;
}

class System {
    constructor(options) {
        this.options = options;
        this.servers = options.kafkaNodes > 1 ? [...servers, 'kafka-2', 'kafka-3'] : servers;
        this.dir = mkdtempSync(path.join(os.tmpdir(), 'airi-system-'));
        this.programs = new Map();
        this.shared = new Map(); // of the copies that share a process: usage-1 is in light-1
        this.secrets = new Set();
        this.began = Date.now();
        this.disturbed = false; // a server was killed or stopped: no other file uses this system
    }

    async begin() {
        const [admin, redis, brokers] = await Promise.all(servers.map((kind) => this.server(kind, 'start')));
        this.adminUrl = admin.replace(/\/postgres$/, '/airi');
        this.redisUrl = redis;
        this.brokers = brokers;
        this.jwtSecret = this.secret();
        this.encryptionKey = this.secret();
        this.evidenceKey = this.secret();
        this.linkKey = this.secret();
        const roles = { AIRI_APP_PASSWORD: this.secret(), AIRI_WORKER_PASSWORD: this.secret() };
        await Promise.all([
            run(path.join(root, 'deploy/migrate.sh'), ['-', this.options.profile], {
                env: { ...process.env, ...roles, DATABASE_URL: this.adminUrl },
            }),
            run(path.join(binaries, 'airi-topics'), {
                env: {
                    PATH: process.env.PATH,
                    ...sanitizers(),
                    ...kafkaSettings(this, 'operator'),
                    AIRI_PARTITIONS: String(this.options.partitions),
                },
            }),
        ]);
        this.database = new pg.Pool({ connectionString: this.adminUrl, max: 4, options: '-c search_path=airi' });
        this.database.on('error', () => {});
        this.kafka = new kafkajs.Kafka({
            clientId: 'tests',
            ...kafkaOptions(this),
            logLevel: kafkajs.logLevel.NOTHING,
            retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 40 },
        });
        this.appUrl = this.as('airi_app', roles.AIRI_APP_PASSWORD);
        this.workerUrl = this.as('airi_worker', roles.AIRI_WORKER_PASSWORD);
        await this.addStubProvider();
        const counts = Object.fromEntries(workers.map(({ name }) => [name, this.options[name]]));
        if (!this.options.separate) {
            const light = workers.filter(({ name, light }) => light && counts[name] > 0);
            for (const { name } of light) this.shared.set(`${name}-1`, 'light-1');
        }
        const wanted = Object.entries({ gateway: this.options.gateways, ...counts }).flatMap(([kind, n]) =>
            Array.from({ length: n }, (_, i) => this.programName(`${kind}-${i + 1}`)),
        );
        const begun = await Promise.allSettled([...new Set(wanted)].map((name) => this.start(name)));
        for (const { reason } of begun) if (reason) throw reason;
        await this.settled(counts);
        this.atStart = new Set(this.programs.keys());
    }

    // Waits until the group of each of these workers has exactly so many members and every partition is assigned.
    async settled(wanted) {
        const groups = workers
            .filter(({ name, group }) => group && wanted[name] > 0)
            .map(({ name, group }) => [group, wanted[name]]);
        const admin = this.kafka.admin();
        await admin.connect();
        try {
            let last;
            await eventually(
                'the worker groups are settled',
                async () => {
                    last = (await admin.describeGroups(groups.map(([name]) => name))).groups;
                    return groups.every(([name, members]) => {
                        const described = last.find((group) => group.groupId === name);
                        return described.state === 'Stable' && described.members.length === members;
                    });
                },
                { every: 100, describe: () => last.map((group) => [group.groupId, group.state, group.members.length]) },
            );
        } finally {
            await admin.disconnect();
        }
    }

    as(role, password) {
        const url = new URL(this.adminUrl);
        url.username = role;
        url.password = password;
        return url.href;
    }

    secret() {
        const text = secretText();
        this.secrets.add(text);
        return text;
    }

    async addStubProvider() {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;
        const program = new Program('stub-provider', {
            command: path.join(binaries, 'airi-stub-provider'),
            args: ['--port', String(port)],
            env: { PATH: process.env.PATH, ...sanitizers() },
            dir: this.dir,
            ready: () => readFileSync(program.log, 'utf8').includes('listening on '),
        });
        this.programs.set('stub-provider', program);
        this.stubProvider = url;
        program.launch();
        await program.up();
    }

    // The program that runs this copy of a worker: itself, or the one that it shares.
    programName(name) {
        return this.shared.get(name) ?? name;
    }

    async define(name) {
        const kind = name.replace(/-\d+$/, '');
        const sharing = [...this.shared].filter(([, program]) => program === name).map(([copy]) => copy.slice(0, -2));
        const run = sharing.length > 0 ? sharing : kind === 'gateway' ? [] : [kind];
        const port = await freePort();
        const adminPort = kind === 'gateway' ? await freePort() : port;
        const program = new Program(name, {
            command: path.join(binaries, kind === 'gateway' ? 'airi-gateway' : 'airi-worker'),
            args: run.length > 0 ? [run.join(',')] : [],
            env: environmentOf(this, { name, workers: run, port, adminPort }),
            dir: this.dir,
            supervised: this.options.supervised,
            ready: async () =>
                (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1000) })).ok,
        });
        program.port = port;
        program.adminPort = adminPort;
        program.kind = kind;
        this.programs.set(name, program);
        return program;
    }

    program(name) {
        const found = this.programs.get(this.programName(name));
        if (!found) throw new Error(`no program ${name}`);
        return found;
    }

    // The missing nodes of a cluster start together.
    serverWords(name, verb) {
        const [kind] = name.split('-');
        return [path.join(root, 'deploy/servers.sh'), kind, verb, path.join(this.dir, verb === 'start' ? kind : name)];
    }

    async server(name, verb) {
        const { kafkaNodes, kafkaTls } = this.options;
        const env = { ...process.env, ...forServers, KAFKA_NODES: String(kafkaNodes), ...kafkaTls };
        const done = await run('bash', this.serverWords(name, verb), { env });
        return done.stdout.trim().split('\n').pop();
    }

    // --- verbs: a server (postgres, redis, kafka) or a program (gateway-1, chat-2, …); those of a copy that shares a
    // process are the process'

    async start(name, env = {}) {
        if (isServer(name)) return void (await this.server(name, 'start'));
        const shared = this.programName(name);
        const program = this.programs.get(shared) ?? (await this.define(shared));
        program.launch(env);
        await program.up();
    }

    async kill(name) {
        if (isServer(name)) return this.disturb(name, 'kill');
        await this.program(name).kill();
    }

    async stop(name) {
        if (isServer(name)) return this.disturb(name, 'stop');
        return this.program(name).stop();
    }

    async disturb(name, verb) {
        this.disturbed = true;
        await this.server(name, verb);
    }

    // True if everything is as it was at the start, for another file's tests.
    async intact() {
        if (this.disturbed) return false;
        const programs = [...this.programs.values()];
        if (programs.some((one) => one.running !== this.atStart.has(one.name) || Object.keys(one.env).length > 0))
            return false;
        return this.settled(this.options).then(
            () => true,
            () => false,
        );
    }

    pause(name) {
        if (isServer(name)) return this.server(name, 'pause');
        this.program(name).signal('SIGSTOP');
    }

    resume(name) {
        if (isServer(name)) return this.server(name, 'resume');
        this.program(name).signal('SIGCONT');
    }

    async ready(name, within = 30_000) {
        await this.program(name).up(within);
    }

    url(gateway = 'gateway-1') {
        return `http://127.0.0.1:${this.program(gateway).port}`;
    }

    // --- queries

    async rows(sql, parameters = []) {
        return (await this.database.query(sql, parameters)).rows;
    }

    async api(method, route, { token, body, headers = {}, gateway = 'gateway-1' } = {}) {
        const answer = await fetch(`${this.url(gateway)}/api/v1${route}`, {
            method,
            headers: {
                'Content-Type': 'application/json',
                ...(token ? { Authorization: `Bearer ${token}` } : {}),
                ...headers,
            },
            body: body === undefined ? undefined : JSON.stringify(body),
            signal: AbortSignal.timeout(40_000),
        });
        const text = await answer.text();
        return { status: answer.status, headers: answer.headers, json: text ? JSON.parse(text) : null };
    }

    // A user with that plan, signed in, with a proved address.
    async user(plan = 'pro') {
        const password = this.secret();
        const email = `${secretText(8)}@example.com`;
        const { status, json } = await this.api('POST', '/auth/signup', {
            body: { email, password, birth_date: '1990-02-28' },
            headers: { 'X-Token-Transport': 'bearer' },
        });
        if (status !== 201) throw new Error(`signup: ${status} ${JSON.stringify(json)}`);
        const { user, access_token, refresh_token } = json.data;
        this.secrets.add(access_token).add(refresh_token);
        await this.rows('update users set plan = $2, email_verified_at = now() where id = $1', [user.id, plan]);
        return { id: user.id, email, password, token: access_token };
    }

    users(count, plan) {
        return Promise.all(Array.from({ length: count }, () => this.user(plan)));
    }

    async stubRequests(contains) {
        const query = contains ? `?contains=${encodeURIComponent(contains)}` : '';
        const found = await (await fetch(`${this.stubProvider}/_stub/requests${query}`)).json();
        return Array.isArray(found) ? found : found.requests;
    }

    async stubStats() {
        return (await fetch(`${this.stubProvider}/_stub/stats`)).json();
    }

    // One command, its arguments without blanks; returns Redis's raw response.
    redis(command) {
        return redisCommand(this, command);
    }

    // The mails in the outbox, oldest first; with `to` only those to that address.
    mail(to) {
        const all = readOutbox(path.join(this.dir, 'mail'));
        return to ? all.filter((mail) => mail.to === to) : all;
    }

    logFiles() {
        const logs = path.join(this.dir, 'logs'); // the first program makes it
        const own = existsSync(logs) ? readdirSync(logs).map((name) => path.join(logs, name)) : [];
        const theirs = this.servers.flatMap((kind) => ['log', 'log.1'].map((name) => path.join(this.dir, kind, name)));
        return [...own, ...theirs.filter(existsSync)];
    }

    // The JSON lines of a program's log with that event.
    logged(name, event) {
        const lines = readFileSync(this.program(name).log, 'utf8').split('\n');
        return lines.filter((line) => line.includes(`"${event}"`)).map((line) => JSON.parse(line));
    }

    // --- the end

    async end({ failed = false } = {}) {
        if (!open.delete(this)) return;
        if (failed) this.printLogs();
        await this.database?.end().catch(() => {});
        await Promise.all([...this.programs.values()].filter((p) => p.child).map((p) => p.kill().catch(() => {})));
        await Promise.all(this.servers.map((name) => this.server(name, 'kill').catch(() => {})));
        if (failed) console.log(`logs are kept in ${this.dir}`);
        else rmSync(this.dir, { recursive: true, force: true });
    }

    endNow() {
        for (const program of this.programs.values()) {
            program.expectExit();
            program.signal('SIGKILL');
        }
        for (const name of this.servers) spawnSync('bash', this.serverWords(name, 'kill'));
    }

    printLogs(lines = 15) {
        for (const file of this.logFiles()) {
            const text = readFileSync(file, 'utf8').trimEnd();
            if (text) console.log(`--- ${path.relative(this.dir, file)}\n${text.split('\n').slice(-lines).join('\n')}`);
        }
    }
}

const endAll = () => {
    for (const system of open) system.endNow();
    open.clear();
};
process.once('exit', endAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
        endAll();
        process.exit(1);
    });
