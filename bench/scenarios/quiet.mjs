// The quiet system: nothing is asked of it. The processor time of each process, in percent of one core.
import { settings } from '../lib/settings.mjs';
import { ofParts, pause, processorTime, since } from '../lib/system.mjs';

const seconds = settings.longSeconds(30);

export async function measure() {
    await pause(30_000); // the start has left compilations, checkpoints and rebalances behind
    const before = processorTime();
    await pause(seconds * 1000);
    const used = since(before, seconds * 10);
    return [
        {
            what: 'processor of the quiet system',
            value: used.system,
            unit: '% of a core',
            target: '<= 3',
            ok: used.system <= 3,
            note: `over ${seconds} s`,
        },
        ...ofParts(used, 'processor of the quiet system', '% of a core'),
    ];
}
