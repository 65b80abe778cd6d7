// The field one writes in: grows with its text, sends with Enter, keeps a draft for each conversation, stops a reply.

import { byId } from './dom.js';

const TALLEST = 220;
const utf8 = new TextEncoder();

export class Composer {
    /// Callbacks: onSend(text) true when taken; onStop().
    constructor({ onSend, onStop }) {
        this.form = byId('composer');
        this.field = byId('message');
        this.hint = byId('composer-hint');
        this.sendButton = byId('send');
        this.stopButton = byId('stop');
        this.onSend = onSend;
        this.maxBytes = 32_000;
        this.enterSends = true; // otherwise it takes Ctrl or Cmd as well
        this.drafts = new Map();
        this.place = null;
        this.form.addEventListener('submit', (event) => {
            event.preventDefault();
            this.submit();
        });
        this.field.addEventListener('input', () => this.changed());
        this.field.addEventListener('keydown', (event) => {
            // On a touch keyboard Enter is the only way to a new line.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            const sends = this.enterSends && !matchMedia('(pointer: coarse)').matches;
            if (!sends && !event.ctrlKey && !event.metaKey) return;
            event.preventDefault();
            this.submit();
        });
        this.stopButton.addEventListener('click', onStop);
    }

    /// Shows the draft of `place`, and whom the message goes to.
    moveTo(place, name) {
        if (this.place !== null) this.drafts.set(this.place, this.field.value);
        this.place = place;
        this.field.value = this.drafts.get(place) ?? '';
        this.field.placeholder = `Message ${name}`;
        byId('message-label').textContent = `Message to ${name}`;
        this.changed();
    }

    clear() {
        this.drafts.clear();
        this.place = null;
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
        const over = utf8.encode(this.field.value).length - this.maxBytes;
        this.tooLong = over > 0;
        this.hint.textContent = over > 0 ? `Too long by ${over} bytes.` : '';
        this.sendButton.disabled = !this.field.value.trim() || this.tooLong;
        this.field.style.setProperty('height', 'auto');
        this.field.style.setProperty('height', `${Math.min(this.field.scrollHeight, TALLEST)}px`);
    }
}
