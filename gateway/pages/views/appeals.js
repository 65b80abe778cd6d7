// Appeals against violations, for administrators: what was blocked, what followed, what the user says, and the
// decision.

import { h, relativeTime } from './dom.js';
import { ReviewList } from './review_list.js';

export class AppealsView extends ReviewList {
    constructor(session, { announce }) {
        super(session, {
            announce,
            name: 'appeals',
            title: 'Appeals',
            path: '/admin/appeals?limit=100',
            nothing: 'There is no appeal.',
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
        const given = () => answer.value.trim() && { answer: answer.value.trim() };
        const choices = [
            ['Take it back', 'reverse', 'primary'],
            ['Leave it as it is', 'uphold', 'link'],
        ];
        return h(
            'div',
            { class: 'field' },
            h('label', { for: `answer-${id}` }, 'Answer to the user, in the mail'),
            answer,
            this.buttons(`/admin/appeals/${id}/decide`, choices, given),
        );
    }
}
