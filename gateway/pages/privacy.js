// What users decide about their data, in the dialog of the account: consents, a copy of all of it, the end of the account.

import { ask } from './dialogs.js';
import { byId, h, relativeTime } from './dom.js';
import { bindForm } from './forms.js';

const VERSION = '1'; // of the texts beside the boxes
const STATES = {
    requested: 'is being made',
    running: 'is being made',
    ready: 'is ready',
    failed: 'could not be made',
    expired: 'is no longer kept',
};

export class Privacy {
    /// Callback: onClosed(text) when the account was closed.
    constructor(session, { onClosed }) {
        Object.assign(this, { session, onClosed });
        const box = (name, text) =>
            h('label', { class: 'choice' }, h('input', { id: `consent-${name}`, name, type: 'checkbox' }), ` ${text}`);
        const form = (name, title, action, ...parts) =>
            h(
                'form',
                { id: `${name}-form`, novalidate: true, 'aria-labelledby': `${name}-title` },
                h('h3', { id: `${name}-title` }, title),
                h('p', { class: 'problem', role: 'alert', hidden: true }),
                ...parts,
                h(
                    'p',
                    { class: 'buttons' },
                    h('button', { class: 'primary', type: 'submit' }, action),
                    h('span', { class: 'done', role: 'status' }),
                ),
            );
        const field = h(
            'div',
            { class: 'field' },
            h('label', { for: 'close-password' }, 'Your password'),
            h('input', {
                id: 'close-password',
                name: 'password',
                type: 'password',
                autocomplete: 'current-password',
                'aria-describedby': 'close-password-fault',
            }),
            h('p', { id: 'close-password-fault', class: 'fault', 'aria-live': 'polite' }),
        );
        byId('privacy').append(
            form(
                'consents',
                'What you agree to',
                'Save',
                box('analytics', 'What I do here may be counted, to make it better'),
                box('marketing', 'You may send me news by e-mail'),
            ),
            form(
                'export',
                'Your data',
                'Export my data',
                h('p', { class: 'aside' }, 'A copy of all we know of you, as JSON. A mail tells you when it is ready.'),
                h('ul', { id: 'exports', class: 'rows' }),
            ),
            form(
                'close',
                'Delete your account',
                'Delete my account',
                h(
                    'p',
                    { class: 'aside' },
                    'You are signed out everywhere, and after a while everything is erased. Until then you can take it back.',
                ),
                field,
            ),
        );
        bindForm(byId('consents-form'), (given) => this.saveConsents(given));
        bindForm(byId('export-form'), () => this.requestExport());
        bindForm(byId('close-form'), (given) => this.closeAccount(given));
    }

    /// Nobody asks minors for analytics.
    useProfile({ minor }) {
        byId('consent-analytics').parentElement.hidden = minor === true;
    }

    clear() {
        byId('exports').replaceChildren();
    }

    async loadConsents() {
        const given = await this.session.get('/users/consents');
        this.inForce = Object.fromEntries(given.map(({ kind, granted }) => [kind, granted]));
        for (const kind of ['analytics', 'marketing']) byId(`consent-${kind}`).checked = this.inForce[kind] === true;
    }

    async saveConsents(boxes) {
        for (const [kind, granted] of Object.entries(boxes))
            if (granted !== (this.inForce[kind] ?? false))
                await this.session.request('PUT', '/users/consents', { kind, granted, version: VERSION });
        await this.loadConsents();
        return 'Saved.';
    }

    async loadExports() {
        const all = await this.session.get('/users/export');
        byId('exports').replaceChildren(...all.map((one) => this.itemOf(one)));
    }

    /// One has come about: shown if the dialog is open.
    noticeExport() {
        if (byId('account').open) this.loadExports().catch(() => {});
    }

    itemOf({ id, state, created_at, expires_at, download }) {
        const words = [
            `asked for ${relativeTime(created_at)}`,
            expires_at ? `kept until ${new Date(expires_at).toLocaleDateString()}` : null,
        ];
        return h(
            'li',
            { 'data-id': id, 'data-state': state },
            h(
                'span',
                { class: 'words' },
                h('strong', {}, `A copy ${STATES[state]}`),
                h('span', { class: 'aside' }, words.filter(Boolean).join(' · ')),
            ),
            download ? h('a', { class: 'link', href: download, download: '' }, 'Download') : null,
        );
    }

    async requestExport() {
        await this.session.request('POST', '/users/export', {});
        await this.loadExports();
    }

    async closeAccount({ password }) {
        if (
            !(await ask({
                title: 'Delete your account?',
                text: 'Conversations, companions, everything goes.',
                action: 'Delete',
            }))
        )
            return;
        const { data } = await this.session.request('DELETE', '/users/me', password ? { password } : {});
        this.onClosed(
            `Your account is closed. It will be erased on ${new Date(data.erase_at).toLocaleDateString()}; until then you can log in and take it back.`,
        );
    }
}
