// The users of a test's Kafka (operator, gateway, worker, operations) and Redis (the first three), as deploy/servers.sh
// makes them.

import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

export const passwordOf = (system, server, user) =>
    readFileSync(path.join(system.dir, server, 'passwords', user), 'utf8');

const kafkaProtocol = (system) => (system.options.kafkaTls ? 'SASL_SSL' : 'SASL_PLAINTEXT');

// The programs' settings.
export const kafkaSettings = (system, user) => ({
    KAFKA_BROKERS: system.brokers,
    KAFKA_SECURITY_PROTOCOL: kafkaProtocol(system),
    ...(system.options.kafkaTls && { KAFKA_SSL_CA_LOCATION: system.options.kafkaTls.KAFKA_TLS_CA }),
    KAFKA_SASL_MECHANISM: 'PLAIN',
    KAFKA_USERNAME: user,
    KAFKA_PASSWORD: passwordOf(system, 'kafka', user),
});

// The options of kafkajs.
export const kafkaOptions = (system, user = 'operator') => ({
    brokers: system.brokers.split(','),
    ...(system.options.kafkaTls && { ssl: { ca: readFileSync(system.options.kafkaTls.KAFKA_TLS_CA) } }),
    sasl: { mechanism: 'plain', username: user, password: passwordOf(system, 'kafka', user) },
});

// `work` gets a producer that stores a record once, also when a stalled broker makes it send a request again.
export async function withProducer(system, work) {
    const producer = system.kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    try {
        return await work(producer);
    } finally {
        await producer.disconnect();
    }
}

// A file for kcat -F.
export function kcatFile(system, user = 'operator') {
    const file = path.join(system.dir, `kcat-${user}.conf`);
    const password = passwordOf(system, 'kafka', user);
    const lines = [`security.protocol=${kafkaProtocol(system)}`, 'sasl.mechanism=PLAIN', `sasl.username=${user}`];
    if (system.options.kafkaTls) lines.push(`ssl.ca.location=${system.options.kafkaTls.KAFKA_TLS_CA}`);
    writeFileSync(file, [...lines, `sasl.password=${password}`, ''].join('\n'), { mode: 0o600 });
    return file;
}

export function redisUrl(system, user) {
    const url = new URL(system.redisUrl);
    url.username = user;
    url.password = passwordOf(system, 'redis', user);
    return url.href;
}

// One command of the operator, its arguments without blanks; returns Redis's raw response.
export function redisCommand(system, command) {
    return new Promise((resolve, reject) => {
        const { hostname, port, username, password } = new URL(system.redisUrl);
        const greeting = '+OK\r\n';
        const socket = net.connect(Number(port), hostname, () =>
            socket.write(`AUTH ${username} ${password}\r\n${command}\r\n`),
        );
        let answer = '';
        socket.on('data', (data) => {
            answer += data;
            if (answer.length <= greeting.length) return;
            socket.end();
            resolve(answer.slice(greeting.length).trim());
        });
        socket.once('error', reject);
    });
}
