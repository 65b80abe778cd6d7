// Identity providers: leaving the page for one, coming back with its answer, and the account's linked identities.

import { ask } from './dialogs.js';
import { byId, h, relativeTime } from './dom.js';
import { sectionPart } from './forms.js';

// In sessionStorage, for this tab only: a provider's answer is valid only together with it.
const FLOW_KEY = 'airi.flow';

/// Leaves the page for the provider; with `link` to link an identity to the account.
export async function leaveFor(session, provider, link = false) {
    const path = `/auth/oauth/${provider}/${link ? 'link' : 'start'}`;
    const { data } = await (link ? session.request('POST', path, {}) : session.send('POST', path, {}, null));
    const { authorization_url, state, binding } = data;
    sessionStorage.setItem(FLOW_KEY, JSON.stringify({ state, binding, link }));
    location.assign(authorization_url);
}

/// Takes a provider's answer out of the address bar: {fields, link}, or {problem}, or null when there is none.
export function takeProviderAnswer() {
    const query = new URLSearchParams(location.search);
    const [state, code, error, iss] = ['state', 'code', 'error', 'iss'].map((name) => query.get(name));
    if (!state || !(code || error)) return null;
    history.replaceState(null, '', location.pathname + location.hash);
    let flow = null;
    try {
        flow = JSON.parse(sessionStorage.getItem(FLOW_KEY));
    } catch {
        // treated like a flow of another tab
    }
    sessionStorage.removeItem(FLOW_KEY);
    if (flow?.state !== state) return { problem: 'This sign-in was not started here. Start again.' };
    if (!code) return { problem: 'You did not sign in there.' };
    return { fields: { state, code, binding: flow.binding, ...(iss ? { iss } : {}) }, link: flow.link };
}

/// A button for each provider that is available.
export async function providerButtons(session, prefix, link = false) {
    const providers = await session.getPublic('/auth/oauth');
    return providers.map(({ name, title }) => {
        const button = h('button', { type: 'button', class: 'provider', 'data-provider': name }, `${prefix} ${title}`);
        return { name, title, button, leave: () => leaveFor(session, name, link) };
    });
}

/// A part of the account dialog. `attempt(act)` runs what may fail and shows the problem in this part.
export class Identities {
    constructor(session, attempt) {
        Object.assign(this, { session, attempt });
        this.list = h('ul', { id: 'identity-list', class: 'rows' });
        this.buttons = h('div', { id: 'identity-buttons', class: 'providers' });
        const hidden = { hidden: true };
        this.element = sectionPart('identities', 'Other ways to sign in', hidden, this.list, this.buttons);
    }

    async load() {
        const [identities, buttons] = await Promise.all([
            this.session.get('/auth/identities'),
            providerButtons(this.session, 'Link', true),
        ]);
        const titles = new Map(buttons.map(({ name, title }) => [name, title]));
        this.element.hidden = identities.length + buttons.length === 0;
        this.list.replaceChildren(
            ...identities.map((one) => this.itemOf(one, titles.get(one.provider) ?? one.provider)),
        );
        this.buttons.replaceChildren(
            ...buttons.map(({ button, leave }) => {
                button.addEventListener('click', () => this.attempt(leave));
                return button;
            }),
        );
    }

    clear() {
        this.list.replaceChildren();
        this.buttons.replaceChildren();
    }

    itemOf({ id, email, last_used_at }, title) {
        const details = [email, last_used_at ? `last used ${relativeTime(last_used_at)}` : null];
        const remove = h('button', { type: 'button', class: 'link', onclick: () => this.remove(id, title) }, 'Remove');
        remove.setAttribute('aria-label', `Remove ${title}`);
        const text = h(
            'span',
            { class: 'words' },
            h('strong', {}, title),
            h('span', { class: 'aside' }, details.filter(Boolean).join(' · ')),
        );
        return h('li', { 'data-id': id }, text, remove);
    }

    async remove(id, title) {
        const text = `You will no longer sign in with ${title}.`;
        if (!(await ask({ title: `Remove ${title}?`, text, action: 'Remove' }))) return;
        await this.attempt(async () => {
            await this.session.request('DELETE', `/auth/identities/${id}`);
            await this.load();
            byId('account-close').focus();
        });
    }
}
