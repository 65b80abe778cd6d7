// Stripe's own stripe-mock, which checks requests against Stripe's OpenAPI document and remembers nothing: built once
// from the module that tests/support/stripe-mock pins.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort, Program } from '../system/process.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');
const module = path.join(root, 'tests/support/stripe-mock');
const cache = process.env.AIRI_CACHE ?? path.join(root, '.airi/cache');
const name = 'github.com/stripe/stripe-mock';
const programIn = (folder) => path.join(folder, 'stripe-mock');
const documentIn = (folder) => path.join(folder, 'openapi.json');

async function go(...args) {
    try {
        const env = { ...process.env, GOWORK: 'off' };
        return (await promisify(execFile)('go', args, { cwd: module, env })).stdout.trim();
    } catch (error) {
        const why = error.code === 'ENOENT' ? 'there is no command go (package golang-go)' : error.stderr;
        throw new Error(`stripe-mock was not installed: go ${args.join(' ')}: ${why}`, { cause: error });
    }
}

// Stripe's document rejects unknown parameters only at the top level; this one rejects them inside objects too.
function close(schema) {
    if (schema.properties) schema.additionalProperties ??= false;
    const { properties = {}, anyOf = [], items, additionalProperties } = schema;
    for (const inner of [...Object.values(properties), ...anyOf, items, additionalProperties]) if (inner) close(inner);
}

function strict(document) {
    for (const operation of Object.values(document.paths).flatMap(Object.values)) {
        const bodies = Object.values(operation.requestBody?.content ?? {});
        for (const { schema } of [...bodies, ...(operation.parameters ?? [])]) if (schema) close(schema);
    }
    return document;
}

// The folder of the program and its document: an existing one is complete.
async function installed() {
    const files = [path.join(module, 'go.mod'), path.join(module, 'go.sum'), fileURLToPath(import.meta.url)];
    const digest = createHash('sha256');
    for (const file of files) digest.update(readFileSync(file));
    const at = path.join(cache, `stripe-mock-${digest.digest('hex').slice(0, 12)}`);
    if (existsSync(at)) return at;
    const making = `${at}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    try {
        await go('build', '-mod=readonly', '-buildvcs=false', '-o', programIn(making), name);
        const source = await go('list', '-mod=readonly', '-m', '-f', '{{.Dir}}', name);
        const document = JSON.parse(readFileSync(path.join(source, 'embedded/openapi/spec3.json'), 'utf8'));
        writeFileSync(documentIn(making), JSON.stringify(strict(document)));
        renameSync(making, at);
    } catch (error) {
        rmSync(making, { recursive: true });
        if (!existsSync(at)) throw error; // otherwise made by another one meanwhile
    }
    return at;
}

export class StripeMock {
    static async start() {
        return new StripeMock(await installed(), await freePort()).up();
    }

    constructor(folder, port) {
        this.url = `http://127.0.0.1:${port}`;
        this.version = JSON.parse(readFileSync(documentIn(folder), 'utf8')).info.version;
        this.dir = mkdtempSync(path.join(os.tmpdir(), 'airi-stripe-mock-'));
        this.program = new Program('stripe-mock', {
            command: programIn(folder),
            // It also listens for HTTPS: without an address, on every interface.
            args: ['-http-addr', `127.0.0.1:${port}`, '-https-addr', '127.0.0.1:0', '-spec', documentIn(folder)],
            env: {},
            dir: this.dir,
            ready: () => fetch(this.url),
        });
    }

    async up() {
        this.program.launch();
        await this.program.up();
        return this;
    }

    async end() {
        await this.program.kill();
        rmSync(this.dir, { recursive: true });
    }

    // Sends a request of the stand-in's journal as it was sent there; returns { status, json }.
    async send({ method, sent: { url, headers, body } }) {
        const kept = ['authorization', 'stripe-version', 'content-type', 'idempotency-key'];
        const answer = await fetch(`${this.url}${url}`, {
            method,
            headers: Object.entries(headers).filter(([header]) => kept.includes(header)),
            body: body === '' ? undefined : Buffer.from(body),
        });
        return { status: answer.status, json: await answer.json() };
    }
}
