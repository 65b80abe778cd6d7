// One small dialog that asks for confirmation or for one line of text; the header of the others; and saving a file.

import { byId, h, icon, sentence } from './dom.js';
import { plainCode } from './two_factor.js';

byId('question').append(
    h(
        'form',
        { method: 'dialog' },
        h('h2', { id: 'question-title' }),
        h('p', { id: 'question-text' }),
        h(
            'div',
            { id: 'question-entry', class: 'field' },
            h('label', { id: 'question-label', for: 'question-field' }),
            h('input', { id: 'question-field', type: 'text', maxlength: '200', autocomplete: 'off' }),
        ),
        h(
            'p',
            { class: 'buttons' },
            h('button', { id: 'question-yes', class: 'primary', type: 'submit', value: 'yes' }),
            h('button', { id: 'question-no', class: 'link', type: 'button' }, 'Cancel'),
        ),
    ),
);

/// The header of the dialog `name`: its title and the button that closes it.
export function dialogHeader(name, title) {
    const close = { id: `${name}-close`, class: 'round', type: 'button', 'aria-label': 'Close' };
    return h(
        'header',
        {},
        h('h2', { id: `${name}-title` }, title),
        h('button', { ...close, onclick: () => byId(name).close() }, icon('close')),
    );
}

/// Resolves to the text entered (without a `label`: to true), or to null when cancelled. `secret` hides the text.
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

/// Asks for what proves the user's identity, of those `proofs` that can be given here; see Session.askProof.
export async function askProof(proofs, problem) {
    const name = ['password', 'code'].find((each) => proofs.includes(each));
    if (!name) return null;
    const secret = name === 'password';
    const given = await ask({
        title: 'Is it you?',
        text: problem ? sentence(problem) : 'Confirm this change.',
        label: secret ? 'Your password' : 'A code from the app, or a recovery code',
        secret,
        action: 'Confirm',
    });
    return given ? { [name]: secret ? given : plainCode(given) } : null;
}

/// Offers `text` as a file to download.
export function save(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = h('a', { href: url, download: name });
    link.click();
    URL.revokeObjectURL(url);
}
