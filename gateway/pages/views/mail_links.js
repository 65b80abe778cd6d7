// The links in mails, /#verify_email=… and so on: their tokens leave the address bar at once, and nobody is signed in
// or out by one without being asked.

import { ask } from './dialogs.js';

const KINDS = ['verify_email', 'reset_password', 'magic_link', 'parental_consent', 'account_deletion'];

/// Takes a link out of the address bar: {kind, token}, or null when there is none.
export function takeMailLink() {
    const [kind, token] = location.hash.slice(1).split('=');
    if (!token || !KINDS.includes(kind)) return null;
    history.replaceState(null, '', location.pathname);
    return { kind, token };
}

/// Whether following the link ends the session that there is.
export const endsSession = (session, { kind }) => session.user && ['reset_password', 'magic_link'].includes(kind);

/// Asks before a link signs anybody in or out. Resolves to whether it may be followed; rejects when it cannot be.
export async function mayFollow(session, link) {
    const text = endsSession(session, link)
        ? `You are signed in as ${session.user.email}, and will be logged out.`
        : '';
    if (link.kind === 'magic_link') {
        const { email } = await session.linkDetails({ token: link.token });
        return ask({ title: `Sign in as ${email}?`, text, action: 'Sign in' });
    }
    return text ? ask({ title: 'Choose a new password?', text, action: 'Continue' }) : true;
}
