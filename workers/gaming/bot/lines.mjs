// The worker's end of the protocol: one JSON object a line, in both directions. What the libraries print goes to
// stderr, so that stdout has nothing else.

import { format } from 'node:util';

const longest = 64 * 1024; // bytes of a line

export const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

export function diagnose(level, text) {
    process.stderr.write(`${JSON.stringify({ level, text: String(text).slice(0, 4096) })}\n`);
}

export function redirectConsole() {
    for (const level of ['log', 'info', 'debug', 'warn', 'error', 'trace'])
        console[level] = (...words) => diagnose(level, format(...words));
}

// Cuts bytes into lines and parses them: `take(object)` for each JSON object, `fault(text)` for anything else. Of a
// line that is too long nothing is stored.
export class LineReader {
    #parts = [];
    #size = 0;
    #dropping = false;

    constructor(take, fault) {
        this.take = take;
        this.fault = fault;
    }

    feed(data) {
        let begin = 0;
        for (let end; (end = data.indexOf(0x0a, begin)) >= 0; begin = end + 1) {
            this.#add(data.subarray(begin, end));
            this.#finish();
        }
        this.#add(data.subarray(begin));
    }

    #add(part) {
        if (this.#dropping) return;
        this.#size += part.length;
        if (this.#size <= longest) return void this.#parts.push(part);
        this.#dropping = true;
        this.#parts = [];
        this.fault(`a line is longer than ${longest} bytes`);
    }

    #finish() {
        const line = Buffer.concat(this.#parts);
        const dropped = this.#dropping;
        this.#parts = [];
        this.#size = 0;
        this.#dropping = false;
        if (!dropped && line.length > 0) this.#parse(line);
    }

    #parse(line) {
        let value;
        try {
            value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
        } catch {
            return this.fault('a line is not JSON');
        }
        if (typeof value !== 'object' || value === null || Array.isArray(value))
            return this.fault('a line is not a JSON object');
        this.take(value);
    }
}
