// The page: who is signed in, which view is shown, and what stands beside the conversation.

import { AccountDialog } from './account.js';
import { ConversationActions } from './actions.js';
import { AuthView } from './auth.js';
import { ChatView } from './chat.js';
import { ChatClient } from './client.js';
import { ConsentView } from './consent.js';
import { ConnectionView } from './connection.js';
import { byId, relativeTime, sentence } from './dom.js';
import { showGallery } from './gallery.js';
import { Library } from './library.js';
import { broughtBack } from './providers.js';
import { SearchView } from './search.js';
import { Session } from './session.js';
import { Sidebar, showUsage } from './sidebar.js';

const LIST_AFTER_MS = 300;
const TOAST_MS = 8_000;
const USAGE_CHECK_MS = 30_000;

class App {
    constructor() {
        this.session = new Session();
        this.auth = new AuthView(this.session);
        this.chat = new ChatView();
        this.search = new SearchView();
        this.sidebar = new Sidebar({
            onMore: () => this.tellFailure(this.loadConversations(true)),
            onFilter: (filter) => this.showOnly(filter),
        });
        this.actions = new ConversationActions({
            onChanged: () => this.drawSidebar(),
            onDeleted: (id) => this.deleted(id),
            onRestored: (id) => location.replace(`#/c/${id}`),
            toast: (text, offer) => this.toast(text, offer),
        });
        this.account = new AccountDialog(this.session, {
            onProfile: (profile) => this.useProfile(profile),
            onSignedOut: () => this.logout(),
            onClosed: (text) => {
                this.logout();
                this.auth.say(text);
            },
        });
        this.consent = new ConsentView(this.session, { onOpen: () => this.begin(), onLeave: () => this.logout() });
        this.connection = new ConnectionView({ onRetry: () => this.client?.retryNow() });
        this.client = null;
        this.library = null;
        this.listen();
        this.useSettings();
        this.begin();
        this.followLink();
    }

    // /?verify_email=…, /?reset_password=… and the like: the links of mails. The token leaves the address bar at once.
    async followLink() {
        const back = broughtBack();
        if (back) return this.tell(await this.comeBack(back));
        const query = new URLSearchParams(location.search);
        const kind = ['verify_email', 'reset_password', 'magic_link', 'parental_consent', 'account_deletion'].find(
            (name) => query.has(name),
        );
        if (!kind) return;
        history.replaceState(null, '', location.pathname + location.hash);
        if (kind === 'parental_consent') {
            byId('auth').hidden = byId('app').hidden = true;
            return this.consent.askParent(query.get(kind));
        }
        if (kind !== 'verify_email') this.session.drop();
        const told = await this.auth.follow({ kind, token: query.get(kind) });
        this.tell(told);
    }

    // From an identity provider; what there is to say of it.
    async comeBack({ problem, fields, link }) {
        if (problem) return problem;
        if (!link) {
            this.session.drop();
            return this.auth.arrive(fields);
        }
        try {
            await this.session.request('POST', '/auth/identities', fields);
            return 'From now on you can sign in with it too.';
        } catch (error) {
            return sentence(error.message);
        }
    }

    tell(told) {
        if (!told) return void (this.session.user || this.auth.focus());
        if (this.session.user) this.toast(told);
        else this.auth.say(told);
    }

    listen() {
        this.session.addEventListener('changed', () => this.begin());
        this.chat.addEventListener('changed', () => this.drawSidebar());
        this.chat.addEventListener('activity', () => this.listSoon());
        this.chat.addEventListener('trouble', ({ detail: { text, again } }) =>
            this.toast(text, again && { label: 'Try again', act: again }),
        );
        this.chat.addEventListener('missing', () => {
            location.replace('#/');
            this.toast('That conversation does not exist.');
        });
        window.addEventListener('hashchange', () => this.client && this.route());
        byId('logout').addEventListener('click', () => this.logout());
        byId('settings').addEventListener('click', () => this.account.open());
        byId('try-again').addEventListener('click', () => this.begin());
        for (const id of ['menu', 'drawer-close', 'backdrop'])
            byId(id).addEventListener('click', () => this.drawer(id === 'menu'));
        document.addEventListener('keydown', ({ key }) => key === 'Escape' && this.drawer(false));
        setInterval(() => this.library?.usageIsOld && this.loadUsage().catch(() => {}), USAGE_CHECK_MS);
    }

    // What the session tells: the form to sign in, or everything for its user.
    begin() {
        const hadUser = this.client !== null;
        this.client?.close();
        this.client = null;
        this.library = null;
        this.sidebar.clear();
        this.search.begin(null);
        this.account.close();
        byId('toast').hidden = true; // what it offers is the last user's
        const { user } = this.session;
        byId('auth').hidden = user !== null;
        byId('app').hidden = user === null || user.pending === true;
        this.consent.close();
        this.drawer(false);
        if (user?.pending) return void this.consent.wait();
        if (user) return void this.start(user);
        this.chat.begin(null, null);
        document.title = this.product;
        this.auth.become('login');
        if (hadUser && !this.leaving) this.auth.say('You have been signed out. Log in to go on.');
        this.leaving = false;
        this.auth.focus();
    }

    async start(user) {
        this.useProfile(user);
        const library = new Library(this.session);
        const url = new URL('/ws', location.href).href.replace(/^http/, 'ws');
        const client = new ChatClient({ url, session: this.session, storage: sessionStorage });
        this.library = library;
        this.client = client;
        this.search.begin(library);
        this.hear(client);
        this.chat.begin(client, library);
        client.connect();
        this.account.loadProfile().catch(() => {});
        try {
            await Promise.all([library.loadCompanions(), this.loadConversations(), this.loadUsage()]);
            if (client !== this.client) return;
            showGallery(library.companions);
            await this.route();
        } catch (error) {
            if (client !== this.client) return;
            byId('failed-text').textContent = sentence(error.message);
            this.view('failed');
        }
    }

    hear(client) {
        const on = (type, act) => client.addEventListener(type, ({ detail }) => client === this.client && act(detail));
        on('state', (state) => this.connection.show(state));
        on('conversation', ({ conversation }) => this.conversationChanged(conversation));
        on('notice', ({ type, data }) => {
            if (type === 'error') this.toast(sentence(data.message));
            if (type !== 'notification_new' || data.kind !== 'export_ready') return;
            this.account.privacy.noticeExport();
            this.toast('The copy of your data is ready.', { label: 'Show', act: () => this.account.open() });
        });
        on('opened', ({ again }) => {
            if (!again) return;
            this.listSoon();
            this.loadUsage().catch(() => {});
            this.chat.catchUp();
        });
        on('usage', ({ resource_type, current_usage }) => {
            if (resource_type !== 'messages' || !this.library.usage) return;
            this.library.usage.used = current_usage;
            this.drawUsage();
        });
    }

    async route() {
        const [, kind, id, message_id] = location.hash.split('/');
        const companion = kind === 'new' ? this.library.companion(id) : null;
        const opensChat = companion || (kind === 'c' && id);
        this.drawer(false);
        this.view(opensChat ? 'chat' : 'gallery');
        if (companion) this.chat.openDraft(companion);
        else if (opensChat) await this.chat.openConversation(id, message_id);
        else this.chat.leave();
        this.drawSidebar();
    }

    view(name) {
        for (const id of ['gallery', 'chat', 'failed']) byId(id).hidden = id !== name;
    }

    drawSidebar() {
        if (!this.library) return;
        const { library } = this;
        const living = new Set([...this.client.replies.values()].map((reply) => reply.conversation_id));
        const current = this.chat.thread?.conversation_id ?? null;
        this.sidebar.show({ library, current, living });
        this.actions.show(library, library.conversation(current));
        document.title = this.chat.thread ? `${this.chat.title} · ${this.product}` : this.product;
    }

    drawUsage() {
        const { usage, planName, quotaSpent } = this.library;
        const quota = byId('quota');
        showUsage(usage, planName);
        quota.hidden = !quotaSpent;
        if (!quotaSpent) return;
        const more = usage.resets_at ? ` There are new ones ${relativeTime(usage.resets_at)}.` : '';
        quota.textContent = `You have used all messages of today.${more}`;
    }

    listSoon() {
        this.listing ??= setTimeout(() => {
            this.listing = null;
            if (this.library) this.loadConversations().catch(() => {});
        }, LIST_AFTER_MS);
    }

    async loadConversations(more = false) {
        const { library } = this;
        await library.loadConversations(more);
        if (library === this.library) this.drawSidebar();
    }

    async showOnly(filter) {
        this.library.showOnly(filter);
        await this.tellFailure(this.loadConversations());
    }

    // Here, or on another device.
    conversationChanged(conversation) {
        this.library.take(conversation);
        if (conversation.deleted_at) this.deleted(conversation.id);
        this.drawSidebar();
    }

    deleted(id) {
        this.chat.forget(id);
        if (this.chat.thread?.conversation_id === id) location.replace('#/');
    }

    tellFailure(work) {
        return work.catch((error) => this.toast(sentence(error.message)));
    }

    // Of the session's user, or as it was changed since.
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
        if (settings.message_max_bytes) this.chat.composer.maxBytes = Number(settings.message_max_bytes);
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

    drawer(open) {
        document.body.dataset.drawer = open ? 'open' : 'closed';
        byId('menu').setAttribute('aria-expanded', String(open));
        byId('main').inert = open;
        if (open) byId('drawer-close').focus();
    }

    /// `offer` {label, act}: what may be done about it.
    toast(text, offer = null) {
        const toast = byId('toast');
        const button = byId('toast-offer');
        const hide = () => {
            toast.hidden = true;
        };
        clearTimeout(this.toasting);
        this.toasting = setTimeout(hide, TOAST_MS);
        toast.hidden = false;
        byId('toast-text').textContent = text;
        button.hidden = !offer;
        button.textContent = offer?.label ?? '';
        button.onclick = () => {
            hide();
            offer.act();
        };
    }
}

new App();
