// The page: the signed-in user, the view that is shown, the sidebar, and the events that connect them.

import { ChatClient } from './client/chat_client.js';
import { Library } from './client/library.js';
import { Session } from './client/session.js';
import { AccountDialog } from './views/account.js';
import { ConversationActions } from './views/actions.js';
import { AuthView } from './views/auth.js';
import { ChatView } from './views/chat.js';
import { ConnectionView } from './views/connection.js';
import { ConsentView } from './views/consent.js';
import { CrisisView } from './views/crisis.js';
import { askProof } from './views/dialogs.js';
import { byId, h, relativeTime, sentence } from './views/dom.js';
import { showGallery } from './views/gallery.js';
import { endsSession, mayFollow, takeMailLink } from './views/mail_links.js';
import { takeProviderAnswer } from './views/providers.js';
import { SafetyView } from './views/safety.js';
import { SearchView } from './views/search.js';
import { Sidebar, showUsage } from './views/sidebar.js';

const RELOAD_LIST_AFTER_MS = 300;
const TOAST_MS = 8_000;
const USAGE_CHECK_MS = 30_000;

class App {
    constructor() {
        this.session = new Session();
        this.session.askProof = askProof;
        this.auth = new AuthView(this.session);
        this.chat = new ChatView();
        this.search = new SearchView();
        this.sidebar = new Sidebar({
            onMore: () => this.toastFailure(this.loadConversations(true)),
            onFilter: (filter) => this.filterList(filter),
        });
        this.actions = new ConversationActions({
            onChanged: () => this.drawSidebar(),
            onDeleted: (id) => this.deleted(id),
            onRestored: (id) => location.replace(`#/c/${id}`),
            toast: (text, action) => this.toast(text, action),
        });
        this.account = new AccountDialog(this.session, {
            onProfile: (profile) => this.useProfile(profile),
            onSignedOut: () => this.logout(),
            onClosed: (text) => {
                this.logout();
                this.auth.showProblem(text);
            },
        });
        this.consent = new ConsentView(this.session, { onOpen: () => this.begin(), onLeave: () => this.logout() });
        this.crisis = new CrisisView(this.session);
        this.safety = new SafetyView(this.crisis, {
            onSafe: (id) => this.library.endCrisis(id).then(() => this.drawSidebar()),
            onDone: (text) => this.toast(text),
        });
        this.connection = new ConnectionView({ onRetry: () => this.client?.retryNow() });
        this.client = null;
        this.reconnect = {};
        this.library = null;
        this.listen();
        this.useSettings();
        this.begin();
        this.followLink();
    }

    // The answer of an identity provider, or the link of a mail.
    async followLink() {
        const answer = takeProviderAnswer();
        if (answer) return this.showOutcome(await this.finishSignIn(answer));
        const link = takeMailLink();
        if (!link) return;
        if (link.kind === 'parental_consent') {
            byId('auth').hidden = byId('app').hidden = true;
            return this.consent.askParent(link.token);
        }
        try {
            if (!(await mayFollow(this.session, link))) return;
        } catch (error) {
            return this.showOutcome(sentence(error.message));
        }
        if (endsSession(this.session, link)) this.logout();
        const text = await this.auth.follow(link);
        // Also where another user is signed in, who stays so.
        byId('auth').hidden = this.session.user !== null && !this.auth.asksProof;
        byId('app').hidden ||= this.auth.asksProof;
        if (this.auth.asksProof) this.auth.focus();
        else this.showOutcome(text);
    }

    // With the answer of an identity provider. Returns the text to show, if any.
    async finishSignIn({ problem, fields, link }) {
        if (problem) return problem;
        if (!link) {
            this.session.drop();
            return this.auth.finishOAuth(fields);
        }
        try {
            await this.session.request('POST', '/auth/identities', fields);
            return 'You can now sign in with it too.';
        } catch (error) {
            return sentence(error.message);
        }
    }

    showOutcome(text) {
        if (!text) return void (this.session.user || this.auth.focus());
        if (this.session.user) this.toast(text);
        else this.auth.showProblem(text);
    }

    listen() {
        this.session.addEventListener('changed', () => this.begin());
        this.chat.addEventListener('changed', () => this.drawSidebar());
        this.chat.addEventListener('activity', () => this.reloadListSoon());
        this.chat.addEventListener('trouble', ({ detail: { text, retry } }) =>
            this.toast(text, retry && { label: 'Try again', run: retry }),
        );
        this.chat.addEventListener('missing', () => {
            location.replace('#/');
            this.toast('That conversation does not exist.');
        });
        window.addEventListener('hashchange', () => {
            this.followLink();
            if (this.client) this.route();
        });
        byId('logout').addEventListener('click', () => this.logout());
        byId('settings').addEventListener('click', () => this.account.open());
        byId('try-again').addEventListener('click', () => this.begin());
        for (const id of ['menu', 'drawer-close', 'backdrop'])
            byId(id).addEventListener('click', () => this.openDrawer(id === 'menu'));
        document.addEventListener('keydown', ({ key }) => key === 'Escape' && this.openDrawer(false));
        setInterval(() => this.library?.usageIsOutdated && this.loadUsage().catch(() => {}), USAGE_CHECK_MS);
    }

    // Shows the login form, or everything for the session's user.
    begin() {
        const hadUser = this.client !== null;
        this.client?.close();
        this.client = null;
        this.library = null;
        this.sidebar.clear();
        this.search.begin(null);
        this.account.close();
        byId('toast').hidden = true; // its action belongs to the previous user
        const { user } = this.session;
        byId('auth').hidden = user !== null;
        byId('app').hidden = user === null || user.pending === true;
        this.consent.close();
        this.openDrawer(false);
        if (user?.pending) return void this.consent.showWaiting();
        if (user) return void this.start(user);
        this.chat.begin(null, null);
        document.title = this.product;
        this.auth.showMode('login');
        if (hadUser && !this.leaving) this.auth.showProblem('You have been signed out. Log in to continue.');
        this.leaving = false;
        this.auth.focus();
    }

    async start(user) {
        this.useProfile(user);
        const library = new Library(this.session);
        const url = new URL('/ws', location.href).href.replace(/^http/, 'ws');
        const { session, reconnect } = this;
        const client = new ChatClient({ url, session, storage: sessionStorage, reconnect });
        this.library = library;
        this.client = client;
        this.search.begin(library);
        this.subscribe(client);
        this.chat.begin(client, library);
        client.connect();
        this.account.profile.load().catch(() => {});
        try {
            await Promise.all([library.loadCompanions(), this.loadConversations(), this.loadUsage()]);
            if (client !== this.client) return;
            showGallery(library.companions);
            await this.route();
        } catch (error) {
            if (client !== this.client) return;
            byId('failed-text').textContent = sentence(error.message);
            this.showView('failed');
        }
    }

    subscribe(client) {
        const on = (type, handle) =>
            client.addEventListener(type, ({ detail }) => client === this.client && handle(detail));
        on('state', (state) => this.connection.show(state));
        on('conversation', ({ conversation }) => this.conversationChanged(conversation));
        on('notice', ({ type, data }) => {
            if (type === 'error') this.toast(sentence(data.message));
            if (type === 'safety_state_change') return this.safetyChanged(data);
            if (type === 'subscription_updated') return this.planChanged();
            if (type === 'gaming_status_changed') return this.account.games.changed();
            if (type === 'crisis_resources') return this.showHelp(data);
            if (type !== 'notification_new' || data.kind === 'welcome') return; // the page has a welcome of its own
            if (data.kind !== 'export_ready') return this.toast(data.notification.title);
            this.account.privacy.noticeExport();
            this.toast('The copy of your data is ready.', { label: 'Show', run: () => this.account.open() });
        });
        on('opened', ({ reconnected }) => {
            if (!reconnected) return;
            this.reloadListSoon();
            this.loadUsage().catch(() => {});
            this.chat.catchUp();
        });
        on('usage', ({ resource_type, current_usage }) => {
            if (resource_type !== 'messages' || !this.library.usage) return;
            this.library.usage.used = current_usage;
            this.drawUsage();
        });
    }

    // A message needs help lines: all of them at once, and the first of them as long as the state lasts.
    showHelp(lines) {
        this.safety.use(lines);
        this.crisis.present(lines);
    }

    planChanged() {
        this.loadUsage().catch(() => {});
        if (this.account.dialog.open) this.account.attempt('billing', () => this.account.billing.load());
    }

    // The plans, in the account dialog.
    async showPlans() {
        await this.account.open();
        byId('billing').scrollIntoView();
    }

    // A list that was loaded while the state changed may be older than this.
    safetyChanged({ conversation_id, new_state }) {
        const known = this.library.conversation(conversation_id);
        if (known) known.safety_state = new_state;
        this.drawSidebar();
        this.reloadListSoon();
    }

    async route() {
        const [, kind, id, message_id] = location.hash.split('/');
        if (kind === 'account') {
            history.replaceState(null, '', '#/');
            this.account.open();
        }
        if (kind === 'billing') {
            history.replaceState(null, '', '#/');
            this.showPlans();
            if (id === 'paid') this.toast('Thank you! Your plan changes as soon as the payment has arrived.');
        }
        const companion = kind === 'new' ? this.library.companion(id) : null;
        const isChat = companion || (kind === 'c' && id);
        this.openDrawer(false);
        this.showView(isChat ? 'chat' : 'gallery');
        if (companion) this.chat.openDraft(companion);
        else if (isChat) await this.chat.openConversation(id, message_id);
        else this.chat.leave();
        this.drawSidebar();
    }

    showView(name) {
        for (const id of ['gallery', 'chat', 'failed']) byId(id).hidden = id !== name;
    }

    drawSidebar() {
        if (!this.library) return;
        const { library } = this;
        const replying = new Set([...this.client.replies.values()].map((reply) => reply.conversation_id));
        const current = this.chat.thread?.conversation_id ?? null;
        this.sidebar.show({ library, current, replying });
        this.actions.show(library, library.conversation(current));
        this.safety.show(library.conversation(current));
        document.title = this.chat.thread ? `${this.chat.title} · ${this.product}` : this.product;
    }

    drawUsage() {
        const { usage, planName, quotaSpent } = this.library;
        const quota = byId('quota');
        showUsage(usage, planName);
        quota.hidden = !quotaSpent;
        if (!quotaSpent) return;
        const reset = usage.resets_at ? ` You get new ones ${relativeTime(usage.resets_at)}.` : '';
        const plans = h('button', { type: 'button', class: 'link', onclick: () => this.showPlans() }, 'See the plans');
        quota.replaceChildren(`You have used all of today's messages.${reset} `, plans);
    }

    reloadListSoon() {
        this.reloading ??= setTimeout(() => {
            this.reloading = null;
            if (this.library) this.loadConversations().catch(() => {});
        }, RELOAD_LIST_AFTER_MS);
    }

    async loadConversations(more = false) {
        const { library } = this;
        await library.loadConversations(more);
        if (library === this.library) this.drawSidebar();
    }

    async filterList(filter) {
        this.library.setFilter(filter);
        await this.toastFailure(this.loadConversations());
    }

    // On this device or on another one.
    conversationChanged(conversation) {
        this.library.update(conversation);
        if (conversation.deleted_at) this.deleted(conversation.id);
        this.drawSidebar();
    }

    deleted(id) {
        this.chat.forget(id);
        if (this.chat.thread?.conversation_id === id) location.replace('#/');
    }

    toastFailure(promise) {
        return promise.catch((error) => this.toast(sentence(error.message)));
    }

    // The session's user, or the profile as loaded since.
    useProfile({ display_name, preferences }) {
        const { email } = this.session.user;
        byId('account-name').textContent = display_name || email;
        byId('account-email').textContent = display_name ? email : '';
        byId('greeting').textContent = display_name ? `Hello, ${display_name}` : 'Hello';
        this.chat.composer.enterSends = preferences?.enter_sends !== false;
    }

    async loadUsage() {
        const { library } = this;
        await library.loadUsage();
        if (library === this.library) this.drawUsage();
    }

    async useSettings() {
        this.product = 'AIRI';
        const settings = await this.session.getPublic('/settings').catch(() => ({}));
        if (settings.product_name) this.product = settings.product_name;
        this.auth.useSettings(settings);
        this.consent.product = this.product;
        if (settings.product_tagline) byId('tagline').textContent = settings.product_tagline;
        this.reconnect = { ms: settings.reconnect_ms ?? 0, attempts: settings.reconnect_attempts ?? 0 };
        if (this.client) this.client.reconnect = this.reconnect;
        this.session.refreshBefore = settings.refresh_before_seconds ?? 60;
        if (settings.message_max_characters) this.chat.composer.longest = Number(settings.message_max_characters);
        for (const node of document.querySelectorAll('.product')) node.textContent = this.product;
        this.chat.product = this.product;
        document.title = this.product;
        this.drawSidebar();
    }

    logout() {
        this.leaving = true;
        history.replaceState(null, '', '#/');
        this.session.logout();
    }

    openDrawer(open) {
        document.body.dataset.drawer = open ? 'open' : 'closed';
        byId('menu').setAttribute('aria-expanded', String(open));
        byId('main').inert = open;
        if (open) byId('drawer-close').focus();
    }

    /// `action` {label, run} is a button beside the text.
    toast(text, action = null) {
        const toast = byId('toast');
        const button = byId('toast-action');
        const hide = () => {
            toast.hidden = true;
        };
        clearTimeout(this.hidingToast);
        this.hidingToast = setTimeout(hide, TOAST_MS);
        toast.hidden = false;
        byId('toast-text').textContent = text;
        button.hidden = !action;
        button.textContent = action?.label ?? '';
        button.onclick = () => {
            hide();
            action.run();
        };
    }
}

new App();
