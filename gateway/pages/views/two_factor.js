// A part of the account dialog, the second factor: codes of an authenticator app, and recovery codes for when the app
// is lost.

import { h } from './dom.js';
import { bindForm, field, problemLine, sectionPart, submitLine } from './forms.js';

/// A code without the spaces and dashes that apps and people put between its groups.
export const plainCode = (text) => text.replace(/[\s-]/g, '');

const step = (name, ...children) =>
    h('form', { id: `two-factor-${name}`, novalidate: true, hidden: true }, problemLine(), ...children);

export class TwoFactor {
    constructor(session) {
        this.session = session;
        this.status = h('p', { id: 'two-factor-state', role: 'status' });
        this.codes = h('ul', { id: 'recovery-codes' });
        this.recovery = h(
            'div',
            { id: 'recovery', tabindex: '-1', role: 'group', 'aria-labelledby': 'recovery-title', hidden: true },
            h(
                'p',
                { id: 'recovery-title' },
                'Save these recovery codes. Each one logs you in once without the app. They are shown only now.',
            ),
            this.codes,
        );
        this.link = h('a', { id: 'two-factor-link' }, 'open it in the app');
        this.secret = h('code', { id: 'two-factor-secret' });
        this.steps = {
            begin: step('begin', submitLine('Set up')),
            enable: step(
                'enable',
                h('p', {}, 'Enter this secret into your authenticator app, or ', this.link, ':'),
                h('p', {}, this.secret),
                field('The code the app shows', {
                    id: 'enable-code',
                    name: 'code',
                    type: 'text',
                    inputmode: 'numeric',
                    autocomplete: 'one-time-code',
                    required: true,
                    maxlength: '60',
                }),
                submitLine('Turn on'),
            ),
            disable: step(
                'disable',
                field('A code from the app, or a recovery code', {
                    id: 'disable-code',
                    name: 'code',
                    type: 'text',
                    autocomplete: 'one-time-code',
                    autocapitalize: 'none',
                    spellcheck: 'false',
                    required: true,
                    maxlength: '60',
                }),
                submitLine('Turn off'),
            ),
        };
        this.element = sectionPart(
            'two-factor',
            'Second factor',
            { tabindex: '-1' },
            this.status,
            this.recovery,
            ...Object.values(this.steps),
        );
        bindForm(this.steps.begin, () => this.begin());
        bindForm(this.steps.enable, ({ code }) => this.enable(code));
        bindForm(this.steps.disable, ({ code }) => this.disable(code));
    }

    async load() {
        const { enabled, recovery_codes_left } = await this.session.get('/auth/2fa');
        this.status.textContent = enabled
            ? `On. Recovery codes left: ${recovery_codes_left}.`
            : 'Off. When it is on, logging in takes a code from your authenticator app as well as the password.';
        this.show(enabled ? 'disable' : 'begin');
    }

    clear() {
        this.show(null);
        this.status.textContent = '';
        this.secret.textContent = '';
        this.link.removeAttribute('href');
        this.showCodes([]);
    }

    show(name) {
        for (const [each, form] of Object.entries(this.steps)) form.hidden = each !== name;
    }

    showCodes(codes) {
        this.codes.replaceChildren(...codes.map((one) => h('li', {}, h('code', {}, one))));
        this.recovery.hidden = codes.length === 0;
    }

    async begin() {
        const { data } = await this.session.request('POST', '/auth/2fa/setup', {});
        this.secret.textContent = data.secret.match(/.{1,4}/g).join(' ');
        this.link.href = data.otpauth_url;
        this.recovery.hidden = true;
        this.show('enable');
        this.steps.enable.elements.code.focus();
    }

    async enable(code) {
        const { data } = await this.session.request('POST', '/auth/2fa/enable', { code: plainCode(code) });
        this.steps.enable.reset();
        this.showCodes(data.recovery_codes);
        await this.load();
        this.recovery.focus();
    }

    async disable(code) {
        await this.session.request('POST', '/auth/2fa/disable', { code: plainCode(code) });
        this.steps.disable.reset();
        this.showCodes([]);
        await this.load();
        this.element.focus();
    }
}
