// A certificate authority of a test and what it signs, made by openssl, for servers with TLS.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const freshKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

// Files in a new folder, removed at the end of the process; the servers' users can read them.
export class Authority {
    constructor() {
        this.folder = mkdtempSync('/tmp/airi-certificates-'); // TMPDIR may be closed to other users
        process.once('exit', () => rmSync(this.folder, { recursive: true, force: true }));
        chmodSync(this.folder, 0o755);
        this.openssl(
            'req',
            '-x509',
            ...freshKey,
            '-days',
            '2',
            '-subj',
            '/CN=airi test',
            '-keyout',
            'ca.key',
            '-out',
            'ca.pem',
        );
        this.ca = this.file('ca.pem');
    }

    file(name) {
        return path.join(this.folder, name);
    }

    openssl(...args) {
        return execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    }

    // A file with a key and its certificate for these names, as openssl writes them: IP:127.0.0.1.
    sign(name, alternatives) {
        const [key, request, certificate] = [`${name}.key`, `${name}.csr`, `${name}.crt`];
        const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternatives}`];
        this.openssl('req', ...freshKey, ...names, '-keyout', key, '-out', request);
        const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-copy_extensions', 'copy', '-days', '2'];
        this.openssl('x509', '-req', '-in', request, ...by, '-out', certificate);
        const both = this.file(`${name}.pem`);
        writeFileSync(both, [key, certificate].map((one) => readFileSync(this.file(one), 'utf8')).join(''));
        chmodSync(both, 0o644);
        return both;
    }
}
