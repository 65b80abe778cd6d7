// Appeals against violations, for administrators: what was blocked, what followed, what the user says, and the
// decision.

import { h, relativeTime, sentence } from './dom.js';

export class AppealsView {
    constructor(session, { announce }) {
        Object.assign(this, { session, announce });
        this.node = document.getElementById('appeals');
    }

    clear() {
        this.node.replaceChildren();
        this.begun = false;
    }

    begin(user) {
        this.user = user;
        this.begun = true;
        this.list = h('ul', { id: 'appeal-list', class: 'rows' });
        this.problem = h('p', { class: 'problem', role: 'alert', hidden: true });
        const refresh = { type: 'button', class: 'link', onclick: () => this.load() };
        this.node.replaceChildren(
            h(
                'section',
                { 'aria-labelledby': 'appeals-title' },
                h('h2', { id: 'appeals-title' }, 'Appeals'),
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
            const appeals = await this.session.get('/admin/appeals?limit=100');
            const nothing = h('li', {}, 'There is no appeal.');
            this.list.replaceChildren(...(appeals.length > 0 ? appeals.map((one) => this.item(one)) : [nothing]));
        });
    }

    item(appeal) {
        const { id, state, statement, violation, message, user, proposal, proposed_by: proposer } = appeal;
        const open = state === 'pending' || state === 'confirming';
        const note =
            state === 'confirming'
                ? `One administrator would ${proposal} it. Another one has to decide too.`
                : `${state}, ${relativeTime(appeal.created_at)}`;
        const item = h(
            'li',
            { 'data-id': id, 'data-state': state },
            h('p', {}, h('strong', {}, `${violation.action}: ${violation.category}`), ` · ${user?.email ?? 'erased'}`),
            h('p', { class: 'aside' }, note),
            message && h('blockquote', { 'aria-label': 'The message' }, message),
            h('p', { 'aria-label': 'The appeal' }, statement),
        );
        if (open && proposer !== this.user.id) item.append(this.decision(appeal));
        return item;
    }

    decision({ id }) {
        const answer = h('input', { id: `answer-${id}`, name: 'answer', maxlength: '1000' });
        const decide = (decision) =>
            this.attempt(async () => {
                await this.session.request('POST', `/admin/appeals/${id}/decide`, {
                    decision,
                    ...(answer.value.trim() && { answer: answer.value.trim() }),
                });
                await this.load();
                this.announce('The decision is stored.');
            });
        const button = (label, decision, style) =>
            h('button', { type: 'button', class: style, onclick: () => decide(decision) }, label);
        return h(
            'div',
            { class: 'field' },
            h('label', { for: `answer-${id}` }, 'Answer to the user, in the mail'),
            answer,
            h(
                'p',
                { class: 'buttons' },
                button('Take it back', 'reverse', 'primary'),
                button('Leave it as it is', 'uphold', 'link'),
            ),
        );
    }
}
