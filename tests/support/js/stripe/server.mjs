// Stripe's HTTP: authorization, versions, Idempotency-Key, faults, the journal; routes and pages answer.

import http from 'node:http';

import { showPage } from './pages.mjs';
import { shapeOf } from './render.mjs';
import { routes } from './routes.mjs';
import { subscriptionRoutes } from './subscription_routes.mjs';
import { boolean, integer, invalid, newId, parseForm, Problem } from './wire.mjs';
import { checkParameters } from './parameters.mjs';

const eventRoutes = [
    [
        'GET',
        '/v1/events',
        ['type', 'types', 'limit', 'starting_after', 'ending_before', 'created', 'delivery_success'],
        (account, _, params) => {
            const named = params.types ?? (params.type ? [params.type] : ['*']);
            const matches = (type) => named.some((one) => new RegExp(`^${one.replaceAll('*', '.*')}$`).test(type));
            const delivered = boolean(params.delivery_success, 'delivery_success');
            const wanted = account.events.filter(
                ({ type, created, pending_webhooks: pending }) =>
                    matches(type) &&
                    created > account.now() - 30 * 86_400 &&
                    (delivered === undefined || delivered === (pending === 0)),
            );
            return account.page('/v1/events', wanted, params);
        },
    ],
    [
        'GET',
        '/v1/events/:id',
        [],
        (account, [id]) => {
            const found = account.events.find((event) => event.id === id);
            if (found) return found;
            throw invalid(`No such event: '${id}'`, { status: 404, code: 'resource_missing', param: 'id' });
        },
    ],
];

const table = [...subscriptionRoutes, ...routes, ...eventRoutes].map(([method, path, parameters, act]) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '([\\w%.-]+)')}$`),
    parameters: new Set(['expand', ...parameters]),
    act,
}));

const faultBodies = {
    400: { type: 'invalid_request_error', message: 'Invalid request' },
    401: { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_*********' },
    403: { type: 'invalid_request_error', message: 'The provided key does not have the required permissions.' },
    409: {
        type: 'idempotency_error',
        code: 'idempotency_key_in_use',
        message: 'There is currently another in-progress request using this Idempotent Key.',
    },
    429: {
        type: 'invalid_request_error',
        code: 'lock_timeout',
        message:
            'This object cannot be accessed right now because another API request or Stripe process is currently ' +
            'accessing it. If you see this error intermittently, retry the request.',
    },
    500: { type: 'api_error', message: 'An unknown error occurred' },
};
const inUse = () => new Problem(409, faultBodies[409], { retry: true, saved: false });

export class Server {
    constructor(standIn) {
        this.standIn = standIn;
        this.requests = [];
        this.faults = [];
        this.keys = new Map(); // Idempotency-Key → { fingerprint, answer }; no answer: it is carried out
    }

    up(port) {
        this.http = http.createServer((request, response) => this.handle(request, response));
        return new Promise((resolve, reject) =>
            this.http.once('error', reject).listen(port, '127.0.0.1', () => resolve()),
        );
    }

    down() {
        this.http.closeAllConnections();
        return new Promise((resolve) => this.http.close(resolve));
    }

    async handle(request, response) {
        let body = '';
        for await (const piece of request) body += piece;
        const [path, query = ''] = request.url.split('?');
        if (!path.startsWith('/v1/')) return this.page(request, response, path, body);
        const { authorization = '', 'stripe-version': version, 'idempotency-key': key } = request.headers;
        const call = {
            method: request.method,
            path,
            params: null,
            idempotencyKey: key ?? null,
            version: version ?? null,
            status: null,
            replayed: false,
            sent: { url: request.url, headers: request.headers, body },
        };
        this.requests.push(call);
        const id = newId('req_', 14);
        let answer;
        let fault;
        try {
            if (request.method === 'POST' && body && !/urlencoded/.test(request.headers['content-type'] ?? '')) {
                throw invalid(
                    'Invalid request (check that your POST content type is application/x-www-form-urlencoded).',
                );
            }
            call.params = parseForm(request.method === 'POST' ? body : query);
            if (request.method === 'DELETE' && body) Object.assign(call.params, parseForm(body));
            this.authorize(authorization);
            if (version && !/^\d{4}-\d\d-\d\d([.]\w+)?$/.test(version)) {
                throw invalid(`Invalid Stripe API version: ${version}`);
            }
            fault = this.faultOf(call);
            answer = await this.answer(call, fault, id);
        } catch (error) {
            answer = answerOf(error);
        }
        call.status = answer.status;
        call.replayed = answer.headers?.['Idempotent-Replayed'] === 'true';
        if (fault?.status === 'hang') return undefined;
        if (fault?.status === 'cut') return void request.socket.destroy();
        const headers = {
            'Content-Type': 'application/json',
            'Request-Id': id,
            'Stripe-Version': version ?? this.standIn.account.apiVersion,
            ...(key &&
                request.method === 'POST' && { 'Idempotency-Key': key, 'Original-Request': answer.request ?? id }),
            ...answer.headers,
        };
        return response.writeHead(answer.status, headers).end(answer.text);
    }

    authorize(authorization) {
        const [, key] = authorization.match(/^Bearer (.+)$/) ?? [];
        const [, user] = authorization.match(/^Basic (.+)$/) ?? [];
        const given = key ?? (user && Buffer.from(user, 'base64').toString().split(':')[0]);
        if (!given) {
            throw invalid(
                'You did not provide an API key. You need to provide your API key in the Authorization header, using ' +
                    "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
                { status: 401 },
            );
        }
        if (given !== this.standIn.key) {
            throw invalid(`Invalid API Key provided: ${given.slice(0, 8)}****${given.slice(-4)}`, { status: 401 });
        }
    }

    faultOf({ method, path }) {
        const fault = this.faults.find((one) => (!one.method || one.method === method) && one.path.test(path));
        if (!fault) return undefined;
        fault.times -= 1;
        if (fault.times <= 0) this.faults.splice(this.faults.indexOf(fault), 1);
        return fault;
    }

    async answer(call, fault, id) {
        const key = call.method === 'POST' ? call.idempotencyKey : null;
        if (key === null) return this.faulty(call, fault, id);
        if (key.length > 255) throw invalid('Idempotency keys can be at most 255 characters long.');
        const fingerprint = JSON.stringify([call.path, call.params]);
        const known = this.keys.get(key);
        if (known) {
            if (known.path !== call.path || known.fingerprint !== fingerprint) {
                throw new Problem(
                    400,
                    {
                        message:
                            'Keys for idempotent requests can only be used with the same parameters they were first ' +
                            `used with. Try using a key other than '${key}' if you meant to execute a different ` +
                            'request.',
                        type: 'idempotency_error',
                    },
                    { saved: false },
                );
            }
            if (!known.answer) throw inUse();
            return { ...known.answer, headers: { ...known.answer.headers, 'Idempotent-Replayed': 'true' } };
        }
        this.keys.set(key, { path: call.path, fingerprint, answer: null });
        const answer = await this.faulty(call, fault, id);
        if (answer.saved) this.keys.get(key) && (this.keys.get(key).answer = { ...answer, request: id });
        else this.keys.delete(key);
        return answer;
    }

    async faulty(call, fault, id) {
        if (!fault) return this.carryOut(call, id);
        const ms = typeof fault.ms === 'function' ? fault.ms() : fault.ms;
        const wait = () => new Promise((resolve) => setTimeout(resolve, ms));
        if (fault.status === 'late') {
            const answer = this.carryOut(call, id);
            await (fault.until ?? wait());
            return answer;
        }
        if (fault.status === 'slow') await wait();
        if (fault.done || fault.status === 'slow') {
            const answer = this.carryOut(call, id);
            if (typeof fault.status === 'string') return answer;
        }
        if (typeof fault.status === 'string') return { status: 0, saved: false };
        const body = fault.body ?? { error: faultBodies[fault.status] ?? faultBodies[500] };
        const retry = !fault.saved && fault.status >= 409;
        return {
            status: fault.status,
            text: typeof body === 'string' ? body : JSON.stringify(body, null, 2),
            headers: { 'Stripe-Should-Retry': String(retry), ...fault.headers },
            saved: fault.saved,
        };
    }

    carryOut(call, id) {
        const { account } = this.standIn;
        account.request = { id, idempotency_key: call.idempotencyKey };
        try {
            const route = table.find(({ method, pattern }) => method === call.method && pattern.test(call.path));
            if (!route) {
                throw invalid(`Unrecognized request URL (${call.method}: ${call.path}).`, { status: 404 });
            }
            checkParameters(call.params, route.parameters);
            integer(call.params.limit, 'limit');
            const ids = route.pattern.exec(call.path).slice(1).map(decodeURIComponent);
            const made = route.act(account, ids, call.params);
            const shape = call.version ? shapeOf(call.version) : account.shape;
            const shown = this.show(made, shape, call.params.expand ?? []);
            return { status: 200, text: JSON.stringify(shown, null, 2), saved: true };
        } catch (error) {
            return answerOf(error);
        } finally {
            account.request = null;
        }
    }

    show(made, shape, expand) {
        const { account } = this.standIn;
        if (made.object === 'event') return made;
        if (made.object !== 'list') return account.render(made, { shape, expand });
        const inner = expand.filter((path) => path.startsWith('data.')).map((path) => path.slice(5));
        return {
            ...made,
            data: made.data.map((one) =>
                one.object === 'event' ? one : account.render(one, { shape, expand: inner }),
            ),
        };
    }

    page(request, response, path, body) {
        const page = showPage(this.standIn, request.method, path, Object.fromEntries(new URLSearchParams(body)));
        if (!page) return response.writeHead(404).end();
        return response.writeHead(page.status, page.headers).end(page.text);
    }
}

function answerOf(error) {
    if (!(error instanceof Problem)) {
        console.error(error);
        return {
            status: 500,
            text: JSON.stringify({ error: { type: 'api_error', message: String(error.stack) } }),
            headers: { 'Stripe-Should-Retry': 'false' },
            saved: false,
        };
    }
    return {
        status: error.status,
        text: JSON.stringify(error.body, null, 2),
        headers: { 'Stripe-Should-Retry': String(error.retry) },
        saved: error.saved,
    };
}
