// The login form, which is also the form for signup, a new password and the links in mails. Each fault is shown at its
// field.

import { byId, duration, h, relativeTime, sentence } from './dom.js';
import { providerButtons } from './providers.js';
import { plainCode } from './two_factor.js';

const SECOND_STEP = {
    title: 'One more step',
    submit: 'Log in',
    other: 'Not you?',
    change: 'Log in',
    fields: ['code'],
};
const MODES = {
    login: {
        title: 'Welcome back',
        submit: 'Log in',
        other: 'New here?',
        change: 'Create an account',
        password: 'current-password',
        fields: ['email', 'password'],
    },
    signup: {
        title: 'Create your account',
        submit: 'Sign up',
        other: 'Have an account?',
        change: 'Log in',
        password: 'new-password',
        fields: ['display_name', 'email', 'password', 'birth_date'],
    },
    restore: {
        title: 'Your account is closed',
        submit: 'Restore it',
        other: 'Another account?',
        change: 'Log in',
        password: 'current-password',
        fields: ['email', 'password'],
    },
    forgot: {
        title: 'Forgot your password?',
        submit: 'Send me a link',
        other: 'Remembered it?',
        change: 'Log in',
        fields: ['email'],
        done: 'If this address has an account, a mail with a link is on its way.',
    },
    mail: {
        title: 'Sign in without a password',
        submit: 'Send me a link',
        other: 'Know your password?',
        change: 'Log in',
        fields: ['email'],
        call: 'askForLink',
        done: 'If this address has an account, a mail with a link is on its way. Open it in this browser.',
    },
    reset: {
        title: 'Choose a new password',
        submit: 'Save',
        other: 'Remembered it?',
        change: 'Log in',
        password: 'new-password',
        fields: ['password'],
        done: 'Your password has been changed. Log in with it.',
    },
    link: SECOND_STEP,
    oauth: SECOND_STEP,
    oauthAge: { ...SECOND_STEP, submit: 'Continue', fields: ['birth_date'], call: 'oauth' },
};
const FIELDS = ['display_name', 'email', 'password', 'birth_date', 'parent_email', 'code'];

/// The faults of a request body, each with its pointer.
const faultsOf = (error) => (Array.isArray(error.details) ? error.details : []);

/// Full years since that day.
function ageOf(day, now = new Date()) {
    const born = new Date(day);
    const had = now.getMonth() * 31 + now.getDate() >= born.getUTCMonth() * 31 + born.getUTCDate();
    return now.getFullYear() - born.getUTCFullYear() - (had ? 0 : 1);
}

export class AuthView {
    constructor(session) {
        this.session = session;
        this.form = byId('auth-form');
        this.problem = byId('auth-problem');
        this.mode = 'login';
        this.form.addEventListener('submit', (event) => {
            event.preventDefault();
            this.submit();
        });
        for (const name of FIELDS) this.form.elements[name].addEventListener('input', () => this.showFault(name, ''));
        this.useSettings({});
        this.form.elements.birth_date.addEventListener('change', () => this.showParentField());
        // Another account may have no second factor.
        this.form.elements.email.addEventListener('input', () => this.showCodeField(false));
        byId('auth-change').addEventListener('click', () => {
            this.showMode(this.mode === 'login' ? 'signup' : 'login');
            this.focus();
        });
        byId('auth-lost').append(
            ' ',
            h('button', { id: 'auth-mail', type: 'button', class: 'link' }, 'Mail me a link'),
        );
        for (const mode of ['forgot', 'mail'])
            byId(`auth-${mode}`).addEventListener('click', () => {
                this.showMode(mode);
                this.focus();
            });
        byId('auth-reveal').addEventListener('click', () =>
            this.reveal(this.form.elements.password.type === 'password'),
        );
        this.showMode('login');
        this.loadProviders().catch(() => {});
    }

    async loadProviders() {
        const buttons = await providerButtons(this.session, 'Continue with');
        for (const { button, leave } of buttons)
            button.addEventListener('click', () => leave().catch((error) => this.showError(error)));
        byId('auth-providers').replaceChildren(...buttons.map(({ button }) => button));
        this.showProviders();
    }

    showProviders() {
        const area = byId('auth-providers');
        area.hidden = !['login', 'signup'].includes(this.mode) || !area.firstChild;
    }

    /// `age_gate` is off, optional or required: whether signup asks for the date of birth.
    useSettings({ age_gate = 'off', minor_age = 13 }) {
        this.asksAge = age_gate !== 'off';
        this.minorAge = minor_age;
        byId('auth-born-optional').hidden = age_gate === 'required';
        byId('auth-born').hidden = !this.asksBirthDate();
    }

    asksBirthDate() {
        return this.asksAge && MODES[this.mode].fields.includes('birth_date');
    }

    showParentField(isMinor = ageOf(this.form.elements.birth_date.value) < this.minorAge) {
        byId('auth-parent').hidden = !isMinor || !this.asksBirthDate();
    }

    showMode(mode) {
        this.mode = mode;
        const texts = MODES[mode];
        byId('auth-title').textContent = texts.title;
        byId('auth-submit').textContent = texts.submit;
        byId('auth-other').textContent = texts.other;
        byId('auth-change').textContent = texts.change;
        byId('auth-name').hidden = !texts.fields.includes('display_name');
        byId('auth-address').hidden = !texts.fields.includes('email');
        byId('auth-secret').hidden = !texts.fields.includes('password');
        byId('auth-born').hidden = !this.asksBirthDate();
        this.showParentField();
        byId('auth-hint').hidden = texts.password !== 'new-password';
        byId('auth-lost').hidden = mode !== 'login';
        this.showProviders();
        this.form.elements.password.autocomplete = texts.password ?? 'off';
        this.showProblem('');
        this.showCodeField(texts.fields.includes('code'));
        for (const name of FIELDS) this.showFault(name, '');
    }

    showCodeField(shown) {
        byId('auth-second').hidden = !shown;
        this.form.elements.code.value = '';
        if (shown) this.form.elements.code.focus();
    }

    reveal(shown) {
        this.form.elements.password.type = shown ? 'text' : 'password';
        byId('auth-reveal').setAttribute('aria-pressed', String(shown));
        byId('auth-reveal').textContent = shown ? 'Hide' : 'Show';
    }

    focus() {
        this.form.elements[MODES[this.mode].fields[0]].focus();
    }

    showProblem(text) {
        clearInterval(this.counting);
        this.problem.textContent = text;
        this.problem.hidden = !text;
    }

    showFault(name, text) {
        byId(`auth-${name}-fault`).textContent = text;
        const field = this.form.elements[name];
        if (text) field.setAttribute('aria-invalid', 'true');
        else field.removeAttribute('aria-invalid');
    }

    values() {
        const { display_name, email, password, birth_date, parent_email, code } = this.form.elements;
        const shown = MODES[this.mode].fields;
        if (this.mode === 'oauth') return { ...this.flow, second_factor: plainCode(code.value) };
        const fields = this.mode === 'oauthAge' ? { ...this.flow } : {};
        if (shown.includes('email')) fields.email = email.value.trim();
        if (shown.includes('password')) fields[this.mode === 'reset' ? 'new_password' : 'password'] = password.value;
        if (['reset', 'link'].includes(this.mode)) fields.token = this.token;
        if (this.mode === 'signup' && display_name.value.trim()) fields.display_name = display_name.value.trim();
        if (this.asksBirthDate() && birth_date.value) fields.birth_date = birth_date.value;
        if (!byId('auth-parent').hidden && parent_email.value.trim()) fields.parent_email = parent_email.value.trim();
        if (code.value.trim()) fields.code = plainCode(code.value);
        return fields;
    }

    async submit() {
        this.showProblem('');
        const fields = this.values();
        this.showFault('email', fields.email === '' ? 'Enter your e-mail address.' : '');
        this.showFault('password', (fields.password ?? fields.new_password) === '' ? 'Enter a password.' : '');
        const wrong = this.form.querySelector('[aria-invalid]');
        if (wrong) return wrong.focus();
        const button = byId('auth-submit');
        button.setAttribute('aria-busy', 'true');
        button.disabled = true;
        try {
            const { done, call = this.mode } = MODES[this.mode];
            await this.session[call](fields);
            this.form.reset();
            this.reveal(false);
            this.showCodeField(false);
            if (done) {
                this.showMode('login');
                this.showProblem(done);
            }
        } catch (error) {
            this.showError(error);
        }
        button.disabled = false;
        button.removeAttribute('aria-busy');
        this.form.querySelector('[aria-invalid]')?.focus();
    }

    /// Follows a link from a mail: `kind` and its token. Returns the text to show, if any.
    async follow({ kind, token }) {
        this.token = token;
        if (kind === 'reset_password') return void this.showMode('reset');
        try {
            if (kind === 'verify_email') {
                await this.session.verify_email({ token });
                return 'Your e-mail address is verified.';
            }
            if (kind === 'account_deletion') {
                await this.session.restoreByLink({ token });
                return 'Your account is restored. Log in to continue.';
            }
            await this.session.link({ token });
        } catch (error) {
            if (error.code === 'TWO_FACTOR_REQUIRED') return void this.showMode('link');
            return sentence(error.message);
        }
    }

    /// Logs in with the answer of an identity provider. Returns the text to show, if any.
    async finishOAuth(flow) {
        this.flow = flow;
        const button = byId('auth-submit');
        button.setAttribute('aria-busy', 'true');
        try {
            await this.session.oauth(flow);
        } catch (error) {
            if (error.code === 'TWO_FACTOR_REQUIRED') return void this.showMode('oauth');
            if (faultsOf(error).some(({ pointer }) => pointer === '/birth_date')) return void this.showMode('oauthAge');
            return sentence(error.message);
        } finally {
            button.removeAttribute('aria-busy');
        }
    }

    showError(error) {
        if (error.code === 'TWO_FACTOR_REQUIRED') return this.showCodeField(true);
        if (error.code === 'WRONG_CODE') return this.showFault('code', 'This code is wrong or was used before.');
        if (error.code === 'WRONG_CREDENTIALS') return this.showProblem('The e-mail address or the password is wrong.');
        if (error.code === 'ACCOUNT_DELETED' && error.details?.erase_at && this.mode === 'login') {
            this.showMode('restore');
            return this.showProblem(
                `It will be erased ${relativeTime(error.details.erase_at)}. Until then you can restore it.`,
            );
        }
        if (error.code === 'EMAIL_TAKEN')
            return this.showFault('email', 'This address already has an account. Log in instead?');
        if (error.status === 429) return this.countDown(error.retryAfter ?? 60);
        let placed = 0;
        for (const { pointer, message } of faultsOf(error)) {
            const name = pointer.slice(1).replace('new_password', 'password');
            if (!FIELDS.includes(name)) continue;
            if (name === 'parent_email') this.showParentField(true);
            this.showFault(name, sentence(message));
            placed += 1;
        }
        if (!placed) this.showProblem(sentence(error.message));
    }

    countDown(seconds) {
        const until = Date.now() + seconds * 1000;
        const tick = () => {
            const left = (until - Date.now()) / 1000;
            if (left <= 0) return this.showProblem('You can try again now.');
            this.problem.textContent = `Too many attempts. Try again in ${duration(left)}.`;
        };
        this.showProblem(' ');
        tick();
        this.counting = setInterval(tick, 1000);
    }
}
