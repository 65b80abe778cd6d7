// The sidebar: the list of conversations and the usage meter.

import { byId, h, icon, orb, relativeTime } from './dom.js';

export class Sidebar {
    /// Callbacks: onMore(), onFilter({starred, archived}).
    constructor({ onMore, onFilter }) {
        this.list = byId('conversations');
        this.more = byId('more-conversations');
        this.more.addEventListener('click', onMore);
        this.filters = [byId('only-starred'), byId('only-archived')];
        for (const button of this.filters)
            button.addEventListener('click', () => {
                button.setAttribute('aria-pressed', String(!pressed(button)));
                const [starred, archived] = this.filters.map(pressed);
                onFilter({ starred, archived });
            });
        this.library = null;
        this.nodes = new Map();
        setInterval(() => this.draw(), 60_000);
    }

    clear() {
        this.library = null;
        this.nodes.clear();
        for (const button of this.filters) button.setAttribute('aria-pressed', 'false');
        this.list.replaceChildren();
    }

    /// `replying` has the ids of the conversations with an active reply.
    show({ library, current, replying }) {
        Object.assign(this, { library, current, replying });
        this.more.hidden = !library.cursor;
        const { starred, archived } = library.filter;
        const none = byId('no-conversations');
        none.hidden = library.conversations.length > 0;
        setText(none, starred || archived ? 'There are none of these.' : 'Your conversations will be here.');
        this.draw();
    }

    draw() {
        if (!this.library) return;
        const gone = new Set(this.nodes.keys());
        this.library.conversations.forEach((conversation, i) => {
            gone.delete(conversation.id);
            const node = this.nodeOf(conversation);
            if (this.list.children[i] !== node) this.list.insertBefore(node, this.list.children[i] ?? null);
        });
        for (const id of gone) {
            this.nodes.get(id).remove();
            this.nodes.delete(id);
        }
    }

    nodeOf(conversation) {
        const { id, companion_id } = conversation;
        const companion = this.library.companion(companion_id);
        let node = this.nodes.get(id);
        if (!node) {
            const text = h('span', { class: 'words' }, h('span', { class: 'title' }), h('span', { class: 'preview' }));
            const marks = h('span', { class: 'marks' }, h('time'), h('span', { class: 'mark' }));
            node = h('li', {}, h('a', { href: `#/c/${id}` }, orb(companion, 'small'), text, marks));
            this.nodes.set(id, node);
        }
        const link = node.firstChild;
        const at = conversation.last_message_at ?? conversation.updated_at ?? conversation.created_at;
        const title = conversation.title || companion?.name || 'New conversation';
        setText(link.querySelector('.title'), title);
        setText(
            link.querySelector('.preview'),
            this.replying.has(id) ? 'is writing…' : (conversation.last_message_preview ?? ''),
        );
        setText(link.querySelector('time'), at ? relativeTime(at) : '');
        node.classList.toggle('replying', this.replying.has(id));
        showMarks(link, conversation.starred, conversation.unread && id !== this.current);
        if (id === this.current) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
        return node;
    }
}

const pressed = (button) => button.getAttribute('aria-pressed') === 'true';

function showMarks(link, starred, unread) {
    const state = `${starred} ${unread}`;
    if (link.dataset.marks === state) return;
    link.dataset.marks = state;
    link.classList.toggle('unread', unread);
    const label = (text) => h('span', { class: 'hidden' }, text);
    const marks = [];
    if (starred) marks.push(icon('star'), label('Starred'));
    if (unread) marks.push(h('span', { class: 'dot' }), label('Unread'));
    link.querySelector('.mark').replaceChildren(...marks);
}

function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

/// Shows today's usage of messages {used, limit, resets_at}; a limit of null or below zero is none.
export function showUsage(usage, plan) {
    const area = byId('usage');
    area.hidden = !usage;
    if (!usage) return;
    const { used, limit, resets_at } = usage;
    const unlimited = limit === null || limit === undefined || limit < 0;
    byId('usage-plan').textContent = plan ? `${plan} plan` : 'Today';
    byId('usage-count').textContent = unlimited ? `${used} messages today` : `${used} of ${limit} messages`;
    byId('usage-reset').textContent = unlimited || !resets_at ? '' : `Resets ${relativeTime(resets_at)}`;
    const meter = byId('usage-meter');
    meter.hidden = unlimited;
    if (unlimited) return;
    const share = limit > 0 ? Math.min(used / limit, 1) : 1;
    meter.setAttribute('aria-valuemax', String(limit));
    meter.setAttribute('aria-valuenow', String(Math.min(used, limit)));
    meter.setAttribute('aria-valuetext', `${used} of ${limit} messages used today`);
    meter.firstElementChild.style.setProperty('width', `${share * 100}%`);
    meter.dataset.level = share >= 1 ? 'full' : share >= 0.8 ? 'high' : 'fine';
}
