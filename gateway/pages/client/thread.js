// The items of one conversation in the order they are shown: stored messages, unfinished sends, streaming replies.
// Pure: the transcript draws it. An item gets several ids over its life; the first event with one of them creates it.

let sequence = 0;

const timeOf = (text) => (text ? Date.parse(text) : Infinity);

export class Thread {
    constructor(conversation_id = null) {
        this.conversation_id = conversation_id;
        this.items = [];
        this.cursor = null; // of the stored messages before the first one here
    }

    get active() {
        return this.items.filter((item) => item.role === 'assistant' && isActive(item));
    }

    addMessage(message) {
        const item = this.find(message) ?? this.insert({ role: message.role });
        item.id = message.id;
        item.client_message_id ??= message.client_message_id ?? null;
        item.generation_id ??= message.generation_id ?? message.metadata?.generation_id ?? null;
        item.content = message.content;
        item.at = timeOf(message.created_at);
        item.state = message.role === 'user' && message.status !== 'rejected' ? 'sent' : message.status;
        item.held = message.status === 'held';
        item.error_code = message.metadata?.error_code ?? item.error_code ?? null;
        item.rating = message.rating ?? null;
        this.touch(item);
        return item;
    }

    addSend(send) {
        const item = this.find({ role: 'user', ...send }) ?? this.insert({ role: 'user' });
        item.client_message_id = send.client_message_id;
        item.content = send.content;
        item.send = send;
        if (send.accepted) {
            // The message may have been published before the acceptance arrived.
            const duplicate = this.items.find((other) => other !== item && other.id === send.accepted.question_id);
            if (duplicate) this.remove(duplicate);
            if (duplicate) item.at = duplicate.at;
            item.id = send.accepted.question_id;
            item.generation_id = send.accepted.generation_id;
        }
        if (item.state !== 'rejected') item.state = send.accepted ? 'sent' : 'sending';
        item.notice = null;
        this.touch(item);
        return item;
    }

    rejectSend(send, message) {
        const item = this.find({ role: 'user', ...send });
        if (!item) return;
        item.state = 'unsent';
        item.notice = message;
        this.touch(item);
    }

    addReply(reply) {
        const question = this.items.find((i) => i.role === 'user' && i.generation_id === reply.generation_id);
        const ids = { role: 'assistant', id: reply.message_id, generation_id: reply.generation_id };
        const unanswered = reply.state === 'rejected' && !reply.message;
        if (unanswered || reply.held) {
            const item = this.find(ids);
            if (item) this.remove(item);
        }
        if (unanswered) {
            if (question) this.touch(Object.assign(question, { state: 'rejected', end: reply.end, held: false }));
            return;
        }
        if (question && question.held !== reply.held) this.touch(Object.assign(question, { held: reply.held }));
        if (reply.held) return;
        const item = this.find(ids) ?? this.insert({ role: 'assistant', state: 'waiting' });
        if (!isActive(item) && !reply.ended) return; // its end was loaded over HTTP
        Object.assign(item, ids, {
            content: reply.text,
            state: reply.state,
            error_code: reply.end?.code ?? null,
        });
        if (reply.message) item.at = timeOf(reply.message.created_at);
        this.touch(item);
    }

    /// A line of the service's own, between the last question and its reply; `content` is its text.
    addNotice(content) {
        const question = this.items.findLast(({ role }) => role === 'user');
        this.touch(Object.assign(this.insert({ role: 'notice', state: 'sent', content, question }), { at: -Infinity }));
    }

    remove(item) {
        this.items.splice(this.items.indexOf(item), 1);
    }

    find({ role, id, client_message_id, generation_id }) {
        const same = (item) =>
            item.role === role &&
            ((id && item.id === id) ||
                (role === 'user' && client_message_id && item.client_message_id === client_message_id) ||
                (role === 'assistant' && generation_id && item.generation_id === generation_id));
        return this.items.find(same);
    }

    insert(item) {
        Object.assign(item, { key: `item-${++sequence}`, seq: sequence, at: Infinity, version: 0 });
        item.id = item.client_message_id = item.generation_id = null;
        this.items.push(item);
        return item;
    }

    touch(item) {
        item.version += 1;
        this.sort();
    }

    // By the server's time; items without one come last, in the order they were created. A reply and a notice
    // follow their question.
    sort() {
        const questions = new Map();
        for (const item of this.items)
            if (item.role === 'user' && item.generation_id) questions.set(item.generation_id, item);
        const positionOf = (item) => {
            if (item.role === 'notice' && item.question) return [item.question.at, item.question.seq, 0.5, item.seq];
            const question = item.role === 'assistant' ? questions.get(item.generation_id) : null;
            return question ? [question.at, question.seq, 1] : [item.at, item.seq, 0];
        };
        const positioned = this.items.map((item) => [positionOf(item), item]);
        positioned.sort(([a], [b]) => compare(a, b));
        this.items = positioned.map(([, item]) => item);
    }
}

/// Stored by the server, so it can be rated and deleted.
export const isStored = (item) =>
    Boolean(item.id) && !isActive(item) && item.state !== 'sending' && item.state !== 'unsent';

export const isActive = (item) => item.state === 'waiting' || item.state === 'streaming';

function compare(a, b) {
    for (let i = 0; i < a.length; ++i) {
        if (a[i] < b[i]) return -1;
        if (a[i] > b[i]) return 1;
    }
    return 0;
}
