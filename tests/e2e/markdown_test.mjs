// The page's Markdown reader, without a browser: what it draws, and that no text keeps it busy.

import assert from 'node:assert/strict';

import { declareTest } from '../support/js/harness.mjs';

// The little of the DOM that it uses.
class Node {
    constructor(tag) {
        Object.assign(this, { tag, children: [] });
    }
    append(...nodes) {
        this.children.push(...nodes);
    }
    setAttribute() {}
    get html() {
        const inner = this.children.map((one) => one.html ?? one).join('');
        return `<${this.tag}>${inner}</${this.tag}>`;
    }
}
globalThis.document ??= { createElement: (tag) => new Node(tag) };
const { draw } = await import('../../gateway/pages/views/markdown.js');

function drawn(text) {
    const container = new Node('div');
    draw(container, text);
    return container.children.map((one) => one.html).join('');
}

declareTest('replies are drawn with their emphasis, code and links', async () => {
    for (const [text, html] of [
        ['a **b** c', '<p>a <strong>b</strong> c</p>'],
        ['**a** and **b c**', '<p><strong>a</strong> and <strong>b c</strong></p>'],
        ['**a*b**', '<p><strong>a*b</strong></p>'],
        ['_a_ `b`', '<p><em>a</em> <code>b</code></p>'],
        ['[x](https://a.b/c) [y', '<p><a>x</a> [y</p>'],
        ['``` js  \nx\n```', '<pre><code>x</code></pre>'],
        ['**a\n\n[b](x)', '<p>**a</p><p>[b](x)</p>'],
    ])
        assert.equal(drawn(text), html);
});

// Quadratic time would be a minute for this length; linear time is some milliseconds.
declareTest('no text keeps the page busy, however often it begins something', async () => {
    const length = 200_000;
    const begun = Date.now();
    for (const part of ['[', '**x ', '[a](http://x', '[a](', '***a ', '*', '_', '_a ', '> ', '#', '- ', 'https://.'])
        drawn(part.repeat(length / part.length));
    for (const [begin, end] of ['```|!', 'https://|', '|x'].map((both) => both.split('|')))
        drawn(`${begin}${' .'[Number(begin[0] === 'h')].repeat(length)}${end}`);
    assert.ok(Date.now() - begun < 20_000, `${Date.now() - begun} ms`);
});
