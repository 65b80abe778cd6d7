// OpenAI's own client of /v1, for calls of tools.

import OpenAI from 'openai';

export const tools = ['weather', 'time'].map((name) => ({
    type: 'function',
    function: { name, parameters: { type: 'object', properties: { text: { type: 'string' } } } },
}));

// A user's SDK client, and what asks a vendor's model by it.
export async function caller({ system }, vendor = 'openai') {
    const user = await system.user('pro');
    const [{ model }] = await system.rows(
        `select m.model from model_prices m where m.active and m.provider = $1 and m.min_rank <= (
            select p.rank from plans p where p.id = 'pro') order by m.priority, m.model`,
        [vendor],
    );
    const openai = new OpenAI({ apiKey: user.token, baseURL: `${system.url('gateway-1')}/v1`, maxRetries: 0 });
    const request = (script, more = {}) => ({
        model,
        messages: [{ role: 'user', content: `Weather? [[stub id=${crypto.randomUUID()} ${script}]]` }],
        tools,
        ...more,
    });
    return { user, model, openai, request, completions: openai.chat.completions };
}

// The request that follows a response with calls of tools: their results are "result 0", "result 1", …
export function withResults(asked, message) {
    const results = message.tool_calls.map((call, i) => ({
        role: 'tool',
        tool_call_id: call.id,
        content: `result ${i}`,
    }));
    return { ...asked, messages: [...asked.messages, message, ...results] };
}
