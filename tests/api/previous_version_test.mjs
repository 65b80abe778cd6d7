// A deploy migrates the database first: until the last old program has ended, the statements of the version before run
// on the new schema.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

import { print, withSystem } from '../support/js/scenario.mjs';
import { statementsOf } from '../support/js/statements.mjs';

const scenario = withSystem();
const root = fileURLToPath(new URL('../..', import.meta.url));
const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }).trim();

// The statements of the commit, of all files.
function statementsAt(commit) {
    const files = git('ls-tree', '--name-only', commit, 'sql/queries/').split('\n');
    return files.flatMap((file) => statementsOf(git('show', `${commit}:${file}`)));
}

scenario('AIRI-46: statements of the version before the last change of the database still run', async ({ system }) => {
    const commit = git('log', '-1', '--format=%H^', '--', 'sql');
    const statements = statementsAt(commit);
    const client = new pg.Client({ connectionString: system.adminUrl, options: '-c search_path=airi' });
    await client.connect();
    const broken = [];
    try {
        for (const { name, text } of statements)
            await client.query(`prepare old as ${text}`).then(
                () => client.query('deallocate old'),
                (error) => broken.push(`${name}: ${error.message}`),
            );
    } finally {
        await client.end();
    }
    assert.deepEqual(broken, [], `statements of ${commit}`);
    assert.ok(statements.length > 200);
    print(`${statements.length} statements of ${git('rev-parse', '--short', commit)}`);
});
