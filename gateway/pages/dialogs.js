// One small dialog that asks before something is done, or for one line of text.

import { byId } from './dom.js';

/// The text that was entered (without a `label`: true), or null when it was cancelled. A `secret` one is not shown.
export function ask({ title, text = '', label = null, value = '', secret = false, action }) {
    const dialog = byId('question');
    const field = byId('question-field');
    byId('question-title').textContent = title;
    byId('question-text').textContent = text;
    byId('question-entry').hidden = label === null;
    byId('question-label').textContent = label ?? '';
    byId('question-yes').textContent = action;
    byId('question-no').onclick = () => dialog.close('no');
    field.type = secret ? 'password' : 'text';
    field.value = value;
    dialog.returnValue = 'no';
    dialog.showModal();
    if (label) field.select();
    return new Promise((resolve) => {
        const answer = () => (label === null ? true : secret ? field.value : field.value.trim());
        dialog.onclose = () => resolve(dialog.returnValue === 'yes' ? answer() : null);
    });
}

/// Offers `text` to be kept as a file.
export function save(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    URL.revokeObjectURL(url);
}
