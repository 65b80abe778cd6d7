// HTTP to Kafka with Fastify and kafkajs: the same request and the same event as airi's, acknowledged by the broker
// before the response. It validates the JSON by schema and the token; unlike airi it has no quotas, no owners of
// conversations and no deduplication.
//   BATCH=no   one producer.send per request, the idempotent producer as its documentation sets it up
//   BATCH=yes  requests that arrive while a batch is being sent form the next batch
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import fastifyJwt from '@fastify/jwt';
import fastify from 'fastify';

import { publisherTo } from './producer.mjs';

const { PORT, JWT_SECRET, BATCH } = process.env;
const topic = 'chat.requested.v1';
const publish = await publisherTo(topic, { batches: BATCH === 'yes' });

const app = fastify({ logger: false });
await app.register(fastifyJwt, { secret: JWT_SECRET, verify: { algorithms: ['HS256'], cache: true } });

const uuid = { type: 'string', format: 'uuid' };
const schema = {
    params: { type: 'object', properties: { id: uuid }, required: ['id'] },
    body: {
        type: 'object',
        properties: {
            content: { type: 'string', minLength: 1, maxLength: 32000 },
            client_message_id: { type: 'string', minLength: 1, maxLength: 100 },
            model: { type: 'string', maxLength: 100 },
        },
        required: ['content'],
    },
    response: {
        202: {
            type: 'object',
            properties: {
                success: { type: 'boolean' },
                data: {
                    type: 'object',
                    properties: {
                        conversation_id: uuid,
                        message_id: uuid,
                        reply_id: uuid,
                        generation_id: uuid,
                        client_message_id: { type: 'string' },
                        status: { type: 'string' },
                    },
                },
            },
        },
    },
};

function derived(space, name) {
    const bytes = createHash('sha1')
        .update(Buffer.from(space.replaceAll('-', ''), 'hex'))
        .update(name)
        .digest();
    bytes[6] = (bytes[6] & 0x0f) | 0x50;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

app.post(
    '/api/v1/conversations/:id/messages',
    { schema, onRequest: (request) => request.jwtVerify() },
    async (request, reply) => {
        const { content, client_message_id = randomUUID(), model = '' } = request.body;
        const conversation_id = request.params.id;
        const user_id = request.user.sub;
        const message_id = derived(user_id, `message/${client_message_id}`);
        const generation_id = derived(message_id, 'generation');
        const reply_id = derived(generation_id, 'reply');
        const created_at = new Date().toISOString();
        await publish({
            key: conversation_id,
            value: JSON.stringify({
                conversation_id,
                user_id,
                message_id,
                generation_id,
                reply_id,
                client_message_id,
                content,
                content_type: 'text',
                model,
                parameters: {},
                listed: true,
                created_at,
            }),
            headers: {
                ce_id: derived(generation_id, 'requested'),
                ce_source: '/airi/gateway',
                ce_specversion: '1.0',
                ce_type: topic,
                ce_time: created_at,
                'content-type': 'application/json',
                traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
            },
        });
        reply.code(202);
        return {
            success: true,
            data: { conversation_id, message_id, reply_id, generation_id, client_message_id, status: 'accepted' },
        };
    },
);

await app.listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 });
console.log('ready');
process.on('SIGTERM', () => process.exit(0));
