// The links in mails: /#<kind>=<token>.

import { eventually } from './system/wait.mjs';

export function linkIn({ link }) {
    const [kind, token] = new URL(link ?? 'none:').hash.slice(1).split('=');
    return { kind, token };
}

// The mails to an address with a link of that kind, once there are so many.
export const mailsOf = (system, to, kind, count = 1) =>
    eventually(`${count} mails ${kind} to ${to}`, () => {
        const mails = system.mail(to).filter((mail) => linkIn(mail).kind === kind);
        return mails.length >= count && mails;
    });

// The token of the newest of them.
export const tokenOf = async (...what) => linkIn((await mailsOf(...what)).at(-1)).token;
