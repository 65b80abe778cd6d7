// Our calls of models (provider_calls) beside the stub provider's journal: which request each of them is, and whether
// it was counted as it should be.

import assert from 'node:assert/strict';

// Our own count of a text, as in workers/providers/estimate.hpp.
export function estimate(text) {
    const words = text.split(/[\t-\r ]+/).filter(Boolean).length;
    return Math.max(words, Math.ceil(Buffer.byteLength(text) / 4));
}

// Our own count of a prompt with this turn alone, as in workers/chat/prompt.cpp.
export const promptOf = (text) => estimate(text) + 4;

// A word of a request's script.
const optionOf = ({ script }, name, usual) => script.match(new RegExp(`(?:^| )${name}=(\\S+)`))?.[1] ?? usual;
const lengthOf = (request) => Number(optionOf(request, 'tokens', 8));

// Our own count of what the provider has sent in answer to a request: its tokens are text, or arguments of calls.
export function outputOf(request) {
    const calls = request.results ? 0 : Number(optionOf(request, 'calls', 0));
    const count = lengthOf(request);
    const callOf = (index) => (calls ? Math.floor((index * calls) / count) : 0);
    const texts = [];
    for (let i = 0; i < request.tokens_sent; ++i) {
        const call = callOf(i);
        texts[call] ??= calls ? `{"${optionOf(request, 'argument', 'text')}":"` : '';
        texts[call] += `${i ? ' ' : ''}tok${i}`;
        if (calls && (i + 1 === count || callOf(i + 1) !== call)) texts[call] += '"}';
    }
    return texts.reduce((sum, text) => sum + estimate(text), 0);
}

const wasRefused = ({ outcome, tokens_in, tokens_out }) =>
    !['completed', 'cancelled', 'abandoned', 'replaced'].includes(outcome) && tokens_in === 0 && tokens_out === 0;
const isUnknown = ({ provider, tokens_out }) => provider === 'unknown' && tokens_out === 0;

// All calls of these generations, oldest first, with their counts as numbers.
export async function callsOf(system, ids) {
    return system.rows(
        `select generation_id, epoch, call, provider, model, outcome, counted_by, reported, tokens_in::int,
            tokens_out::int, own_in::int, own_out::int, cost_nanousd::float8
        from provider_calls where generation_id = any($1) order by generation_id, epoch, call`,
        [ids],
    );
}

// The provider has sent the whole reply.
const isWhole = (request) => !request.client_gone && request.tokens_sent === lengthOf(request);

// Pairs the calls of one generation with the requests of it that the providers have accepted, of each in order. Every
// request has one call. A call without one belongs to a worker that died before it asked.
export function pairsOf(calls, requests, where) {
    const accepted = requests.filter((one) => one.status === 200);
    let asked = calls.filter((call) => call.outcome !== 'replaced' && !wasRefused(call));
    for (const call of asked.filter(isUnknown))
        if (asked.length > accepted.length) asked = asked.filter((one) => one !== call);
    const shown = () => `${where}: ${JSON.stringify(calls)} for ${JSON.stringify(requests)}`;
    assert.equal(asked.length, accepted.length, `each request is one call, ${shown()}`);
    const fits = (call, request) =>
        isUnknown(call) || (call.provider === request.provider && (call.counted_by !== 'provider' || isWhole(request)));
    if (asked.every((call, i) => fits(call, accepted[i])))
        return asked.map((call, i) => ({ call, request: accepted[i] }));
    // A worker that was frozen may ask after its successor has asked: the calls of which most is known come first.
    const left = [...accepted];
    const requestOf = new Map();
    const rank = (call) => (isUnknown(call) ? 2 : call.counted_by === 'provider' ? 0 : 1);
    for (const call of asked.toSorted((one, other) => rank(one) - rank(other))) {
        const at = left.findIndex((request) => fits(call, request));
        assert.ok(at >= 0, `each call has a request to its provider, ${shown()}`);
        requestOf.set(call, left.splice(at, 1)[0]);
    }
    return asked.map((call) => ({ call, request: requestOf.get(call) }));
}

// Asserts that a call has the provider's figures to the token, or else an estimate that is marked as one. Returns
// whether it has the provider's.
//   reached  our count of what is known to have come out: an estimate is at least this
//   prompt   our count of the prompt, if known
export function checkCall({ call, request }, { reached = 0, prompt, where }) {
    const at = `${where}: ${JSON.stringify(call)} for ${JSON.stringify(request)}`;
    const sent = outputOf(request);
    const whole = isWhole(request);
    // Its worker had died, or had lost its lease, when the reply ended.
    const isLate = call.call === -1 || call.outcome === 'abandoned';
    // A worker that died behind the end of its call had the provider's count in its last heartbeat.
    const counts = call.call === -1 && whole ? [prompt, request.prompt_tokens] : [prompt];
    if (prompt && call.own_out > 0) assert.ok(counts.includes(call.own_in), `our count of the prompt, ${at}`);
    if (call.counted_by === 'provider') {
        assert.ok(whole && call.reported && call.outcome === 'completed', `the reply was read to its end, ${at}`);
        assert.deepEqual([call.tokens_in, call.tokens_out], [request.prompt_tokens, request.tokens_sent], at);
        assert.equal(call.own_out, sent, `our count beside it, ${at}`);
        return true;
    }
    assert.ok(!whole || isLate || optionOf(request, 'usage') === 'none', `the provider's figures are used, ${at}`);
    if (isUnknown(call)) {
        assert.deepEqual([call.call, call.tokens_in, call.tokens_out, reached], [-1, 0, 0, 0], at);
        return false;
    }
    // Anthropic reports the prompt, and one token, when a stream begins.
    const [input, output] = call.reported ? [request.prompt_tokens, 1] : [call.own_in, 0];
    assert.deepEqual([call.tokens_in, call.tokens_out], [input, Math.max(call.own_out, output)], at);
    assert.ok(call.own_out >= reached, `at least what has come out (${reached}), ${at}`);
    assert.ok(call.own_out <= sent, `at most what the provider has sent (${sent}), ${at}`);
    if (!isLate && call.outcome !== 'cancelled') assert.equal(call.own_out, sent, `all that was sent, ${at}`);
    return false;
}
