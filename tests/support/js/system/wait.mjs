// Waiting for conditions with a deadline. Used by everything that watches other processes.

/// What `ask` answers once it is neither null, undefined nor false; it is asked again when it throws, unless what it throws
/// is `final`. `describe` tells how things stood when time was up.
export async function eventually(what, ask, { within = 20_000, every = 25, describe } = {}) {
    const deadline = Date.now() + within;
    for (;;) {
        let got;
        let threw;
        try {
            got = await ask();
        } catch (error) {
            if (error.final) throw error;
            threw = error;
        }
        if (got !== null && got !== undefined && got !== false) return got;
        if (Date.now() > deadline) {
            const more = describe ? `: ${JSON.stringify(await describe())}` : '';
            throw new Error(`not within ${within} ms: ${what}${more}`, threw ? { cause: threw } : undefined);
        }
        await pause(every);
    }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
