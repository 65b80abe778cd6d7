// The markdown of replies as DOM nodes: paragraphs, lists, quotes, headings, code, emphasis, links. Nothing is parsed
// as HTML. A growing text is drawn block by block: only changed blocks are created again.

import { h } from './dom.js';

// No pattern here takes more than linear time, whatever a model writes.
const FENCE = /^\s*(```|~~~)\s*([\w+#.-]*)$/;
const ITEM = /^\s*(?:[-*•]|(\d{1,3})[.)])\s+(.*)$/;

/// Source blocks of one kind each; everything between two fences is one block.
export function blocksOf(text) {
    const blocks = [];
    let kind = null;
    let lines = [];
    const flush = () => {
        if (lines.length) blocks.push({ kind, source: lines.join('\n') });
        lines = [];
        kind = null;
    };
    for (const line of text.split('\n')) {
        const fence = fenceOf(line);
        if (kind === 'code') {
            lines.push(line);
            if (fence && fence[1] === fenceOf(lines[0])[1] && !fence[2]) flush();
            continue;
        }
        const next = kindOf(line, fence);
        if (next !== kind || next === 'heading') flush();
        if (next === null) continue;
        kind = next;
        lines.push(line);
    }
    flush();
    return blocks;
}

const fenceOf = (line) => FENCE.exec(line.trimEnd());

function kindOf(line, fence) {
    if (fence) return 'code';
    if (!line.trim()) return null;
    if (/^#{1,6}\s+\S/.test(line)) return 'heading';
    if (/^\s*>\s?/.test(line)) return 'quote';
    const item = ITEM.exec(line);
    if (item) return item[1] ? 'ordered' : 'bullets';
    return 'paragraph';
}

/// Draws `text` into `container`; unchanged blocks stay.
export function draw(container, text) {
    const blocks = blocksOf(text);
    blocks.forEach((block, i) => {
        const old = container.children[i];
        const key = `${block.kind}:${block.source}`;
        if (old?.source === key) return;
        const node = nodeOf(block);
        node.source = key;
        if (old) old.replaceWith(node);
        else container.append(node);
    });
    while (container.children.length > blocks.length) container.lastElementChild.remove();
}

function nodeOf({ kind, source }) {
    const lines = source.split('\n');
    if (kind === 'code') return code(lines);
    if (kind === 'heading') return h('h4', {}, ...inline(source.replace(/^#+\s+/, '')));
    if (kind === 'quote') return h('blockquote', {}, ...inline(lines.map((l) => l.replace(/^\s*>\s?/, '')).join('\n')));
    if (kind === 'paragraph') return h('p', {}, ...inline(source));
    const items = lines.map((line) => h('li', {}, ...inline(ITEM.exec(line)[2])));
    if (kind === 'bullets') return h('ul', {}, ...items);
    return h('ol', { start: ITEM.exec(lines[0])[1] }, ...items);
}

function code(lines) {
    const language = fenceOf(lines[0])[2];
    const closed = lines.length > 1 && fenceOf(lines.at(-1)) !== null;
    const body = lines.slice(1, closed ? -1 : undefined).join('\n');
    return h('pre', { tabindex: '0', 'aria-label': language ? `Code in ${language}` : 'Code' }, h('code', {}, body));
}

// At each position, in this order: code, strong, emphasis, [text](address), a bare address. None reads beyond the next
// place where it could begin itself, so that a thousand beginnings without an end are read once each.
const SPAN = new RegExp(
    [
        '`([^`\\n]+)`',
        '\\*\\*(?=\\S)((?:[^*\\n]|\\*(?!\\*))+)(?<=\\S)\\*\\*',
        '(?<![\\w*])[*_](\\S(?:[^*_\\n]*?\\S)?)[*_](?![\\w*])',
        '\\[([^[\\]\\n]+)\\]\\((https?://[^\\s)[]+)\\)',
        '(https?://[^\\s<>"]*[^\\s<>".,;:!?)\\]\'”’])',
    ].join('|'),
    'g',
);

function inline(text) {
    const out = [];
    let at = 0;
    for (const found of text.matchAll(SPAN)) {
        if (found.index > at) out.push(text.slice(at, found.index));
        at = found.index + found[0].length;
        const [, mono, strong, emphasis, label, address, bare] = found;
        if (mono !== undefined) out.push(h('code', {}, mono));
        else if (strong !== undefined) out.push(h('strong', {}, ...inline(strong)));
        else if (emphasis !== undefined) out.push(h('em', {}, ...inline(emphasis)));
        else out.push(link(address ?? bare, label ?? bare));
    }
    if (at < text.length) out.push(text.slice(at));
    return out;
}

function link(address, label) {
    return h('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow' }, label);
}
