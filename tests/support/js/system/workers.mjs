// The workers as workers/workers.cmake lists them: { name, group, light, kafkaUser }; group is null where nothing is
// consumed.
import { readFileSync } from 'node:fs';

const list = readFileSync(new URL('../../../../workers/workers.cmake', import.meta.url), 'utf8');

export const workers = [...list.matchAll(/^airi_worker\((\w+)(?: GROUP (\w+))?(?: (LIGHT|OPERATIONS))?\)$/gm)].map(
    ([, name, group = null, flag]) => ({
        name,
        group,
        light: flag === 'LIGHT',
        kafkaUser: flag === 'OPERATIONS' ? 'operations' : 'worker',
    }),
);
