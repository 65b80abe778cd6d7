// A small generator with a seed, so that a failing order of events can be repeated.

export function dice(seed) {
    let state = seed >>> 0;
    return (n) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * n);
    };
}

// FAULTS_SEED repeats an earlier run.
export const faultsSeed = () => Number(process.env.FAULTS_SEED ?? Date.now() % 1_000_000);

export function shuffled(list, throwDice) {
    const out = [...list];
    for (let i = out.length - 1; i > 0; --i) {
        const j = throwDice(i + 1);
        [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
}
