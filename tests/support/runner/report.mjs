// The output of the runner: each file's tests when it has finished, then the groups, the slowest tests and the sum.

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

export class Report {
    #begun = Date.now();
    #groups = new Map(); // by label
    #tests = [];

    add({ label, name }, { results, text, ms }) {
        if (results.length === 0) return; // nothing matched
        const group = this.#groups.get(label) ?? { files: 0, passed: 0, failed: 0, ms: 0 };
        this.#groups.set(label, group);
        group.files += 1;
        group.ms += ms;
        const lines = [`${name} (${seconds(ms)})`];
        if (text.trim()) lines.push(text.trimEnd());
        for (const result of results) {
            group[result.failed ? 'failed' : 'passed'] += 1;
            this.#tests.push({ ...result, file: name });
            // The programs have too many cases for a line each.
            if (result.failed || results.length <= 40)
                lines.push(`${result.failed ? 'FAIL' : 'ok  '} ${result.name} (${seconds(result.ms)})`);
            if (result.error) lines.push(result.error.replaceAll(/^/gm, '      '));
        }
        console.log(lines.join('\n'));
    }

    // Prints the tables; returns whether every test has passed and there was one.
    end() {
        if (this.#tests.length === 0)
            console.log("no test matches: give a label (unit, api, …), a path, or a word of a test's name");
        const groups = [...this.#groups];
        const total = (field) => groups.reduce((sum, [, group]) => sum + group[field], 0);
        console.log('\ngroup        files  passed  failed     time');
        for (const [label, { files, passed, failed, ms }] of groups)
            console.log(
                [label.padEnd(11), pad(files, 6), pad(passed, 7), pad(failed, 7), seconds(ms).padStart(8)].join(' '),
            );
        console.log(`${' '.repeat(35)}${seconds(Date.now() - this.#begun).padStart(8)} from start to end`);
        console.log('\nthe slowest tests');
        for (const { ms, file, name } of this.#tests.toSorted((a, b) => b.ms - a.ms).slice(0, 20))
            console.log(`${seconds(ms).padStart(8)}  ${file}: ${name}`);
        const failures = this.#tests.filter((one) => one.failed);
        if (failures.length) console.log('\nfailed');
        for (const { file, name } of failures) console.log(`  ${file}: ${name}`);
        console.log(`${total('passed')} passed, ${total('failed')} failed`);
        return failures.length === 0 && this.#tests.length > 0;
    }
}

const pad = (value, width) => String(value).padStart(width);
