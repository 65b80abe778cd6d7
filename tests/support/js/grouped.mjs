// A map from each key to the items that have it.
export function grouped(items, keyOf) {
    const out = new Map();
    for (const item of items) {
        const key = keyOf(item);
        if (!out.has(key)) out.set(key, []);
        out.get(key).push(item);
    }
    return out;
}
