// A part of the account dialog: what the user has used on each of the last 30 days, and all of it as a file.

import { save } from './dialogs.js';
import { h, table, usd } from './dom.js';
import { sectionPart } from './forms.js';

const COLUMNS = ['Day (UTC)', 'Messages', 'Calls', 'Tokens in', 'Tokens out', 'Cost'];

export class UsageReport {
    /// `attempt(act)` runs what may fail and shows the problem in this part.
    constructor(session, { attempt }) {
        this.session = session;
        this.days = h('div', { id: 'usage-days' });
        const download = {
            id: 'usage-csv',
            type: 'button',
            class: 'link',
            onclick: () => attempt(() => this.download()),
        };
        this.buttons = h('p', { class: 'buttons', hidden: true }, h('button', download, 'Download CSV'));
        this.element = sectionPart('usage-report', 'Usage', {}, this.days, this.buttons);
    }

    async load() {
        const { rows } = await this.session.get('/usage/report?group_by=day');
        // A day has a row of zeros when its only message failed before a call.
        const used = rows.filter(({ sums }) => Object.values(sums).some((sum) => sum > 0)).map(rowOf);
        const empty = 'Nothing was used in the last 30 days.';
        this.days.replaceChildren(used.length ? table('Usage by day', COLUMNS, used.reverse()) : empty);
        this.buttons.hidden = !used.length;
    }

    clear() {
        this.days.replaceChildren();
        this.buttons.hidden = true;
    }

    async download() {
        const path = '/usage/report?group_by=all&format=csv';
        const { data } = await this.session.request('GET', path, undefined, true);
        save('usage.csv', 'text/csv', data);
    }
}

const rowOf = ({ day, sums }) => [
    h('time', { datetime: day }, new Date(day).toLocaleDateString(undefined, { timeZone: 'UTC' })),
    ...[sums.messages, sums.calls, sums.tokens_in, sums.tokens_out].map((count) => count.toLocaleString()),
    usd(sums.cost_nanousd),
];
