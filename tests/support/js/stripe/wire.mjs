// Stripe's wire format: forms with nested brackets, errors, ids.

import { randomBytes } from 'node:crypto';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function newId(prefix, length = 24) {
    let text = '';
    for (const byte of randomBytes(length)) text += letters[byte % letters.length];
    return prefix + text;
}

// An answer of Stripe that is no success. `retry`: the value of Stripe-Should-Retry; `saved`: whether its
// Idempotency-Key is answered with it again.
export class Problem extends Error {
    constructor(status, error, { retry = false, saved = true } = {}) {
        super(error.message);
        Object.assign(this, { status, body: { error }, retry, saved });
    }
}

const docs = (code) => (code ? { doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` } : {});
export const invalid = (message, { param, code, status = 400 } = {}) =>
    new Problem(
        status,
        { ...(code && { code }), ...docs(code), message, ...(param && { param }), type: 'invalid_request_error' },
        { saved: false },
    );
export const missing = (param) => invalid(`Missing required param: ${param}.`, { param, code: 'parameter_missing' });
export const unknownParameter = (param) =>
    invalid(`Received unknown parameter: ${param}`, { param, code: 'parameter_unknown' });
export const cardError = (more) =>
    new Problem(402, {
        code: 'card_declined',
        ...docs('card_declined'),
        decline_code: 'generic_decline',
        message: 'Your card was declined.',
        type: 'card_error',
        ...more,
    });

// a[0][b]=c → { a: [{ b: 'c' }] }; a[]=c → { a: ['c'] }.
export function parseForm(text) {
    const root = {};
    for (const [name, value] of new URLSearchParams(text)) {
        const keys = [name.split('[')[0], ...[...name.matchAll(/\[([^\]]*)\]/g)].map(([, key]) => key)];
        let at = root;
        for (let i = 0; i < keys.length; ++i) {
            const key = keys[i] === '' ? String(Object.keys(at).length) : keys[i];
            if (key === '__proto__') throw invalid('Invalid parameter name', { param: name });
            if (i === keys.length - 1) at[key] = value;
            else if (typeof at[key] === 'object') at = at[key];
            else at = at[key] = {};
        }
    }
    return listsOf(root);
}

function listsOf(value) {
    if (typeof value !== 'object') return value;
    const keys = Object.keys(value);
    if (keys.length && keys.every((key) => /^\d+$/.test(key))) return keys.map((key) => listsOf(value[key]));
    return Object.fromEntries(keys.map((key) => [key, listsOf(value[key])]));
}

export function integer(value, param) {
    if (value === undefined || value === '') return null;
    if (!/^-?\d+$/.test(value))
        throw invalid(`Invalid integer: ${value}`, { param, code: 'parameter_invalid_integer' });
    return Number(value);
}

export function boolean(value, param) {
    if (value === undefined) return undefined;
    if (value !== 'true' && value !== 'false') throw invalid(`Invalid boolean: ${value}`, { param });
    return value === 'true';
}

export function oneOf(value, values, param) {
    if (value === undefined || values.includes(value)) return value;
    throw invalid(`Invalid ${param}: must be one of ${values.slice(0, -1).join(', ')}, or ${values.at(-1)}`, { param });
}

// The metadata after an update: an empty value removes its key, an empty string all of them.
export function mergedMetadata(old, change) {
    if (change === undefined) return old;
    if (change === '') return {};
    const merged = { ...old, ...change };
    for (const key of Object.keys(merged)) if (merged[key] === '') delete merged[key];
    return merged;
}

export const list = (url, data, more = {}) => ({ object: 'list', data, has_more: false, url, ...more });
