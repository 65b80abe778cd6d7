// A stand-in for a Docker engine on a Unix socket: of its API v1.43 what a pool of game servers uses, in the wire
// format of https://docs.docker.com/reference/api/engine/version/v1.43/. A container is a process of this machine
// (pool_server.mjs) that listens on the published port itself.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const serverScript = path.join(path.dirname(fileURLToPath(import.meta.url)), 'pool_server.mjs');
const version = '/v1.43';

async function freePort() {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    await new Promise((done) => probe.close(done));
    return port;
}

class Refusal extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

export class DockerEngine {
    static async start() {
        const engine = new DockerEngine();
        engine.control.listen(0, '127.0.0.1');
        await once(engine.control, 'listening');
        await engine.listen();
        return engine;
    }

    constructor() {
        this.id = crypto.randomUUID();
        this.images = new Set();
        this.containers = new Map(); // by id
        this.requests = []; // 'POST /containers/create 201', without the ids
        // The faults of the next creations, in their order: a status is the answer instead; 'lost': the container is
        // created and the connection cut; 'taken': another container has the name.
        this.faults = [];
        this.folder = mkdtempSync(path.join(tmpdir(), 'docker-'));
        this.socket = path.join(this.folder, 'engine.sock');
        this.server = http.createServer((request, answer) => this.handle(request, answer));
        this.listening = new Map(); // by process id: called when its server listens
        this.control = net.createServer((socket) => {
            socket.on('error', () => {});
            createInterface({ input: socket }).on('line', (line) => this.listening.get(JSON.parse(line).pid)?.());
        });
    }

    get env() {
        return { GAME_POOL_DRIVER: 'docker', DOCKER_HOST: `unix://${this.socket}` };
    }

    get running() {
        return [...this.containers.values()].filter(({ process }) => process);
    }

    async listen() {
        this.server.listen(this.socket);
        await once(this.server, 'listening');
    }

    // Nobody answers at the socket; the containers run on.
    async leave() {
        this.server.closeAllConnections();
        await new Promise((done) => this.server.close(done));
    }

    stop() {
        for (const one of this.containers.values()) one.process?.kill('SIGKILL');
        this.server.closeAllConnections();
        this.server.close();
        this.control.close();
        rmSync(this.folder, { recursive: true, force: true });
    }

    async handle(request, answer) {
        let text = '';
        for await (const piece of request) text += piece;
        const { pathname, searchParams } = new URL(request.url, 'http://docker');
        let status, body;
        try {
            if (!pathname.startsWith(`${version}/`)) throw new Refusal(400, 'client version is not supported');
            [status, body] = await this.answer(request, pathname.slice(version.length), searchParams, text);
        } catch (error) {
            [status, body] = [error.status ?? 500, { message: error.message }];
        }
        const general = pathname.slice(version.length).replace(/^(\/containers\/)(airi-)?[0-9a-f-]{12,}/, '$1{id}');
        this.requests.push(`${request.method} ${general} ${status}`);
        if (status === 'lost') return request.socket.destroy();
        answer.writeHead(status, body ? { 'Content-Type': 'application/json' } : {});
        answer.end(body ? `${JSON.stringify(body)}\n` : undefined);
    }

    async answer(request, route, query, text) {
        const [, id, verb] = route.match(/^\/containers\/([\w.-]+)(?:\/(\w+))?$/) ?? [];
        switch (`${request.method} ${route.replace(id, '{id}')}`) {
            case 'GET /info':
                return [200, { ID: this.id, Containers: this.containers.size }];
            case 'GET /containers/{id}':
                if (id === 'json') return [200, this.list(query)];
                break;
            case 'POST /containers/{id}':
                if (id === 'create') return this.create(request.headers['content-type'], query.get('name'), text);
                break;
            case 'POST /containers/{id}/start':
                return [(await this.launch(this.find(id))) ? 204 : 304];
            case 'GET /containers/{id}/json':
                return [200, this.inspect(this.find(id))];
            case 'DELETE /containers/{id}':
                if (query.get('force') !== '1' || query.get('v') !== '1') throw new Refusal(409, 'it is running');
                await this.remove(this.find(id).Id);
                return [204];
        }
        throw new Refusal(404, `page not found: ${verb ?? route}`);
    }

    find(id) {
        const one = this.containers.get(id) ?? [...this.containers.values()].find(({ name }) => name === id);
        if (!one) throw new Refusal(404, `No such container: ${id}`);
        return one;
    }

    create(type, name, text) {
        const fault = this.faults.shift();
        if (Number.isInteger(fault)) throw new Refusal(fault, 'ordered by the test');
        if (type !== 'application/json') throw new Refusal(400, `unsupported media type: ${type}`);
        if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) throw new Refusal(400, `Invalid container name (${name})`);
        const asked = JSON.parse(text);
        if (!this.images.has(asked.Image)) throw new Refusal(404, `No such image: ${asked.Image}`);
        if (fault === 'taken') this.put(name, { Image: asked.Image, Labels: {} });
        const other = [...this.containers.values()].find((one) => one.name === name);
        if (other)
            throw new Refusal(409, `Conflict. The container name "/${name}" is already in use by "${other.Id}".`);
        const { Id } = this.put(name, asked);
        return fault === 'lost' ? ['lost'] : [201, { Id, Warnings: [] }];
    }

    put(name, asked) {
        const one = { Id: randomBytes(32).toString('hex'), name, asked, process: null, ports: {} };
        this.containers.set(one.Id, one);
        return one;
    }

    async launch(one) {
        if (one.process) return false;
        const [[inner, [binding]]] = Object.entries(one.asked.HostConfig.PortBindings);
        if (!one.asked.ExposedPorts[inner] || binding.HostPort !== '') throw new Refusal(500, 'a port of its choice');
        const port = await freePort();
        const variables = Object.fromEntries(one.asked.Env.map((each) => each.split('=')));
        if (`${variables.PORT}/tcp` !== inner) throw new Refusal(500, 'PORT is not published');
        const child = spawn(process.execPath, [serverScript, '0', this.control.address().port], {
            env: { ...variables, PORT: port },
            stdio: 'ignore',
        });
        const ended = once(child, 'exit').then(() => Object.assign(one, { process: null, ports: {} }));
        await Promise.race([new Promise((done) => this.listening.set(child.pid, done)), ended]);
        Object.assign(one, { process: child, ports: { [inner]: [{ HostIp: binding.HostIp, HostPort: `${port}` }] } });
        return true;
    }

    async remove(id) {
        const one = this.find(id);
        this.containers.delete(id);
        if (!one.process) return;
        const ended = once(one.process, 'exit');
        one.process.kill('SIGKILL');
        await ended;
    }

    inspect({ Id, name, asked, process: child, ports }) {
        const State = { Status: child ? 'running' : 'created', Running: child !== null, Pid: child?.pid ?? 0 };
        const Config = { Image: asked.Image, Env: asked.Env, Labels: asked.Labels };
        return { Id, Name: `/${name}`, State, Config, HostConfig: asked.HostConfig, NetworkSettings: { Ports: ports } };
    }

    list(query) {
        const wanted = JSON.parse(query.get('filters') ?? '{}').label ?? [];
        return [...this.containers.values()]
            .filter((one) => query.get('all') === '1' || one.process)
            .filter(({ asked }) =>
                wanted.every((each) => asked.Labels[each.split('=')[0]] === each.split('=').slice(1).join('=')),
            )
            .map(({ Id, name, asked, process: child }) => {
                const State = child ? 'running' : 'created';
                return { Id, Names: [`/${name}`], Image: asked.Image, Labels: asked.Labels, State };
            });
    }
}
