// Messages on a system whose moderation worker asks the stub provider for scores. Used by the products' tests.

import assert from 'node:assert/strict';

import { withAccounts } from './accounts.mjs';
import { ask } from './raw.mjs';
import { appoint } from './staff.mjs';
import { call } from './violations.mjs';

// Declares tests of a product with a moderation provider. Their stage has, beside accounts:
//   minor(plan)           joins a minor
//   send(account, words)  sends a message with a mark of its own: { mark, answer }
//   asked(mark)           the requests for scores of that message: [{ text, texts, status }]
//   decisionOn(mark)      the stored decision on that message, undefined when it was allowed
//   stored(mark)          [{ status, error_code }] of the message
//   administrator()       joins an administrator: { ...account, decide(id, decision) } about a held message
//   redelivered(mark)     what the statement that stores messages returns when another judgement, `allow`, comes again
export const withModeration = (profile) => {
    const test = withAccounts({ profile, moderationProvider: true });
    return (name, act) =>
        test(name, async (stage) => {
            const { join, ports, system } = stage;
            const minor = async (plan) => {
                const account = await join(plan);
                await system.rows('update users set minor_until = current_date + 365 where id = $1', [account.id]);
                return account;
            };
            const send = async ({ token }, words) => {
                const mark = `mark${crypto.randomUUID().replaceAll('-', '')}`;
                const json = { content: `${mark} ${words} [[stub tokens=2]]` };
                const answer = await ask(ports[0], { method: 'POST', path: '/api/v1/chat/messages', token, json });
                return { mark, answer };
            };
            const asked = async (mark) =>
                (await fetch(`${system.stubProvider}/_stub/moderations?contains=${mark}`)).json();
            const decisionOn = async (mark) => {
                const rows = await system.rows(
                    `select d.action, d.categories, d.confidence, d.reason, d.scores from moderation_decisions d
                     join messages m on m.id = d.message_id where m.content like $1`,
                    [`${mark}%`],
                );
                assert.ok(rows.length <= 1);
                return rows[0];
            };
            const stored = (mark) =>
                system.rows(
                    `select m.status, g.error_code from messages m join generations g on g.id = m.generation_id
                     where m.content like $1`,
                    [`${mark}%`],
                );
            const redelivered = async (mark) => {
                const [{ outcome }] = await system.rows(
                    `select r.outcome from messages m join generations g on g.id = m.generation_id,
                     messages_screen(array[m.id], array[m.conversation_id], array[m.user_id], array[g.id],
                         array[g.reply_id], array['']::text[], array[m.content], array['text'], array['']::text[],
                         array['{}']::jsonb[], array[true], array[m.created_at], array['allow'], array['{}']::text[],
                         array[0]::double precision[], array['']::text[], array[null]::uuid[], array[null]::jsonb[],
                         array['']::text[]) r
                     where m.role = 'user' and m.content like $1`,
                    [`${mark}%`],
                );
                return outcome;
            };
            const administrator = async () => {
                const account = await join();
                await appoint(system, account, 'admin', ports);
                const api = call(ports[0], account.token);
                const decide = (id, decision) => api('POST', `/admin/held-messages/${id}/decide`, { decision });
                return { ...account, api, decide };
            };
            await act({ ...stage, administrator, minor, send, asked, decisionOn, stored, redelivered });
        });
};
