// Everybody's crisis alerts: the list with its filters, and the alert that is open.

import { AlertDetails } from './alert_details.js';
import { h, relativeTime, sentence } from './dom.js';
import { problemLine } from './forms.js';

const KINDS = {
    suicide: 'Suicide',
    self_harm: 'Self-harm',
    violence: 'Violence',
    eating_disorder: 'Eating disorder',
    other: 'Call for help',
};
const STATUSES = ['pending', 'reviewed', 'escalated', 'resolved'];
const SEVERITIES = ['critical', 'high', 'medium', 'low'];
const PAGE = 50;
const REDRAW_MS = 30_000;

const option = (value, text) => h('option', { value }, text);
const choice = (label, id, values, onchange) =>
    h(
        'div',
        { class: 'field' },
        h('label', { for: id }, label),
        h('select', { id, onchange }, option('', 'All'), ...values.map((value) => option(value, value))),
    );

export class AlertsView {
    /// Callback: announce(text) to screen readers.
    constructor(session, { announce }) {
        Object.assign(this, { session, announce, user: null, items: [], cursor: null });
        this.outdated = new Set(); // alerts of which a frame has come since the list was loaded
        this.details = new AlertDetails(session, { announce, onChanged: () => this.load() });
        this.unreviewed = h('p', { id: 'unreviewed', class: 'problem', hidden: true });
        this.offline = h('p', { id: 'offline', class: 'problem', role: 'status', hidden: true });
        this.problem = problemLine();
        this.count = h('p', { id: 'alert-count', class: 'aside' });
        this.list = h('ol', { id: 'alert-list' });
        this.more = h('button', { class: 'link', type: 'button', hidden: true, onclick: () => this.loadMore() });
        this.more.append('Show more');
        const filters = h(
            'div',
            { class: 'filters', role: 'group', 'aria-label': 'Show only' },
            choice('Status', 'filter-status', STATUSES, () => this.load()),
            choice('Severity', 'filter-severity', SEVERITIES, () => this.load()),
        );
        const list = h(
            'section',
            { 'aria-labelledby': 'list-title' },
            h('h2', { id: 'list-title' }, 'Alerts'),
            filters,
            this.problem,
            this.count,
            this.list,
            this.more,
        );
        document
            .getElementById('alerts')
            .append(this.unreviewed, this.offline, h('div', { class: 'columns' }, list, this.details.element));
        setInterval(() => this.user && this.draw(), REDRAW_MS);
    }

    begin(user) {
        this.user = user;
        this.details.begin(user);
        this.load();
        this.checkLines();
    }

    clear() {
        this.user = null;
        this.items = [];
        this.list.replaceChildren();
        this.details.close();
    }

    showConnection(state) {
        this.offline.hidden = state === 'online' || state === 'connecting' || state === 'closed';
        this.offline.textContent = this.offline.hidden ? '' : 'Not connected: new alerts are not shown. Reconnecting…';
    }

    /// An alert is new, or another person has changed it.
    changed({ alert_id, severity, trigger_type, status }) {
        const known = this.items.some((one) => one.id === alert_id);
        if (!known && status === 'pending') this.announce(`New alert: ${KINDS[trigger_type]}, ${severity}.`);
        this.outdated.add(alert_id);
        this.load();
    }

    async fetchPage(cursor) {
        const query = new URLSearchParams({ limit: PAGE });
        for (const name of ['status', 'severity']) {
            const { value } = document.getElementById(`filter-${name}`);
            if (value) query.set(name, value);
        }
        if (cursor) query.set('cursor', cursor);
        return this.session.request('GET', `/crisis/alerts?${query}`);
    }

    async load() {
        const load = (this.latest = {});
        try {
            const { data, meta } = await this.fetchPage(null);
            if (load !== this.latest || !this.user) return;
            this.items = data;
            this.cursor = meta.next_cursor ?? null;
            this.problem.hidden = true;
            this.refreshDetails();
        } catch (error) {
            if (load === this.latest) this.showProblem(error);
        }
        this.draw();
    }

    // The alert that is open, when another person has changed it.
    refreshDetails() {
        const { alert } = this.details;
        const listed = this.items.find((one) => one.id === alert?.id);
        if (this.outdated.has(alert?.id) && alert.updated_at !== listed?.updated_at) this.details.open(alert.id);
        this.outdated.clear();
    }

    async loadMore() {
        const load = (this.latest = {});
        try {
            const { data, meta } = await this.fetchPage(this.cursor);
            if (load !== this.latest) return;
            this.items = [...this.items, ...data];
            this.cursor = meta.next_cursor ?? null;
        } catch (error) {
            this.showProblem(error);
        }
        this.draw();
    }

    showProblem(error) {
        this.problem.textContent = sentence(error.message);
        this.problem.hidden = false;
    }

    draw() {
        if (!this.user) return;
        const focused = document.activeElement?.closest('#alert-list li')?.dataset.id;
        this.count.textContent = this.items.length === 0 ? 'No alert.' : '';
        this.list.replaceChildren(...this.items.map((alert) => this.itemOf(alert)));
        this.more.hidden = !this.cursor;
        if (focused) this.list.querySelector(`[data-id="${focused}"] button`)?.focus();
    }

    itemOf(alert) {
        const { id, severity, trigger_type, status, false_alarm, assigned_to, created_at } = alert;
        const mine = assigned_to === this.user.id;
        const notes = [
            status,
            false_alarm && 'false alarm',
            assigned_to ? (mine ? 'yours' : 'assigned') : 'not assigned',
            relativeTime(created_at),
        ];
        const open = {
            type: 'button',
            'aria-current': this.details.alert?.id === id ? 'true' : null,
            onclick: () => this.open(id),
        };
        return h(
            'li',
            { 'data-id': id, 'data-status': status, 'data-severity': severity },
            h(
                'button',
                open,
                h('strong', {}, `${KINDS[trigger_type]}, ${severity}`),
                h('span', { class: 'aside' }, notes.filter(Boolean).join(' · ')),
            ),
        );
    }

    async open(id) {
        await this.details.open(id);
        this.draw();
        this.details.focus();
    }

    // Numbers that nobody has called yet: people who work here must know, before somebody relies on one.
    async checkLines() {
        const at = (country) => this.session.getPublic(`/crisis/resources?country=${encodeURIComponent(country)}`);
        try {
            const { countries, resources } = await at('*');
            const all = [{ resources }, ...(await Promise.all(countries.map(at)))];
            const lines = new Map(all.flatMap((one) => one.resources.map((line) => [line.id, line])));
            const open = [...lines.values()].filter((line) => !line.source.reviewed).length;
            this.unreviewed.hidden = open === 0;
            this.unreviewed.textContent = `${open} of ${lines.size} help lines have not been reviewed: nobody has called
                the number. Call it yourself before you give it to anybody.`.replace(/\s+/g, ' ');
        } catch {
            this.unreviewed.hidden = false;
            this.unreviewed.textContent = 'Whether the help lines have been reviewed could not be checked.';
        }
    }
}
