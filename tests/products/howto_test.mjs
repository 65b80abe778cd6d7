// How-to-AI as its own client meets it, with every number of its document.

import { password, withProduct } from '../support/js/accounts.mjs';
import { assertLimit, assertPlans, assertRates, assertSettings } from '../support/js/products.mjs';
import { ask } from '../support/js/raw.mjs';

const test = withProduct('howto');

test('HOWTO-16: three plans, of which Premium costs 50 dollars a month and has all tutorials', async ({ ports }) => {
    await assertSettings(ports[0], { product_name: 'How-to-AI' });
    await assertPlans(ports[0], {
        free: { name: 'Free', price_cents: 0, features: { tutorials: 'free' } },
        premium: {
            name: 'Premium',
            price_cents: 5_000,
            currency: 'usd',
            billing_period: 'month',
            features: { tutorials: 'all' },
        },
        enterprise: { name: 'Enterprise', features: { tutorials: 'all', on_request: true } },
    });
});

test('HOWTO-07: the API is limited, and signing in more strictly', async ({ system, ports }) => {
    await assertRates(system, [
        ['api', '*', 'user', 1_000, 3_600],
        ['auth', '*', 'ip', 10, 900],
        ['anonymous', '*', 'ip', 300, 900],
    ]);
    const login = (i) =>
        ask(ports[i % 2], {
            method: 'POST',
            path: '/api/auth/login',
            json: { email: `nobody${i}@example.com`, password },
            from: '127.9.9.8',
        });
    await assertLimit(login, 'auth', 10, 900);
});
