// Topics for a super: dead letters, replays and consumer groups. The operations worker carries out what is asked for
// here; this page asks it again until it has ended.

import { h, part, relativeTime, sentence, table } from './dom.js';
import { bindForm, field, problemLine, submitLine } from './forms.js';

const ENDED = ['done', 'failed', 'cancelled'];
const POLL = 400; // ms
const counted = (count, what) => `${count} ${what}${count === 1 ? '' : 's'}`;

export class OperationsView {
    constructor(session, { announce }) {
        Object.assign(this, { session, announce });
        this.node = document.getElementById('operations');
    }

    clear() {
        this.node.replaceChildren();
        this.latest = null;
        this.begun = false;
    }

    begin() {
        this.begun = true;
        this.latest = {};
        this.letters = h('div', { id: 'letters' });
        this.groups = h('div', { id: 'groups' });
        this.step = h('div', { id: 'step', tabindex: '-1' });
        this.node.replaceChildren(this.lettersPart(), this.step, this.replayPart(), this.groupsPart());
        this.showLetters();
        this.showGroups();
    }

    refresh(label, onclick) {
        return h('p', { class: 'buttons' }, h('button', { type: 'button', class: 'link', onclick }, label));
    }

    // --- operations

    // The ended operation; `progress` gets it each time it is read. Throws when it failed.
    async run(kind, parameters, progress = () => {}) {
        const page = this.latest;
        const { data } = await this.session.request('POST', '/admin/operations', { kind, ...parameters });
        let operation = data;
        while (!ENDED.includes(operation.state)) {
            await new Promise((resume) => setTimeout(resume, POLL));
            if (page !== this.latest) throw new Error('you have logged out');
            operation = await this.session.get(`/admin/operations/${operation.id}`);
            progress(operation);
        }
        if (operation.state === 'failed') throw new Error(operation.error);
        return operation;
    }

    // Runs `act` and shows its problem in the node.
    async attempt(node, act) {
        try {
            await act();
        } catch (error) {
            node.append(h('p', { class: 'problem', role: 'alert' }, sentence(error.message)));
        }
    }

    // --- dead letters

    lettersPart() {
        const refresh = this.refresh('Look again', () => this.showLetters());
        return part('letters', 'Dead letters', this.letters, refresh);
    }

    showLetters() {
        return this.attempt(this.letters, async () => {
            this.letters.replaceChildren(h('p', {}, 'Reading the topics…'));
            const { result } = await this.run('list_dead_letters', {});
            const kinds = result.dead_letters;
            if (kinds.length === 0) {
                this.letters.replaceChildren(h('p', {}, 'There is no dead letter.'));
                return;
            }
            const columns = ['Topic', 'Given up by', 'Error', 'Decision', 'Letters', 'Last', 'Actions'];
            this.letters.replaceChildren(
                table(
                    'Dead letters by error',
                    columns,
                    kinds.map((kind) => this.kindRow(kind)),
                ),
            );
        });
    }

    kindRow(kind) {
        const { topic, group, error, decision, records, last } = kind;
        const meant = {
            topic,
            ...(group && { group }),
            ...(error && { error: error.slice(0, 200) }),
            decided: decision,
        };
        const act = (label, onclick) => h('button', { type: 'button', class: 'link', onclick }, label);
        const acts = [act('Show', () => this.showKind(meant))];
        if (decision !== 'retried') acts.push(act('Retry', () => this.preview('retry_dead_letters', meant)));
        if (decision === 'waiting') acts.push(act('Park', () => this.preview('park_dead_letters', meant)));
        if (decision === 'waiting' || decision === 'parked')
            acts.push(act('Drop', () => this.preview('drop_dead_letters', meant)));
        return [
            topic,
            group,
            error,
            decision,
            String(records),
            relativeTime(last),
            h('span', { class: 'acts' }, ...acts),
        ];
    }

    showKind(meant) {
        return this.inStep('Dead letters of one error', async (body) => {
            const { result } = await this.run('show_dead_letters', { ...meant, limit: 20 });
            const rows = result.dead_letters.map((letter) => [
                `${letter.partition}/${letter.offset}`,
                letter.key,
                letter.event_type,
                letter.attempts,
                String(letter.replays),
                counted(letter.bytes, 'byte'),
                relativeTime(letter.at),
            ]);
            const columns = ['Place', 'Key', 'Event', 'Attempts', 'Replays', 'Value', 'Given up'];
            body.append(table('The first of these dead letters', columns, rows));
        });
    }

    // --- one step at a time: a preview, then the operation itself with its progress

    async inStep(title, act) {
        const body = h('div', {});
        const close = h(
            'button',
            { type: 'button', class: 'link', onclick: () => this.step.replaceChildren() },
            'Close',
        );
        this.step.replaceChildren(part('step', title, body, h('p', { class: 'buttons' }, close)));
        this.step.focus();
        await this.attempt(body, () => act(body));
    }

    preview(kind, parameters) {
        const [name, verb] = {
            retry_dead_letters: ['Retry of dead letters', 'Retry'],
            park_dead_letters: ['Parking of dead letters', 'Park'],
            drop_dead_letters: ['Dropping of dead letters', 'Drop'],
            replay: ['Replay', 'Replay'],
        }[kind];
        return this.inStep(name, async (body) => {
            body.append(h('p', {}, 'Counting the records…'));
            const { result } = await this.run(kind, { ...parameters, dry_run: true });
            const counts = Object.entries(result.by_hour).map(([hour, count]) => [hour, String(count)]);
            const types = Object.entries(result.by_type).map(([type, count]) => [type, String(count)]);
            body.replaceChildren(
                h('p', { id: 'preview' }, `${result.matched} of ${counted(result.read, 'record')} match.`),
            );
            if (result.matched === 0) return;
            const go = h(
                'button',
                { type: 'button', class: 'primary', onclick: () => this.carryOut(kind, parameters, name) },
                `${verb} ${counted(result.matched, 'record')}`,
            );
            body.append(
                table('Records by type', ['Type', 'Records'], types),
                table('Records by hour', ['Hour', 'Records'], counts),
                h('p', { class: 'buttons' }, go),
            );
        });
    }

    carryOut(kind, parameters, name) {
        return this.inStep(name, async (body) => {
            const shown = h('p', { id: 'progress', role: 'status' }, 'It begins…');
            let cancel = null;
            body.append(shown);
            const end = await this.run(kind, parameters, (operation) => {
                const { sent = 0, left = 0 } = operation.progress;
                shown.textContent = `${counted(sent, 'record')} sent, ${left} left to read.`;
                if (cancel || ENDED.includes(operation.state)) return;
                const stop = () =>
                    this.attempt(body, () =>
                        this.session.request('POST', `/admin/operations/${operation.id}/cancel`, {}),
                    );
                cancel = h('button', { type: 'button', class: 'link', onclick: stop }, 'Stop it');
                body.append(cancel);
            });
            cancel?.remove();
            const did = end.state === 'cancelled' ? 'It was stopped' : 'It is done';
            shown.textContent = `${did}: ${counted(end.result.sent, 'record')} sent.`;
            this.announce(shown.textContent);
            if (kind !== 'replay') await this.showLetters();
        });
    }

    // --- replay

    replayPart() {
        const form = h(
            'form',
            { id: 'replay', novalidate: true },
            problemLine(),
            field('Topic', { id: 'replay-topic', name: 'topic', required: true, placeholder: 'usage.recorded.v1' }),
            field('Appended since', { hint: 'optional', id: 'replay-from', name: 'from', type: 'datetime-local' }),
            field('And before', { hint: 'optional', id: 'replay-to', name: 'to', type: 'datetime-local' }),
            field('Key', { hint: 'optional', id: 'replay-key', name: 'key', maxlength: '200' }),
            field('Member of the value', {
                hint: 'optional, a JSON pointer',
                id: 'replay-pointer',
                name: 'pointer',
                pattern: '/.*',
                placeholder: '/user_id',
            }),
            field('Its value', { hint: 'optional', id: 'replay-value', name: 'value', maxlength: '200' }),
            field('Records a second', { hint: 'optional', id: 'replay-rate', name: 'rate', type: 'number', min: '1' }),
            submitLine('Preview'),
        );
        bindForm(form, async (fields) => {
            await this.preview('replay', replayOf(fields));
        });
        return part('replay', 'Replay a topic', form);
    }

    // --- groups

    groupsPart() {
        const refresh = this.refresh('Look again', () => this.showGroups());
        return part('groups', 'Consumer groups', this.groups, refresh);
    }

    showGroups() {
        return this.attempt(this.groups, async () => {
            this.groups.replaceChildren(h('p', {}, 'Asking the brokers…'));
            const { result } = await this.run('list_groups', {});
            const rows = result.groups.map(({ group, state, members, topic, lag, oldest }) => [
                group,
                topic,
                state,
                String(members),
                String(lag),
                oldest ? relativeTime(oldest) : '',
            ]);
            const columns = ['Group', 'Topic', 'State', 'Members', 'Waiting', 'Since'];
            this.groups.replaceChildren(table('Groups and what waits for them', columns, rows));
        });
    }
}

// A request from the fields that are filled in.
function replayOf({ topic, from, to, key, pointer, value, rate }) {
    return {
        topic,
        ...(from && { from: new Date(from).toISOString() }),
        ...(to && { to: new Date(to).toISOString() }),
        ...(key && { key }),
        ...(pointer && { where: [{ pointer, value }] }),
        ...(rate && { rate: Number(rate) }),
    };
}
