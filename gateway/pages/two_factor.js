// The second factor: an authenticator app's codes, and recovery codes for when the app is lost.

import { byId, h } from './dom.js';
import { bindForm } from './forms.js';

/// As the server takes it: apps and people group the digits.
export const plainCode = (text) => text.replace(/[\s-]/g, '');

export class TwoFactor {
    constructor(session) {
        this.session = session;
        this.state = byId('two-factor-state');
        bindForm(byId('two-factor-begin'), () => this.begin());
        bindForm(byId('two-factor-enable'), ({ code }) => this.enable(code));
        bindForm(byId('two-factor-disable'), ({ code }) => this.disable(code));
    }

    async load() {
        const { enabled, recovery_codes_left } = await this.session.get('/auth/2fa');
        this.state.textContent = enabled
            ? `On. Recovery codes left: ${recovery_codes_left}.`
            : 'Off. With it, logging in takes a code of your authenticator app besides the password.';
        this.show(enabled ? 'disable' : 'begin');
    }

    clear() {
        this.show(null);
        this.state.textContent = '';
        byId('two-factor-secret').textContent = '';
        byId('two-factor-link').removeAttribute('href');
        byId('recovery').hidden = true;
        byId('recovery-codes').replaceChildren();
    }

    show(step) {
        for (const one of ['begin', 'enable', 'disable']) byId(`two-factor-${one}`).hidden = one !== step;
    }

    async begin() {
        const { data } = await this.session.request('POST', '/auth/2fa/setup', {});
        byId('two-factor-secret').textContent = data.secret.match(/.{1,4}/g).join(' ');
        byId('two-factor-link').href = data.otpauth_url;
        byId('recovery').hidden = true;
        this.show('enable');
        byId('enable-code').focus();
    }

    async enable(code) {
        const { data } = await this.session.request('POST', '/auth/2fa/enable', { code: plainCode(code) });
        byId('two-factor-enable').reset();
        byId('recovery-codes').replaceChildren(...data.recovery_codes.map((one) => h('li', {}, h('code', {}, one))));
        byId('recovery').hidden = false;
        await this.load();
        byId('recovery').focus();
    }

    async disable(code) {
        await this.session.request('POST', '/auth/2fa/disable', { code: plainCode(code) });
        byId('two-factor-disable').reset();
        byId('recovery').hidden = true;
        byId('recovery-codes').replaceChildren();
        await this.load();
        byId('two-factor').focus();
    }
}
