// One crisis alert: what is known of it, the steps of the work on it, notes, and the evidence behind a reason.

import { h, sentence } from './dom.js';
import { bindForm, doneLine, problemLine, submitLine } from './forms.js';

const STEPS = {
    pending: [['reviewed', 'Mark as reviewed']],
    reviewed: [
        ['resolved', 'Resolve'],
        ['escalated', 'Escalate'],
    ],
    escalated: [['resolved', 'Resolve']],
    resolved: [],
};
const FALSE_ALARMS = { user: 'said by the user', admin: 'said by the staff' };
const ORIGINS = { detection: 'found in a message', user: 'the user called for help', admin: 'raised by the staff' };

const time = (text) => (text ? new Date(text).toLocaleString() : null);
const nameOf = (person) => (person ? [person.display_name, person.email].filter(Boolean).join(', ') : null);

const textArea = (label, attributes) =>
    h(
        'div',
        { class: 'field' },
        h('label', { for: attributes.id }, label),
        h('textarea', { rows: '3', 'aria-describedby': `${attributes.id}-fault`, ...attributes }),
        h('p', { id: `${attributes.id}-fault`, class: 'fault', 'aria-live': 'polite' }),
    );

export class AlertDetails {
    /// Callbacks: announce(text) to screen readers; onChanged() when the alert was changed here.
    constructor(session, { announce, onChanged }) {
        Object.assign(this, { session, announce, onChanged, user: null, alert: null });
        this.title = h('h2', { id: 'details-title', tabindex: '-1' });
        this.problem = problemLine();
        this.facts = h('dl', { id: 'facts' });
        this.steps = h('p', { id: 'steps', class: 'buttons', role: 'group', 'aria-label': 'Work on it' });
        this.notes = h(
            'form',
            { id: 'notes-form', novalidate: true, 'aria-label': 'Notes' },
            problemLine(),
            textArea('Notes', { id: 'notes', name: 'notes', maxlength: '4000' }),
            submitLine('Save the notes', doneLine()),
        );
        this.evidence = h('div', { id: 'evidence', tabindex: '-1', role: 'group', 'aria-label': 'Evidence' });
        this.reason = h(
            'form',
            { id: 'evidence-form', novalidate: true, 'aria-label': 'Evidence' },
            problemLine(),
            textArea('Why must the evidence be read? The reason is logged.', {
                id: 'reason',
                name: 'reason',
                required: true,
                minlength: '10',
                maxlength: '500',
            }),
            submitLine('Show the evidence'),
        );
        bindForm(this.notes, ({ notes }) => this.saveNotes(notes));
        bindForm(this.reason, ({ reason }) => this.showEvidence(reason));
        this.element = h(
            'section',
            { id: 'details', 'aria-labelledby': 'details-title', hidden: true },
            this.title,
            this.problem,
            this.facts,
            this.steps,
            this.notes,
            this.reason,
            this.evidence,
        );
    }

    begin(user) {
        this.user = user;
    }

    close() {
        this.alert = null;
        this.element.hidden = true;
        this.evidence.replaceChildren();
        this.reason.reset();
        this.notes.reset();
    }

    focus() {
        if (!this.element.hidden) this.title.focus();
    }

    /// Shows the alert as it is now. What is being written about it stays.
    async open(id) {
        if (this.alert?.id !== id) this.close();
        const load = (this.latest = {});
        await this.attempt(async () => {
            const alert = await this.session.get(`/crisis/alerts/${id}`);
            if (load === this.latest) this.show(alert);
        });
    }

    async attempt(act) {
        this.problem.hidden = true;
        try {
            await act();
        } catch (error) {
            this.element.hidden = false;
            this.problem.textContent = sentence(error.message);
            this.problem.hidden = false;
        }
    }

    async change(fields, said) {
        await this.attempt(async () => {
            this.show((await this.session.request('PATCH', `/crisis/alerts/${this.alert.id}`, fields)).data);
            this.announce(said);
        });
        this.onChanged();
        this.focus();
    }

    show(alert) {
        const isNew = this.alert?.id !== alert.id;
        this.alert = alert;
        this.element.hidden = false;
        this.element.dataset.status = alert.status;
        this.title.textContent = `Alert: ${alert.status}`;
        if (isNew) this.notes.elements.notes.value = alert.resolution_notes ?? '';
        this.facts.replaceChildren(
            ...this.factsOf(alert)
                .filter(([, value]) => value !== null && value !== '')
                .flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, String(value))]),
        );
        this.steps.replaceChildren(...this.buttonsOf(alert));
        this.reason.hidden = this.user?.role !== 'crisis' || !alert.has_evidence;
    }

    factsOf(alert) {
        const yes = (is) => (is ? 'yes' : 'no');
        return [
            ['Person', nameOf(alert.user) ?? 'the account is erased'],
            ['Country', alert.user?.country ?? 'unknown'],
            ['Language', alert.user?.locale ?? null],
            ['Raised', `${time(alert.created_at)}, ${ORIGINS[alert.origin]}`],
            ['Severity', alert.severity],
            ['Kind', alert.trigger_type.replace('_', ' ')],
            ['Signs', alert.detected_signals.join(', ')],
            ['Conversation', alert.conversation_id],
            ['False alarm', FALSE_ALARMS[alert.false_alarm] ?? null],
            ['Assigned to', nameOf(alert.assignee) ?? 'nobody'],
            ['Reviewed', time(alert.reviewed_at)],
            ['Resolved', time(alert.resolved_at)],
            ['Help lines shown', yes(alert.resources_shown)],
            ['Trusted contacts notified', yes(alert.contacts_notified)],
            ['Emergency services called', yes(alert.emergency_contacted)],
        ];
    }

    buttonsOf(alert) {
        const button = (label, kind, fields, said) =>
            h('button', { class: kind, type: 'button', onclick: () => this.change(fields, said) }, label);
        const out = STEPS[alert.status].map(([status, label]) =>
            button(label, 'primary', { status }, `The alert is ${status}.`),
        );
        if (alert.assigned_to !== this.user.id)
            out.push(button('Assign to me', 'link', { assigned_to: this.user.id }, 'The alert is yours.'));
        if (alert.status === 'resolved') return out;
        if (!alert.emergency_contacted)
            out.push(button('Emergency services called', 'link', { emergency_contacted: true }, 'It is recorded.'));
        return [
            ...out,
            button('False alarm', 'link', { false_alarm: true }, 'The alert is resolved as a false alarm.'),
        ];
    }

    async saveNotes(notes) {
        const fields = { resolution_notes: notes || null };
        this.show((await this.session.request('PATCH', `/crisis/alerts/${this.alert.id}`, fields)).data);
        return 'Saved.';
    }

    async showEvidence(reason) {
        const { id } = this.alert;
        const { text, signals } = await this.session.get(
            `/crisis/alerts/${id}/evidence?reason=${encodeURIComponent(reason)}`,
        );
        if (this.alert?.id !== id) return;
        this.evidence.replaceChildren(h('blockquote', {}, text));
        if (signals.length) this.evidence.append(h('p', { class: 'aside' }, `Signs: ${signals.join(', ')}`));
        this.evidence.focus();
    }
}
