// Runs the requested scenarios and prints the table, or a line of JSON for each figure. Started by bench/run, which has
// started the system.
import { machine } from './machine.mjs';
import { settings } from './settings.mjs';
import { print } from './table.mjs';

const names = settings.scenarios;
const rows = [];
console.error(`${machine()}; rounds: ${settings.rounds}, seconds a measurement: ${settings.seconds}`);
for (const name of names) {
    const { measure } = await import(`../scenarios/${name}.mjs`);
    console.error(`\n${name}`);
    const got = (await measure()).map((row) => ({ scenario: name, ...row }));
    if (settings.json) for (const row of got) console.log(JSON.stringify(row));
    rows.push(...got);
}
if (!settings.json) {
    console.log(`\n${machine()}`);
    print(rows);
}
