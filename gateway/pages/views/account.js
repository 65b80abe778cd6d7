// The account dialog: address, profile, plan, usage, games, violations, password, second factor, linked identities,
// sessions, privacy, API keys.

import { Address } from './address.js';
import { ApiKeys } from './api_keys.js';
import { Billing } from './billing.js';
import { dialogHeader } from './dialogs.js';
import { byId, sentence } from './dom.js';
import { clear } from './forms.js';
import { Games } from './games.js';
import { Privacy } from './privacy.js';
import { PasswordForm, ProfileForm } from './profile.js';
import { Identities } from './providers.js';
import { Sessions } from './sessions.js';
import { TwoFactor } from './two_factor.js';
import { UsageReport } from './usage.js';
import { Violations } from './violations.js';

export class AccountDialog {
    /// Callbacks: onProfile(profile) when it was loaded or changed, onSignedOut() when this session was ended here,
    /// onClosed(text) when the account was closed.
    constructor(session, { onProfile, onSignedOut, onClosed }) {
        this.dialog = byId('account');
        this.address = new Address(session);
        this.privacy = new Privacy(session, { attempt: (act) => this.attempt('export-form', act), onClosed });
        this.billing = new Billing(session, { attempt: (act) => this.attempt('billing', act) });
        this.usage = new UsageReport(session, { attempt: (act) => this.attempt('usage-report', act) });
        this.games = new Games(session, { attempt: (act) => this.attempt('games', act) });
        this.violations = new Violations(session, { attempt: (act) => this.attempt('violations', act) });
        this.twoFactor = new TwoFactor(session);
        this.keys = new ApiKeys(session);
        this.identities = new Identities(session, (act) => this.attempt('identities', act));
        this.sessions = new Sessions(session, {
            attempt: (act) => this.attempt('sessions-form', act),
            onSignedOut,
        });
        this.password = new PasswordForm(session, {
            onChanged: () => Promise.all([this.sessions.load(), this.keys.load()]),
        });
        this.profile = new ProfileForm(session, {
            onProfile: (profile) => {
                this.address.useProfile(profile);
                this.privacy.useProfile(profile);
                onProfile(profile);
            },
        });
        this.dialog.append(
            dialogHeader('account', 'Your account'),
            this.address.element,
            this.profile.element,
            this.billing.element,
            this.usage.element,
            this.games.element,
            this.violations.element,
            this.password.element,
            this.twoFactor.element,
            this.identities.element,
            this.sessions.element,
            this.privacy.element,
            this.keys.element,
        );
        this.dialog.addEventListener('close', () => this.clear());
    }

    async open() {
        this.dialog.showModal();
        this.dialog.scrollTop = 0;
        await Promise.all([
            this.attempt('profile-form', () => this.profile.load()),
            this.attempt('billing', () => this.billing.load()),
            this.attempt('usage-report', () => this.usage.load()),
            this.attempt('games', () => this.games.load()),
            this.attempt('violations', () => this.violations.load()),
            this.attempt('sessions-form', () => this.sessions.load()),
            this.attempt('two-factor', () => this.twoFactor.load()),
            this.attempt('api-keys', () => this.keys.load()),
            this.attempt('consents-form', () => this.privacy.loadConsents()),
            this.attempt('export-form', () => this.privacy.loadExports()),
            this.attempt('identities', () => this.identities.load()),
        ]);
    }

    close() {
        if (this.dialog.open) this.dialog.close();
    }

    // Most of what was entered or shown is secret.
    clear() {
        for (const form of this.dialog.querySelectorAll('form')) clear(form, { values: true });
        this.billing.clear();
        this.usage.clear();
        this.games.clear();
        this.violations.clear();
        this.sessions.clear();
        this.twoFactor.clear();
        this.keys.clear();
        this.privacy.clear();
        this.identities.clear();
    }

    // The parts load at the same time; each shows its own problem.
    async attempt(id, act) {
        const part = byId(id);
        const problem = part.querySelector('.problem');
        part.setAttribute('aria-busy', 'true');
        problem.hidden = true;
        try {
            await act();
        } catch (error) {
            problem.textContent = sentence(error.message);
            problem.hidden = false;
        }
        part.removeAttribute('aria-busy');
    }
}
