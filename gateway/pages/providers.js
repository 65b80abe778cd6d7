// Identity providers: the way to one and back, on which the page is left, and the identities of an account.

import { ask } from './dialogs.js';
import { byId, h, relativeTime } from './dom.js';

// Of this tab alone: what comes back is good only together with it.
const KEPT = 'airi.flow';

/// Leaves the page for the provider; `link`: to give the account another identity.
export async function leaveFor(session, provider, link = false) {
    const path = `/auth/oauth/${provider}/${link ? 'link' : 'start'}`;
    const { data } = await (link ? session.request('POST', path, {}) : session.send('POST', path, {}, null));
    const { authorization_url, state, binding } = data;
    sessionStorage.setItem(KEPT, JSON.stringify({ state, binding, link }));
    location.assign(authorization_url);
}

/// What the address bar has from a provider: {fields, link}, or {problem}, or null when there is nothing. It is gone from there
/// then, and from this tab.
export function broughtBack() {
    const query = new URLSearchParams(location.search);
    const [state, code, error, iss] = ['state', 'code', 'error', 'iss'].map((name) => query.get(name));
    if (!state || !(code || error)) return null;
    history.replaceState(null, '', location.pathname + location.hash);
    let held = null;
    try {
        held = JSON.parse(sessionStorage.getItem(KEPT));
    } catch {}
    sessionStorage.removeItem(KEPT);
    if (held?.state !== state) return { problem: 'This sign-in was not begun here. Begin again.' };
    if (!code) return { problem: 'You did not sign in there.' };
    return { fields: { state, code, binding: held.binding, ...(iss ? { iss } : {}) }, link: held.link };
}

/// A button for each provider that can be used now.
export async function providerButtons(session, words, link = false) {
    const providers = await session.getPublic('/auth/oauth');
    return providers.map(({ name, title }) => {
        const button = h('button', { type: 'button', class: 'provider', 'data-provider': name }, `${words} ${title}`);
        return { name, title, button, leave: () => leaveFor(session, name, link) };
    });
}

/// The part of the account's dialog. `trying(act)` runs what may fail, and says so there.
export class Identities {
    constructor(session, trying) {
        Object.assign(this, { session, trying });
    }

    async load() {
        const [identities, buttons] = await Promise.all([
            this.session.get('/auth/identities'),
            providerButtons(this.session, 'Link', true),
        ]);
        const titles = new Map(buttons.map(({ name, title }) => [name, title]));
        byId('identities').hidden = identities.length + buttons.length === 0;
        byId('identity-list').replaceChildren(
            ...identities.map((one) => this.itemOf(one, titles.get(one.provider) ?? one.provider)),
        );
        byId('identity-buttons').replaceChildren(
            ...buttons.map(({ button, leave }) => {
                button.addEventListener('click', () => this.trying(leave));
                return button;
            }),
        );
    }

    clear() {
        byId('identity-list').replaceChildren();
        byId('identity-buttons').replaceChildren();
    }

    itemOf({ id, email, last_used_at }, title) {
        const told = [email, last_used_at ? `last used ${relativeTime(last_used_at)}` : null];
        const remove = h('button', { type: 'button', class: 'link', onclick: () => this.remove(id, title) }, 'Remove');
        remove.setAttribute('aria-label', `Remove ${title}`);
        const words = h(
            'span',
            { class: 'words' },
            h('strong', {}, title),
            h('span', { class: 'aside' }, told.filter(Boolean).join(' · ')),
        );
        return h('li', { 'data-id': id }, words, remove);
    }

    async remove(id, title) {
        const text = `You will no longer sign in with ${title}.`;
        if (!(await ask({ title: `Remove ${title}?`, text, action: 'Remove' }))) return;
        await this.trying(async () => {
            await this.session.request('DELETE', `/auth/identities/${id}`);
            await this.load();
            byId('account-close').focus();
        });
    }
}
