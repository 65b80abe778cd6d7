// Prints the figures of two trees side by side: compare.mjs <file> <other's name>. The file has a line of JSON for each
// figure of each round, with the name of its tree ("other" or "this") in `tree`. With --json it prints a line of JSON
// for each figure too.
import { readFileSync } from 'node:fs';
import { machine } from './machine.mjs';
import { short, table } from './table.mjs';

const [file, name, form] = process.argv.slice(2);
const figures = new Map();
for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const row = JSON.parse(line);
    if (typeof row.value !== 'number') continue;
    const key = `${row.scenario}\0${row.what}`;
    if (!figures.has(key)) figures.set(key, { ...row, other: [], this: [] });
    figures.get(key)[row.tree].push(row.value);
}

const summary = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    const median = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    return sorted.length ? { median, min: sorted[0], max: sorted.at(-1) } : undefined;
};
const shown = (of) =>
    of === undefined ? '–' : `${short(of.median)}` + (of.min < of.max ? ` (${short(of.min)}–${short(of.max)})` : '');

const rows = [...figures.values()].map(({ scenario, what, unit, ...tree }) => {
    const [other, mine] = [summary(tree.other), summary(tree.this)];
    const ratio = other && mine && other.median !== 0 ? mine.median / other.median : undefined;
    return { scenario, what, unit, other, this: mine, ratio };
});
if (form === '--json') for (const row of rows) console.log(JSON.stringify(row));
else {
    console.log(`\n${machine()}; medians of the rounds (min–max)`);
    const lines = rows.map((row) => [
        row.scenario,
        `${row.what}${row.unit ? `, ${row.unit}` : ''}`,
        shown(row.other),
        shown(row.this),
        row.ratio === undefined ? '' : row.ratio.toFixed(2),
    ]);
    console.log(table(['scenario', 'figure', name, 'this tree', 'ratio'], lines));
}
