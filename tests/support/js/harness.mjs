// The declarations of a test file, and their execution by a lane of the runner (../runner/lane.mjs): one test after the
// other, in the order of their declaration.

// ms a test: one that hangs. How long the others take depends on what else the machine does.
const limit = process.env.AIRI_LONG_TESTS ? 3_600_000 : 900_000;
let current = null; // the file that is being run

// Declares a test of the file that is being imported. It runs after the import.
export function declareTest(name, act) {
    current.declared.push({ name, act });
}

// Runs a test at once, for files whose tests continue where the one before ended; resolves after a failure too.
export async function check(name, act) {
    await runTest(current, { name, act });
}

// `begin` runs before the file's first test.
export function beforeFile(begin) {
    current.begins.push(begin);
}

// `end` runs after the file's last test, whatever the tests did.
export function afterFile(end) {
    current.ends.push(end);
}

// Imports a file and runs its tests; those that `wanted(name)` rejects are left out, unless they run at once. Calls
// `report({ name, failed, ms, error })` for each. Returns whether one has failed; throws a Timeout when one does not
// end.
export async function runFile(file, { wanted = () => true, report }) {
    current = { report, declared: [], begins: [], ends: [], failed: false, discount: 0 };
    const run = current;
    try {
        await import(file);
        for (const begin of run.begins) await begin();
    } catch (error) {
        if (error instanceof Timeout) throw error;
        fail(run, 'the file begins', error);
    }
    for (const test of run.declared) if (wanted(test.name)) await runTest(run, test);
    for (const end of run.ends) {
        try {
            await end();
        } catch (error) {
            fail(run, 'the file ends', error);
        }
    }
    return run.failed;
}

function fail(run, name, error, begun = Date.now()) {
    run.failed = true;
    run.report({ name, failed: true, ms: Date.now() - begun - run.discount, error: describe(error) });
}

// The current test has waited so many ms for what it shares with others: they are not its time.
export function discount(ms) {
    current.discount += ms;
}

async function runTest(run, { name, act }) {
    run.discount = 0;
    const begun = Date.now();
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Timeout(`not finished after ${limit / 1000} s`)), limit);
    });
    try {
        await Promise.race([act(), late]);
        run.report({ name, failed: false, ms: Date.now() - begun - run.discount });
    } catch (error) {
        fail(run, name, error, begun);
        // Its unfinished work would meet the next test.
        if (error instanceof Timeout) throw error;
    } finally {
        clearTimeout(timer);
    }
}

export class Timeout extends Error {}

function describe(error) {
    const text = String(error?.stack ?? error);
    return error?.cause ? `${text}\ncause: ${describe(error.cause)}` : text;
}
