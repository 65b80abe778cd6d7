// A parent's consent: the child's waiting screen, and the parent's page that the link in the mail opens.

import { ask } from './dialogs.js';
import { byId, sentence } from './dom.js';

const POLL_MS = 5_000;

export class ConsentView {
    /// Callbacks: onOpen() when the account is active, onLeave() when the child logs out.
    constructor(session, { onOpen, onLeave }) {
        Object.assign(this, { session, onOpen, onLeave });
        this.product = 'AIRI';
        this.actions = {};
        for (const name of ['yes', 'no', 'leave'])
            byId(`consent-${name}`).addEventListener('click', () => this.run(this.actions[name]));
    }

    close() {
        clearInterval(this.polling);
        byId('consent').hidden = true;
    }

    /// The child's screen.
    showWaiting() {
        this.show({
            title: 'A parent has to agree',
            text: 'We have sent them a mail with a link. As soon as they agree, you can start.',
            yes: ['Send the mail again', () => this.sendAgain()],
            no: ['Delete my account', () => this.remove()],
            leave: ['Log out', () => this.onLeave()],
        });
        this.polling = setInterval(() => this.poll().catch(() => {}), POLL_MS);
    }

    async poll() {
        const { user } = await this.session.get('/auth/session');
        if (user.pending) return;
        this.session.updateUser(user);
        this.onOpen();
    }

    async sendAgain() {
        await this.session.request('POST', '/auth/parental-consent/request', {});
        return 'The mail is on its way.';
    }

    async remove() {
        const password = await ask({
            title: 'Delete your account?',
            label: 'Your password',
            secret: true,
            action: 'Delete',
        });
        if (!password) return;
        await this.session.request('DELETE', '/users/me', { password });
        this.onLeave();
    }

    /// The parent's page.
    async askParent(token) {
        const decide = async (agree) => {
            await this.session.decideConsent({ token, agree });
            this.showOutcome(agree ? 'Thank you. The account is active now.' : 'The account has been deleted.');
        };
        this.close();
        this.show({ title: 'A child would like your consent', text: '' });
        await this.run(async () => {
            const { child, email, birth_date } = await this.session.consentDetails({ token });
            this.show({
                title: `May ${child || 'your child'} use ${this.product}?`,
                text:
                    `The account ${email} was created with ${birth_date} as the date of birth. If you agree, ` +
                    'your child can talk with AI companions here. We store the conversations and the name, but no ' +
                    'address, no device and nothing for analytics. You can have all of it deleted at any time.',
                yes: ['I am a parent and agree', () => decide(true)],
                no: ['No, delete the account', () => decide(false)],
            });
        });
    }

    showOutcome(text) {
        this.show({ title: text, text: '', leave: ['Continue', () => location.replace('/')] });
    }

    show({ title, text, ...actions }) {
        byId('consent').hidden = false;
        byId('consent-title').textContent = title;
        byId('consent-text').textContent = text;
        this.showStatus('', '');
        for (const name of ['yes', 'no', 'leave']) {
            const [label, run] = actions[name] ?? ['', null];
            this.actions[name] = run;
            byId(`consent-${name}`).textContent = label;
            byId(`consent-${name}`).hidden = run === null;
        }
        byId('consent-title').focus();
    }

    showStatus(done, problem) {
        byId('consent-done').textContent = done;
        byId('consent-problem').textContent = problem;
        byId('consent-problem').hidden = !problem;
    }

    async run(act) {
        this.showStatus('', '');
        try {
            this.showStatus((await act()) ?? '', '');
        } catch (error) {
            this.showStatus('', sentence(error.message));
        }
    }
}
