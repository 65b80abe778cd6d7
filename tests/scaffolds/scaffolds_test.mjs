// ./airi new in a scratch copy of the tree: its files build and pass as they are, and it overwrites nothing. The
// compiler cache has every other object of the copy.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterFile, beforeFile, declareTest as test } from '../support/js/harness.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

let copy;
const bin = (name = '') => path.join(copy, '.airi/build/dev/bin', name);

// Runs a program in the copy; its output, or an error with the end of the output.
function run(program, ...args) {
    const env = { ...process.env, AIRI_CACHE: process.env.AIRI_CACHE ?? `${root}/.airi/cache` };
    delete env.AIRI_BIN_DIR; // the copy has programs of its own
    const { status, stdout, stderr } = spawnSync(program, args, {
        cwd: copy,
        env,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
    });
    // Without the lines that the program logs.
    const lines = (stdout + stderr).split('\n').filter((line) => !line.startsWith('{'));
    assert.equal(status, 0, `${program} ${args.join(' ')}:\n${lines.slice(-100).join('\n')}`);
    return stdout;
}

function rejection(...args) {
    const { status, stderr } = spawnSync('./airi', args, { cwd: copy, encoding: 'utf8' });
    assert.notEqual(status, 0, args.join(' '));
    return stderr;
}

// The files of a folder with their texts.
const texts = (folder) =>
    execFileSync('find', [folder, '-type', 'f'], { cwd: copy, encoding: 'utf8' })
        .trim()
        .split('\n')
        .sort()
        .map((name) => [name, readFileSync(path.join(copy, name), 'utf8')]);

// The files that git reports as changed or new.
const changed = () =>
    run('git', 'status', '--porcelain', '--untracked-files=all')
        .split('\n')
        .filter(Boolean)
        .map((line) => line.slice(3))
        .sort();
const written = (output) => [...output.matchAll(/^written: (.*)$/gm)].map(([, name]) => name).sort();

beforeFile(() => {
    copy = mkdtempSync('/tmp/airi-scaffolds-');
    execFileSync('bash', [
        '-c',
        `cd "$1" && git ls-files -z --cached --others --exclude-standard | while IFS= read -rd '' file; do
            if [[ -e "$file" ]]; then printf '%s\\0' "$file"; fi
         done | tar -c --null -T - | tar -x -C "$2" && cd "$2" && git init -q && git add -A &&
         git -c user.name=test -c user.email=test@example.com commit -qm copy`,
        'copy',
        root,
        copy,
    ]);
    symlinkSync(path.join(root, 'tests/node_modules'), path.join(copy, 'tests/node_modules'));
});
afterFile(() => rmSync(copy, { recursive: true, force: true }));

test('a name that is taken, reserved or malformed is rejected, and nothing is written', () => {
    for (const [args, reason] of [
        [['endpoint', 'companions'], /^error: companions exists already, see sql\/migrations\/\d+_\w+\.sql; choose/],
        [['endpoint', 'api_keys'], /^error: api_keys exists already/],
        [['endpoint', 'catalogue'], /^error: gateway\/routes\/catalogue\.cpp exists already; .* nothing was written/],
        [['worker', 'chat'], /^error: chat exists already, see workers\/workers\.cmake/],
        [['worker', 'runtime'], /^error: runtime is a word of C\+\+ or SQL/],
        [['endpoint', 'user'], /^error: user is a word of C\+\+ or SQL/],
        [['endpoint', 'ReadingLists'], /^error: ReadingLists is not a name: lower-case/],
        [['endpoint', '../x'], /^error: \.\.\/x is not a name/],
        [['endpoint', 'x'.repeat(31)], /has 31 characters; a name has 30 at most/],
        [['worker'], /^error: new endpoint <name> or new worker <name>/],
        [['table', 'x'], /^error: new endpoint <name> or new worker <name>/],
    ])
        assert.match(rejection('new', ...args), reason);
    assert.deepEqual(changed(), []);
});

// The manifests of a worker follow from the others.
test('an endpoint is five files, an event with its worker eleven, and all are named', () => {
    const endpoint = written(run('./airi', 'new', 'endpoint', 'scratch_entries'));
    assert.deepEqual(changed(), endpoint);
    assert.equal(endpoint.length, 5);
    const worker = written(run('./airi', 'new', 'worker', 'scratch_work'));
    assert.deepEqual(changed(), [...endpoint, ...worker].sort());
    const generated = worker.filter((name) => name.startsWith('deploy/kubernetes/base/'));
    assert.deepEqual([worker.length - generated.length, generated.length], [11, 2]);
    for (const name of [...endpoint, ...worker])
        assert.doesNotMatch(readFileSync(path.join(copy, name), 'utf8'), /sample[_ -]?things?\b/i, name);
});

test('the written files build, and the unit tests pass', () => {
    run('cmake', '--preset', 'dev');
    run('cmake', '--build', '--preset', 'dev');
    assert.match(run(bin('airi-worker'), '--help'), / scratch_work$/m);
    assert.match(run(bin('airi-tests-unit')), / 0 failed/);
});

test('the written schemas equal the output of airi-schemas', () => {
    const before = texts('schemas');
    assert.ok(before.some(([name]) => name === 'schemas/events/scratch_work.requested.v1.json'));
    run(bin('airi-schemas'), 'schemas');
    assert.deepEqual(texts('schemas'), before);
});

test('the endpoint passes its own test on a whole system', () => {
    const output = run('node', 'tests/run.mjs', 'tests/api/scratch_entries_test.mjs');
    assert.match(output, /^3 passed, 0 failed$/m);
});
