// Waiting for conditions with a deadline. Used by everything that watches other processes.

// Calls `condition` until its result is neither null, undefined nor false, and returns it: each `every` ms, else 40
// times in the first second and ten times in each other one. Errors are retried unless they are `final`. `describe`
// returns the state for the error at the deadline.
export async function eventually(what, condition, { within = 20_000, every, describe } = {}) {
    const begun = Date.now();
    const deadline = begun + within;
    for (;;) {
        let value;
        let failure;
        try {
            value = await condition();
        } catch (error) {
            if (error.final) throw error;
            failure = error;
        }
        if (value !== null && value !== undefined && value !== false) return value;
        if (Date.now() > deadline) {
            const more = describe ? `: ${JSON.stringify(await describe())}` : '';
            throw new Error(`not within ${within} ms: ${what}${more}`, failure ? { cause: failure } : undefined);
        }
        await pause(every ?? (Date.now() - begun < 1000 ? 25 : 100));
    }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
