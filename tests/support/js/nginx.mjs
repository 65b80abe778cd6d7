// A real nginx in front of a port, for the tests of what proxies do. Debian's package, without its service.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { afterFile } from './harness.mjs';
import { freePort } from './system/process.mjs';
import { eventually } from './system/wait.mjs';

const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

// Returns the ports of two servers before the gateway at `port`: `plain` has nginx's defaults (HTTP/1.0, collects
// answers and bodies, forwards no upgrade), `tuned` what its documentation recommends (kept connections, bodies as they
// come, WebSockets, compression).
export async function startNginx(port) {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'airi-nginx-'));
    const [plain, tuned] = [await freePort(), await freePort()];
    const temporary = folders.map((name) => `${name}_temp_path ${dir}/${name};`).join(' ');
    const file = path.join(dir, 'nginx.conf');
    writeFileSync(
        file,
        `daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log;
        events {}
        http {
            access_log off; ${temporary}
            upstream gateway { server 127.0.0.1:${port}; keepalive 4; }
            server { listen 127.0.0.1:${plain}; location / { proxy_pass http://127.0.0.1:${port}; } }
            server {
                listen 127.0.0.1:${tuned};
                gzip on; gzip_proxied any; gzip_types *;
                proxy_http_version 1.1; proxy_request_buffering off;
                location / {
                    proxy_pass http://gateway;
                    proxy_set_header Host $http_host; proxy_set_header Connection "";
                }
                location /ws {
                    proxy_pass http://gateway;
                    proxy_set_header Host $http_host;
                    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
                }
            }
        }`,
    );
    const server = spawn('nginx', ['-p', dir, '-e', `${dir}/error.log`, '-c', file], {
        env: { PATH: `${process.env.PATH}:/usr/sbin` },
        stdio: 'inherit',
    });
    const ended = new Promise((resolve) => server.once('close', resolve).once('error', resolve));
    afterFile(async () => {
        server.kill('SIGTERM');
        await ended;
        rmSync(dir, { recursive: true });
    });
    await eventually('nginx listens', async () => (await fetch(`http://127.0.0.1:${tuned}/healthz`)).ok);
    return { plain, tuned };
}
