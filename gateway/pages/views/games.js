// A part of the account dialog: a session of a game, with its time, what the companion sees and what it does.

import { h } from './dom.js';
import { field, sectionPart } from './forms.js';

const REFRESH = 2000; // ms between looks at an active session

const running = ({ status }) => status === 'pending' || status === 'active';

// "1:05:09" until a time; "0:00" when it is past.
function timeLeft(end) {
    const seconds = Math.max(0, Math.round((Date.parse(end) - Date.now()) / 1000));
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    if (parts[0] === 0) parts.shift();
    return parts.map((each, i) => (i === 0 ? String(each) : String(each).padStart(2, '0'))).join(':');
}

const titleOf = (game) => game[0].toUpperCase() + game.slice(1);

const place = ({ x, y, z }) => [x, y, z].map((each) => Math.round(each)).join(', ');

export class Games {
    /// `attempt(act)` runs what may fail and shows the problem in this part. Hidden where the plan has no games.
    constructor(session, { attempt }) {
        Object.assign(this, { session, attempt, timer: null, types: [] });
        this.content = h('div', { id: 'game-session' });
        this.element = sectionPart('games', 'Games', { hidden: true }, this.content);
    }

    async load() {
        const { resources } = await this.session.get('/usage/summary');
        const time = resources.find(({ resource }) => resource === 'gaming_seconds');
        this.element.hidden = !time || time.limit === 0;
        if (this.element.hidden) return;
        ({ gaming_types: this.types } = await this.session.getPublic('/settings'));
        await this.refresh();
    }

    clear() {
        clearTimeout(this.timer);
        this.timer = null;
        this.content.replaceChildren();
    }

    /// A session of the user's has changed.
    async changed() {
        if (this.content.isConnected && !this.element.hidden) await this.attempt(() => this.refresh());
    }

    async refresh() {
        clearTimeout(this.timer);
        const [session] = await this.session.get('/gaming/sessions?limit=1');
        if (!session || !running(session)) return this.showStart(session);
        const commands = await this.session.get(`/gaming/sessions/${session.id}/commands?limit=5`);
        this.showRunning(session, commands);
        this.timer = setTimeout(() => this.changed(), REFRESH);
    }

    showStart(last) {
        const player = field('Your name in the game', { hint: 'optional', id: 'game-player', autocomplete: 'off' });
        const start = (game) =>
            this.attempt(async () => {
                const name = player.querySelector('input').value.trim();
                await this.session.request('POST', '/gaming/sessions', { game, ...(name && { player_name: name }) });
                await this.refresh();
            });
        const button = (game) =>
            h('button', { type: 'button', class: 'primary', onclick: () => start(game) }, `Play ${titleOf(game)}`);
        this.content.replaceChildren(
            h('p', { class: 'aside', role: 'status' }, this.endOf(last)),
            player,
            h('p', { class: 'buttons' }, ...this.types.map(button)),
        );
    }

    endOf(last) {
        if (!last) return 'Your companion joins a game and acts there as you say.';
        if (last.status === 'error') return `The last session failed: ${last.error_code}.`;
        return `The last session took ${Math.ceil(last.seconds / 60)} min.`;
    }

    showRunning(session, commands) {
        const { connection_details: where, state } = session;
        const stop = () =>
            this.attempt(async () => {
                await this.session.request('POST', `/gaming/sessions/${session.id}/end`, {});
                await this.refresh();
            });
        const revoke = (name) => () =>
            this.attempt(async () => {
                const path = `/gaming/sessions/${session.id}/players/${encodeURIComponent(name)}`;
                await this.session.request('DELETE', path);
                await this.refresh();
            });
        const facts = [
            ['Game', titleOf(session.game)],
            ['Status', session.status],
            ['Time left', session.ends_at ? timeLeft(session.ends_at) : ''],
            ['Server', where.server_address ? `${where.server_address}:${where.port}` : ''],
            ['Code to say there', where.access_code],
            ['Companion', session.companion_name],
            ['Health', state.health ?? ''],
            ['Place', state.position ? place(state.position) : ''],
            ['Near', (state.nearby ?? []).map(({ name }) => name).join(', ')],
        ].filter(([, value]) => value !== '');
        this.content.replaceChildren(
            h(
                'dl',
                { id: 'game-facts', 'data-status': session.status },
                ...facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, String(value))]),
            ),
            h(
                'ul',
                { id: 'game-players', class: 'rows', 'aria-label': 'Players who may command' },
                ...session.players.map((name) =>
                    h(
                        'li',
                        {},
                        h('span', {}, `${name} may command `),
                        h(
                            'button',
                            { type: 'button', class: 'link', 'aria-label': `Forbid ${name}`, onclick: revoke(name) },
                            'Forbid',
                        ),
                    ),
                ),
            ),
            h(
                'ul',
                { id: 'game-commands', class: 'rows' },
                ...commands.map(({ verb, state: at, result }) =>
                    h('li', {}, h('strong', {}, verb), h('span', { class: 'aside' }, ` ${result?.outcome ?? at}`)),
                ),
            ),
            h(
                'p',
                { class: 'buttons' },
                h('button', { type: 'button', class: 'link', onclick: stop }, 'End the session'),
            ),
        );
    }
}
