// Help that stays in view while a conversation is in a crisis: the first lines to turn to, and one tap to say that it
// was a misunderstanding.

import { byId, h, sentence } from './dom.js';
import { waysOf } from './crisis.js';

const IN_CRISIS = new Set(['HIGH_RISK', 'SAFETY_MODE']);
const SHOWN = 2;
const THANKS = 'Thank you for telling us. Help stays one tap away, below.';

export class SafetyView {
    /// `crisis` is the view of all help lines. Callbacks: onSafe(conversation_id) ends the state; onDone(text).
    constructor(crisis, { onSafe, onDone }) {
        Object.assign(this, { crisis, onSafe, onDone, conversation: null, resources: null });
        this.lines = h('ul', { id: 'safety-lines' });
        const all = { id: 'safety-more', class: 'link', type: 'button', onclick: () => crisis.open() };
        this.safe = h(
            'button',
            { id: 'safety-end', class: 'link', type: 'button', onclick: () => this.end() },
            'I am safe, this was a misunderstanding',
        );
        this.element = byId('safety');
        this.element.append(
            h('p', {}, 'You are not alone. These people listen.'),
            this.lines,
            h('p', { class: 'buttons' }, h('button', all, 'All help lines'), this.safe),
        );
    }

    /// Of the conversation that is shown; null: none is.
    show(conversation) {
        this.conversation = conversation?.id ?? null;
        const inCrisis = IN_CRISIS.has(conversation?.safety_state);
        if (inCrisis && !this.resources) this.load();
        this.element.hidden = !inCrisis;
    }

    /// The lines that the server has sent with a message.
    use({ resources }) {
        this.resources = resources;
        this.lines.replaceChildren(
            ...resources
                .filter((line) => line.dial || line.sms || line.url)
                .slice(0, SHOWN)
                .map((line) => h('li', {}, h('strong', {}, line.name), ...waysOf(line))),
        );
    }

    async load() {
        this.resources = [];
        try {
            this.use(await this.crisis.fetch('/crisis/resources'));
        } catch {
            this.resources = null; // the view of all lines says why
        }
    }

    async end() {
        this.safe.disabled = true;
        try {
            await this.onSafe(this.conversation);
            this.onDone(THANKS);
        } catch (error) {
            this.onDone(sentence(error.message));
        }
        this.safe.disabled = false;
    }
}
