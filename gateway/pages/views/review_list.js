// A list on the page of administration of what waits for a person's decision.

import { h, sentence } from './dom.js';

export class ReviewList {
    /// `name` is the id of the part; `path` lists what waits; `nothing` is shown without any; `item(one)` is a row.
    constructor(session, { announce, name, title, path, nothing }) {
        Object.assign(this, { session, announce, name, title, path, nothing });
        this.node = document.getElementById(name);
    }

    clear() {
        this.node.replaceChildren();
        this.begun = false;
    }

    begin(user) {
        this.user = user;
        this.begun = true;
        const { name } = this;
        this.list = h('ul', { id: `${name}-list`, class: 'rows reviews' });
        this.problem = h('p', { class: 'problem', role: 'alert', hidden: true });
        const refresh = { type: 'button', class: 'link', onclick: () => this.load() };
        this.node.replaceChildren(
            h(
                'section',
                { 'aria-labelledby': `${name}-title` },
                h('h2', { id: `${name}-title` }, this.title),
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
            const found = await this.session.get(this.path);
            const nothing = h('li', {}, this.nothing);
            this.list.replaceChildren(...(found.length > 0 ? found.map((one) => this.item(one)) : [nothing]));
        });
    }

    /// Buttons, [label, decision, style] each, that send { decision, ...more() } to `path`.
    buttons(path, choices, more = () => ({})) {
        const decide = (decision) =>
            this.attempt(async () => {
                await this.session.request('POST', path, { decision, ...more() });
                await this.load();
                this.announce('The decision is stored.');
            });
        return h(
            'p',
            { class: 'buttons' },
            ...choices.map(([label, decision, style]) =>
                h('button', { type: 'button', class: style, onclick: () => decide(decision) }, label),
            ),
        );
    }
}
