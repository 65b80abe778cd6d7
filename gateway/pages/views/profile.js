// Two parts of the account dialog: the user's profile and password.

import { h } from './dom.js';
import { bindForm, doneLine, field, formPart, submitLine } from './forms.js';

export class ProfileForm {
    /// Callback: onProfile(profile) when it was loaded or changed.
    constructor(session, { onProfile }) {
        Object.assign(this, { session, onProfile });
        const zones = Intl.supportedValuesOf('timeZone').map((zone) => h('option', { value: zone }, zone));
        this.element = formPart(
            'profile',
            'Profile',
            field('Your name', {
                id: 'profile-name',
                name: 'display_name',
                type: 'text',
                autocomplete: 'nickname',
                maxlength: '100',
            }),
            field('Language tag', {
                hint: 'such as en or de-CH',
                id: 'profile-locale',
                name: 'locale',
                type: 'text',
                autocapitalize: 'none',
                spellcheck: 'false',
                required: true,
                maxlength: '35',
            }),
            field('Time zone', { id: 'profile-timezone', name: 'timezone', options: zones }),
            h(
                'label',
                { class: 'choice' },
                h('input', { id: 'profile-enter', name: 'enter_sends', type: 'checkbox' }),
                ' Enter sends a message',
            ),
            submitLine('Save', doneLine()),
        );
        bindForm(this.element, (values) => this.save(values));
    }

    async load() {
        this.show(await this.session.get('/users/profile'));
    }

    show(profile) {
        const { display_name, locale, timezone, enter_sends } = this.element.elements;
        display_name.value = profile.display_name ?? '';
        locale.value = profile.locale;
        if (![...timezone.options].some((option) => option.value === profile.timezone))
            timezone.prepend(h('option', { value: profile.timezone }, profile.timezone));
        timezone.value = profile.timezone;
        enter_sends.checked = profile.preferences.enter_sends !== false;
        this.onProfile(profile);
    }

    async save({ display_name, locale, timezone, enter_sends }) {
        const fields = { display_name: display_name || null, locale, timezone, preferences: { enter_sends } };
        const { data } = await this.session.request('PATCH', '/users/profile', fields);
        this.show(data);
        return 'Saved.';
    }
}

export class PasswordForm {
    /// Callback: onChanged() when the other sessions, and API keys, were revoked with the old password.
    constructor(session, { onChanged }) {
        Object.assign(this, { session, onChanged });
        this.element = formPart(
            'password',
            'Password',
            field('Current password', {
                id: 'password-now',
                name: 'current_password',
                type: 'password',
                autocomplete: 'current-password',
                required: true,
            }),
            field('New password', {
                hint: 'at least 8 characters',
                id: 'password-new',
                name: 'new_password',
                type: 'password',
                autocomplete: 'new-password',
                required: true,
            }),
            h(
                'label',
                { class: 'choice' },
                h('input', { id: 'password-keys', name: 'end_api_keys', type: 'checkbox', checked: true }),
                ' End my API keys too',
            ),
            submitLine('Change the password', doneLine()),
        );
        bindForm(this.element, (values) => this.change(values));
    }

    async change(values) {
        await this.session.request('POST', '/auth/change-password', values);
        this.element.reset();
        await this.onChanged();
        return 'The password is changed, and you are signed out everywhere else.';
    }
}
