// The page behind the link of a trusted contact, who needs no account: what is asked, and the answer, which may change
// at any time with the same link. The token is in the fragment, which no server gets.

import { byId, sentence } from '/views/dom.js';

const token = location.hash.slice(1);
history.replaceState(null, '', location.pathname);
window.addEventListener('hashchange', () => location.reload());
const ABOUT = 'It would never say more than that: nothing of what they wrote, and at most one message a day.';

const screens = {
    pending: ({ person, product }) => ({
        title: `${person} would like you as a trusted contact`,
        text:
            `If ${product} sees signs that ${person} may need support, it would send you one short message that asks ` +
            'you to get in touch with them.',
        more: `${ABOUT} Nothing is sent unless you agree, and you can stop it at any time with this link.`,
        yes: 'I agree',
        no: 'No, thank you',
    }),
    accepted: ({ person, product }) => ({
        title: `You are a trusted contact of ${person}`,
        text: `${product} sends you a short message when ${person} may need support.`,
        more: `${ABOUT} Keep the mail with this link: you can stop it here at any time.`,
        no: 'Stop these messages',
    }),
    declined: ({ person }) => ({
        title: 'You have declined',
        text: `You get no messages about ${person}.`,
        yes: 'I have changed my mind and agree',
    }),
    stopped: ({ person }) => ({
        title: 'These messages are stopped',
        text: `You get no more messages about ${person}.`,
        yes: 'I have changed my mind and agree',
    }),
};

async function post(path, body) {
    const answer = await fetch(`/api/v1/crisis/contacts/confirm${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
    });
    if (answer.status === 404) throw new Error('This link is not known. The person may have removed you.');
    const json = await answer.json();
    if (!answer.ok) throw new Error(json.error?.message ?? 'That did not work.');
    return json.data;
}

function showButton(name, label) {
    byId(`contact-${name}`).textContent = label ?? '';
    byId(`contact-${name}`).hidden = !label;
}

function show({ title, text, more, yes, no }) {
    byId('contact-title').textContent = title;
    document.title = title;
    byId('contact-text').textContent = text;
    byId('contact-more').textContent = more ?? '';
    byId('contact-more').hidden = !more;
    showButton('yes', yes);
    showButton('no', no);
}

async function run(ask) {
    byId('contact-problem').hidden = true;
    byId('contact-done').textContent = '';
    try {
        const asked = await ask();
        show(screens[asked.status](asked));
        return true;
    } catch (error) {
        byId('contact-problem').textContent = sentence(error.message);
        byId('contact-problem').hidden = false;
        return false;
    }
}

async function answer(accept) {
    if (!(await run(() => post('', { token, accept })))) return;
    byId('contact-done').textContent = 'Your answer is stored.';
    byId('contact-title').focus();
}

byId('contact-yes').addEventListener('click', () => answer(true));
byId('contact-no').addEventListener('click', () => answer(false));
if (!(await run(() => post('/details', { token: token || '-' })))) byId('contact-text').textContent = '';
