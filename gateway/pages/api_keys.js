// The user's API keys: the list, a new one (shown once), and revoking.

import { ask } from './dialogs.js';
import { byId, h, relativeTime, sentence } from './dom.js';
import { bindForm } from './forms.js';

const DAY_MS = 86_400_000;

export class ApiKeys {
    constructor(session) {
        this.session = session;
        this.fresh = byId('key-value');
        bindForm(byId('key-form'), (given) => this.create(given));
        this.fresh.addEventListener('focus', () => this.fresh.select());
    }

    async load() {
        const keys = await this.session.get('/api-keys');
        byId('keys').replaceChildren(...keys.map((one) => this.itemOf(one)));
    }

    clear() {
        byId('key-shown').hidden = true;
        this.fresh.value = '';
        byId('keys').replaceChildren();
    }

    async create({ name, days }) {
        const expires_at = days ? new Date(Date.now() + days * DAY_MS).toISOString() : null;
        const { data } = await this.session.request('POST', '/api-keys', { name, expires_at });
        byId('key-form').reset();
        this.fresh.value = data.key;
        byId('key-shown').hidden = false;
        await this.load();
        this.fresh.focus();
    }

    itemOf({ id, name, prefix, expires_at, last_used_at }) {
        const words = [
            `${prefix}…`,
            last_used_at ? `last used ${relativeTime(last_used_at)}` : 'never used',
            expires_at ? `ends ${relativeTime(expires_at)}` : null,
        ];
        const revoke = h('button', { type: 'button', class: 'link', onclick: () => this.revoke(id, name) }, 'Delete');
        revoke.setAttribute('aria-label', `Delete the key ${name}`);
        return h(
            'li',
            { 'data-id': id },
            h(
                'span',
                { class: 'words' },
                h('strong', {}, name),
                h('span', { class: 'aside' }, words.filter(Boolean).join(' · ')),
            ),
            revoke,
        );
    }

    async revoke(id, name) {
        const text = 'Programs that use it will no longer get in.';
        if (!(await ask({ title: `Delete the key “${name}”?`, text, action: 'Delete' }))) return;
        const problem = byId('api-keys').querySelector('.problem');
        problem.hidden = true;
        try {
            await this.session.request('DELETE', `/api-keys/${id}`);
            byId('key-shown').hidden = true;
            await this.load();
        } catch (error) {
            problem.textContent = sentence(error.message);
            problem.hidden = false;
        }
        byId('key-name').focus();
    }
}
