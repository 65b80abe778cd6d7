// The places in a program's text that call Stripe, each with the form of its path and of its Idempotency-Key.

const any = '[^/?&]+';

// The arguments of the call whose parenthesis opens before `begin`, as text.
function argumentsAt(text, begin) {
    const out = [];
    let depth = 0;
    let start = begin;
    for (let i = begin; ; ++i) {
        if (i >= text.length) throw new Error(`a call does not end: ${text.slice(begin, begin + 80)}`);
        if (text[i] === '"') while (text[++i] !== '"') if (text[i] === '\\') ++i;
        if ('([{'.includes(text[i])) ++depth;
        const closes = ')]}'.includes(text[i]);
        if (depth === 0 && (closes || text[i] === ',')) {
            out.push(text.slice(start, i).trim());
            start = i + 1;
        }
        if (closes && --depth < 0) return out;
    }
}

// A sum of texts and other values as a pattern, in which a value is anything.
function patternOf(sum) {
    const parts = sum.split('+').map((part) => part.trim().match(/^"([^"]*)"$/)?.[1]);
    return parts.map((text) => text?.replaceAll(/[.*+?^$()[\]{}|]/g, String.raw`\$&`) ?? any).join('');
}

const methods = { get: 'GET', post: 'POST', remove: 'DELETE' };

// [{ source, method, url, key }]: `url` and `key` are patterns of what is sent; key is null where none is.
export function callSites(text) {
    const sites = [];
    for (const found of text.matchAll(/\b(?:stripe|client)\.(get|post|remove)\(/g)) {
        const given = argumentsAt(text, found.index + found[0].length);
        const [, path] = [...text.slice(0, found.index).matchAll(/\bauto path = ([^;]*);/g)].at(-1) ?? [];
        const where = given[0].replace(/^path\b/, path);
        const key = found[1] === 'get' || given.at(-1) === '{}' ? null : patternOf(given.at(-1));
        sites.push({
            source: `${found[0]}${given[0]}…${given.length > 1 ? given.at(-1) : ''})`,
            method: methods[found[1]],
            url: new RegExp(`^/v1/${patternOf(where)}$`),
            key: key && new RegExp(`^${key}$`),
        });
    }
    return sites;
}

export const isFrom = ({ method, url, key }, call) =>
    call.method === method &&
    url.test(call.sent.url) &&
    (key ? key.test(call.idempotencyKey ?? '') : call.idempotencyKey === null);

// The parameters' names, and other first texts in braces, that the text writes out.
export const parametersIn = (text) =>
    new Set(
        [...text.matchAll(/(?:\{|emplace_back\(|add_number\(\w+, )"([\w[\]]+)",/g)].map(([, parameter]) => parameter),
    );
