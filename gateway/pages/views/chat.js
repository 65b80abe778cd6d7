// The conversation that is shown: opens it, loads its messages, sends, stops, and adds the chat client's events to it.
// Caches the threads shown last, so that returning to one shows it at once.

import { Thread, isActive } from '../client/thread.js';
import { Composer } from './composer.js';
import { ask } from './dialogs.js';
import { byId, orb, sentence, tint } from './dom.js';
import { showOpening } from './gallery.js';
import { ReceiptDialog } from './receipt.js';
import { Transcript } from './transcript.js';

const MAX_THREADS = 40; // each holds a channel, of which a client has 100
const STOP_DISABLED_MS = 2_000;
const MAX_PAGES = 40; // loaded to find one message

const channelOf = (conversation_id) => `conversation:${conversation_id}`;
const keyOfDraft = (companion_id) => `new:${companion_id}`;
const keyOfSend = (send) => send.conversation_id ?? keyOfDraft(send.companion_id);

/// Events: "changed" (active replies or titles), "activity" (lists may be out of date), "missing" (no such
/// conversation), "trouble" (detail: {text, retry}).
export class ChatView extends EventTarget {
    constructor() {
        super();
        this.composer = new Composer({ onSend: (text) => this.send(text), onStop: () => this.stop() });
        this.receipt = new ReceiptDialog();
        this.transcript = new Transcript({
            scroller: byId('scroller'),
            list: byId('messages'),
            earlier: byId('earlier'),
            latest: byId('latest'),
            announcer: byId('announcer'),
            onRetry: (item) => this.retry(item),
            onEarlier: () => this.loadEarlier(),
            onRate: (item, rating) => this.rate(item, item.rating === rating ? null : rating),
            onReceipt: (item) => this.receipt.open(this.library, item.id),
            onDelete: (item) => this.deleteMessage(item),
        });
        document.addEventListener('visibilitychange', () => this.markRead());
        this.product = '';
        this.begin(null, null);
    }

    /// For another user, or for none.
    begin(client, library) {
        this.client = client;
        this.library = library;
        this.opening = null; // identifies the latest call of openConversation
        this.threads = new Map(); // by conversation or draft, least recently used first
        this.thread = null;
        this.composer.clear();
        this.receipt.close();
        if (!client) return;
        const on = (type, handle) =>
            client.addEventListener(type, ({ detail }) => client === this.client && handle(detail));
        on('accepted', (detail) => this.accepted(detail));
        on('reply', (reply) => this.replyChanged(reply));
        on('lost', (reply) => this.replyLost(reply));
        on('message', (message) => this.messageReceived(message));
        on('notice', ({ type, data }) => type === 'ai_disclosure' && this.disclose(data));
        on('rejected', ({ send, message }) => {
            this.threads.get(keyOfSend(send))?.rejectSend(send, sentence(message));
            this.changed();
        });
    }

    get title() {
        const conversation = this.library.conversation(this.thread?.conversation_id);
        return conversation?.title || this.thread?.companion?.name || this.product;
    }

    /// A conversation that is created by its first message.
    openDraft(companion) {
        this.opening = null;
        this.open(keyOfDraft(companion.id), null, companion);
    }

    /// Shows a conversation scrolled to its end, or to one of its messages.
    async openConversation(id, message_id = null) {
        const { library } = this;
        const opening = (this.opening = {});
        // A failure is shown when the messages are loaded.
        if (!library.conversation(id)) await library.loadConversation(id).catch(() => {});
        if (opening !== this.opening) return;
        const companion = library.companion(library.conversation(id)?.companion_id);
        const thread = this.open(id, id, companion);
        this.client.watch(channelOf(id));
        await this.load(thread);
        if (message_id) await this.reveal(thread, message_id);
    }

    async reveal(thread, message_id) {
        for (let page = 0; page < MAX_PAGES && thread === this.thread; ++page) {
            const item = thread.items.find((one) => one.id === message_id);
            if (item) return this.transcript.reveal(item);
            if (!thread.cursor || !(await this.loadEarlier())) return;
        }
    }

    leave() {
        this.opening = null;
        this.thread = null;
    }

    /// Drops a deleted conversation.
    forget(id) {
        if (this.threads.delete(id)) this.client.unwatch(channelOf(id));
    }

    /// Loads what was published while the connection was lost.
    async catchUp() {
        if (this.thread?.conversation_id) await this.load(this.thread);
    }

    open(key, conversation_id, companion) {
        const thread = this.threads.get(key) ?? new Thread(conversation_id);
        this.threads.delete(key);
        this.threads.set(key, thread);
        this.trim();
        this.thread = thread;
        thread.companion = companion;
        for (const send of this.client.sends.values()) if (keyOfSend(send) === key) thread.addSend(send);
        for (const reply of this.client.replies.values()) if (reply.conversation_id === key) thread.addReply(reply);
        byId('chat-orb').replaceChildren(orb(companion, 'small'));
        byId('chat-name').textContent = companion?.name ?? this.product;
        tint(byId('chat'), companion);
        showOpening(companion);
        this.transcript.show(thread, companion);
        this.composer.moveTo(key, companion?.name ?? this.product);
        this.changed();
        this.composer.focus();
        return thread;
    }

    trim() {
        for (const key of this.threads.keys()) {
            if (this.threads.size <= MAX_THREADS) return;
            this.threads.delete(key);
            this.client.unwatch(channelOf(key));
        }
    }

    async load(thread) {
        byId('chat').setAttribute('aria-busy', 'true');
        try {
            const { data, meta } = await this.library.loadMessages(thread.conversation_id);
            // When more than a page was missed, the older messages are loaded by the button "earlier".
            const joins = data.some((message) => thread.find(message));
            if (thread.loaded && !joins) thread.items = thread.items.filter((item) => item.at === Infinity);
            if (!thread.loaded || !joins) thread.cursor = meta.next_cursor ?? null;
            thread.loaded = true;
            for (const message of data) thread.addMessage(message);
            for (const one of meta.generating ?? [])
                thread.addReply(this.client.follow({ ...one, conversation_id: thread.conversation_id }));
        } catch (error) {
            this.loadFailed(thread, error);
        }
        byId('chat').removeAttribute('aria-busy');
        this.markRead();
        this.changed();
    }

    // A message on a visible page has been read.
    async markRead() {
        const { library, thread } = this;
        const id = thread?.loaded ? thread.conversation_id : null;
        if (!id || document.hidden) return;
        await library.markRead(id).catch(() => {}); // repeated the next time it is shown
        if (library === this.library) this.dispatch('changed');
    }

    loadFailed(thread, error) {
        if (thread !== this.thread || error.status === 401) return;
        if (error.status === 404) {
            this.threads.delete(thread.conversation_id);
            this.dispatch('missing');
        } else {
            const text = `The messages could not be loaded. ${sentence(error.message)}`;
            this.dispatch('trouble', { text, retry: () => this.load(thread) });
        }
    }

    async loadEarlier() {
        const { thread } = this;
        const button = byId('earlier');
        let loaded = false;
        button.disabled = true;
        try {
            const { data, meta } = await this.library.loadMessages(thread.conversation_id, thread.cursor);
            const add = () => {
                thread.cursor = meta.next_cursor ?? null;
                for (const message of data) thread.addMessage(message);
            };
            if (this.thread === thread) this.transcript.keepingPlace(add);
            else add();
            loaded = true;
        } catch (error) {
            this.dispatch('trouble', { text: sentence(error.message), retry: () => this.loadEarlier() });
        }
        button.disabled = false;
        return loaded;
    }

    async rate(item, rating) {
        const { thread } = this;
        try {
            const message = await this.library.rate(thread.conversation_id, item.id, rating);
            thread.touch(Object.assign(item, { rating: message.rating }));
        } catch (error) {
            this.dispatch('trouble', { text: sentence(error.message), retry: () => this.rate(item, rating) });
        }
        this.changed();
    }

    async deleteMessage(item) {
        const { thread } = this;
        const question = { title: 'Delete this message?', text: 'It cannot be restored.', action: 'Delete' };
        if (!(await ask(question))) return;
        try {
            await this.library.deleteMessage(thread.conversation_id, item.id);
            thread.remove(item);
            this.transcript.announce('The message is deleted.');
            this.composer.focus();
        } catch (error) {
            this.dispatch('trouble', { text: sentence(error.message) });
        }
        this.changed();
    }

    // The first message creates the conversation, so a second one waits until the first is accepted.
    send(content) {
        const { thread } = this;
        const { conversation_id, companion } = thread;
        if (!conversation_id && thread.items.some((item) => item.state === 'sending')) return false;
        thread.addSend(this.client.send({ content, conversation_id, companion_id: companion?.id ?? null }));
        this.transcript.pinned = true;
        this.changed();
        return true;
    }

    retry(item) {
        if (item.state === 'unsent') {
            this.client.sendAgain(item.send);
            this.thread.addSend(item.send);
            this.changed();
            return;
        }
        const isQuestion = (one) => one.role === 'user' && one.generation_id === item.generation_id;
        const question = this.thread.items.find(isQuestion);
        if (question) this.send(question.content);
    }

    stop() {
        for (const { generation_id } of this.thread.active) this.client.cancel(generation_id);
        byId('stop').disabled = true;
        setTimeout(() => {
            byId('stop').disabled = false;
        }, STOP_DISABLED_MS);
    }

    accepted({ send, reply }) {
        const draft = this.threads.get(keyOfDraft(send.companion_id));
        if (!this.threads.has(send.conversation_id) && draft?.find({ role: 'user', ...send }))
            this.promote(draft, send);
        const thread = this.threads.get(send.conversation_id);
        thread?.addSend(send);
        thread?.addReply(reply);
        this.changed();
        this.dispatch('activity');
    }

    // A draft has become a conversation.
    promote(thread, { companion_id, conversation_id }) {
        this.threads.delete(keyOfDraft(companion_id));
        this.threads.set(conversation_id, thread);
        thread.conversation_id = conversation_id;
        thread.loaded = true;
        this.client.watch(channelOf(conversation_id));
        if (this.thread !== thread) return;
        history.replaceState(null, '', `#/c/${conversation_id}`);
        this.composer.draft = conversation_id;
    }

    replyChanged(reply) {
        const thread = this.threads.get(reply.conversation_id);
        if (thread) {
            const isNew = !this.itemOf(thread, reply);
            thread.addReply(reply);
            if (thread === this.thread) this.announce(reply, isNew);
        }
        this.changed();
        if (!reply.ended) return;
        this.dispatch('activity');
        if (thread && thread === this.thread) this.markRead();
    }

    announce(reply, isNew) {
        const name = this.thread.companion?.name ?? this.product;
        if (reply.state === 'completed') this.transcript.announce(`${name} said: ${reply.text}`);
        else if (reply.state === 'cancelled') this.transcript.announce('Stopped.');
        else if (reply.ended) this.transcript.announce(`${name} could not answer.`);
        else if (isNew) this.transcript.announce(`${name} is writing.`);
    }

    async replyLost(reply) {
        const thread = this.threads.get(reply.conversation_id);
        if (!thread) return;
        await this.load(thread);
        const item = this.itemOf(thread, reply);
        if (!item || !isActive(item) || this.client?.replies.has(reply.generation_id)) return;
        thread.touch(Object.assign(item, { state: 'failed', error_code: 'lost', content: '' }));
        this.changed();
    }

    messageReceived(message) {
        this.threads.get(message.conversation_id)?.addMessage(message);
        this.changed();
        this.dispatch('activity');
    }

    // Due at a message of this device or of another one; a draft's conversation may not be accepted yet.
    disclose({ conversation_id, text }) {
        const thread = this.threads.get(conversation_id) ?? this.thread;
        if (!thread) return;
        thread.addNotice(text);
        if (thread === this.thread) this.transcript.announce(text);
        this.changed();
    }

    itemOf(thread, { message_id, generation_id }) {
        return thread.find({ role: 'assistant', id: message_id, generation_id });
    }

    // Draws the thread again.
    changed() {
        const { thread } = this;
        if (thread) {
            const { active } = thread;
            const status = active.some((item) => item.content) ? 'is writing…' : 'is thinking…';
            byId('opening').hidden = thread.items.length > 0 || (thread.conversation_id && !thread.loaded);
            byId('chat').dataset.replying = String(active.length > 0);
            byId('chat-status').textContent = active.length ? status : (thread.companion?.tagline ?? '');
            this.composer.setReplying(active.length > 0);
            this.transcript.refresh();
        }
        this.dispatch('changed');
    }

    dispatch(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }
}
