// Messages that moderation holds for a person, for administrators: what was written, why it waits, and the decision.

import { h, relativeTime, sentence } from './dom.js';

export class HeldMessagesView {
    constructor(session, { announce }) {
        Object.assign(this, { session, announce });
        this.node = document.getElementById('held');
    }

    clear() {
        this.node.replaceChildren();
        this.begun = false;
    }

    begin() {
        this.begun = true;
        this.list = h('ul', { id: 'held-list', class: 'rows' });
        this.problem = h('p', { class: 'problem', role: 'alert', hidden: true });
        const refresh = { type: 'button', class: 'link', onclick: () => this.load() };
        this.node.replaceChildren(
            h(
                'section',
                { 'aria-labelledby': 'held-title' },
                h('h2', { id: 'held-title' }, 'Messages that wait for a person'),
                this.problem,
                this.list,
                h('p', { class: 'buttons' }, h('button', refresh, 'Look again')),
            ),
        );
        this.load();
    }

    async attempt(act) {
        this.problem.hidden = true;
        try {
            return await act();
        } catch (error) {
            this.problem.textContent = sentence(error.message);
            this.problem.hidden = false;
        }
    }

    load() {
        return this.attempt(async () => {
            const held = await this.session.get('/admin/held-messages?state=held&limit=100');
            const nothing = h('li', {}, 'No message waits.');
            this.list.replaceChildren(...(held.length > 0 ? held.map((one) => this.item(one)) : [nothing]));
        });
    }

    item({ id, state, reason, message, user, created_at: at }) {
        const decide = (decision) =>
            this.attempt(async () => {
                await this.session.request('POST', `/admin/held-messages/${id}/decide`, { decision });
                await this.load();
                this.announce('The decision is stored.');
            });
        const button = (label, decision, style) =>
            h('button', { type: 'button', class: style, onclick: () => decide(decision) }, label);
        return h(
            'li',
            { 'data-id': id, 'data-state': state },
            h('p', {}, h('strong', {}, reason), ` · ${user?.email ?? 'erased'}`),
            h('p', { class: 'aside' }, relativeTime(at)),
            h('blockquote', { 'aria-label': 'The message' }, message ?? 'It is erased.'),
            h('p', { class: 'buttons' }, button('Allow', 'allow', 'primary'), button('Reject', 'reject', 'link')),
        );
    }
}
