// A part of the account dialog while the user's address is not proved: what that means, and a new mail.

import { h } from './dom.js';
import { bindForm, doneLine, formPart, submitLine } from './forms.js';

export class Address {
    constructor(session) {
        this.element = formPart(
            'address',
            'Verify your e-mail address',
            h(
                'p',
                {},
                'Open the link in the mail that we sent you. Until then there are no API keys, second factor and ' +
                    'linked sign-ins, and logging in elsewhere signs you out here.',
            ),
            submitLine('Send the link again', doneLine()),
        );
        this.element.hidden = true;
        bindForm(this.element, async () => {
            await session.request('POST', '/auth/verify-email/request', {});
            return 'A new link is on its way.';
        });
    }

    useProfile({ email_verified }) {
        this.element.hidden = email_verified;
    }
}
