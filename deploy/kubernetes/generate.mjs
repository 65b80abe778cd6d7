#!/usr/bin/env node
// Writes what compose.yaml and workers/workers.cmake decide about the manifests: the gateway, each worker, the two jobs
// and the list of all files. node deploy/kubernetes/generate.mjs; tests/e2e/kubernetes_test.mjs compares the results.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { deployment, disruptionBudget, gatewayScaling, job, kustomization, lagScaling, service } from './parts.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const textOf = (name) => readFileSync(path.join(here, '../..', name), 'utf8');
const header = '# Written by deploy/kubernetes/generate.mjs. Change that, compose.yaml or workers/workers.cmake.\n';

const secret = /(?:(?<!S3_ACCESS)_KEY|PASSWORD|SECRET|TOKEN)(?:_PREVIOUS)?$|^MAIL_SMTP_URL$|^OTEL_\w+_HEADERS$/;
// Settings that have the addresses of compose.yaml's own servers there: an installation has to set them.
const ofInstallation = /^KAFKA_(?:BROKERS|SECURITY_PROTOCOL|SASL_MECHANISM)$|^(?:API|FRONTEND)_URL$/;
// The time that a pod has to end follows from it: see parts.mjs.
const fixed = { DRAIN_SECONDS: '10', ADMIN_ADDRESS: '127.0.0.1' };
// A pod's own directory would lose the archive; without a writable one, only s3:// works.
const lasting = new Set(['archive']);

// The environments of compose.yaml's services and what they mount. It merges no nested map, and the first of two merged
// maps wins.
function readCompose() {
    const anchors = {};
    const services = {};
    let map = null;
    let one = null;
    const [text] = textOf('compose.yaml').split(/^volumes:$/m);
    for (const line of text.split('\n')) {
        const [, anchor] = line.match(/^x-[\w-]+: &([\w-]+)$/) ?? [];
        const [, name] = line.match(/^ {2}([a-z_]+):$/) ?? [];
        const [, merged] = line.match(/^\s+<<: (.+)$/) ?? [];
        const [, setting, value] = line.match(/^\s+([A-Z][A-Z0-9_]*): (.+)$/) ?? [];
        if (anchor) map = anchors[anchor] = {};
        else if (name) [one, map] = [(services[name] = { environment: {}, volumes: [] }), null];
        else if (line === '    environment:') map = one.environment;
        else if (map && setting) map[setting] = value.replace(/^"(.*)"$/, '$1');
        else if (map && merged)
            for (const [, from] of [...merged.matchAll(/\*([\w-]+)/g)].reverse()) Object.assign(map, anchors[from]);
        else if (one && /^ {4}volumes: /.test(line))
            one.volumes = [...line.matchAll(/"([a-z]+):([^"]+)"/g)].map(([, volume, at]) => ({ volume, at }));
        else if (one && /^ {0,4}\S/.test(line)) map = null;
    }
    return services;
}

// Where a container gets a setting: { name, value }, { name, key, from: 'configMap' | 'secret', optional }; `preset` is
// the default of an installation that does not name it.
function settingOf([name, value]) {
    if (fixed[name]) return { name, value: fixed[name] };
    const [, user] = value.match(/^\w+:\/\/(\w+):\$\{/) ?? [];
    if (user) return { name, key: `${user.toUpperCase()}_${name}`, from: 'secret', optional: false };
    const [, key, kind, preset] = value.match(/^\$\{(\w+):([-?])(?:\$\{\w+:-)?([^}]*)\}+$/) ?? [];
    if (!key) return { name, value };
    const from = secret.test(name) ? 'secret' : 'configMap';
    const needed = kind === '?' || ofInstallation.test(name);
    return { name, key, from, optional: !needed && !preset, preset: needed ? '' : preset };
}

function readWorkers() {
    const line = /^airi_worker\((\w+)(?: GROUP (\w+))?(?: (?:LIGHT|OPERATIONS))?\)$/gm;
    return [...textOf('workers/workers.cmake').matchAll(line)].map(([, name, group]) => ({ name, group }));
}

// The text of each generated file by its name below base/.
export function manifests() {
    const services = readCompose();
    const settings = Object.fromEntries(
        Object.entries(services).map(([name, { environment }]) => [name, Object.entries(environment).map(settingOf)]),
    );
    const workers = readWorkers();
    const documents = {
        'gateway.yaml': [
            deployment({ name: 'gateway', command: ['airi-gateway'], settings: settings.gateway, volumes: [] }),
            service(),
            gatewayScaling(),
            disruptionBudget('gateway'),
        ],
        'jobs.yaml': [
            job({
                name: 'migrate',
                command: ['/app/deploy/migrate.sh', '-', '$(AIRI_PROFILE)'],
                settings: [settingOf(['AIRI_PROFILE', '${AIRI_PROFILE:-saas}']), ...settings.migrate],
            }),
            job({ name: 'topics', command: ['airi-topics'], settings: settings.topics }),
        ],
    };
    for (const { name, group } of workers) {
        const command = ['airi-worker', name];
        const object = name.replaceAll('_', '-'); // as Kubernetes names them
        const volumes = services[name].volumes.filter(({ volume }) => !lasting.has(volume));
        documents[`workers/${object}.yaml`] = [
            deployment({ name: object, command, settings: settings[name], volumes, scaled: Boolean(group) }),
            disruptionBudget(object),
            ...(group ? [lagScaling(object, group)] : []),
        ];
    }
    const files = Object.fromEntries(
        Object.entries(documents).map(([name, texts]) => [name, header + texts.join('---\n')]),
    );
    const used = ['gateway', 'migrate', 'topics', ...workers.map(({ name }) => name)].flatMap((name) => settings[name]);
    const presets = { AIRI_PROFILE: 'saas' };
    for (const { key, preset } of used) if (preset) presets[key] = preset;
    files['kustomization.yaml'] = header + kustomization(Object.keys(files).sort(), presets);
    return files;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    rmSync(path.join(here, 'base/workers'), { recursive: true, force: true });
    mkdirSync(path.join(here, 'base/workers'), { recursive: true });
    for (const [name, text] of Object.entries(manifests())) writeFileSync(path.join(here, 'base', name), text);
}
