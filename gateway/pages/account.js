// The dialog of one's account: profile, password, second factor, where one is signed in, API keys.

import { ApiKeys } from './api_keys.js';
import { byId, h, relativeTime, sentence } from './dom.js';
import { bindForm, clear } from './forms.js';
import { Privacy } from './privacy.js';
import { Identities } from './providers.js';
import { TwoFactor } from './two_factor.js';

// The first one whose mark is in the User-Agent.
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

export class AccountDialog {
    /// Callbacks: onProfile(profile) when it was read or changed, onSignedOut() when this session was ended here, onClosed(text) when
    /// the account was.
    constructor(session, { onProfile, onSignedOut, onClosed }) {
        Object.assign(this, { session, onProfile, onSignedOut });
        this.dialog = byId('account');
        this.privacy = new Privacy(session, { onClosed });
        this.twoFactor = new TwoFactor(session);
        this.keys = new ApiKeys(session);
        this.identities = new Identities(session, (act) => this.part('identities', act));
        byId('account-close').addEventListener('click', () => this.close());
        this.dialog.addEventListener('close', () => this.clear());
        bindForm(byId('profile-form'), (given) => this.saveProfile(given));
        bindForm(byId('password-form'), (given) => this.changePassword(given));
        bindForm(byId('sessions-form'), () => this.endAll());
        byId('profile-timezone').append(
            ...Intl.supportedValuesOf('timeZone').map((zone) => h('option', { value: zone }, zone)),
        );
    }

    async open() {
        this.dialog.showModal();
        this.dialog.scrollTop = 0;
        await Promise.all([
            this.part('profile-form', () => this.loadProfile()),
            this.part('sessions-form', () => this.loadSessions()),
            this.part('two-factor', () => this.twoFactor.load()),
            this.part('api-keys', () => this.keys.load()),
            this.part('consents-form', () => this.privacy.loadConsents()),
            this.part('export-form', () => this.privacy.loadExports()),
            this.part('identities', () => this.identities.load()),
        ]);
    }

    close() {
        if (this.dialog.open) this.dialog.close();
    }

    // What was entered or shown is a secret as a rule.
    clear() {
        for (const form of this.dialog.querySelectorAll('form')) clear(form, { values: true });
        byId('sessions').replaceChildren();
        this.twoFactor.clear();
        this.keys.clear();
        this.privacy.clear();
        this.identities.clear();
    }

    // The parts of the dialog are read beside each other, and one that fails says so itself.
    async part(id, load) {
        const area = byId(id);
        const problem = area.querySelector('.problem');
        area.setAttribute('aria-busy', 'true');
        problem.hidden = true;
        try {
            await load();
        } catch (error) {
            problem.textContent = sentence(error.message);
            problem.hidden = false;
        }
        area.removeAttribute('aria-busy');
    }

    /// Also at the beginning, for what the page does otherwise for this user.
    async loadProfile() {
        this.showProfile(await this.session.get('/users/profile'));
    }

    showProfile(profile) {
        const { display_name, locale, timezone, enter_sends } = byId('profile-form').elements;
        display_name.value = profile.display_name ?? '';
        locale.value = profile.locale;
        if (![...timezone.options].some((option) => option.value === profile.timezone))
            timezone.prepend(h('option', { value: profile.timezone }, profile.timezone));
        timezone.value = profile.timezone;
        enter_sends.checked = profile.preferences.enter_sends !== false;
        this.privacy.useProfile(profile);
        this.onProfile(profile);
    }

    async saveProfile({ display_name, locale, timezone, enter_sends }) {
        const fields = { display_name: display_name || null, locale, timezone, preferences: { enter_sends } };
        const { data } = await this.session.request('PATCH', '/users/profile', fields);
        this.showProfile(data);
        return 'Saved.';
    }

    async changePassword(given) {
        await this.session.request('POST', '/auth/change-password', given);
        byId('password-form').reset();
        await this.loadSessions();
        return 'The password is changed, and you are signed out everywhere else.';
    }

    async loadSessions() {
        const sessions = await this.session.get('/auth/sessions');
        byId('sessions').replaceChildren(...sessions.map((one) => this.sessionItem(one)));
    }

    sessionItem({ id, current, user_agent, address, last_used_at }) {
        const name = deviceName(user_agent);
        const where = [address, current ? 'this one' : `last used ${relativeTime(last_used_at)}`];
        const words = h(
            'span',
            { class: 'words' },
            h('strong', {}, name),
            h('span', { class: 'aside' }, where.filter(Boolean).join(' · ')),
        );
        const end = () => this.part('sessions-form', () => this.endSession(id));
        const button = h('button', { type: 'button', class: 'link', onclick: end }, 'Sign out');
        button.setAttribute('aria-label', `Sign out ${name}${address ? `, ${address}` : ''}`);
        return h('li', { 'data-id': id }, words, current ? null : button);
    }

    async endSession(id) {
        await this.session.request('DELETE', `/auth/sessions/${id}`);
        await this.loadSessions();
        byId('account-close').focus();
    }

    async endAll() {
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
