// Help in a crisis: the link that is on every view, and the dialog with the help lines of the user's country.

import { dialogHeader } from './dialogs.js';
import { byId, h, sentence } from './dom.js';

const DIRECTORY = 'https://findahelpline.com';
const regions = new Intl.DisplayNames(undefined, { type: 'region' });
const languages = new Intl.DisplayNames(undefined, { type: 'language' });
const days = Array.from({ length: 7 }, (_, i) =>
    new Intl.DateTimeFormat(undefined, { weekday: 'short', timeZone: 'UTC' }).format(
        new Date(Date.UTC(2024, 0, i + 1)),
    ),
);

const digits = (number) => number.replace(/[^0-9]/g, '');
const outside = { target: '_blank', rel: 'noopener noreferrer' };

/// The links that call, text or open a help line.
export function waysOf({ dial, sms, url }) {
    return [
        dial && h('a', { href: `tel:${digits(dial)}` }, `Call ${dial}`),
        sms &&
            h(
                'a',
                { href: `sms:${digits(sms.number)}` },
                sms.keyword ? `Text ${sms.keyword} to ${sms.number}` : `Text ${sms.number}`,
            ),
        url && h('a', { href: url, ...outside }, new URL(url).host.replace(/^www\./, '')),
    ];
}

function hoursOf({ hours, open }) {
    if (hours === null) return 'Hours unknown';
    if (hours === '24/7') return 'Day and night';
    const on = hours.days.length === 7 ? '' : ` on ${hours.days.map((day) => days[day - 1]).join(', ')}`;
    return `${open ? 'Open now' : 'Shut now'}: ${hours.opens} to ${hours.closes}${on}`;
}

const notesOf = (line) =>
    [
        line.kind === 'youth' && 'For young people',
        line.dial || line.sms ? hoursOf(line) : null,
        line.languages.map((code) => languages.of(code)).join(', '),
        line.source.verified_on === null && 'This number is not verified',
    ].filter(Boolean);

export class CrisisView {
    constructor(session) {
        this.session = session;
        this.countries = [];
        this.dialog = byId('crisis');
        this.country = h('select', { id: 'crisis-country', onchange: () => this.load(this.country.value) });
        this.problem = h('p', { class: 'problem', role: 'alert', hidden: true });
        this.lines = h('ul', { id: 'crisis-lines', class: 'rows', 'aria-live': 'polite' });
        byId('help').append(
            h('button', { id: 'help-open', class: 'link', type: 'button', onclick: () => this.open() }, 'Get help now'),
            h('a', { id: 'safety-link', href: '/safety', ...outside }, 'How we keep people safe'),
        );
        this.dialog.append(
            dialogHeader('crisis', 'Help now'),
            h(
                'p',
                {},
                h('span', { class: 'product' }, 'AIRI'),
                ' is no crisis service, and its companions are AI. These people listen. ',
                'If you or others are in danger, call your emergency number.',
            ),
            h('div', { class: 'field' }, h('label', { for: 'crisis-country' }, 'Country'), this.country),
            this.problem,
            this.lines,
            h(
                'p',
                { class: 'aside' },
                'More lines, in most countries: ',
                h('a', { href: DIRECTORY, ...outside }, DIRECTORY),
            ),
        );
    }

    open() {
        this.dialog.showModal();
        return this.load();
    }

    /// `country`: what the user has picked, null for what the server knows.
    async load(country = null) {
        const load = (this.latest = {});
        const path = `/crisis/resources${country ? `?country=${encodeURIComponent(country)}` : ''}`;
        let data = null;
        try {
            data = await this.fetch(path);
        } catch (error) {
            if (load === this.latest) this.problem.textContent = sentence(error.message);
        }
        if (load !== this.latest) return;
        this.problem.hidden = data !== null;
        if (data) this.show(data);
    }

    /// Opens with the lines that the server has sent, because a message needs them.
    async present({ country, resources }) {
        const load = (this.latest = {});
        const shown = { country: country === '*' ? null : country, countries: this.countries, resources };
        this.problem.hidden = true;
        this.show(shown);
        if (!this.dialog.open) this.dialog.showModal();
        if (this.countries.length) return;
        const { countries } = await this.fetch('/crisis/resources?country=*').catch(() => shown);
        if (load === this.latest) this.show({ ...shown, countries });
    }

    // The profile may name a country; without a valid session the lines are there all the same.
    async fetch(path) {
        if (this.session.user)
            try {
                return await this.session.get(path);
            } catch {
                // Below.
            }
        return this.session.getPublic(path);
    }

    show({ country, countries, resources }) {
        this.countries = countries;
        const codes = new Set(country ? [...countries, country] : countries);
        const named = [...codes].map((code) => [code, regions.of(code)]).sort((a, b) => a[1].localeCompare(b[1]));
        this.country.replaceChildren(
            h('option', { value: '*' }, 'Another country'),
            ...named.map(([code, name]) => h('option', { value: code }, name)),
        );
        this.country.value = country ?? '*';
        if (this.country.value === '') this.country.value = '*';
        this.lines.replaceChildren(
            ...resources.map((line) =>
                h(
                    'li',
                    {},
                    h(
                        'div',
                        { class: 'words' },
                        h('strong', {}, line.name),
                        h('span', { class: 'aside' }, notesOf(line).join(' · ')),
                    ),
                    h('p', { class: 'ways' }, ...waysOf(line)),
                ),
            ),
        );
    }
}
