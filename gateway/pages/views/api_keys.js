// A part of the account dialog, the user's API keys: the list, a new one (shown once), and revoking one.

import { ask } from './dialogs.js';
import { byId, h, relativeTime, sentence } from './dom.js';
import { bindForm, field, problemLine, sectionPart, submitLine } from './forms.js';

const DAY_MS = 86_400_000;
const LIFETIMES = [
    ['', 'never'],
    ['30', 'in 30 days'],
    ['90', 'in 90 days'],
    ['365', 'in a year'],
];

export class ApiKeys {
    constructor(session) {
        this.session = session;
        this.list = h('ul', { id: 'keys', class: 'rows' });
        this.value = h('input', { id: 'key-value', type: 'text', readonly: true });
        this.created = h(
            'div',
            { id: 'key-shown', class: 'field', hidden: true },
            h('label', { for: 'key-value' }, 'Your new key. Copy it now: it is not shown again.'),
            this.value,
        );
        this.form = h(
            'form',
            { id: 'key-form', novalidate: true },
            problemLine(),
            field('Name of a new key', {
                id: 'key-name',
                name: 'name',
                type: 'text',
                required: true,
                maxlength: '80',
                autocomplete: 'off',
            }),
            field('It expires', {
                id: 'key-days',
                name: 'days',
                options: LIFETIMES.map(([value, text]) => h('option', { value }, text)),
            }),
            submitLine('Create a key'),
        );
        this.element = sectionPart('api-keys', 'API keys', {}, this.list, this.created, this.form);
        bindForm(this.form, (values) => this.create(values));
        this.value.addEventListener('focus', () => this.value.select());
    }

    async load() {
        const keys = await this.session.get('/api-keys');
        this.list.replaceChildren(...keys.map((one) => this.itemOf(one)));
    }

    clear() {
        this.created.hidden = true;
        this.value.value = '';
        this.list.replaceChildren();
    }

    async create({ name, days }) {
        const expires_at = days ? new Date(Date.now() + days * DAY_MS).toISOString() : null;
        const { data } = await this.session.request('POST', '/api-keys', { name, expires_at });
        this.form.reset();
        this.value.value = data.key;
        this.created.hidden = false;
        await this.load();
        this.value.focus();
    }

    itemOf({ id, name, prefix, expires_at, last_used_at }) {
        const details = [
            `${prefix}…`,
            last_used_at ? `last used ${relativeTime(last_used_at)}` : 'never used',
            expires_at ? `expires ${relativeTime(expires_at)}` : null,
        ];
        const revoke = h('button', { type: 'button', class: 'link', onclick: () => this.revoke(id, name) }, 'Delete');
        revoke.setAttribute('aria-label', `Delete the key ${name}`);
        const text = h(
            'span',
            { class: 'words' },
            h('strong', {}, name),
            h('span', { class: 'aside' }, details.filter(Boolean).join(' · ')),
        );
        return h('li', { 'data-id': id }, text, revoke);
    }

    async revoke(id, name) {
        const text = 'Programs that use it will be rejected.';
        if (!(await ask({ title: `Delete the key “${name}”?`, text, action: 'Delete' }))) return;
        const problem = this.element.querySelector('.problem');
        problem.hidden = true;
        try {
            await this.session.request('DELETE', `/api-keys/${id}`);
            this.created.hidden = true;
            await this.load();
        } catch (error) {
            problem.textContent = sentence(error.message);
            problem.hidden = false;
        }
        byId('key-name').focus();
    }
}
