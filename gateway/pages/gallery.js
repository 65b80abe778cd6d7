// The companions one can talk to.

import { byId, h, orb, tint } from './dom.js';

export function showGallery(companions) {
    const cards = companions.map((companion) => {
        const words = [
            h('span', { class: 'name' }, companion.name),
            h('span', { class: 'tagline' }, companion.tagline ?? ''),
        ];
        if (companion.mine) words.push(h('span', { class: 'badge' }, 'Yours'));
        const link = h('a', { class: 'card', href: `#/new/${companion.id}` }, orb(companion, 'large'), ...words);
        tint(link, companion);
        return h('li', {}, link);
    });
    byId('companions').replaceChildren(...cards);
    byId('no-companions').hidden = companions.length > 0;
}

/// The opening of a conversation that has no message yet.
export function showOpening(companion) {
    byId('opening').replaceChildren(
        orb(companion, 'large'),
        h('h2', {}, companion?.name ?? 'New conversation'),
        h('p', {}, companion?.tagline || 'Say hello.'),
    );
}
