#!/usr/bin/env node
// Runs the tests: node tests/run.mjs [--lanes N] [--long] [--changed] [label | path | word …]. Without a word, all of
// them. The last line counts the tests. ./airi test builds what they need.

import os from 'node:os';
import { parseArgs } from 'node:util';

import { runJobs } from './support/runner/lanes.mjs';
import { Report } from './support/runner/report.mjs';
import { select } from './support/runner/selection.mjs';

const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        // The number of files that run side by side. Most of them wait most of the time.
        lanes: { type: 'string', default: String(os.availableParallelism() + 1) },
        long: { type: 'boolean', default: false }, // storms and property tests take their time
        changed: { type: 'boolean', default: false }, // only what the changes since main can touch
    },
});
if (values.long) process.env.AIRI_LONG_TESTS = '1';

const report = new Report();
await runJobs(select(positionals, values), Number(values.lanes), (job, outcome) => report.add(job, outcome));
process.exitCode = report.end() ? 0 : 1;
