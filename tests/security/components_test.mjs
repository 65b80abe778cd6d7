// The list of components, and what an audit says of them: nothing is called good that was not asked for.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterFile, declareTest as test } from '../support/js/harness.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

async function airi(words, env = {}) {
    const child = spawn(path.join(root, 'airi'), words, { env: { ...process.env, ...env } });
    const out = { text: '', errors: '' };
    child.stdout.on('data', (data) => (out.text += data));
    child.stderr.on('data', (data) => (out.errors += data));
    const [status] = await once(child, 'close');
    return { status, ...out };
}

// The address of a stand-in for OSV that answers each POST /v1/querybatch with what `answer` makes of its queries.
async function osv(answer) {
    const server = createServer(async (request, response) => {
        let text = '';
        for await (const part of request) text += part;
        const known = request.method === 'POST' && request.url === '/v1/querybatch';
        response.writeHead(known ? 200 : 404, { 'Content-Type': 'application/json' });
        response.end(known ? answer(JSON.parse(text).queries) : '{"code":5,"message":"Not Found"}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterFile(() => server.close());
    return `http://127.0.0.1:${server.address().port}`;
}

test("the list of components is CycloneDX and has what is linked, the broker's jars and the tests' tools", async () => {
    const { status, text } = await airi(['sbom']);
    assert.equal(status, 0);
    const list = JSON.parse(text);
    assert.deepEqual([list.bomFormat, list.specVersion], ['CycloneDX', '1.6']);
    const found = (purl, scope) => list.components.some((one) => one.purl.startsWith(purl) && one.scope === scope);
    for (const name of ['libssl3', 'librdkafka1', 'libpq5', 'libhiredis0.14', 'libicu72', 'libc6'])
        assert.ok(found(`pkg:deb/debian/${name}@`, 'required'), name);
    assert.ok(found('pkg:deb/debian/clang-19@', 'excluded'));
    assert.ok(found('pkg:maven/org.apache.kafka/kafka_2.13@', 'required'));
    assert.ok(found('pkg:maven/at.yawk.lz4/lz4-java@1.10', 'required'), 'the lz4 without its two faults');
    assert.ok(!list.components.some(({ purl }) => purl.includes('org.lz4')));
    assert.ok(found('pkg:pypi/schemathesis@', 'excluded'));
    assert.ok(found('pkg:golang/github.com/stripe/stripe-mock@v', 'excluded'));
    assert.equal(new Set(list.components.map((one) => one['bom-ref'])).size, list.components.length);
});

const file = path.join(mkdtempSync('/tmp/airi-components-'), 'sbom.json');
afterFile(() => rmSync(path.dirname(file), { recursive: true }));

const audit = (url) => airi(['audit', file], { OSV_URL: url });

test('an audit names each component that is known to be vulnerable, and is silent about the others', async () => {
    const components = JSON.parse((await airi(['sbom'])).text).components.filter(({ purl }) => !/^pkg:deb/.test(purl));
    writeFileSync(file, JSON.stringify({ components }));
    const asked = [];
    const vulns = [{ id: 'GHSA-test-0001', modified: '2026-01-01T00:00:00Z' }];
    const url = await osv((queries) => {
        asked.push(...queries);
        return JSON.stringify({
            results: queries.map((one) => (one.package.name === 'at.yawk.lz4:lz4-java' ? { vulns } : {})),
        });
    });
    const { status, text } = await audit(url);
    assert.equal(status, 1);
    assert.match(text, /^known vulnerabilities .*\n {2}lz4-java 1\.10\S*: GHSA-test-0001\n$/);
    assert.deepEqual(
        asked.map((one) => one.version),
        components.map((one) => one.version),
    );
    const good = await audit(await osv((queries) => JSON.stringify({ results: queries.map(() => ({})) })));
    assert.deepEqual([good.status, good.text], [0, '']);
    assert.match(good.errors, /nothing is known against any of them/);
});

test('an audit without a whole answer says so and fails with 2, and never that nothing is known', async () => {
    const more = (queries) => JSON.stringify({ results: queries.map(() => ({ next_page_token: 'x' })) });
    for (const [what, url] of [
        ['nobody listens', 'http://127.0.0.1:1'],
        ['too few answers', await osv(() => '{"results":[{}]}')],
        ['answers with further pages', await osv(more)],
        ['a page for people', await osv(() => '<html>maintenance</html>')],
    ]) {
        const { status, text, errors } = await audit(url);
        assert.equal(status, 2, what);
        assert.match(errors, /^not audited: OSV did not answer for every component/m, what);
        assert.doesNotMatch(text + errors, /nothing is known/, what);
    }
});
