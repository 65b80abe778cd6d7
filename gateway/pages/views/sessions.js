// A part of the account dialog: the devices on which the user is signed in.

import { byId, h, relativeTime } from './dom.js';
import { bindForm, formPart, submitLine } from './forms.js';

// The first mark found in the User-Agent decides.
const BROWSERS = [
    ['Edg', 'Edge'],
    ['OPR', 'Opera'],
    ['Firefox', 'Firefox'],
    ['Chrom', 'Chromium'],
    ['Safari', 'Safari'],
];
const SYSTEMS = [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS', 'macOS'],
    ['Linux', 'Linux'],
];

export class Sessions {
    /// `attempt(act)` runs what may fail and shows the problem in this part. Callback: onSignedOut() when all sessions,
    /// this one included, were revoked.
    constructor(session, { attempt, onSignedOut }) {
        Object.assign(this, { session, attempt, onSignedOut });
        this.list = h('ul', { id: 'sessions', class: 'rows' });
        this.element = formPart('sessions', 'Where you are signed in', this.list, submitLine('Sign out everywhere'));
        bindForm(this.element, () => this.revokeAll());
    }

    async load() {
        const sessions = await this.session.get('/auth/sessions');
        this.list.replaceChildren(...sessions.map((one) => this.itemOf(one)));
    }

    clear() {
        this.list.replaceChildren();
    }

    itemOf({ id, current, user_agent, address, last_used_at }) {
        const name = deviceName(user_agent);
        const details = [address, current ? 'this one' : `last used ${relativeTime(last_used_at)}`];
        const text = h(
            'span',
            { class: 'words' },
            h('strong', {}, name),
            h('span', { class: 'aside' }, details.filter(Boolean).join(' · ')),
        );
        const revoke = () => this.attempt(() => this.revoke(id));
        const button = h('button', { type: 'button', class: 'link', onclick: revoke }, 'Sign out');
        button.setAttribute('aria-label', `Sign out ${name}${address ? `, ${address}` : ''}`);
        return h('li', { 'data-id': id }, text, current ? null : button);
    }

    async revoke(id) {
        await this.session.request('DELETE', `/auth/sessions/${id}`);
        await this.load();
        byId('account-close').focus();
    }

    async revokeAll() {
        await this.session.request('POST', '/auth/logout-all', {});
        this.onSignedOut();
    }
}

/// "Firefox on Linux"
function deviceName(user_agent) {
    const found = (names) => names.find(([mark]) => user_agent?.includes(mark))?.[1];
    const parts = [found(BROWSERS), found(SYSTEMS)].filter(Boolean);
    return parts.join(' on ') || 'Another program';
}
