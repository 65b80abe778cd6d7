// The machine in a few words, for the head of a table.
import { cpus, loadavg, totalmem } from 'node:os';

export function machine() {
    const [now] = loadavg();
    const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
    return `${cpus().length} cores of ${cpus()[0].model}, ${memory}, load ${now.toFixed(1)}`;
}
