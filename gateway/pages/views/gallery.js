// The companions that the user can talk to.

import { byId, h, orb, tint } from './dom.js';

export function showGallery(companions) {
    const cards = companions.map((companion) => {
        const parts = [
            h('span', { class: 'name' }, companion.name),
            h('span', { class: 'tagline' }, companion.tagline ?? ''),
        ];
        if (companion.mine) parts.push(h('span', { class: 'badge' }, 'Yours'));
        const link = h('a', { class: 'card', href: `#/new/${companion.id}` }, orb(companion, 'large'), ...parts);
        tint(link, companion);
        return h('li', {}, link);
    });
    byId('companions').replaceChildren(...cards);
    byId('no-companions').hidden = companions.length > 0;
}

/// Shown in a conversation without messages.
export function showOpening(companion) {
    byId('opening').replaceChildren(
        orb(companion, 'large'),
        h('h2', {}, companion?.name ?? 'New conversation'),
        h('p', {}, companion?.tagline || 'Say hello.'),
    );
}
