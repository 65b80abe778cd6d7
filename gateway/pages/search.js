// Full-text search over the user's messages: while there is something in the box, what is found stands in place of
// the list of conversations.

import { byId, h, relativeTime, sentence } from './dom.js';

const TYPING_MS = 250;
const ENTITIES = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

export class SearchView {
    constructor() {
        this.field = byId('search-text');
        this.list = byId('found');
        this.status = byId('found-count');
        this.more = byId('more-found');
        this.field.addEventListener('input', () => this.soon());
        byId('search').addEventListener('submit', (event) => {
            event.preventDefault();
            this.look();
        });
        this.more.addEventListener('click', () => this.look(this.cursor));
        this.begin(null);
    }

    /// For another user, or none.
    begin(library) {
        this.library = library;
        this.field.value = '';
        this.look();
    }

    soon() {
        clearTimeout(this.typing);
        this.more.hidden = true;
        this.typing = setTimeout(() => this.look(), this.field.value.trim() ? TYPING_MS : 0);
    }

    async look(cursor = null) {
        clearTimeout(this.typing);
        const turn = (this.turn = {});
        const text = this.field.value.trim();
        const shown = text !== '' && this.library !== null;
        byId('results').hidden = !shown;
        byId('list').hidden = shown;
        if (!cursor) this.list.replaceChildren();
        if (!cursor) this.status.textContent = shown ? 'Searching…' : '';
        this.more.hidden = true;
        if (!shown) return;
        try {
            const { data, meta } = await this.library.search(text, cursor);
            if (turn === this.turn) this.show(data, meta.next_cursor ?? null);
        } catch (error) {
            if (turn !== this.turn) return;
            this.status.textContent = sentence(error.message);
            this.more.hidden = !cursor;
        }
    }

    show(found, cursor) {
        this.cursor = cursor;
        this.more.hidden = !cursor;
        this.list.append(...found.map((one) => this.itemOf(one)));
        const count = this.list.children.length;
        const words = count === 1 ? '1 message' : `${count} messages`;
        this.status.textContent = count === 0 ? 'Nothing was found.' : `${words}${cursor ? ' and more' : ''}`;
    }

    itemOf({ conversation_id, conversation_title, message_id, role, created_at, highlight }) {
        const companion = this.library.companion(this.library.conversation(conversation_id)?.companion_id);
        const title = conversation_title || companion?.name || 'Conversation';
        const who = role === 'user' ? 'You' : (companion?.name ?? 'Reply');
        return h(
            'li',
            {},
            h(
                'a',
                { href: `#/c/${conversation_id}/${message_id}` },
                h('span', { class: 'title' }, title),
                h('time', {}, relativeTime(created_at)),
                h('span', { class: 'quote' }, `${who}: `, ...marked(highlight)),
            ),
        );
    }
}

/// The server's highlight as nodes: <mark> is the only element in it, and everything else is escaped text.
export function marked(html) {
    const plain = (text) => text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]);
    // What matched stands between the marks, so every second piece is one.
    return html.split(/<\/?mark>/).map((piece, i) => (i % 2 ? h('mark', {}, plain(piece)) : plain(piece)));
}
