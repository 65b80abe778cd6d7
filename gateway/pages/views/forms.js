// Forms that send something to the server: busy meanwhile; each fault is shown at its field. A field `x` has its fault
// in the element `x-fault`; a form has a .problem and may have a .done.

import { byId, h, sentence } from './dom.js';

/// A labelled field with the place for its fault. `options` are those of a <select>; without them it is an <input>.
export function field(label, { hint = null, options = null, ...attributes }) {
    const { id } = attributes;
    const all = { ...attributes, 'aria-describedby': `${id}-fault` };
    const optional = hint === null ? [] : [' ', h('span', { class: 'optional' }, hint)];
    return h(
        'div',
        { class: 'field' },
        h('label', { for: id }, label, ...optional),
        options === null ? h('input', all) : h('select', all, ...options),
        h('p', { id: `${id}-fault`, class: 'fault', 'aria-live': 'polite' }),
    );
}

export const problemLine = () => h('p', { class: 'problem', role: 'alert', hidden: true });
export const doneLine = () => h('span', { class: 'done', role: 'status' });

export function submitLine(label, ...more) {
    return h('p', { class: 'buttons' }, h('button', { class: 'primary', type: 'submit' }, label), ...more);
}

const titled = (tag, id, name, title, attributes, children) =>
    h(
        tag,
        { id, 'aria-labelledby': `${name}-title`, ...attributes },
        h('h3', { id: `${name}-title` }, title),
        problemLine(),
        ...children,
    );

/// A titled part of a dialog that is one form, `<name>-form`.
export const formPart = (name, title, ...children) =>
    titled('form', `${name}-form`, name, title, { novalidate: true }, children);

/// A titled part of a dialog with forms or lists in it.
export const sectionPart = (name, title, attributes, ...children) =>
    titled('section', name, name, title, attributes, children);

/// Runs `submit(values of the fields)` when the form is sent; the text it returns is shown as done.
export function bindForm(form, submit) {
    const button = form.querySelector('[type=submit]');
    const fields = [...form.elements].filter((each) => each.name);
    for (const each of fields) each.addEventListener('input', () => showFault(each, ''));
    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        clear(form);
        for (const each of fields) showFault(each, each.validationMessage);
        if (!focusFault(form)) {
            button.disabled = true;
            form.setAttribute('aria-busy', 'true');
            try {
                const values = Object.fromEntries(fields.map((each) => [each.name, valueOf(each)]));
                show(form, '.done', (await submit(values)) ?? '');
            } catch (error) {
                showError(form, error);
            }
            form.removeAttribute('aria-busy');
            button.disabled = false;
            focusFault(form);
        }
    });
}

function valueOf({ type, value, checked }) {
    if (type === 'checkbox') return checked;
    return type === 'password' ? value : value.trim();
}

/// Removes problems and faults; with `values` also the fields' values.
export function clear(form, { values = false } = {}) {
    show(form, '.problem', '');
    show(form, '.done', '');
    for (const each of form.elements) if (each.name) showFault(each, '');
    if (values) form.reset();
}

// The details at their fields; without any, the message above them.
function showError(form, error) {
    let placed = 0;
    for (const { pointer, message } of Array.isArray(error.details) ? error.details : []) {
        const named = pointer && form.elements[pointer.slice(1)];
        if (!named) continue;
        showFault(named, sentence(message));
        placed += 1;
    }
    if (!placed) show(form, '.problem', sentence(error.message));
}

function show(form, selector, text) {
    const node = form.querySelector(selector);
    if (!node) return;
    node.textContent = text;
    node.hidden = !text;
}

function showFault(input, text) {
    const node = byId(`${input.id}-fault`);
    if (node) node.textContent = text;
    if (text) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
}

function focusFault(form) {
    const wrong = form.querySelector('[aria-invalid]');
    wrong?.focus();
    return wrong !== null;
}
