// Blocked terms and patterns for administrators: search, add, change, take out of force; beside them the counts of the
// shadow's rules.

import { h, part, relativeTime, sentence, table } from './dom.js';
import { bindForm, doneLine, field, problemLine, submitLine } from './forms.js';

const MOST = 200; // rows shown at once
const DAYS = 7;
const CATEGORIES = ['harassment', 'hate', 'self_harm', 'sexual', 'violence', 'spam', 'other'];
const KINDS = { words: 'Words', pattern: 'Pattern' };
const PLACES = { live: 'In force', shadow: 'Shadow: only counted' };
const ACTIONS = { warn: 'Warn', review: 'Hold for a person', block: 'Block', none: 'None: not in force' };
const WAYS = { same: 'same', stricter: 'shadow stricter', milder: 'shadow milder' };

const optionsOf = (labels) => Object.entries(labels).map(([value, label]) => h('option', { value }, label));

export class TermsView {
    constructor(session, { announce }) {
        Object.assign(this, { session, announce });
        this.node = document.getElementById('terms');
    }

    clear() {
        this.node.replaceChildren();
        this.begun = false;
    }

    begin() {
        this.begun = true;
        this.found = h('div', { id: 'terms-found' });
        this.counts = h('div', { id: 'shadow-counts' });
        this.node.replaceChildren(
            part('terms-change', 'Set a term', this.changeForm()),
            part('terms-list', 'Terms and patterns', this.searchForm(), this.found),
            part('shadow', `What the shadow would have done in ${DAYS} days`, this.counts, this.refresh()),
        );
        this.showTerms();
        this.showShadow();
    }

    refresh() {
        const button = { type: 'button', class: 'link', onclick: () => this.showShadow() };
        return h('p', { class: 'buttons' }, h('button', button, 'Look again'));
    }

    changeForm() {
        const categories = CATEGORIES.map((name) => h('option', {}, name));
        this.form = h(
            'form',
            { id: 'term-form', class: 'wide', novalidate: true },
            problemLine(),
            field('Term', { id: 'term', name: 'term', required: true, maxlength: '100', autocomplete: 'off' }),
            field('Kind', { id: 'term-kind', name: 'kind', options: optionsOf(KINDS) }),
            field('Category', { id: 'term-category', name: 'category', options: categories }),
            field('Action', { id: 'term-action', name: 'action', options: optionsOf(ACTIONS) }),
            field('Rules', { id: 'term-place', name: 'place', options: optionsOf(PLACES) }),
            submitLine('Set', doneLine()),
        );
        bindForm(this.form, async ({ term, kind, category, action, place }) => {
            await this.set({ term, category, action, pattern: kind === 'pattern', shadow: place === 'shadow' });
            this.form.elements.term.value = '';
            return 'It is set.';
        });
        return this.form;
    }

    searchForm() {
        const form = h(
            'form',
            { id: 'term-search', class: 'wide', novalidate: true, role: 'search' },
            problemLine(),
            field('Contains', { hint: 'optional', id: 'term-contains', name: 'search', maxlength: '100' }),
            submitLine('Search'),
        );
        bindForm(form, async ({ search }) => {
            this.search = search;
            await this.loadTerms();
        });
        this.search = '';
        return form;
    }

    async set(term) {
        await this.session.request('PATCH', '/admin/moderation/terms', { terms: [term] });
        await this.loadTerms();
        this.announce(`${term.term} is set.`);
    }

    // Shows the problem of `act` in the node.
    async attempt(node, act) {
        try {
            await act();
        } catch (error) {
            node.replaceChildren(h('p', { class: 'problem', role: 'alert' }, sentence(error.message)));
        }
    }

    showTerms() {
        return this.attempt(this.found, () => this.loadTerms());
    }

    async loadTerms() {
        const search = this.search ? `&search=${encodeURIComponent(this.search)}` : '';
        const terms = await this.session.get(`/admin/moderation/terms?limit=${MOST}${search}`);
        if (terms.length === 0) {
            this.found.replaceChildren(h('p', {}, 'There is no such term.'));
            return;
        }
        const columns = ['Term', 'Kind', 'Category', 'Action', 'Rules', 'Changed', 'Do'];
        const rows = terms.map((term) => this.termRow(term));
        this.found.replaceChildren(
            table('The terms that were found', columns, rows),
            h('p', { class: 'aside', hidden: terms.length < MOST }, `The first ${MOST}: search for others.`),
        );
    }

    termRow({ term, category, action, pattern, shadow, changed_at: at }) {
        const act = (label, onclick) => h('button', { type: 'button', class: 'link', onclick }, label);
        const acts = [act('Change', () => this.edit({ term, category, action, pattern, shadow }))];
        const remove = () =>
            this.attempt(this.found, () => this.set({ term, category, action: 'none', pattern, shadow }));
        if (action !== 'none') acts.push(act('Remove', remove));
        return [
            h('code', {}, term),
            pattern ? KINDS.pattern : KINDS.words,
            category,
            action,
            shadow ? 'shadow' : 'in force',
            at ? relativeTime(at) : 'as the profile has it',
            h('span', { class: 'acts' }, ...acts),
        ];
    }

    // Fills the form. The key of a row is its term, kind and place: a change of one of these makes another row.
    edit({ term, category, action, pattern, shadow }) {
        const { elements } = this.form;
        elements.term.value = term;
        elements.kind.value = pattern ? 'pattern' : 'words';
        elements.category.value = category;
        elements.action.value = action;
        elements.place.value = shadow ? 'shadow' : 'live';
        elements.action.focus();
    }

    showShadow() {
        return this.attempt(this.counts, async () => {
            const counts = await this.session.get(`/admin/moderation/shadow?days=${DAYS}`);
            if (counts.length === 0) {
                this.counts.replaceChildren(h('p', {}, 'The shadow has judged no message.'));
                return;
            }
            const rows = counts.map(({ day, category, live, shadow, way, messages }) => [
                day,
                category,
                live,
                shadow,
                WAYS[way],
                String(messages),
            ]);
            const columns = ['Day', 'Category', 'In force', 'Shadow', 'Difference', 'Messages'];
            this.counts.replaceChildren(table('The rules in force beside the shadow', columns, rows));
        });
    }
}
