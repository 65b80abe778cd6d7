// The manifests of deploy/kubernetes: valid for Kubernetes and KEDA, and true of the programs that they start. Nothing
// is started here but the programs' --help, and no cluster.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { manifests } from '../../deploy/kubernetes/generate.mjs';
import { check } from '../support/js/harness.mjs';
import { binaries } from '../support/js/system/system.mjs';
import { workers } from '../support/js/system/workers.mjs';
import { pythonWith } from './python.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const home = path.join(root, 'deploy/kubernetes');
const versions = ['1.30', '1.37']; // the oldest and the newest one that docs/kubernetes.md names
const textOf = (...parts) => readFileSync(path.join(root, ...parts), 'utf8');

function yamlBelow(folder) {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const at = path.join(folder, entry.name);
        if (entry.isDirectory()) return yamlBelow(at);
        return entry.name.endsWith('.yaml') ? [at] : [];
    });
}
const files = yamlBelow(home);
const python = (words) =>
    JSON.parse(
        execFileSync(
            pythonWith('kubernetes_requirements.txt'),
            [path.join(root, 'tests/e2e/check_manifests.py'), ...versions, ...words],
            { maxBuffer: 64 << 20 },
        ),
    );
const checked = python(files);
const all = Object.values(checked.documents).flat();
const ofKind = (kind) => all.filter((one) => one.kind === kind);
const named = (kind, name) => {
    const found = ofKind(kind).filter((one) => one.metadata.name === name);
    assert.equal(found.length, 1, `${kind} ${name}`);
    return found[0];
};
const pods = [...ofKind('Deployment'), ...ofKind('Job')].map((one) => ({
    name: one.metadata.name,
    spec: one.spec.template.spec,
    labels: one.spec.template.metadata.labels,
    container: one.spec.template.spec.containers[0],
}));
const objectOf = (name) => name.replaceAll('_', '-');
const deployed = ['gateway', ...workers.map(({ name }) => objectOf(name))];
const podOf = (name) => pods.find((pod) => pod.name === objectOf(name));

// The settings that a program prints, each with whether it is a secret, which a file may have.
function settingsOf([program, ...words]) {
    const text = execFileSync(path.join(binaries, program), [...words, '--help'], { encoding: 'utf8' });
    const lines = [...text.matchAll(/^ {2}([A-Z][A-Z0-9_]+) (.*)$/gm)];
    return new Map(lines.map(([, name, about]) => [name, about.includes(`${name}_FILE)`)]));
}

await check('the manifests are valid for Kubernetes 1.30 and 1.37 and for KEDA 2.16', () => {
    assert.deepEqual(checked.faults, []);
    assert.ok(all.length > 50, `${all.length} documents`);
});

await check('the check of manifests finds unknown fields, of KEDA too, wrong types and keys that stand twice', () => {
    const sound = textOf('deploy/kubernetes/base/workers/chat.yaml');
    const faults = {
        unknown: ['runAsNonRoot: true', 'runAsNobody: true'],
        type: ['runAsNonRoot: true', 'runAsNonRoot: "yes"'],
        keda: ['maxReplicaCount', 'maxReplicas'],
        keda_type: ['maxReplicaCount: 12', 'maxReplicaCount: many'],
        twice: ['runAsUser: 10001', 'runAsUser: 10001\n        runAsUser: 0'],
    };
    const work = mkdtempSync(path.join(os.tmpdir(), 'airi-manifests-'));
    try {
        const made = Object.entries({ sound: ['', ''], ...faults }).map(([name, [from, to]]) => {
            assert.ok(sound.includes(from), from);
            const file = path.join(work, `${name}.yaml`);
            writeFileSync(file, sound.replace(from, to));
            return file;
        });
        const found = python(made).faults.map((fault) => path.basename(fault.split(': ')[0], '.yaml'));
        assert.deepEqual(found, Object.keys(faults));
    } finally {
        rmSync(work, { recursive: true });
    }
});

await check('the generated manifests are what compose.yaml and workers.cmake say today', () => {
    const generated = manifests();
    for (const [name, text] of Object.entries(generated))
        assert.equal(textOf('deploy/kubernetes/base', name), text, `run deploy/kubernetes/generate.mjs: ${name}`);
    const present = readdirSync(path.join(home, 'base/workers')).map((name) => `workers/${name}`);
    assert.deepEqual(
        present.sort(),
        Object.keys(generated)
            .filter((name) => name.startsWith('workers/'))
            .sort(),
    );
});

await check('kustomizations list each file of the base once, and set every setting that has no default', () => {
    const [base] = checked.documents[path.join(home, 'base/kustomization.yaml')];
    const present = files.map((file) => path.relative(path.join(home, 'base'), file));
    const below = present.filter((name) => !name.startsWith('..') && name !== 'kustomization.yaml');
    assert.deepEqual([...base.resources].sort(), below.sort());
    const [example] = checked.documents[path.join(home, 'example/kustomization.yaml')];
    assert.deepEqual(example.resources, ['../base']);
    const given = [base, example].flatMap((one) => one.configMapGenerator).flatMap(({ literals }) => literals);
    const keys = new Set(given.map((literal) => literal.split('=')[0]));
    const wanted = pods.flatMap(({ container }) => container.env.map((one) => one.valueFrom?.configMapKeyRef));
    const needed = new Set(wanted.filter((one) => one && !one.optional).map(({ key }) => key));
    for (const key of needed) assert.ok(keys.has(key), key);
    for (const key of keys) assert.ok(needed.has(key), `${key} is set, and no container needs it`);
});

await check('each worker of workers.cmake has a Deployment, which runs it alone', () => {
    const names = ofKind('Deployment').map((one) => one.metadata.name);
    assert.deepEqual(names.sort(), [...deployed].sort());
    for (const { name, kafkaUser } of workers) {
        const { command, env } = podOf(name).container;
        assert.deepEqual(command, ['airi-worker', name]);
        assert.equal(env.find((one) => one.name === 'KAFKA_USERNAME').value, kafkaUser);
    }
    assert.deepEqual(podOf('gateway').container.command, ['airi-gateway']);
    assert.deepEqual(podOf('topics').container.command, ['airi-topics']);
    assert.deepEqual(podOf('migrate').container.command, ['/app/deploy/migrate.sh', '-', '$(AIRI_PROFILE)']);
});

await check('each container gets the settings that its program prints, and secrets only from the Secret', () => {
    const example = textOf('.env.example');
    for (const { name, container } of pods) {
        if (name === 'migrate') continue;
        const settings = settingsOf(container.command);
        assert.ok(settings.size > 6, name);
        settings.delete('AIRI_INSTANCE'); // a pod's name is another one each time
        if (name !== 'topics') settings.set('AIRI_ENV', false); // every program reads it
        const given = container.env.map((one) => one.name);
        assert.deepEqual([...given].sort(), [...settings.keys()].sort(), name);
        for (const { name: setting, value, valueFrom } of container.env) {
            assert.match(example, new RegExp(`^#? ?${setting}=`, 'm'), setting);
            const secret = settings.get(setting);
            assert.equal(Boolean(valueFrom?.secretKeyRef), secret, `${name}: ${setting}`);
            assert.ok(!secret || value === undefined, `${name}: ${setting}`);
            assert.equal((valueFrom?.secretKeyRef ?? valueFrom?.configMapKeyRef ?? { name: 'airi' }).name, 'airi');
        }
    }
    const migrate = podOf('migrate').container.env;
    assert.deepEqual(
        migrate.filter((one) => one.valueFrom.secretKeyRef).map((one) => one.name),
        ['DATABASE_URL', 'AIRI_APP_PASSWORD', 'AIRI_WORKER_PASSWORD'],
    );
    for (const { name } of migrate) assert.match(textOf('deploy/migrate.sh') + example, new RegExp(name));
});

await check('each program accepts the settings of its container in the example', () => {
    const kustomizations = ofKind('Kustomization').flatMap((one) => one.configMapGenerator);
    const given = Object.fromEntries(kustomizations.flatMap(({ literals }) => literals.map((one) => one.split('='))));
    const secretOf = (name) =>
        ({ DATABASE_URL: 'postgresql://user:secret@db/airi', REDIS_URL: 'redis://user:secret@redis' })[name] ??
        'a secret of 32 characters or more';
    for (const { name, container } of pods) {
        if (name === 'migrate') continue;
        const env = { PATH: process.env.PATH };
        for (const { name: setting, value, valueFrom } of container.env) {
            const { configMapKeyRef: shown, secretKeyRef: secret } = valueFrom ?? {};
            const text = shown ? given[shown.key] : value;
            if (text !== undefined) env[setting] = text;
            else if (secret && !secret.optional) env[setting] = secretOf(setting);
        }
        const [program, ...words] = container.command;
        const said = execFileSync(path.join(binaries, program), [...words, '--check'], { env, encoding: 'utf8' });
        assert.match(said, /The settings are valid/, name);
    }
});

await check('no worker gets the roles and passwords of the gateway, of the operator or of the superuser', () => {
    const keysOf = (name) => podOf(name).container.env.flatMap((one) => one.valueFrom?.secretKeyRef?.key ?? []);
    const privileged = /^(?:AIRI_APP_|POSTGRES_|GATEWAY_|KAFKA_GATEWAY|KAFKA_OPERATOR|JWT_|STRIPE_WEBHOOK)/;
    for (const { name, kafkaUser } of workers) {
        assert.deepEqual(
            keysOf(name).filter((key) => privileged.test(key)),
            [],
            name,
        );
        assert.equal(keysOf(name).includes('KAFKA_OPERATIONS_PASSWORD'), kafkaUser === 'operations', name);
    }
    assert.deepEqual(
        keysOf('gateway').filter((key) => /WORKER|OPERAT|POSTGRES/.test(key)),
        [],
    );
    assert.deepEqual(keysOf('topics'), ['KAFKA_SSL_KEY_PASSWORD', 'KAFKA_OPERATOR_PASSWORD']);
});

await check('each probe asks a port and a path that its program serves', () => {
    const routes = textOf('gateway/routes/health.cpp');
    const admin = textOf('platform/telemetry/admin.cpp');
    for (const name of deployed) {
        const { container } = podOf(name);
        const { startupProbe, livenessProbe, readinessProbe } = container;
        const wanted = { startupProbe: '/healthz', livenessProbe: '/healthz', readinessProbe: '/readyz' };
        const env = Object.fromEntries(container.env.map((one) => [one.name, one.value]));
        for (const [kind, at] of Object.entries(wanted)) {
            const probe = { startupProbe, livenessProbe, readinessProbe }[kind];
            if (name === 'gateway') {
                assert.deepEqual(probe.httpGet, { path: at, port: 'http' });
                assert.ok(routes.includes(`"=${at}"`), at);
            } else {
                assert.equal(probe.exec.command.at(-1), `http://127.0.0.1:${env.ADMIN_PORT}${at}`, name);
                assert.ok(admin.includes(`"${at}"`), at);
            }
        }
        if (name !== 'gateway') assert.equal(container.ports, undefined, name);
    }
    const { container } = podOf('gateway');
    const port = Number(container.env.find((one) => one.name === 'PORT').value);
    assert.deepEqual(container.ports, [{ name: 'http', containerPort: port }]);
    const [{ port: served, targetPort }] = named('Service', 'gateway').spec.ports;
    assert.deepEqual([served, targetPort], [port, 'http']);
});

await check('a pod that ends has time for its preStop, its drain and 10 s more', () => {
    for (const name of deployed) {
        const { spec, container } = podOf(name);
        const drain = Number(container.env.find((one) => one.name === 'DRAIN_SECONDS').value);
        const stop = Number(container.lifecycle?.preStop.exec.command[1] ?? 0);
        assert.ok(spec.terminationGracePeriodSeconds >= stop + drain + 10, name);
        assert.equal(stop > 0, name === 'gateway', name); // only the gateway is behind a balancer
        const { selector, maxUnavailable } = named('PodDisruptionBudget', name).spec;
        assert.deepEqual([selector.matchLabels, maxUnavailable], [{ 'app.kubernetes.io/name': name }, 1]);
    }
});

await check('containers have no rights, write to their mounts only, and have bounds', () => {
    for (const { name, spec, container } of pods) {
        assert.equal(spec.containers.length, 1, name);
        assert.deepEqual(
            spec.securityContext,
            { runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001, seccompProfile: { type: 'RuntimeDefault' } },
            name,
        );
        assert.deepEqual(
            container.securityContext,
            { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
            name,
        );
        assert.deepEqual([spec.automountServiceAccountToken, spec.enableServiceLinks], [false, false], name);
        for (const volume of spec.volumes) assert.deepEqual(volume.emptyDir, {}, name);
        const mounts = container.volumeMounts.map((mount) => mount.mountPath);
        assert.deepEqual(mounts, name === 'email' ? ['/tmp', '/var/lib/airi/mail'] : ['/tmp'], name);
        assert.ok(container.resources.requests.cpu && container.resources.requests.memory, name);
        assert.ok(container.resources.limits.memory, name);
    }
    assert.match(textOf('Dockerfile'), /--uid 10001 /);
});

await check('nothing but the port of the gateway is reachable from outside of a pod', () => {
    const [every, gateway, ...others] = ofKind('NetworkPolicy').map((one) => one.spec);
    assert.equal(others.length, 0);
    assert.deepEqual([every.policyTypes, every.ingress], [['Ingress'], undefined]);
    for (const { name, labels } of pods) {
        const { matchLabels } = every.podSelector;
        for (const [label, value] of Object.entries(matchLabels)) assert.equal(labels[label], value, name);
    }
    assert.equal(gateway.podSelector.matchLabels['app.kubernetes.io/name'], 'gateway');
    assert.deepEqual(gateway.ingress, [{ ports: [{ protocol: 'TCP', port: 3001 }] }]);
    assert.deepEqual(
        ofKind('Service').map((one) => one.metadata.name),
        ['gateway'],
    );
});

await check('EZRI-78: the gateway scales with its processor time, each worker with the lag of its group', () => {
    const { spec } = named('HorizontalPodAutoscaler', 'gateway');
    assert.deepEqual(spec.scaleTargetRef, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gateway' });
    assert.equal(spec.metrics[0].resource.name, 'cpu');
    assert.ok(spec.minReplicas >= 2 && spec.maxReplicas > spec.minReplicas);
    const grouped = workers.filter(({ group }) => group);
    assert.ok(grouped.length > 10);
    const [, partitions] = textOf('.env.example').match(/^# AIRI_PARTITIONS=(\d+)$/m);
    const [, replies] = textOf('.env.example').match(/^# AI_WORKER_CONCURRENCY=(\d+)$/m);
    assert.deepEqual(
        ofKind('ScaledObject')
            .map((one) => one.metadata.name)
            .sort(),
        grouped.map(({ name }) => objectOf(name)).sort(),
    );
    for (const { name, group } of grouped) {
        const { scaleTargetRef, maxReplicaCount, triggers } = named('ScaledObject', objectOf(name)).spec;
        const [{ type, metadata, authenticationRef }] = triggers;
        assert.deepEqual([scaleTargetRef.name, type, triggers.length], [objectOf(name), 'kafka', 1]);
        assert.equal(maxReplicaCount, Number(partitions));
        assert.equal(metadata.consumerGroup, group);
        assert.ok(Number(metadata.lagThreshold) * 2 <= Number(replies), name);
        const brokers = podOf(name).container.env.find((one) => one.name === metadata.bootstrapServersFromEnv);
        assert.equal(brokers.valueFrom.configMapKeyRef.key, 'KAFKA_BROKERS');
        const { secretTargetRef } = named('TriggerAuthentication', authenticationRef.name).spec;
        assert.deepEqual(
            secretTargetRef.map(({ parameter }) => parameter),
            ['sasl', 'tls', 'username', 'password'],
        );
        assert.equal(named('Deployment', objectOf(name)).spec.replicas, undefined, name); // it is the scaler's
    }
});
