// Full-text search over the user's messages. While the field has text, the results replace the list of conversations.

import { byId, h, relativeTime, sentence } from './dom.js';

const SEARCH_AFTER_MS = 250;
const ENTITIES = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

export class SearchView {
    constructor() {
        this.field = byId('search-text');
        this.list = byId('found');
        this.status = byId('found-count');
        this.more = byId('more-found');
        this.field.addEventListener('input', () => this.searchSoon());
        byId('search').addEventListener('submit', (event) => {
            event.preventDefault();
            this.search();
        });
        this.more.addEventListener('click', () => this.search(this.cursor));
        this.begin(null);
    }

    /// For another user, or for none.
    begin(library) {
        this.library = library;
        this.field.value = '';
        this.search();
    }

    searchSoon() {
        clearTimeout(this.typing);
        this.more.hidden = true;
        this.typing = setTimeout(() => this.search(), this.field.value.trim() ? SEARCH_AFTER_MS : 0);
    }

    async search(cursor = null) {
        clearTimeout(this.typing);
        const search = (this.latest = {});
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
            if (search === this.latest) this.show(data, meta.next_cursor ?? null);
        } catch (error) {
            if (search !== this.latest) return;
            this.status.textContent = sentence(error.message);
            this.more.hidden = !cursor;
        }
    }

    show(found, cursor) {
        this.cursor = cursor;
        this.more.hidden = !cursor;
        this.list.append(...found.map((one) => this.itemOf(one)));
        const count = this.list.children.length;
        const counted = count === 1 ? '1 message' : `${count} messages`;
        this.status.textContent = count === 0 ? 'Nothing was found.' : `${counted}${cursor ? ' and more' : ''}`;
    }

    itemOf({ conversation_id, conversation_title, message_id, role, created_at, highlight }) {
        const companion = this.library.companion(this.library.conversation(conversation_id)?.companion_id);
        const title = conversation_title || companion?.name || 'Conversation';
        const sender = role === 'user' ? 'You' : (companion?.name ?? 'Reply');
        return h(
            'li',
            {},
            h(
                'a',
                { href: `#/c/${conversation_id}/${message_id}` },
                h('span', { class: 'title' }, title),
                h('time', {}, relativeTime(created_at)),
                h('span', { class: 'quote' }, `${sender}: `, ...marked(highlight)),
            ),
        );
    }
}

/// The server's highlight as nodes: <mark> is the only element in it, and everything else is escaped text.
export function marked(html) {
    const plain = (text) => text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]);
    // Every second piece is a match.
    return html.split(/<\/?mark>/).map((piece, i) => (i % 2 ? h('mark', {}, plain(piece)) : plain(piece)));
}
