// The selection of tests: jobs for lanes.mjs, { label, name, file | program, args, system, wanted }.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const binaries = process.env.AIRI_BIN_DIR ?? path.join(root, '.airi/build/dev/bin');
export const labels = ['unit', 'integration', 'products', 'api', 'security', 'faults', 'games', 'e2e', 'scaffolds'];
const programs = labels.slice(0, 2);
const folders = labels.slice(2);

const program = (label, args = []) => ({
    label,
    name: `airi-tests-${label}`,
    program: path.join(binaries, `airi-tests-${label}`),
    args: ['--duration=true', '--no-colors=true', ...args],
});

function fileJob(name, wanted = null) {
    const text = readFileSync(path.join(root, name), 'utf8');
    const label = name.split('/')[1];
    // The text of the call that declares the system: files with the same one share a system.
    const [system = label] = text.match(/= with[A-Z]\w*\([^]*?\);/) ?? [];
    return { label, name, file: name, text, system: /withFaults|withOwn/.test(system) ? null : system, wanted };
}

const filesOf = (label) =>
    readdirSync(path.join(root, 'tests', label))
        .filter((name) => name.endsWith('_test.mjs'))
        .map((name) => fileJob(`tests/${label}/${name}`));
const allFiles = () => folders.flatMap(filesOf);

// Of a label.
function ofLabel(label) {
    return programs.includes(label) ? [program(label)] : filesOf(label);
}

// Of a file's path, whole or in part, or of words in the names of tests.
function ofWord(word) {
    const lower = word.toLowerCase();
    const inPath = (one) => one.name.toLowerCase().includes(lower);
    const files = allFiles().flatMap((one) => {
        if (inPath(one)) return [one];
        const titles = [...one.text.matchAll(/\(\s*(['"`])([^\n]*?)\1,/g)].map(([, , title]) => title.toLowerCase());
        if (!titles.some((title) => title.includes(lower))) return [];
        // The tests of the pages continue where the one before ended: all of the file.
        return [one.label === 'e2e' ? one : { ...one, wanted: lower }];
    });
    if (/_test\.mjs$/.test(word)) return files;
    const pattern = `*${word.replaceAll(/[,\\]/g, '?')}*`;
    const cases = programs.flatMap((label) => [
        program(label, [`--test-case=${pattern}`]),
        program(label, [`--source-file=${pattern}`, `--test-case-exclude=${pattern}`]),
    ]);
    return [...cases, ...files];
}

// The tests that walk over all routes, statements and tables.
const walks = ['rls', 'routes', 'tiers', 'bad_input', 'bad_values', 'query_plans', 'pages', 'schemathesis'];
const domainOf =
    /^(?:gateway\/routes|schemas\/(?:api|frames)|sql\/(?:queries|functions|policies)|events(?:\/frames)?)\/(\w+)\.\w+$/;
const folderOf = /^(?:workers|gateway)\/(\w+)\//;
const shared = new Set(
    'api,auth,http,messaging,openai,files,realtime,services,transport,pages,runtime,providers'.split(','),
);

// Of one changed file: the names of jobs, or null for all.
function touchedBy(file, files) {
    if (/^tests\/(products|api|security|faults|games|e2e|scaffolds)\/\w+_test\.mjs$/.test(file)) return [file];
    if (/^tests\/(?!support)[\w/]+\.(cpp|hpp|json)$/.test(file)) return programs;
    if (/^deploy\/(templates\/|lib\/new\.sh$)/.test(file)) return ['tests/scaffolds/scaffolds_test.mjs'];
    if (/^deploy\/kubernetes\//.test(file)) return ['unit', 'tests/e2e/kubernetes_test.mjs'];
    if (/\.md$|^docs\/|^deploy\/lint\/|^bench\/|^\.[\w.-]+$|^LICENSE$/.test(file)) return ['unit'];
    if (/^workers\/gaming\/bot\/|^tests\/support\/js\/games\//.test(file)) return ['unit', 'games'];
    if (/^gateway\/pages\//.test(file)) return ['unit', 'e2e'];
    const folder = file.match(folderOf)?.[1];
    const domain = file.match(domainOf)?.[1] ?? (shared.has(folder) ? undefined : folder);
    if (!domain) return null;
    const own = files.filter(({ name }) => path.basename(name).startsWith(domain.replace(/s$/, '')));
    if (own.length === 0) return null;
    const walking = files.filter(({ name }) => walks.some((walk) => name.endsWith(`/${walk}_test.mjs`)));
    return [...programs, ...own, ...walking].map((one) => one.name ?? one);
}

// Of what differs from the remote's main, or else from the local one, new files included.
function ofChanges() {
    const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    const remote = git('for-each-ref', '--format=%(refname)', 'refs/remotes/origin/main');
    const from = git('merge-base', 'HEAD', remote || 'main');
    const changed = [
        ...git('diff', '--name-only', from).split('\n'),
        ...git('ls-files', '--others', '--exclude-standard').split('\n'),
    ].filter(Boolean);
    const files = allFiles();
    const touched = new Set();
    for (const file of changed) {
        const names = touchedBy(file, files);
        console.log(`${file}: ${names ? names.join(', ') : 'everything'}`);
        for (const name of names ?? labels) touched.add(name);
    }
    return [
        ...programs.filter((label) => touched.has(label)).map((label) => program(label)),
        ...files.filter((one) => touched.has(one.name) || touched.has(one.label)),
    ];
}

// The jobs of these words (labels, paths, words of names; none: everything), each once, in the order to run them:
// programs and what builds, then what needs a system of its own, then the largest groups that share one.
export function select(words, { changed = false } = {}) {
    const found = changed
        ? ofChanges()
        : (words.length ? words : labels).flatMap((word) => (labels.includes(word) ? ofLabel(word) : ofWord(word)));
    const jobs = new Map();
    for (const job of found) {
        const key = job.file ?? [job.name, ...job.args].join(' ');
        // The whole file rather than a part of it.
        if (!jobs.has(key) || job.wanted === null) jobs.set(key, job);
    }
    const sizes = new Map();
    for (const { system } of jobs.values()) sizes.set(system, (sizes.get(system) ?? 0) + 1);
    const first = (job) => job.program || job.label === 'scaffolds';
    const rank = (job) => (first(job) ? 1000 : job.system ? sizes.get(job.system) : 500);
    return [...jobs.values()].sort((a, b) => rank(b) - rank(a) || String(a.system).localeCompare(String(b.system)));
}
