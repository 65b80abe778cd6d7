// The workers as workers/workers.cmake lists them: { name, group, light }; group is null where nothing is consumed.
import { readFileSync } from 'node:fs';

const list = readFileSync(new URL('../../../../workers/workers.cmake', import.meta.url), 'utf8');

export const workers = [...list.matchAll(/^airi_worker\((\w+)(?: GROUP (\w+))?( LIGHT)?\)$/gm)].map(
    ([, name, group = null, light]) => ({ name, group, light: light !== undefined }),
);
