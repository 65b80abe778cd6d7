// Runs the requested scenarios and prints the table. Started by bench/run, which has started the system.
import { settings } from './settings.mjs';
import { machine } from './system.mjs';
import { print } from './table.mjs';

const names = settings.scenarios;
const rows = [];
console.error(`${machine()}; rounds: ${settings.rounds}, seconds a measurement: ${settings.seconds}`);
for (const name of names) {
    const { measure } = await import(`../scenarios/${name}.mjs`);
    console.error(`\n${name}`);
    rows.push(...(await measure()).map((row) => ({ scenario: name, ...row })));
}
console.log(`\n${machine()}`);
print(rows);
