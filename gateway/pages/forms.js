// A form that asks the server for something: busy meanwhile, and what is wrong is said at the field where it is wrong.
// A field `x` has its fault in the element `x-fault`; the form has a .problem and may have a .done.

import { byId, sentence } from './dom.js';

/// Runs `act(values of the fields)` when the form is sent; the text it returns is told as done.
export function bindForm(form, act) {
    const button = form.querySelector('[type=submit]');
    const fields = [...form.elements].filter((field) => field.name);
    for (const field of fields) field.addEventListener('input', () => fault(field, ''));
    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        clear(form);
        for (const field of fields) fault(field, field.validationMessage);
        if (!focusFault(form)) {
            button.disabled = true;
            form.setAttribute('aria-busy', 'true');
            try {
                const given = Object.fromEntries(fields.map((field) => [field.name, valueOf(field)]));
                say(form, '.done', (await act(given)) ?? '');
            } catch (error) {
                explain(form, error);
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

/// Takes back all that was said; with `values` also what was entered.
export function clear(form, { values = false } = {}) {
    say(form, '.problem', '');
    say(form, '.done', '');
    for (const field of form.elements) if (field.name) fault(field, '');
    if (values) form.reset();
}

/// Puts the faults of an answer at their fields, and the rest above them.
export function explain(form, error) {
    let placed = 0;
    for (const { pointer, message } of Array.isArray(error.details) ? error.details : []) {
        const field = pointer && form.elements[pointer.slice(1)];
        if (!field) continue;
        fault(field, sentence(message));
        placed += 1;
    }
    if (!placed) say(form, '.problem', sentence(error.message));
}

function say(form, where, text) {
    const place = form.querySelector(where);
    if (!place) return;
    place.textContent = text;
    place.hidden = !text;
}

function fault(field, text) {
    const place = byId(`${field.id}-fault`);
    if (place) place.textContent = text;
    if (text) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
}

function focusFault(form) {
    const wrong = form.querySelector('[aria-invalid]');
    wrong?.focus();
    return wrong !== null;
}
