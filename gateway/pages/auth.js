// The form to log in and to sign up, for a new password, and for what a link of a mail asks. Says what is wrong at the field
// where it is wrong.

import { byId, duration, relativeTime, sentence } from './dom.js';
import { providerButtons } from './providers.js';
import { plainCode } from './two_factor.js';

const SECOND_STEP = {
    title: 'One more step',
    submit: 'Log in',
    other: 'Not you?',
    change: 'Log in',
    fields: ['code'],
};
const WORDS = {
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
        submit: 'Take it back',
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
    oauthAge: { ...SECOND_STEP, submit: 'Go on', fields: ['birth_date'], call: 'oauth' },
};
const FIELDS = ['display_name', 'email', 'password', 'birth_date', 'parent_email', 'code'];

/// The faults of a body, each with its pointer.
const faultsOf = (error) => (Array.isArray(error.details) ? error.details : []);

/// Years since that day, as a birthday counts them.
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
        for (const name of FIELDS) this.form.elements[name].addEventListener('input', () => this.fault(name, ''));
        this.useSettings({});
        this.form.elements.birth_date.addEventListener('change', () => this.askParent());
        // Another account may have no second factor.
        this.form.elements.email.addEventListener('input', () => this.askCode(false));
        byId('auth-change').addEventListener('click', () => {
            this.become(this.mode === 'login' ? 'signup' : 'login');
            this.focus();
        });
        byId('auth-forgot').addEventListener('click', () => {
            this.become('forgot');
            this.focus();
        });
        byId('auth-reveal').addEventListener('click', () =>
            this.reveal(this.form.elements.password.type === 'password'),
        );
        this.become('login');
        this.offerProviders().catch(() => {});
    }

    async offerProviders() {
        const buttons = await providerButtons(this.session, 'Continue with');
        for (const { button, leave } of buttons)
            button.addEventListener('click', () => leave().catch((error) => this.explain(error)));
        byId('auth-providers').replaceChildren(...buttons.map(({ button }) => button));
        this.showProviders();
    }

    showProviders() {
        const place = byId('auth-providers');
        place.hidden = !['login', 'signup'].includes(this.mode) || !place.firstChild;
    }

    /// Whether and how the profile asks for an age.
    useSettings({ age_gate = 'off', minor_age = 13 }) {
        this.asksAge = age_gate !== 'off';
        this.minorAge = minor_age;
        byId('auth-born-optional').hidden = age_gate === 'required';
        byId('auth-born').hidden = !this.bornWanted();
    }

    bornWanted() {
        return this.asksAge && WORDS[this.mode].fields.includes('birth_date');
    }

    askParent(wanted = ageOf(this.form.elements.birth_date.value) < this.minorAge) {
        byId('auth-parent').hidden = !wanted || !this.bornWanted();
    }

    become(mode) {
        this.mode = mode;
        const words = WORDS[mode];
        byId('auth-title').textContent = words.title;
        byId('auth-submit').textContent = words.submit;
        byId('auth-other').textContent = words.other;
        byId('auth-change').textContent = words.change;
        byId('auth-name').hidden = !words.fields.includes('display_name');
        byId('auth-address').hidden = !words.fields.includes('email');
        byId('auth-secret').hidden = !words.fields.includes('password');
        byId('auth-born').hidden = !this.bornWanted();
        this.askParent();
        byId('auth-hint').hidden = words.password !== 'new-password';
        byId('auth-lost').hidden = mode !== 'login';
        this.showProviders();
        this.form.elements.password.autocomplete = words.password ?? 'off';
        this.say('');
        this.askCode(words.fields.includes('code'));
        for (const name of FIELDS) this.fault(name, '');
    }

    askCode(wanted) {
        byId('auth-second').hidden = !wanted;
        this.form.elements.code.value = '';
        if (wanted) this.form.elements.code.focus();
    }

    reveal(shown) {
        this.form.elements.password.type = shown ? 'text' : 'password';
        byId('auth-reveal').setAttribute('aria-pressed', String(shown));
        byId('auth-reveal').textContent = shown ? 'Hide' : 'Show';
    }

    focus() {
        this.form.elements[WORDS[this.mode].fields[0]].focus();
    }

    say(text) {
        clearInterval(this.counting);
        this.problem.textContent = text;
        this.problem.hidden = !text;
    }

    fault(name, text) {
        byId(`auth-${name}-fault`).textContent = text;
        const field = this.form.elements[name];
        if (text) field.setAttribute('aria-invalid', 'true');
        else field.removeAttribute('aria-invalid');
    }

    given() {
        const { display_name, email, password, birth_date, parent_email, code } = this.form.elements;
        const wanted = WORDS[this.mode].fields;
        if (this.mode === 'oauth') return { ...this.flow, second_factor: plainCode(code.value) };
        const fields = this.mode === 'oauthAge' ? { ...this.flow } : {};
        if (wanted.includes('email')) fields.email = email.value.trim();
        if (wanted.includes('password')) fields[this.mode === 'reset' ? 'new_password' : 'password'] = password.value;
        if (['reset', 'link'].includes(this.mode)) fields.token = this.token;
        if (this.mode === 'signup' && display_name.value.trim()) fields.display_name = display_name.value.trim();
        if (this.bornWanted() && birth_date.value) fields.birth_date = birth_date.value;
        if (!byId('auth-parent').hidden && parent_email.value.trim()) fields.parent_email = parent_email.value.trim();
        if (code.value.trim()) fields.code = plainCode(code.value);
        return fields;
    }

    async submit() {
        this.say('');
        const fields = this.given();
        this.fault('email', fields.email === '' ? 'Enter your e-mail address.' : '');
        this.fault('password', (fields.password ?? fields.new_password) === '' ? 'Enter a password.' : '');
        const wrong = this.form.querySelector('[aria-invalid]');
        if (wrong) return wrong.focus();
        const button = byId('auth-submit');
        button.setAttribute('aria-busy', 'true');
        button.disabled = true;
        try {
            const { done, call = this.mode } = WORDS[this.mode];
            await this.session[call](fields);
            this.form.reset();
            this.reveal(false);
            this.askCode(false);
            if (done) {
                this.become('login');
                this.say(done);
            }
        } catch (error) {
            this.explain(error);
        }
        button.disabled = false;
        button.removeAttribute('aria-busy');
        this.form.querySelector('[aria-invalid]')?.focus();
    }

    /// What a link of a mail asks for: `kind` and its token. Answers what there is to say, if anything.
    async follow({ kind, token }) {
        this.token = token;
        if (kind === 'reset_password') return void this.become('reset');
        try {
            if (kind === 'verify_email') {
                await this.session.verify_email({ token });
                return 'Your e-mail address is verified.';
            }
            if (kind === 'account_deletion') {
                await this.session.restoreByLink({ token });
                return 'Your account is kept. Log in to go on.';
            }
            await this.session.link({ token });
        } catch (error) {
            if (error.code === 'TWO_FACTOR_REQUIRED') return void this.become('link');
            return sentence(error.message);
        }
    }

    /// Back from an identity provider, with what it sent. Answers what there is to say, if anything.
    async arrive(flow) {
        this.flow = flow;
        const button = byId('auth-submit');
        button.setAttribute('aria-busy', 'true');
        try {
            await this.session.oauth(flow);
        } catch (error) {
            if (error.code === 'TWO_FACTOR_REQUIRED') return void this.become('oauth');
            if (faultsOf(error).some(({ pointer }) => pointer === '/birth_date')) return void this.become('oauthAge');
            return sentence(error.message);
        } finally {
            button.removeAttribute('aria-busy');
        }
    }

    explain(error) {
        if (error.code === 'TWO_FACTOR_REQUIRED') return this.askCode(true);
        if (error.code === 'WRONG_CODE') return this.fault('code', 'This code is wrong or was used before.');
        if (error.code === 'WRONG_CREDENTIALS') return this.say('The e-mail address or the password is wrong.');
        if (error.code === 'ACCOUNT_DELETED' && error.details?.erase_at && this.mode === 'login') {
            this.become('restore');
            return this.say(
                `It will be erased ${relativeTime(error.details.erase_at)}. Until then you can have it back.`,
            );
        }
        if (error.code === 'EMAIL_TAKEN')
            return this.fault('email', 'This address has an account already. Log in instead?');
        if (error.status === 429) return this.countDown(error.retryAfter ?? 60);
        let placed = 0;
        for (const { pointer, message } of faultsOf(error)) {
            const name = pointer.slice(1).replace('new_password', 'password');
            if (!FIELDS.includes(name)) continue;
            if (name === 'parent_email') this.askParent(true);
            this.fault(name, sentence(message));
            placed += 1;
        }
        if (!placed) this.say(sentence(error.message));
    }

    countDown(seconds) {
        const until = Date.now() + seconds * 1000;
        const tick = () => {
            const left = (until - Date.now()) / 1000;
            if (left <= 0) return this.say('You can try again now.');
            this.problem.textContent = `Too many attempts. Try again in ${duration(left)}.`;
        };
        this.say(' ');
        tick();
        this.counting = setInterval(tick, 1000);
    }
}
