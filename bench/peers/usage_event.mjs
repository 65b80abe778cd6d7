// A record of the usage topic as the chat worker publishes it; `more`: further members, `type`: another ce_type.
import { randomUUID } from 'node:crypto';

export function usageEvent(user, more = {}, type = 'usage.recorded.v1') {
    const value = {
        user_id: user,
        resource: 'tokens',
        quantity: 30,
        provider: 'openai',
        model: 'gpt-3.5-turbo',
        tokens_in: 10,
        tokens_out: 20,
        cost_nanousd: 60_000,
        outcome: 'completed',
        reference: randomUUID(),
        occurred_at: new Date().toISOString(),
        ...more,
    };
    const headers = {
        ce_id: randomUUID(),
        ce_source: '/airi/workers/chat',
        ce_specversion: '1.0',
        ce_type: type,
        ce_time: value.occurred_at,
        'content-type': 'application/json',
    };
    return { key: user, value: JSON.stringify(value), headers };
}
