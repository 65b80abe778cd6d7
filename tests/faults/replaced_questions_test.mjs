// kill -9 of the chat worker while questions whose replies it streams are replaced or deleted.

import assert from 'node:assert/strict';

import { ask, Wire } from '../support/js/raw.mjs';
import { withFaults, print } from '../support/js/scenario.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const scenario = withFaults({ chat: 1 });

const isEnd = ({ type }) => /^message_(complete|cancelled|failed|rejected)$/.test(type);

scenario(
    'AIRI-23: replies whose questions changed while their worker was dead are earlier versions, billed once',
    async ({ system }) => {
        const { port } = system.program('gateway-1');
        const users = await system.users(6);
        const turns = await Promise.all(
            users.map(async (user) => {
                const api = (method, path, json, headers) =>
                    ask(port, { method, path: `/api/v1${path}`, token: user.token, json, headers });
                const { id } = (await api('POST', '/conversations', {})).json.data;
                const wire = await Wire.open(port, user.token);
                const { data } = await wire.reply('message_send', {
                    client_message_id: crypto.randomUUID(),
                    conversation_id: id,
                    content: 'slow [[stub tokens=300 rate=20]]',
                });
                const of = (frame) => frame.data?.generation_id === data.generation_id;
                await wire.receive('a delta', (frame) => frame.type === 'message_delta' && of(frame));
                return { api, id, wire, ...data, of, path: `/conversations/${id}/messages` };
            }),
        );
        // The lease's heartbeat has stored what the calls cost so far.
        await eventually('each has a checkpoint', async () => {
            const rows = await system.rows('select tokens_out::int as n from generations where id = any($1)', [
                turns.map((one) => one.generation_id),
            ]);
            return rows.every((row) => row.n > 0);
        });
        await system.kill('chat-1');
        const changes = await Promise.all(
            turns.map((one, i) =>
                i % 2
                    ? one.api('DELETE', `${one.path}/${one.message_id}`)
                    : one.api(
                          'PUT',
                          `${one.path}/${one.message_id}`,
                          { content: 'sea [[stub tokens=3]]' },
                          {
                              Prefer: 'wait=0',
                          },
                      ),
            ),
        );
        assert.deepEqual(
            changes.map((one) => one.status),
            turns.map((_, i) => (i % 2 ? 200 : 202)),
        );
        await system.start('chat-1');
        for (const [i, one] of turns.entries()) {
            const end = await one.wire.receive('an end', (frame) => isEnd(frame) && one.of(frame));
            assert.equal(end.type, 'message_cancelled');
            const list = await eventually('the turn is settled', async () => {
                const { data, meta } = (await one.api('GET', one.path)).json;
                return meta.generating === null && data.length === (i % 2 ? 0 : 2) && data;
            });
            if (list.length) assert.ok(list.every((m) => m.id !== one.reply_id && m.id !== one.message_id));
            const [reply] = await system.rows('select deleted_at, superseded_by from messages where id = $1', [
                one.reply_id,
            ]);
            assert.ok(reply.deleted_at);
            assert.equal(reply.superseded_by, list[0]?.id ?? null);
            await eventually('it is billed once', async () => {
                const bills = await system.rows('select resource from usage_log where reference = $1 order by 1', [
                    one.generation_id,
                ]);
                return bills.map((row) => row.resource).join() === 'messages,tokens';
            });
            const calls = await system.rows('select outcome from provider_calls where generation_id = $1', [
                one.generation_id,
            ]);
            assert.deepEqual(calls, [{ outcome: 'abandoned' }], 'the call of the dead worker has its cost on record');
        }
        print(`${turns.length} replies were superseded while their worker was dead`);
    },
);
