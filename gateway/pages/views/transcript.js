// Draws a thread: one element per item, created once and updated in place, so that a growing reply redraws nothing
// else. Scrolls with the newest text only while the reader is at the bottom.

import { isActive, isStored } from '../client/thread.js';
import { h, icon, orb } from './dom.js';
import { draw } from './markdown.js';

const NEAR_BOTTOM = 80;
const CATEGORIES = {
    hate: 'hateful language',
    harassment: 'threats or harassment',
    violence: 'violence',
    sexual: 'sexual content that is not allowed here',
    self_harm: 'self-harm',
    spam: 'spam',
};
const FAILURES = {
    prompt_refused: 'could not answer this message.',
    message_too_long: 'cannot answer: the message is longer than your plan allows.',
    quota_exceeded: "cannot answer: what is left of today's tokens does not suffice.",
    content_filtered: 'could not answer this message.',
    lost: 'has not answered. Reload the page to check again.',
};

export class Transcript {
    /// Callbacks: onRetry(item) for an unsent or unanswered message, onEarlier() for more history,
    /// onRate(item, 1 | -1), onReceipt(item) and onDelete(item) for a stored one.
    constructor({ scroller, list, earlier, latest, announcer, onRetry, onEarlier, onRate, onReceipt, onDelete }) {
        Object.assign(this, { scroller, list, earlier, latest, announcer, onRetry, onRate, onReceipt, onDelete });
        this.nodes = new Map(); // item key → {node, version}
        this.thread = null;
        this.companion = null;
        this.pinned = true;
        this.frame = 0;
        scroller.addEventListener('scroll', () => this.scrolled(), { passive: true });
        latest.addEventListener('click', () => this.toBottom(true));
        earlier.addEventListener('click', onEarlier);
        new ResizeObserver(() => this.pinned && this.toBottom()).observe(scroller);
    }

    show(thread, companion) {
        this.thread = thread;
        this.companion = companion;
        this.nodes.clear();
        this.list.replaceChildren();
        this.pinned = true;
        this.draw();
    }

    /// Draws once in the next animation frame, however many changes come before it.
    refresh() {
        this.frame ||= requestAnimationFrame(() => {
            this.frame = 0;
            this.draw();
        });
    }

    draw() {
        if (!this.thread) return;
        this.earlier.hidden = !this.thread.cursor;
        const gone = new Set(this.nodes.keys());
        this.thread.items.forEach((item, i) => {
            gone.delete(item.key);
            const node = this.nodeOf(item);
            if (this.list.children[i] !== node) this.list.insertBefore(node, this.list.children[i] ?? null);
        });
        for (const key of gone) {
            this.nodes.get(key).node.remove();
            this.nodes.delete(key);
        }
        if (this.pinned) this.toBottom();
        this.markLatest();
    }

    /// Runs `change`, which adds items above, without moving the text that is being read.
    keepingPlace(change) {
        const before = this.scroller.scrollHeight - this.scroller.scrollTop;
        this.pinned = false;
        change();
        this.draw();
        this.scroller.scrollTop = this.scroller.scrollHeight - before;
    }

    /// Scrolls to an item and focuses it.
    reveal(item) {
        this.pinned = false;
        this.draw();
        const { node } = this.nodes.get(item.key);
        node.tabIndex = -1;
        node.classList.add('found');
        node.focus({ preventScroll: true });
        node.scrollIntoView({ block: 'center' });
    }

    announce(text) {
        this.announcer.textContent = '';
        requestAnimationFrame(() => {
            this.announcer.textContent = text;
        });
    }

    nodeOf(item) {
        const known = this.nodes.get(item.key);
        if (known?.version === item.version) return known.node;
        const entry = known ?? { node: this.frameOf(item) };
        entry.version = item.version;
        this.nodes.set(item.key, entry);
        this.fill(entry.node, item);
        return entry.node;
    }

    frameOf(item) {
        if (item.role === 'notice') return h('li', { class: 'item system' }, h('p', { class: 'text', role: 'note' }));
        const body = h('div', { class: 'text' });
        const note = h('div', { class: 'note' });
        const actions = this.actionsOf(item);
        const you = h('span', { class: 'hidden' }, 'You said:');
        if (item.role === 'user') return h('li', { class: 'item user' }, you, body, note, actions);
        const name = this.companion?.name ?? 'airi';
        const said = h('span', { class: 'hidden' }, `${name} said:`);
        return h(
            'li',
            { class: 'item reply' },
            orb(this.companion, 'small'),
            said,
            h('div', { class: 'column' }, body, note, actions),
        );
    }

    actionsOf(item) {
        const button = (label, picture, onclick, more = {}) => {
            const props = { type: 'button', class: 'round small', 'aria-label': label, title: label, onclick };
            return h('button', { ...props, ...more }, icon(picture));
        };
        const rate = (label, rating) =>
            button(label, rating > 0 ? 'good' : 'bad', () => this.onRate(item, rating), { 'data-rating': rating });
        const receipt = () => button('Receipt', 'receipt', () => this.onReceipt(item));
        const ofReply = item.role === 'assistant' ? [rate('Good reply', 1), rate('Bad reply', -1), receipt()] : [];
        return h(
            'div',
            { class: 'actions' },
            ...ofReply,
            button('Delete message', 'bin', () => this.onDelete(item)),
        );
    }

    fill(node, item) {
        node.dataset.state = item.state;
        node.dataset.id = item.id ?? '';
        const body = node.querySelector('.text');
        const note = node.querySelector('.note');
        if (item.role === 'notice') return void (body.textContent = item.content);
        if (item.role === 'user') body.textContent = item.content;
        else draw(body, item.content);
        node.setAttribute('aria-busy', String(item.role === 'assistant' && isActive(item)));
        note.replaceChildren(...this.noteOf(item));
        node.querySelector('.actions').hidden = !isStored(item);
        for (const button of node.querySelectorAll('[data-rating]')) {
            button.hidden = !item.content;
            button.setAttribute('aria-pressed', String(item.rating === Number(button.dataset.rating)));
        }
    }

    noteOf(item) {
        const name = this.companion?.name ?? 'The companion';
        const retry = (label) =>
            h('button', { type: 'button', class: 'link', onclick: () => this.onRetry(item) }, label);
        if (item.state === 'waiting')
            return [h('span', { class: 'dots', role: 'img', 'aria-label': `${name} is thinking` })];
        if (item.state === 'cancelled') return [item.content ? 'Stopped.' : 'Stopped before the reply began.'];
        if (item.state === 'sending') return ['Sending…'];
        if (item.held) return [icon('alert'), ' This message waits for a person to review it.'];
        if (item.state === 'unsent') return [icon('alert'), ` Not sent: ${item.notice} `, retry('Send again')];
        if (item.state === 'failed')
            return [
                icon('alert'),
                ` ${name} ${FAILURES[item.error_code] ?? 'could not answer just now.'} `,
                retry('Ask again'),
            ];
        if (item.state === 'rejected' && item.role === 'assistant')
            return [
                icon('alert'),
                ` ${item.content ? 'The rest of this' : 'This'} reply was withheld because of its content.`,
            ];
        if (item.state === 'rejected') return rejection(item, name);
        return [];
    }

    scrolled() {
        const { scrollHeight, scrollTop, clientHeight } = this.scroller;
        this.pinned = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
        this.markLatest();
    }

    markLatest() {
        this.latest.hidden = this.pinned || this.scroller.scrollHeight <= this.scroller.clientHeight;
    }

    toBottom(smoothly = false) {
        this.pinned = true;
        this.scroller.scrollTo({
            top: this.scroller.scrollHeight,
            behavior: smoothly ? 'smooth' : 'instant',
        });
    }
}

function rejection(item, name) {
    const category = item.end?.reason?.split(':')[1];
    const because = CATEGORIES[category] ? `: it contains ${CATEGORIES[category]}` : ' because of its content';
    const nodes = [icon('alert'), ` ${name} did not receive this message${because}.`];
    const resources = Array.isArray(item.end?.resources) ? item.end.resources : [];
    if (resources.length)
        nodes.push(h('ul', { class: 'resources' }, ...resources.map((r) => h('li', {}, resourceText(r)))));
    return nodes;
}

function resourceText(resource) {
    if (typeof resource === 'string') return resource;
    return [resource.name, resource.phone, resource.text, resource.url].filter(Boolean).join(' · ');
}
