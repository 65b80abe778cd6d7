// The settings of a program of a test's system.

import path from 'node:path';

import { kafkaSettings, redisUrl } from './access.mjs';
import { workers as listed } from './workers.mjs';

// Of deploy/servers.sh. A broker that lives for a minute is gone before the JVM's second compiler has paid.
export const forServers = {
    PG_FSYNC: 'off',
    PG_SCHEMA: 'yes',
    KAFKA_HEAP_OPTS: '-Xms64m -Xmx256m -XX:TieredStopAtLevel=1',
};

// The addresses and keys of the providers that the system's option `providers` names.
function providers(system, names = system.options.providers) {
    const url = system.stubProvider;
    system.providerKey ??= system.secret();
    const key = system.providerKey;
    const environments = {
        openai: { OPENAI_API_KEY: key, OPENAI_BASE_URL: `${url}/openai/v1` },
        anthropic: { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: `${url}/anthropic` },
        groq: { GROQ_API_KEY: key, GROQ_BASE_URL: `${url}/groq/openai/v1` },
        ollama: { OLLAMA_HOST: `${url}/ollama` },
        simulated: {},
    };
    return Object.assign({}, ...names.map((name) => environments[name]));
}

function forGateway(system, port, adminPort) {
    return {
        PORT: String(port),
        ADMIN_PORT: String(adminPort),
        ADDRESS: '127.0.0.1',
        ALLOWED_HOSTS: 'a,localhost,127.0.0.1',
        DATABASE_URL: system.appUrl,
        JWT_SECRET: system.jwtSecret,
        ENABLE_RATE_LIMITING: 'false',
        GATEWAY_THREADS: '2',
        DRAIN_SECONDS: '4',
        ENCRYPTION_KEY: system.encryptionKey,
        EVIDENCE_KEY: system.evidenceKey,
        LINK_KEY: system.linkKey,
        ...system.options.gatewayEnv,
    };
}

// Of all the workers that run in the process: it has the settings and secrets of these.
function forWorkers(system, names, port) {
    const { chatEnv, emailEnv, oauthEnv, crisisEnv, paymentsEnv, archiveEnv, gamingEnv } = system.options;
    const own = {
        moderation: () => ({
            ENCRYPTION_KEY: system.encryptionKey,
            EVIDENCE_KEY: system.evidenceKey,
            ...(system.options.moderationProvider ? providers(system, ['openai']) : {}),
        }),
        chat: () => ({ ...providers(system), CHAT_LEASE: '3s', CHAT_HEARTBEAT: '500ms', ...chatEnv }),
        memory: () => providers(system),
        email: () => ({ LINK_KEY: system.linkKey, MAIL_OUTBOX: path.join(system.dir, 'mail'), ...emailEnv }),
        oauth: () => ({ IDENTITY_REFRESH: '1s', ...oauthEnv }),
        crisis: () => ({ ENCRYPTION_KEY: system.encryptionKey, LINK_KEY: system.linkKey, ...crisisEnv }),
        payments: () => paymentsEnv,
        violations: () => ({ LINK_KEY: system.linkKey, API_URL: 'https://api.example.com' }),
        gaming: () => ({ ENCRYPTION_KEY: system.encryptionKey, GAMING_LEASE: '2s', ...gamingEnv }),
        archive: () => ({ ENCRYPTION_KEY: system.encryptionKey, ...archiveEnv }),
    };
    return {
        ADMIN_PORT: String(port),
        DATABASE_URL: system.workerUrl,
        DRAIN_SECONDS: '2',
        ...Object.assign({}, ...names.map((name) => own[name]?.())),
    };
}

// The options of sanitizers, for programs that have them: log_path=/tmp/faults keeps each report in a file.
export function sanitizers() {
    const names = ['ASAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS'];
    return Object.fromEntries(names.filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
}

// Of the gateway, where `workers` is empty, or of a process of these workers. `name` is the program's (chat-2), `port`
// the one that it listens on, `adminPort` that of its metrics.
export function environmentOf(system, { name, workers, port, adminPort }) {
    const user = workers.length === 0 ? 'gateway' : 'worker';
    const kafkaUser = listed.find((one) => one.name === workers[0])?.kafkaUser ?? user;
    return {
        PATH: process.env.PATH,
        REDIS_URL: redisUrl(system, user),
        ...kafkaSettings(system, kafkaUser),
        AIRI_INSTANCE: name,
        KAFKA_SESSION_TIMEOUT: '6000ms',
        AIRI_ENV: 'test',
        ...sanitizers(),
        ...system.options.env,
        ...(workers.length === 0 ? forGateway(system, port, adminPort) : forWorkers(system, workers, port)),
    };
}
