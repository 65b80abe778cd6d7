// People with a role above user.

import { ask } from './raw.mjs';
import { eventually } from './system/wait.mjs';

const cached = 2_000; // ms, by each thread of a gateway

// Gives the account {id, token} a role, and its sessions the second factor that the role needs; returns when the
// gateways at these ports see both, with every thread.
export async function appoint(system, { id, token }, role, ports = []) {
    await system.rows('update users set role = $2 where id = $1', [id, role]);
    await system.rows('update sessions set second_factor = true where user_id = $1', [id]);
    const set = Date.now();
    for (const port of ports)
        await eventually('the gateway sees the role', async () => {
            const { user } = (await ask(port, { path: '/api/v1/auth/session', token })).json.data;
            return user.role === role && user.second_factor && Date.now() > set + cached;
        });
}
