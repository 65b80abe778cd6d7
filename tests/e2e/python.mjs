// Python with packages, for clients and tools in that language.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const cache = process.env.AIRI_CACHE ?? path.resolve(here, '../../.airi/cache');

// The interpreter with the packages of a file of this folder, installed once: an existing folder is complete.
export function pythonWith(name) {
    const list = path.join(here, name);
    const digest = createHash('sha256').update(readFileSync(list)).digest('hex').slice(0, 12);
    const at = path.join(cache, `python-${digest}`);
    const program = (folder) => path.join(folder, 'bin/python');
    if (existsSync(at)) return program(at);
    const making = `${at}.${process.pid}`;
    mkdirSync(path.dirname(at), { recursive: true });
    execFileSync('python3', ['-m', 'venv', making]);
    execFileSync(program(making), ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', list]);
    try {
        renameSync(making, at);
    } catch {
        rmSync(making, { recursive: true }); // made by another one meanwhile
    }
    return program(at);
}
