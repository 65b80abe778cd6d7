// Small pieces of DOM and text that the views share. Text is only ever added as text nodes.

/// h('p', {class: 'x', onclick: f, hidden: true}, 'text', node…)
export function h(tag, props = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
        else node.setAttribute(name, value === true ? '' : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
}

export const byId = (id) => document.getElementById(id);

export function icon(name) {
    const ns = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(ns, 'svg');
    const use = document.createElementNS(ns, 'use');
    use.setAttribute('href', `#icon-${name}`);
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    svg.append(use);
    return svg;
}

const HUES = [278, 48, 352, 205, 152, 310, 95, 240];

/// The face of a companion: a ball in its own colour with two eyes, or its picture.
export function orb(companion, size = '') {
    const node = h('span', { class: `orb ${size}`, 'aria-hidden': 'true' });
    tint(node, companion);
    if (companion?.avatar) {
        const picture = h('img', { src: companion.avatar, alt: '', onerror: () => picture.remove() });
        node.append(picture);
    }
    return node;
}

export function tint(node, companion) {
    node.style.setProperty('--hue', String(HUES[(companion?.index ?? 0) % HUES.length]));
}

const UNITS = [
    ['year', 31_536_000],
    ['month', 2_592_000],
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });

/// "5 min. ago", "in 3 hr."
export function relativeTime(text, now = Date.now()) {
    const seconds = (Date.parse(text) - now) / 1000;
    if (Number.isNaN(seconds)) return '';
    for (const [unit, length] of UNITS)
        if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
    return seconds > 0 ? 'in a moment' : 'now';
}

export function duration(seconds) {
    if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
    if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
    return `${Math.round(seconds / 3_600)} h`;
}

const dollars = new Intl.NumberFormat(undefined, { maximumFractionDigits: 9 });

/// Nano-dollars as "0.000123 USD".
export const usd = (nanos) => `${dollars.format(nanos / 1e9)} USD`;

/// A part of a page under a title of its own.
export const part = (id, title, ...children) =>
    h('section', { 'aria-labelledby': `${id}-title` }, h('h2', { id: `${id}-title` }, title), ...children);

/// A table that scrolls where it is too wide. The cells of a row are texts or nodes; the first one is its header.
export function table(label, columns, rows) {
    const rowOf = ([name, ...cells]) =>
        h('tr', {}, h('th', { scope: 'row' }, name), ...cells.map((cell) => h('td', {}, cell)));
    return h(
        'div',
        { class: 'table', role: 'region', 'aria-label': label, tabindex: '0' },
        h(
            'table',
            {},
            h('thead', {}, h('tr', {}, ...columns.map((text) => h('th', { scope: 'col' }, text)))),
            h('tbody', {}, ...rows.map(rowOf)),
        ),
    );
}

/// A message of the server, which begins in lower case and has no full stop, as a sentence.
export function sentence(text) {
    const begun = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
