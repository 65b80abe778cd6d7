// The page behind the link in the mail about a suspension or a ban, whose receiver cannot sign in: what it is about,
// and the appeal. The token is in the fragment, which no server gets.

import { byId, h, sentence } from '/views/dom.js';
import { bindForm, problemLine, submitLine } from '/views/forms.js';

const token = location.hash.slice(1);
history.replaceState(null, '', location.pathname);
window.addEventListener('hashchange', () => location.reload());

const states = {
    pending: 'Your appeal is with us. You get a mail when it is decided.',
    confirming: 'Your appeal is with us. You get a mail when it is decided.',
    upheld: 'Your appeal was decided: it stays as it is.',
    reversed: 'Your appeal was decided: it was taken back.',
};

async function post(path, body) {
    const answer = await fetch(`/api/v1/moderation/appeals${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
    });
    if (answer.status === 404) throw new Error('this link is not known');
    const json = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(json.error?.message), { details: json.error?.details });
    return json.data;
}

function show({ action, category, until, reversed_at: reversed, appeal }) {
    const what = action === 'ban' ? 'Your account is banned' : 'Your account is suspended';
    const end = until ? ` until ${new Date(until).toLocaleString()}` : '';
    const why = category === 'administrator' ? '' : ` Reason: ${category}.`;
    byId('appeal-text').textContent = reversed ? 'This was taken back.' : `${what}${end}.${why}`;
    byId('appeal-form').hidden = Boolean(reversed || appeal);
    byId('appeal-done').textContent = appeal && !reversed ? states[appeal.state] : '';
}

byId('appeal-form').append(
    problemLine(),
    h(
        'div',
        { class: 'field' },
        h('label', { for: 'statement' }, 'Why do you think that this is wrong?'),
        h('textarea', {
            id: 'statement',
            name: 'statement',
            rows: '6',
            maxlength: '2000',
            required: true,
            'aria-describedby': 'statement-fault',
        }),
        h('p', { id: 'statement-fault', class: 'fault', 'aria-live': 'polite' }),
    ),
    submitLine('Send the appeal'),
);
bindForm(byId('appeal-form'), async ({ statement }) => {
    show(await post('', { token, statement }));
    byId('appeal-title').focus();
});

try {
    show(await post('/details', { token: token || '-' }));
} catch (error) {
    byId('appeal-problem').textContent = sentence(error.message);
    byId('appeal-problem').hidden = false;
    byId('appeal-text').textContent = '';
}
