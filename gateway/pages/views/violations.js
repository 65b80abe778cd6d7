// A part of the account dialog: messages of the user that broke the rules, and appeals against that.

import { h, relativeTime } from './dom.js';
import { sectionPart } from './forms.js';

const STATES = {
    pending: 'your appeal is with us',
    confirming: 'your appeal is with us',
    upheld: 'your appeal was decided: it stays',
    reversed: 'your appeal was decided: it was taken back',
};

export class Violations {
    /// `attempt(act)` runs what may fail and shows the problem in this part. Hidden while there is nothing to show.
    constructor(session, { attempt }) {
        Object.assign(this, { session, attempt });
        this.list = h('ul', { id: 'violation-list', class: 'rows' });
        this.element = sectionPart('violations', 'Messages that broke the rules', { hidden: true }, this.list);
    }

    async load() {
        this.show(await this.session.get('/moderation/violations?limit=100'));
    }

    clear() {
        this.show([]);
    }

    show(violations) {
        this.element.hidden = violations.length === 0;
        this.list.replaceChildren(...violations.map((one) => this.itemOf(one)));
    }

    itemOf({ id, category, action, appeal, reversed_at: reversed, created_at: at }) {
        const state = reversed ? 'taken back' : appeal ? STATES[appeal.state] : action;
        const text = h(
            'span',
            { class: 'words' },
            h('strong', {}, category),
            h('span', { class: 'aside' }, `${relativeTime(at)} · ${state}`),
        );
        const item = h('li', { 'data-id': id }, text);
        if (!reversed && !appeal) item.append(this.appealButton(id));
        return item;
    }

    appealButton(id) {
        const open = () => button.replaceWith(this.appealFields(id));
        const button = h('button', { type: 'button', class: 'link', onclick: open }, 'Appeal');
        return button;
    }

    appealFields(id) {
        const statement = h('textarea', { id: `appeal-${id}`, rows: '3', maxlength: '2000' });
        const send = () =>
            this.attempt(async () => {
                await this.session.request('POST', `/moderation/violations/${id}/appeal`, {
                    statement: statement.value.trim(),
                });
                await this.load();
            });
        return h(
            'div',
            { class: 'field' },
            h('label', { for: statement.id }, 'Why do you think that this is wrong?'),
            statement,
            h('button', { type: 'button', class: 'link', onclick: send }, 'Send the appeal'),
        );
    }
}
