// A part of the account dialog, the users' decisions about their data: consents, a copy of all of it, closing the
// account.

import { ask, save } from './dialogs.js';
import { byId, h, relativeTime } from './dom.js';
import { bindForm, doneLine, field, formPart, submitLine } from './forms.js';

const VERSION = '1'; // of the consent texts
const STATES = {
    requested: 'is being created',
    running: 'is being created',
    ready: 'is ready',
    failed: 'could not be created',
    expired: 'has expired',
};

const checkbox = (name, text) =>
    h('label', { class: 'choice' }, h('input', { id: `consent-${name}`, name, type: 'checkbox' }), ` ${text}`);
const explanation = (text) => h('p', { class: 'aside' }, text);
const day = (text) => new Date(text).toLocaleDateString();

export class Privacy {
    /// Callbacks: onClosed(text) when the account was closed; attempt(act) runs what may fail and shows the problem.
    constructor(session, { attempt, onClosed }) {
        Object.assign(this, { session, attempt, onClosed });
        this.exports = h('ul', { id: 'exports', class: 'rows' });
        const consents = formPart(
            'consents',
            'What you agree to',
            checkbox('analytics', 'My use may be counted, to improve the service'),
            checkbox('marketing', 'You may send me news by e-mail'),
            submitLine('Save', doneLine()),
        );
        const copy = formPart(
            'export',
            'Your data',
            explanation('A copy of everything we store about you, as JSON. You get a mail when it is ready.'),
            this.exports,
            submitLine('Export my data', doneLine()),
        );
        const closing = formPart(
            'close',
            'Delete your account',
            explanation(
                'You are signed out everywhere, and after some days everything is erased. Until then you can ' +
                    'restore the account.',
            ),
            field('Your password', {
                id: 'close-password',
                name: 'password',
                type: 'password',
                autocomplete: 'current-password',
            }),
            submitLine('Delete my account', doneLine()),
        );
        this.element = h('div', { id: 'privacy' }, consents, copy, closing);
        bindForm(consents, (values) => this.saveConsents(values));
        bindForm(copy, () => this.requestExport());
        bindForm(closing, (values) => this.closeAccount(values));
    }

    /// Minors are not asked for analytics.
    useProfile({ minor }) {
        byId('consent-analytics').parentElement.hidden = minor === true;
    }

    clear() {
        this.exports.replaceChildren();
    }

    async loadConsents() {
        const consents = await this.session.get('/users/consents');
        this.granted = Object.fromEntries(consents.map(({ kind, granted }) => [kind, granted]));
        for (const kind of ['analytics', 'marketing']) byId(`consent-${kind}`).checked = this.granted[kind] === true;
    }

    async saveConsents(boxes) {
        for (const [kind, granted] of Object.entries(boxes))
            if (granted !== (this.granted[kind] ?? false))
                await this.session.request('PUT', '/users/consents', { kind, granted, version: VERSION });
        await this.loadConsents();
        return 'Saved.';
    }

    async loadExports() {
        const all = await this.session.get('/users/export');
        this.exports.replaceChildren(...all.map((one) => this.itemOf(one)));
    }

    /// An export is ready: shown if the dialog is open.
    noticeExport() {
        if (byId('account').open) this.loadExports().catch(() => {});
    }

    itemOf({ id, state, created_at, expires_at, download }) {
        const details = [
            `requested ${relativeTime(created_at)}`,
            expires_at ? `available until ${day(expires_at)}` : null,
        ];
        const text = h(
            'span',
            { class: 'words' },
            h('strong', {}, `A copy ${STATES[state]}`),
            h('span', { class: 'aside' }, details.filter(Boolean).join(' · ')),
        );
        const button = { class: 'link', type: 'button', onclick: () => this.attempt(() => this.download(id)) };
        const load = download ? h('button', button, 'Download') : null;
        return h('li', { 'data-id': id, 'data-state': state }, text, load);
    }

    // Opened for this session, for one download.
    async download(id) {
        await this.session.request('POST', `/users/export/${id}/download`, {});
        const { data } = await this.session.request('GET', `/users/export/${id}`, undefined, true);
        save(`export-${id}.json`, 'application/json', data);
    }

    async requestExport() {
        await this.session.request('POST', '/users/export', {});
        await this.loadExports();
    }

    async closeAccount({ password }) {
        const text = 'Conversations, companions and everything else will be erased.';
        if (!(await ask({ title: 'Delete your account?', text, action: 'Delete' }))) return;
        const { data } = await this.session.request('DELETE', '/users/me', password ? { password } : {});
        this.onClosed(
            `Your account is closed. It will be erased on ${day(data.erase_at)}; until then you can log in and ` +
                'restore it.',
        );
    }
}
