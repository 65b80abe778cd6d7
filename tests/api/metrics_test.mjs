// The metrics of the gateway and of every worker after a chat message: names, labels and values.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { afterFile, declareTest as test } from '../support/js/harness.mjs';
import { promtool, samples, samplesOf, scrape, valueOf } from '../support/js/prometheus.mjs';
import { withOwnSystem } from '../support/js/scenario.mjs';
import { orders } from '../support/js/system/client.mjs';
import { eventually } from '../support/js/system/wait.mjs';
import { workers } from '../support/js/system/workers.mjs';

const dir = mkdtempSync(path.join(os.tmpdir(), 'airi-metrics-'));
afterFile(() => rmSync(dir, { recursive: true }));
const all = Object.fromEntries(workers.map(({ name }) => [name, 1]));
const scenario = withOwnSystem({
    ...all,
    scheduler: 0, // started when there is something to count
    gateways: 1,
    archiveEnv: { ARCHIVE_URL: `file://${dir}` },
});

// Each program once: some workers share a process.
const programsOf = (system) => [
    ...new Set(['gateway-1', ...workers.map(({ name }) => system.programName(`${name}-1`))]),
];

let figures = null;
// Stores something to count, then starts the scheduler, which counts at its start.
async function countFigures(system) {
    const user = await system.user('pro');
    await system.rows(
        `insert into subscriptions (provider, id, user_id, customer, plan, price, status, amount, currency, interval,
        created_at, ended_at)
     values ('stripe', 's1', $1, 'c', 'pro', 'p', 'active', 1200, 'eur', 'month', now(), null),
            ('stripe', 's2', $1, 'c', 'pro', 'p', 'canceled', 3000, 'eur', 'month', now() - interval '40 days',
             now() - interval '5 days')`,
        [user.id],
    );
    await system.rows(
        `insert into payment_history (id, provider, reference, user_id, status, amount, currency)
     values (gen_random_uuid(), 'stripe', 'f1', $1, 'FAILED', 1200, 'eur')`,
        [user.id],
    );
    await system.start('scheduler-1');
}
const withFigures = (system) => (figures ??= countFigures(system));

// Messages of a user over the WebSocket and the API, with their replies.
async function chat(stage) {
    const client = await stage.client();
    await client.sendAll(orders(2, { script: 'tokens=5' }), { every: 10 });
    const { system, user = client.user } = stage;
    const made = await system.api('POST', '/conversations', { token: user.token, body: {} });
    assert.equal(made.status, 201, JSON.stringify(made.json));
    const conversation = made.json.data.id;
    const sent = await system.api('POST', `/conversations/${conversation}/messages`, {
        token: user.token,
        body: { content: 'hello [[stub tokens=5]]' },
    });
    assert.ok(sent.status < 300, JSON.stringify(sent.json));
    await eventually('all replies are stored', async () => {
        const rows = await system.rows("select from messages where user_id = $1 and role = 'assistant'", [user.id]);
        return rows.length >= 3;
    });
    return { client, user, conversation };
}

scenario(
    'AIRI-55 SAAS-50: the gateway counts time and status of requests by route, sockets, pool and queue',
    async (stage) => {
        const { system } = stage;
        const { user, conversation } = await chat(stage);
        assert.equal((await system.api('GET', '/nowhere')).status, 404);
        const text = await scrape(system, 'gateway-1');
        const page = samplesOf(text);
        const count = (labels) => valueOf(page, 'http_server_request_duration_seconds_count', labels);
        const send = { http_request_method: 'POST', http_route: '/api/v1/conversations/{id}/messages' };
        assert.ok(count(send) >= 1, 'sent messages');
        assert.ok(valueOf(page, 'http_server_request_duration_seconds_sum', send) > 0);
        assert.equal(count({ http_route: '/api/v1/conversations', http_response_status_code: '201' }), 1);
        assert.ok(count({ http_route: '/api/v1/auth/signup', http_response_status_code: '201' }) >= 1);
        assert.equal(count({ http_route: '', http_response_status_code: '404' }), 1);
        assert.equal(count({ http_response_status_code: '101' }), 1, 'WebSockets');
        assert.equal(valueOf(page, 'http_server_request_duration_seconds_bucket', { ...send, le: '2' }), count(send));
        assert.equal(valueOf(page, 'http_server_active_requests', { http_request_method: 'POST' }), 0);
        for (const secret of [user.id, conversation, user.email])
            assert.ok(!text.includes(secret), 'no user in a label');
        await eventually('the levels of the last second are shown', async () => {
            const now = await samples(system, 'gateway-1');
            return (
                valueOf(now, 'airi_gateway_sockets_open') === 1 &&
                valueOf(now, 'airi_gateway_queued_bytes') === 0 &&
                valueOf(now, 'airi_gateway_responses_total', { class: '2xx' }) >= 3 &&
                valueOf(now, 'db_client_connection_count') >= 1
            );
        });
        assert.equal(valueOf(page, 'db_client_connection_max'), 8);
        assert.equal(valueOf(page, 'db_client_connection_pending_requests'), 0);
        assert.equal(valueOf(page, 'airi_gateway_frames_dropped_total'), 0);
    },
);

scenario('AIRI-55: workers count records, lag, calls of models, tokens and money', async (stage) => {
    const { system } = stage;
    await chat(stage);
    const done = { messaging_operation_name: 'process', error_type: '' };
    for (const [program, topic, group] of [
        ['moderation-1', 'chat.requested.v1', 'moderation'],
        ['chat-1', 'chat.screened.v1', 'chat'],
    ]) {
        const of = { messaging_destination_name: topic, messaging_consumer_group_name: group };
        const page = await samples(system, program);
        assert.ok(valueOf(page, 'messaging_process_duration_seconds_count', { ...of, ...done }) >= 3, topic);
        await eventually(`${group} has no lag`, async () => {
            return valueOf(await samples(system, program), 'airi_consumer_lag_records', of) === 0;
        });
    }
    // The memory worker calls models too, after each reply.
    const model = { gen_ai_operation_name: 'chat', gen_ai_provider_name: 'openai' };
    const shown = async (name, labels = {}) => {
        const pages = await Promise.all(['chat-1', 'memory-1'].map((program) => samples(system, program)));
        return pages.reduce((sum, page) => sum + (valueOf(page, name, { ...model, ...labels }) ?? 0), 0);
    };
    await eventually('all calls are counted as they are stored', async () => {
        const [stored] = await system.rows(`select count(*)::int as calls, sum(cost_nanousd)::float8 as money,
            sum(tokens_in)::int as input, sum(tokens_out)::int as output from provider_calls`);
        const counted = {
            calls: await shown('gen_ai_client_operation_duration_seconds_count'),
            money: await shown('airi_gen_ai_cost_nanodollars_total'),
            input: await shown('gen_ai_client_token_usage_sum', { gen_ai_token_type: 'input' }),
            output: await shown('gen_ai_client_token_usage_sum', { gen_ai_token_type: 'output' }),
        };
        return stored.calls >= 6 && stored.money > 0 && isDeepStrictEqual(stored, counted);
    });
    const first = 'gen_ai_client_operation_time_to_first_chunk_seconds_count';
    assert.equal(
        valueOf(await samples(system, 'chat-1'), first, model),
        valueOf(await samples(system, 'chat-1'), 'gen_ai_client_operation_duration_seconds_count', model),
    );
    await eventually('the breaker is shown', async () => {
        return (
            valueOf(await samples(system, 'chat-1'), 'airi_provider_breaker_state', {
                gen_ai_provider_name: 'openai',
            }) === 0
        );
    });
    await eventually('the outbox is empty, and usage is counted', async () => {
        const light = await samples(system, 'outbox-1');
        const handled = valueOf(light, 'airi_worker_records_handled_total', { worker: 'usage' });
        return valueOf(light, 'airi_outbox_waiting') === 0 && handled >= 1;
    });
});

scenario(
    'SAAS-50: the scheduler shows sign-ups, conversion, recurring revenue, its fall and the mix of plans',
    async ({ system }) => {
        await withFigures(system);
        const [{ users, signups }] = await system.rows(`select count(*) filter (where plan = 'pro')::int as users,
        count(*)::int as signups from users where erased_at is null`);
        const page = await eventually('the figures are shown', async () => {
            const now = await samples(system, 'scheduler-1');
            return valueOf(now, 'airi_signups_last_day') !== undefined && now;
        });
        assert.equal(valueOf(page, 'airi_users', { plan: 'pro' }), users);
        assert.equal(valueOf(page, 'airi_signups_last_day'), signups);
        assert.equal(valueOf(page, 'airi_users_paying'), 1);
        assert.equal(valueOf(page, 'airi_payments_failed_last_hour'), 1);
        const revenue = (when) => valueOf(page, 'airi_recurring_revenue_minor_units', { currency: 'eur', when });
        assert.deepEqual([revenue('now'), revenue('before')], [1200, 3000]);
    },
);

scenario('AIRI-55: promtool accepts the metrics of the gateway and of every worker', async ({ system }) => {
    await withFigures(system);
    for (const program of programsOf(system)) {
        const { code, text } = await promtool(['check', 'metrics'], await scrape(system, program));
        const faults = text.split('\n').filter((line) => line && !line.startsWith('db_client_connection_count '));
        assert.deepEqual(faults, [], program);
        assert.equal(code, 3, 'the name of OpenTelemetry that promtool objects to is there');
    }
});

const folder = (name) => new URL(`../../deploy/${name}`, import.meta.url).pathname;

// The expressions of the dashboard, and a file of rules made of them.
function dashboard() {
    const { panels } = JSON.parse(readFileSync(folder('grafana/airi.json'), 'utf8'));
    const all = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const asked = all.map((expr) => expr.replaceAll('$__rate_interval', '5m'));
    const rules = asked.map((expr, i) => ({ record: `panel:${i}`, expr }));
    return { asked, rules: JSON.stringify({ groups: [{ name: 'dashboard', rules }] }) };
}

const groupedBy = (expression) => [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => list.split(', '));

// The metrics that an expression asks for: [name, the labels of its selector].
function selectorsOf(expression) {
    const rest = expression.replace(/\bby \([^)]*\)/g, '').replaceAll('histogram_quantile', '');
    return [...rest.matchAll(/\b(up|[a-z]+_\w+)(?:\{([^}]*)\})?/g)].map(([, name, labels = '']) => [
        name,
        [...labels.matchAll(/(\w+)(?:!=|=)/g)].map(([, label]) => label),
    ]);
}

test('SAAS-50: each alert fires above its threshold and stays quiet at it', async () => {
    const { code, text } = await promtool(['test', 'rules', folder('prometheus/alerts_test.yaml')]);
    assert.equal(code, 0, text);
    const tests = readFileSync(folder('prometheus/alerts_test.yaml'), 'utf8');
    const alerts = [...readFileSync(folder('prometheus/alerts.yaml'), 'utf8').matchAll(/- alert: (\w+)/g)];
    assert.ok(alerts.length >= 17);
    for (const [, name] of alerts)
        for (const outcome of ['fires', 'stays quiet'])
            assert.ok(tests.includes(`name: ${name} ${outcome}\n`), `${name} ${outcome}`);
});

test('SAAS-50: Prometheus and Alertmanager accept their configurations, which name every program', async () => {
    const config = folder('prometheus/prometheus.yaml');
    const { code, text } = await promtool(['check', 'config', config]);
    assert.equal(code, 0, text);
    const named = [...readFileSync(config, 'utf8').matchAll(/^ {10}- (\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(named.sort(), ['gateway', ...workers.map(({ name }) => name)].sort());
    const values = {
        ALERT_SLACK_CHANNEL: '#ops',
        ALERT_SMTP_HOST: 'mail.example.com:587',
        ALERT_SMTP_USER: 'airi',
        ALERT_EMAIL_FROM: 'airi@example.com',
        ALERT_EMAIL_TO: 'ops@example.com',
    };
    const print = (env) =>
        spawnSync('sh', [folder('prometheus/start_alertmanager.sh'), '--print'], {
            env: { PATH: process.env.PATH, ...env },
            encoding: 'utf8',
        });
    const printed = print(values);
    assert.equal(printed.status, 0, printed.stderr);
    assert.doesNotMatch(printed.stdout, /@[A-Z_]+@/);
    const file = path.join(dir, 'alertmanager.yaml');
    writeFileSync(file, printed.stdout);
    const checked = spawnSync('amtool', ['check-config', file], { encoding: 'utf8' });
    assert.equal(checked.status, 0, checked.stderr);
    for (const bad of ['', 'a"b', 'a/b&c', 'a\nb'])
        assert.equal(print({ ...values, ALERT_EMAIL_TO: bad }).status, 2, JSON.stringify(bad));
});

scenario('SAAS-50: alerts and dashboard ask for metrics and labels that the programs show', async (stage) => {
    const { system } = stage;
    await chat(stage);
    await withFigures(system);
    assert.equal((await system.api('GET', '/conversations')).status, 401); // a refusal to be counted
    const shown = new Map(); // the labels of each metric
    for (const program of programsOf(system))
        for (const { name, labels } of await samples(system, program))
            shown.set(name, new Set([...(shown.get(name) ?? []), ...Object.keys(labels)]));
    const { asked, rules } = dashboard();
    const file = path.join(dir, 'dashboard.yaml');
    writeFileSync(file, rules);
    const { code, text } = await promtool(['check', 'rules', file]);
    assert.equal(code, 0, text);
    const alerts = readFileSync(folder('prometheus/alerts.yaml'), 'utf8')
        .split(/- alert: /)
        .slice(1)
        .map((one) => /expr: (?:>-)?([\s\S]*?)\n {8}(?:for|labels):/.exec(one)[1].replaceAll(/\band\b/g, ''));
    assert.ok(asked.length > 24 && alerts.length >= 17);
    const added = new Set(['instance', 'job']); // by Prometheus itself
    for (const expression of [...asked, ...alerts]) {
        const selectors = selectorsOf(expression).filter(([name]) => name !== 'up');
        for (const [name, labels] of selectors) {
            assert.ok(shown.has(name), `no program shows ${name}: ${expression}`);
            for (const label of labels) assert.ok(shown.get(name).has(label), `${name} has no ${label}`);
        }
        for (const label of groupedBy(expression).filter((one) => !added.has(one)))
            assert.ok(
                selectors.some(([name]) => shown.get(name).has(label)),
                `nothing has ${label}: ${expression}`,
            );
    }
});

scenario(
    'STATEX-44: a request that takes longer than slow_request_ms is a warning with its route',
    async ({ system }) => {
        const logged = () => system.logged('gateway-1', 'request.slow');
        for (const { ms } of logged()) assert.ok(ms > 5000, `${ms} ms`);
        await system.rows(`insert into system_settings (key, value) values ('slow_request_ms', '1')
        on conflict (key) do update set value = excluded.value`);
        // Hashing a password takes longer than a millisecond.
        const slow = await eventually('the setting is in force', async () => {
            await system.user();
            return logged().find(({ route, ms }) => route === '/api/v1/auth/signup' && ms <= 5000);
        });
        assert.deepEqual([slow.level, slow.method, slow.status], ['warn', 'POST', 201]);
        assert.ok(slow.ms > 1);
        assert.match(slow.request_id, /^[\w-]+$/);
    },
);
