// Every frame that a test receives must be declared: a frame without a schema is missing in the AsyncAPI document too.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';

const schemas = new URL('../../../schemas/frames/', import.meta.url);
const declared = new Set(
    readdirSync(schemas)
        .flatMap((file) => Object.values(JSON.parse(readFileSync(new URL(file, schemas), 'utf8')).$defs))
        .filter((frame) => frame['x-sender'] === 'server')
        .map((frame) => frame.properties.type.const),
);
const others = new Set();

// A frame that a test publishes itself, and no part of airi yet.
export const publishedByTest = (type) => declared.add(type);

// The frame of a WebSocket message.
export function readFrame(data) {
    const frame = JSON.parse(data.toString());
    if (!declared.has(frame.type)) others.add(frame.type);
    return frame;
}

// Fails if a frame without a schema was received since the last call.
export function checkFrames() {
    const found = [...others];
    others.clear();
    assert.deepEqual(
        found,
        [],
        `frames without a schema: ${found}; declare each in events/frames/<domain>.hpp and list it in ` +
            'events/frames/all.hpp, then run .airi/build/dev/bin/airi-schemas schemas',
    );
}
