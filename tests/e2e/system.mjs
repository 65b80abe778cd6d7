// The system of the tests with browsers and clients: the simulated provider, whose replies take some seconds, and every
// worker that the pages need. The files of a process share it.

import { OpenIdProvider } from '../support/js/identity_providers.mjs';
import { systemWith } from '../support/js/shared_system.mjs';
import { freePort } from '../support/js/system/process.mjs';

let openidPort;

// { system, url, openidPort }: the running system, its gateway's URL without a slash at the end, and the port of the
// identity provider "oidc", which identity_page_test.mjs starts and the oauth worker discovers then. `more`: options of
// a system of its own.
export async function pageSystem(more = {}) {
    openidPort ??= await freePort();
    const system = await systemWith({
        gateways: 1,
        providers: ['simulated'],
        chatEnv: { SIMULATED_TOKENS_PER_SECOND: '15' },
        exports: 1,
        disclosures: 1,
        notifications: 1,
        oauth: 1,
        oauthEnv: new OpenIdProvider(openidPort).env,
        ...more,
    });
    return { system, url: system.url(), openidPort };
}
