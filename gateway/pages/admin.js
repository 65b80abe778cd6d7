// The page of administration: signing in; crisis alerts, which are live, for the people who work on them; appeals, held
// messages and blocked terms for administrators; topics and dead letters for supers.

import { ChatClient } from './client/chat_client.js';
import { Session } from './client/session.js';
import { AlertsView } from './views/alerts.js';
import { AppealsView } from './views/appeals.js';
import { byId, h, sentence } from './views/dom.js';
import { bindForm, clear, field, problemLine, submitLine } from './views/forms.js';
import { HeldMessagesView } from './views/held_messages.js';
import { OperationsView } from './views/operations.js';
import { TermsView } from './views/terms.js';
import { plainCode } from './views/two_factor.js';

const ROLES = ['crisis', 'admin', 'super'];
const PARTS = [
    { name: 'alerts', title: 'Crisis alerts', roles: ROLES },
    { name: 'appeals', title: 'Appeals', roles: ['admin', 'super'] },
    { name: 'held', title: 'Held messages', roles: ['admin', 'super'] },
    { name: 'terms', title: 'Blocked terms', roles: ['admin', 'super'] },
    { name: 'operations', title: 'Topics', roles: ['super'] },
];

class AdminPage {
    constructor() {
        this.session = new Session();
        this.client = null;
        const announce = (text) => this.announce(text);
        this.alerts = new AlertsView(this.session, { announce });
        this.appeals = new AppealsView(this.session, { announce });
        this.held = new HeldMessagesView(this.session, { announce });
        this.terms = new TermsView(this.session, { announce });
        this.operations = new OperationsView(this.session, { announce });
        this.code = field('Code from your authenticator app, or a recovery code', {
            id: 'code',
            name: 'code',
            autocomplete: 'one-time-code',
            autocapitalize: 'none',
            spellcheck: 'false',
            maxlength: '30',
        });
        byId('sign-in').append(
            h('h2', { id: 'sign-in-title' }, 'Log in'),
            problemLine(),
            field('E-mail', { id: 'email', name: 'email', type: 'email', autocomplete: 'username', required: true }),
            field('Password', {
                id: 'password',
                name: 'password',
                type: 'password',
                autocomplete: 'current-password',
                required: true,
            }),
            this.code,
            submitLine('Log in'),
        );
        bindForm(byId('sign-in'), (fields) => this.signIn(fields));
        const logout = { id: 'logout', class: 'link', type: 'button', onclick: () => this.session.logout() };
        byId('who').append(' ', h('button', logout, 'Log out'));
        this.session.addEventListener('changed', () => this.begin());
        addEventListener('hashchange', () => this.showPart());
        this.begin();
    }

    async signIn({ email, password, code }) {
        try {
            await this.session.login({ email, password, ...(code ? { code: plainCode(code) } : {}) });
        } catch (error) {
            if (error.code !== 'TWO_FACTOR_REQUIRED') throw error;
            this.code.hidden = false;
            byId('code').focus();
        }
    }

    // Shows the form, or the alerts for a user with a role.
    async begin() {
        const begin = (this.latest = {});
        this.client?.close();
        this.client = null;
        this.alerts.clear();
        this.appeals.clear();
        this.held.clear();
        this.terms.clear();
        this.operations.clear();
        this.user = null;
        clear(byId('sign-in'), { values: true });
        this.code.hidden = true;
        const user = await this.userNow();
        if (begin !== this.latest) return;
        const works = ROLES.includes(user?.role);
        byId('sign-in').hidden = user !== null;
        byId('who').hidden = user === null;
        byId('who-name').textContent = user?.email ?? '';
        byId('stranger').hidden = user === null || works;
        byId('unproved').hidden = !works || user.second_factor;
        if (works && user.second_factor) this.user = user;
        this.showPart();
        if (!user) byId('email').focus();
        else if (!works) byId('stranger-title').focus();
        else if (!user.second_factor) byId('unproved-title').focus();
        else this.start(user);
    }

    // The part that the address names, if the user's role has it; else the alerts.
    showPart() {
        const mine = PARTS.filter(({ roles }) => roles.includes(this.user?.role));
        const shown = mine.find(({ name }) => location.hash === `#/${name}`) ?? mine[0];
        byId('parts').hidden = mine.length < 2;
        byId('title').textContent = shown?.title ?? 'Crisis alerts';
        for (const { name } of PARTS) {
            byId(name).hidden = name !== shown?.name;
            const link = byId('parts').querySelector(`[href="#/${name}"]`);
            link.hidden = !mine.some((part) => part.name === name);
            if (name === shown?.name) link.setAttribute('aria-current', 'page');
            else link.removeAttribute('aria-current');
        }
        const view = shown && this[shown.name];
        if (view?.begun === false) view.begin(this.user);
    }

    // As the server knows them: a role may have been given since the login.
    async userNow() {
        if (!this.session.user) return null;
        try {
            const { user } = await this.session.get('/auth/session');
            this.session.updateUser(user);
            return user;
        } catch (error) {
            if (error.status !== 401) this.announce(sentence(error.message));
            return this.session.user;
        }
    }

    start(user) {
        const url = new URL('/ws', location.href).href.replace(/^http/, 'ws');
        const client = new ChatClient({ url, session: this.session });
        this.client = client;
        const on = (type, handle) =>
            client.addEventListener(type, ({ detail }) => client === this.client && handle(detail));
        on('state', ({ state }) => {
            document.body.dataset.connection = state;
            this.alerts.showConnection(state);
        });
        // What came while there was no connection is in the list.
        on('opened', () => this.alerts.load());
        on('notice', ({ type, data }) => type === 'crisis_alert' && this.alerts.changed(data));
        client.watch('crisis');
        client.connect();
        this.alerts.begin(user);
    }

    announce(text) {
        byId('announcer').textContent = '';
        requestAnimationFrame(() => {
            byId('announcer').textContent = text;
        });
    }
}

new AdminPage();
