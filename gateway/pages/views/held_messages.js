// Messages that moderation holds for a person, for administrators: what was written, why it waits, and the decision.

import { h, relativeTime } from './dom.js';
import { ReviewList } from './review_list.js';

export class HeldMessagesView extends ReviewList {
    constructor(session, { announce }) {
        super(session, {
            announce,
            name: 'held',
            title: 'Messages that wait for a person',
            path: '/admin/held-messages?state=held&limit=100',
            nothing: 'No message waits.',
        });
    }

    item({ id, state, reason, message, user, created_at: at }) {
        return h(
            'li',
            { 'data-id': id, 'data-state': state },
            h('p', {}, h('strong', {}, reason), ` · ${user?.email ?? 'erased'}`),
            h('p', { class: 'aside' }, relativeTime(at)),
            h('blockquote', { 'aria-label': 'The message' }, message ?? 'It is erased.'),
            this.buttons(`/admin/held-messages/${id}/decide`, [
                ['Allow', 'allow', 'primary'],
                ['Reject', 'reject', 'link'],
            ]),
        );
    }
}
