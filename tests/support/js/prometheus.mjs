// Prometheus' text format, and promtool, which checks it, rules and configurations.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';

// Runs promtool with these arguments and this input; returns its exit code and output.
export function promtool(words, input = '') {
    return new Promise((resolve, reject) => {
        const tool = spawn('promtool', words, { stdio: ['pipe', 'pipe', 'pipe'] });
        let text = '';
        for (const stream of [tool.stdout, tool.stderr]) stream.on('data', (piece) => (text += piece));
        tool.on('error', reject);
        tool.on('close', (code) => resolve({ code, text }));
        tool.stdin.end(input);
    });
}

// The samples of a page of metrics: { name, labels, value }.
export function samplesOf(text) {
    return text
        .split('\n')
        .filter((line) => line && !line.startsWith('#'))
        .map((line) => {
            const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
            const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
            return {
                name,
                labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])),
                value: Number(value),
            };
        });
}

// The page of metrics of a program of the system.
export async function scrape(system, program) {
    const answer = await fetch(`http://127.0.0.1:${system.program(program).adminPort}/metrics`);
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return text;
}

export const samples = async (system, program) => samplesOf(await scrape(system, program));

// The sum of the samples with that name and these labels; undefined when there are none.
export function valueOf(samples, name, labels = {}) {
    const found = samples.filter(
        (one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text),
    );
    return found.length ? found.reduce((sum, one) => sum + one.value, 0) : undefined;
}
