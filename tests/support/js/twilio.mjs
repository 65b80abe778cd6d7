// A stand-in for Twilio's REST API on a port of this machine, in the test's own process: messages and calls in its wire
// format, and faults to order.

import { randomBytes } from 'node:crypto';
import http from 'node:http';

import { freePort } from './system/process.mjs';

const sidOf = (kind) => kind + randomBytes(16).toString('hex');
const problems = {
    401: [401, 20003, 'Authenticate'],
    404: [404, 20404, 'The requested resource was not found'],
    429: [429, 20429, 'Too Many Requests'],
    500: [500, 20500, 'Internal Server Error'],
    21211: [400, 21211, "The 'To' number is not a valid phone number."],
    21603: [400, 21603, "A 'From' phone number is required."],
    21610: [400, 21610, 'Attempt to send to unsubscribed recipient'],
};

export class TwilioStandIn {
    // `faults`: what happens to the next creations, first come first served: a key of `problems`; 'hang': it is not
    // taken and has no answer; 'lost': it is taken, and its answer is lost.
    constructor(port) {
        this.port = port;
        this.account = sidOf('AC');
        this.token = randomBytes(16).toString('hex');
        this.from = '+15005550006';
        this.messages = []; // newest last
        this.calls = [];
        this.requests = []; // each creation that was asked for: {resource, form, key}
        this.lists = 0;
        this.faults = [];
    }

    static async start() {
        return new TwilioStandIn(await freePort()).up();
    }

    get env() {
        return {
            TWILIO_ACCOUNT_SID: this.account,
            TWILIO_AUTH_TOKEN: this.token,
            TWILIO_FROM: this.from,
            TWILIO_BASE_URL: `http://127.0.0.1:${this.port}`,
        };
    }

    up() {
        this.server = http.createServer((request, answer) => this.handle(request, answer));
        return new Promise((resolve, reject) =>
            this.server.once('error', reject).listen(this.port, '127.0.0.1', () => resolve(this)),
        );
    }

    down() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }

    // The texts of the messages to that number, oldest first.
    textsTo(number) {
        return this.messages.filter(({ to }) => to === number).map(({ body }) => body);
    }

    async handle(request, answer) {
        let body = '';
        for await (const piece of request) body += piece;
        const reply = (status, json, headers = {}) =>
            answer.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(json));
        const refuse = (key) => {
            const [status, code, message] = problems[key];
            const more_info = `https://www.twilio.com/docs/errors/${code}`;
            reply(status, { code, message, more_info, status }, key === 429 ? { 'Retry-After': '1' } : {});
        };
        const basic = Buffer.from(`${this.account}:${this.token}`).toString('base64');
        if (request.headers.authorization !== `Basic ${basic}`) return refuse(401);
        const url = new URL(request.url, 'http://twilio');
        const [, resource] =
            new RegExp(`^/2010-04-01/Accounts/${this.account}/(Messages|Calls)[.]json$`).exec(url.pathname) ?? [];
        if (!resource) return refuse(404);
        if (request.method === 'GET') return reply(200, this.list(resource, url.searchParams));
        if (request.method !== 'POST' || request.headers['content-type'] !== 'application/x-www-form-urlencoded')
            return refuse(404);
        const form = Object.fromEntries(new URLSearchParams(body));
        this.requests.push({ resource, form, key: request.headers['i-twilio-idempotency-token'] });
        const fault = this.faults.shift();
        if (fault === 'hang') return;
        if (problems[fault]) return refuse(fault);
        if (!/^[+][1-9]\d{6,14}$/.test(form.To ?? '')) return refuse(21211);
        if (!form.From && !form.MessagingServiceSid) return refuse(21603);
        const made = this.make(resource, form);
        if (fault !== 'lost') reply(201, made);
    }

    make(resource, form) {
        const common = {
            account_sid: this.account,
            api_version: '2010-04-01',
            date_created: new Date().toUTCString().replace('GMT', '+0000'),
            direction: 'outbound-api',
            from: form.From ?? null,
            to: form.To,
            status: 'queued',
        };
        const message = {
            error_code: null,
            messaging_service_sid: form.MessagingServiceSid ?? null,
            num_segments: '1',
        };
        const made =
            resource === 'Messages'
                ? { sid: sidOf('SM'), body: form.Body, ...message, ...common }
                : { sid: sidOf('CA'), ...common };
        if (resource === 'Messages') this.messages.push(made);
        else this.calls.push({ ...made, twiml: form.Twiml });
        return made;
    }

    list(resource, query) {
        this.lists += 1;
        const all = (resource === 'Messages' ? this.messages : this.calls).toReversed();
        const found = all.filter(({ to }) => !query.has('To') || to === query.get('To'));
        const size = Number(query.get('PageSize') ?? 50);
        return {
            [resource.toLowerCase()]: found.slice(0, size),
            page: 0,
            page_size: size,
            next_page_uri: null,
            uri: `/2010-04-01/Accounts/${this.account}/${resource}.json`,
        };
    }
}
