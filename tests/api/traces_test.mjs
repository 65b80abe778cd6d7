// The traces of chat messages as a collector receives them: one trace a message, through every process.

import assert from 'node:assert/strict';

import { Collector } from '../support/js/collector.mjs';
import { afterFile } from '../support/js/harness.mjs';
import { samples, valueOf } from '../support/js/prometheus.mjs';
import { ask } from '../support/js/raw.mjs';
import { print, withOwnSystem } from '../support/js/scenario.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const collector = await new Collector().start();
afterFile(() => collector.stop());
const secret = 'a token of the collector';
const scenario = withOwnSystem({
    gateways: 1,
    env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS: `x-token=${encodeURIComponent(secret)}`,
    },
    gatewayEnv: { TRUSTED_PROXIES: '127.0.0.2' },
});

// A conversation of a new user.
async function conversationOf(system) {
    const user = await system.user();
    const made = await system.api('POST', '/conversations', { token: user.token, body: {} });
    assert.equal(made.status, 201, JSON.stringify(made.json));
    return { user, id: made.json.data.id };
}

async function send(system, { user, id }, traceparent) {
    const sent = await system.api('POST', `/conversations/${id}/messages`, {
        token: user.token,
        body: { content: 'a canary of a message [[stub tokens=5]]' },
        headers: traceparent ? { traceparent } : {},
    });
    assert.ok(sent.status < 300, JSON.stringify(sent.json));
}

const traceOf = (spans, wanted) => spans.filter(({ trace }) => trace === wanted);

// The spans of the trace of the span that `pick` finds, once usage is counted in it.
async function wholeTrace(pick) {
    let seen;
    return eventually(
        'the trace is whole',
        () => {
            if (!collector.bodies.some((body) => body.includes('usage.recorded.v1'))) return false;
            seen = collector.spans();
            const first = seen.find(pick);
            if (!first) return false;
            const trace = traceOf(seen, first.trace);
            return trace.some(({ name }) => name === 'process usage.recorded.v1') && trace;
        },
        { within: 30_000, every: 500, describe: () => JSON.stringify(seen?.map(({ name }) => name)) },
    );
}

// Returns the spans of these names; asserts that each is below the one before.
function inALine(trace, names) {
    let above;
    return names.map((name) => {
        const found = trace.filter((span) => span.name === name && (!above || span.parent === above.id));
        assert.equal(found.length, 1, `${name} below ${above?.name}: ${JSON.stringify(trace)}`);
        [above] = found;
        return above;
    });
}

const route = 'POST /api/v1/conversations/{id}/messages';
const steps = ['process chat.requested.v1', 'process chat.screened.v1'];

scenario('STATEX-45: one chat message is one trace from the gateway to the provider', async ({ system }) => {
    await send(system, await conversationOf(system));
    const trace = await wholeTrace(({ name }) => name === route);
    const call = trace.find(({ name }) => name.startsWith('chat '));
    const [request, screened, answered, asked] = inALine(trace, [route, ...steps, call.name]);
    assert.equal(request.parent, '', 'the request is the root');
    assert.deepEqual(
        [request, screened, answered, asked].map(({ service, kind, status }) => [service, kind, status]),
        [
            ['airi-gateway', 2, 0],
            ['airi-moderation', 5, 0],
            ['airi-chat', 5, 0],
            ['airi-chat', 3, 0],
        ],
    );
    assert.deepEqual(request.attributes, {
        'http.request.method': 'POST',
        'http.route': '/api/v1/conversations/{id}/messages',
        'http.response.status_code': request.attributes['http.response.status_code'],
    });
    assert.equal(answered.attributes['messaging.destination.name'], 'chat.screened.v1');
    assert.equal(answered.attributes['messaging.consumer.group.name'], 'chat');
    const { attributes } = asked;
    const [row] = await system.rows('select model, tokens_in, tokens_out from provider_calls order by ctid limit 1');
    assert.equal(attributes['gen_ai.operation.name'], 'chat');
    assert.equal(attributes['gen_ai.provider.name'], 'openai');
    assert.equal(attributes['gen_ai.request.model'], row.model);
    assert.equal(attributes['gen_ai.usage.input_tokens'], String(row.tokens_in));
    assert.equal(attributes['gen_ai.usage.output_tokens'], String(row.tokens_out));
    const ids = new Set(trace.map(({ id }) => id));
    for (const span of trace) assert.ok(span === request || ids.has(span.parent), `${span.name} has its parent`);
    print(`${trace.length} spans: ${trace.map(({ service, name }) => `${service} ${name}`).join(', ')}`);
    assert.ok(collector.headers.every((headers) => headers['x-token'] === secret));
});

scenario('STATEX-45: a message over a WebSocket is a trace of its own, linked with the handshake', async (stage) => {
    const client = await stage.client();
    await client.sendAll(orders(2, { script: 'tokens=5' }), { every: 10 });
    const name = 'websocket message.send';
    const trace = await wholeTrace((span) => span.name === name);
    const [sent] = inALine(trace, [name, ...steps]);
    assert.equal(sent.parent, '');
    assert.equal(sent.links.length, 1);
    const traces = collector.spans().flatMap((span) => (span.name === name ? [span.trace] : []));
    assert.equal(new Set(traces).size, 2);
});

scenario('STATEX-45: production samples by trace_sample, and follows a trusted proxy only', async ({ system }) => {
    const set = (share) =>
        system.rows(
            `insert into system_settings (key, value) values ('trace_sample', $1)
             on conflict (key) do update set value = excluded.value`,
            [String(share)],
        );
    await set(0);
    await system.stop('gateway-1');
    await system.start('gateway-1', { AIRI_ENV: 'production', FRONTEND_URL: 'https://app.example.com' });
    const own = await conversationOf(system);
    const given = (digit) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
    await send(system, own, given('a'));
    assert.equal(traceOf(collector.spans(), 'a'.repeat(32)).length, 0);
    // A request through the proxy is sampled as it says, below its span.
    const { port } = system.program('gateway-1');
    const answer = await ask(port, {
        path: '/api/v1/plans',
        from: '127.0.0.2',
        headers: { traceparent: given('b') },
    });
    assert.equal(answer.status, 200);
    const [span] = await eventually('the sampled span', () => {
        if (!collector.bodies.some((body) => body.includes('b'.repeat(32)))) return false;
        const found = traceOf(collector.spans(), 'b'.repeat(32));
        return found.length > 0 && found;
    });
    assert.deepEqual([span.name, span.parent], ['GET /api/v1/plans', 'b'.repeat(16)]);
    assert.equal(traceOf(collector.spans(), 'a'.repeat(32)).length, 0, 'a client decides nothing');
});

scenario('a collector that refuses, hangs or is away costs spans, which are counted, and no request', async (stage) => {
    const { system } = stage;
    const dropped = async () => valueOf(await samples(system, 'chat-1'), 'airi_trace_spans_dropped_total') ?? 0;
    await system.stop('gateway-1');
    await system.start('gateway-1');
    const one = await conversationOf(system);
    collector.refusals = Array(8).fill(503);
    await send(system, one);
    await eventually('the refused spans are sent again', () => collector.refusals.length === 0, { within: 30_000 });
    const before = await dropped();
    collector.refusals = Array(40).fill(400);
    await send(system, one);
    await eventually('a refusal for good drops the spans', async () => (await dropped()) > before, { within: 20_000 });
    collector.refusals = [];
    collector.hangs = true;
    const begun = Date.now();
    for (let i = 0; i < 20; i += 1) await send(system, one);
    assert.ok(Date.now() - begun < 10_000, 'requests do not wait for the collector');
    collector.hangs = false;
});

scenario('no text, address, token or key is in a span', async ({ system }) => {
    const all = collector.bodies.join('\n');
    assert.ok(all.length > 1000);
    for (const word of [...system.secrets, 'canary', '@example.com', 'Bearer']) assert.ok(!all.includes(word));
});
