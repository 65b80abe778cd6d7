// The message field: grows with its text, sends on Enter, holds a draft for each conversation, stops a reply.

import { byId } from './dom.js';

const MAX_HEIGHT = 220;

export class Composer {
    /// Callbacks: onSend(text) returns true when the text was accepted; onStop().
    constructor({ onSend, onStop }) {
        this.form = byId('composer');
        this.field = byId('message');
        this.hint = byId('composer-hint');
        this.sendButton = byId('send');
        this.stopButton = byId('stop');
        this.onSend = onSend;
        this.longest = 32_000; // characters
        this.enterSends = true; // otherwise only Ctrl+Enter or Cmd+Enter sends
        this.drafts = new Map();
        this.draft = null;
        this.form.addEventListener('submit', (event) => {
            event.preventDefault();
            this.submit();
        });
        this.field.addEventListener('input', () => this.changed());
        this.field.addEventListener('keydown', (event) => {
            // On a touch keyboard only Enter makes a new line.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            const sends = this.enterSends && !matchMedia('(pointer: coarse)').matches;
            if (!sends && !event.ctrlKey && !event.metaKey) return;
            event.preventDefault();
            this.submit();
        });
        this.stopButton.addEventListener('click', onStop);
    }

    /// Shows the draft with that key, and the name of the companion.
    moveTo(draft, name) {
        if (this.draft !== null) this.drafts.set(this.draft, this.field.value);
        this.draft = draft;
        this.field.value = this.drafts.get(draft) ?? '';
        this.field.placeholder = `Message ${name}`;
        byId('message-label').textContent = `Message to ${name}`;
        this.changed();
    }

    clear() {
        this.drafts.clear();
        this.draft = null;
        this.field.value = '';
        this.changed();
    }

    setReplying(replying) {
        if (this.stopButton.hidden === !replying) return;
        const hadFocus = document.activeElement === this.stopButton;
        this.stopButton.hidden = !replying;
        this.stopButton.disabled = false;
        if (hadFocus) this.field.focus();
    }

    focus() {
        if (!matchMedia('(pointer: coarse)').matches) this.field.focus();
    }

    submit() {
        const text = this.field.value.trim();
        if (!text || this.tooLong) return this.field.focus();
        if (!this.onSend(text)) return;
        this.field.value = '';
        this.changed();
        this.field.focus();
    }

    changed() {
        const excess = [...this.field.value].length - this.longest;
        this.tooLong = excess > 0;
        this.hint.textContent = excess > 0 ? `Too long by ${excess} characters.` : '';
        this.sendButton.disabled = !this.field.value.trim() || this.tooLong;
        this.field.style.setProperty('height', 'auto');
        this.field.style.setProperty('height', `${Math.min(this.field.scrollHeight, MAX_HEIGHT)}px`);
    }
}
