// The mails of a folder of .eml files, parsed by Python's mail library as a mail client would parse them.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const reader = `
import email, json, pathlib, sys
from email import policy
def read(raw):
    mail = email.message_from_bytes(raw, policy=policy.default)
    faults = [str(f) for part in mail.walk() for f in part.defects]
    faults += [str(f) for value in mail.values() for f in value.defects]
    def body(kind):
        part = mail.get_body((kind,))
        return part.get_content().replace('\\r\\n', '\\n') if part else None
    link = lambda text: next((w for w in (text or '').split() if w.startswith(('http://', 'https://'))), None)
    return {'from': mail['from'], 'to': mail['to'], 'subject': mail['subject'], 'date': mail['date'],
            'id': mail['x-airi-event'], 'messageId': mail['message-id'], 'headers': mail.keys(),
            'text': body('plain'), 'html': body('html'), 'link': link(body('plain')), 'faults': faults}
if len(sys.argv) > 2:
    files = [pathlib.Path(sys.argv[1], name) for name in json.load(sys.stdin)]
    print(json.dumps([dict(read(f.read_bytes()), file=f.name) for f in files]))
elif len(sys.argv) > 1:
    files = sorted(pathlib.Path(sys.argv[1]).glob('*.eml'), key=lambda f: f.stat().st_mtime_ns)
    print(json.dumps([dict(read(f.read_bytes()), file=f.name) for f in files]))
else:
    print(json.dumps(read(sys.stdin.buffer.read())))
`;

function python(args, input) {
    const done = spawnSync('python3', ['-c', reader, ...args], {
        input,
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
    });
    if (done.status !== 0) throw new Error(`the mail could not be read: ${done.stderr || done.error}`);
    return JSON.parse(done.stdout);
}

// {from, to, subject, date, id, messageId, headers, text, html, link, faults, file} of each, oldest first.
export const readOutbox = (folder) => (existsSync(folder) ? python([folder]) : []);
// The same of one mail's bytes, without `file`.
export const readMail = (bytes) => python([], bytes);

// A reader of a folder that fills: `all` are the mails that were there when update() was called last. Each is parsed
// once.
export class OutboxReader {
    constructor(folder) {
        this.folder = folder;
        this.all = [];
        this.known = new Set();
    }

    update() {
        const names = existsSync(this.folder) ? readdirSync(this.folder) : [];
        const added = names.filter((name) => name.endsWith('.eml') && !name.startsWith('.') && !this.known.has(name));
        for (const name of added) this.known.add(name);
        if (added.length) this.all.push(...python([this.folder, 'files'], JSON.stringify(added)));
        return this.all;
    }
}
