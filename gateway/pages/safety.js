// The tables of the safety protocol: the notices by place, and the yearly figures. Without them the page is complete
// but for these.

import { byId, duration, h } from './views/dom.js';

const names = new Intl.DisplayNames(['en'], { type: 'region' });
const YEARS = 3;

async function dataOf(path) {
    const answer = await fetch(`/api/v1${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()).data;
}

function placeOf(jurisdiction) {
    if (jurisdiction === '*') return 'Everywhere';
    const [country, region] = jurisdiction.split('-');
    return region ? `${names.of(country)}, ${region}` : names.of(country);
}

const noticeOf = ({ kind, every_seconds, suggests_break, text }) => {
    const when =
        kind === 'start'
            ? `When you begin, at most every ${duration(every_seconds)}`
            : `Every ${duration(every_seconds)} of continued use`;
    return `${when}${suggests_break ? ', with a break' : ''}: “${text}”`;
};

const row = (...cells) => h('tr', {}, ...cells.map((cell) => h('td', {}, cell)));

function fill(id, rows) {
    const table = byId(id);
    table.tBodies[0].replaceChildren(...rows);
    table.hidden = rows.length === 0;
}

function lawOf({ law, source_url, interrupts }) {
    const words = `${law || 'Our own rule'}${interrupts ? ' (conversations are interrupted)' : ''}`;
    return source_url ? h('a', { href: source_url, rel: 'noopener noreferrer' }, words) : words;
}

async function showNotices() {
    const notices = await dataOf('/safety/notices');
    fill(
        'notices',
        notices.map((one) =>
            row(
                placeOf(one.jurisdiction),
                one.audience === 'minors' ? 'Minors' : 'Everybody',
                noticeOf(one),
                one.valid_from,
                lawOf(one),
            ),
        ),
    );
}

const numberOf = (number) => (number === null ? 'hidden' : String(number));

async function showReferrals() {
    const now = new Date().getUTCFullYear();
    const years = await Promise.all(
        Array.from({ length: YEARS }, (_, i) => dataOf(`/safety/referrals?year=${now - i}`)),
    );
    const rows = years.flatMap(({ year, shown, false_alarms, countries }) =>
        countries.length === 0
            ? []
            : [
                  row(String(year), 'All', numberOf(shown), numberOf(false_alarms)),
                  ...countries.map((one) =>
                      row(
                          String(year),
                          one.country ? names.of(one.country) : 'Unknown',
                          numberOf(one.shown),
                          numberOf(one.false_alarms),
                      ),
                  ),
              ],
    );
    fill('referrals', rows);
    byId('no-referrals').hidden = rows.length > 0;
}

for (const show of [showNotices, showReferrals]) show().catch(() => {});
