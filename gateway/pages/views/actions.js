// The actions in a conversation's header: star, rename, archive, export, delete.

import { ask, save } from './dialogs.js';
import { byId, sentence } from './dom.js';

const FILES = { json: ['json', 'application/json'], markdown: ['md', 'text/markdown'] };

export class ConversationActions {
    /// Callbacks: onChanged() when lists and titles must be drawn again, onDeleted(id), onRestored(id),
    /// toast(text, {label, run}).
    constructor({ onChanged, onDeleted, onRestored, toast }) {
        Object.assign(this, { onChanged, onDeleted, onRestored, toast });
        this.library = null;
        this.conversation = null;
        this.button = byId('more');
        this.menu = byId('more-actions');
        byId('star').addEventListener('click', () => this.run('star'));
        this.button.addEventListener('click', () => this.open(this.menu.hidden));
        this.menu.addEventListener('click', ({ target }) => {
            this.open(false);
            this.button.focus();
            if (target.dataset.act) this.run(target.dataset.act, target.dataset.format);
        });
        document.addEventListener('click', ({ target }) => {
            if (!byId('chat-actions').contains(target)) this.open(false);
        });
        byId('chat-actions').addEventListener('keydown', ({ key }) => {
            if (key !== 'Escape' || this.menu.hidden) return;
            this.open(false);
            this.button.focus();
        });
    }

    /// `conversation` is null in a draft.
    show(library, conversation) {
        if (conversation?.id !== this.conversation?.id) this.open(false);
        Object.assign(this, { library, conversation });
        byId('chat-actions').hidden = !conversation;
        if (!conversation) return;
        byId('star').setAttribute('aria-pressed', String(conversation.starred));
        byId('archive').textContent = conversation.archived ? 'Move out of the archive' : 'Archive';
    }

    open(shown) {
        this.menu.hidden = !shown;
        this.button.setAttribute('aria-expanded', String(shown));
        if (shown) this.menu.firstElementChild.focus();
    }

    async run(act, format) {
        try {
            await this[act](this.library, this.conversation, format);
        } catch (error) {
            this.toast(sentence(error.message));
        }
        this.onChanged();
    }

    star(library, { id, starred }) {
        return library.change(id, { starred: !starred });
    }

    async rename(library, { id, title }) {
        const question = { title: 'Rename the conversation', label: 'Title', value: title, action: 'Rename' };
        const changed = await ask(question);
        if (changed !== null) await library.change(id, { title: changed });
    }

    async archive(library, { id, archived }) {
        await library.change(id, { archived: !archived });
        const undo = () => library.change(id, { archived });
        const text = archived ? 'The conversation is no longer archived.' : 'The conversation is archived.';
        this.toast(text, { label: 'Undo', run: () => this.undo(undo) });
    }

    async export(library, { id, title }, format) {
        const [ending, type] = FILES[format];
        const name = title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'conversation';
        save(`${name}.${ending}`, type, await library.exported(id, format));
    }

    async remove(library, { id }) {
        await library.remove(id);
        this.onDeleted(id);
        const undo = async () => {
            await library.restore(id);
            this.onRestored(id);
        };
        this.toast('The conversation is deleted.', { label: 'Undo', run: () => this.undo(undo) });
    }

    async undo(undo) {
        try {
            await undo();
        } catch (error) {
            this.toast(sentence(error.message), { label: 'Try again', run: () => this.undo(undo) });
        }
        this.onChanged();
    }
}
