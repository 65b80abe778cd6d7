// A parent's consent, from both ends: the screen of a child that waits for it, and what the parent is asked by the link of the mail.

import { ask } from './dialogs.js';
import { byId, sentence } from './dom.js';

const LOOK_AGAIN_MS = 5_000;

export class ConsentView {
    /// Callbacks: onOpen() when the account is open, onLeave() when the child logs out.
    constructor(session, { onOpen, onLeave }) {
        Object.assign(this, { session, onOpen, onLeave });
        this.product = 'AIRI';
        this.acts = {};
        for (const name of ['yes', 'no', 'leave'])
            byId(`consent-${name}`).addEventListener('click', () => this.run(this.acts[name]));
    }

    close() {
        clearInterval(this.looking);
        byId('consent').hidden = true;
    }

    /// The child's screen.
    wait() {
        this.show({
            title: 'A parent has to agree',
            text: 'We have sent them a mail with a link. As soon as they agree you can begin.',
            yes: ['Send the mail again', () => this.again()],
            no: ['Delete my account', () => this.remove()],
            leave: ['Log out', () => this.onLeave()],
        });
        this.looking = setInterval(() => this.look().catch(() => {}), LOOK_AGAIN_MS);
    }

    async look() {
        const { user } = await this.session.get('/auth/session');
        if (user.pending) return;
        this.session.renew(user);
        this.onOpen();
    }

    async again() {
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
        const answer = async (agree) => {
            await this.session.answerForChild({ token, agree });
            this.end(agree ? 'Thank you. The account is open now.' : 'The account has been deleted.');
        };
        this.close();
        this.show({ title: 'A child would like your consent', text: '' });
        await this.run(async () => {
            const { child, email, birth_date } = await this.session.askedOfParent({ token });
            this.show({
                title: `May ${child || 'your child'} use ${this.product}?`,
                text:
                    `The account ${email} was made with ${birth_date} as the date of birth. If you agree, your child can talk with AI companions here. ` +
                    'We keep what is said, and the name; no address, no device, and nothing for analytics. You can have all of it deleted at any time.',
                yes: ['I am a parent and agree', () => answer(true)],
                no: ['No, delete the account', () => answer(false)],
            });
        });
    }

    end(text) {
        this.show({ title: text, text: '', leave: ['Go on', () => location.replace('/')] });
    }

    show({ title, text, ...acts }) {
        byId('consent').hidden = false;
        byId('consent-title').textContent = title;
        byId('consent-text').textContent = text;
        this.say('', '');
        for (const name of ['yes', 'no', 'leave']) {
            const [label, act] = acts[name] ?? ['', null];
            this.acts[name] = act;
            byId(`consent-${name}`).textContent = label;
            byId(`consent-${name}`).hidden = act === null;
        }
        byId('consent-title').focus();
    }

    say(done, problem) {
        byId('consent-done').textContent = done;
        byId('consent-problem').textContent = problem;
        byId('consent-problem').hidden = !problem;
    }

    async run(act) {
        this.say('', '');
        try {
            this.say((await act()) ?? '', '');
        } catch (error) {
            this.say('', sentence(error.message));
        }
    }
}
