// A dialog with the receipt of a reply: what it cost, and the calls of models that were made for it.

import { dialogHeader } from './dialogs.js';
import { byId, h, sentence, table, usd } from './dom.js';
import { problemLine } from './forms.js';

const COLUMNS = ['Model', 'Provider', 'Outcome', 'Tokens in', 'Tokens out', 'Counted by', 'Cost'];
const COUNTERS = { provider: 'provider', airi: 'our estimate' };

export class ReceiptDialog {
    constructor() {
        this.dialog = byId('receipt');
        this.problem = problemLine();
        this.total = h('p', { id: 'receipt-total', role: 'status' });
        this.calls = h('div', { id: 'receipt-calls' });
        this.dialog.append(dialogHeader('receipt', 'Receipt'), this.problem, this.total, this.calls);
    }

    async open(library, message_id) {
        const opening = (this.opening = {});
        this.problem.hidden = true;
        this.total.replaceChildren();
        this.calls.replaceChildren();
        this.dialog.setAttribute('aria-busy', 'true');
        this.dialog.showModal();
        let receipt = null;
        let problem = '';
        try {
            receipt = await library.receipt(message_id);
        } catch (error) {
            problem = sentence(error.message);
        }
        if (opening !== this.opening) return;
        this.dialog.removeAttribute('aria-busy');
        this.problem.textContent = problem;
        this.problem.hidden = !problem;
        if (receipt) this.show(receipt);
    }

    close() {
        this.dialog.close();
    }

    // A replaced call was counted again in another row.
    show({ state, cost_nanousd: cost, calls }) {
        const rows = calls.filter(({ outcome }) => outcome !== 'replaced').map(rowOf);
        this.total.textContent = `State: ${state} · Total: ${usd(cost)}`;
        this.calls.replaceChildren(rows.length ? table('Calls', COLUMNS, rows) : 'No model was called.');
    }
}

const rowOf = (call) => [
    call.model,
    call.provider,
    call.outcome,
    tokensText(call.tokens_in, call.tokens_cached, 'cached'),
    tokensText(call.tokens_out, call.tokens_reasoning, 'reasoning'),
    COUNTERS[call.counted_by] ?? call.counted_by,
    usd(call.cost_nanousd),
];

// "1,200 (800 cached)"
function tokensText(all, part, name) {
    const more = part > 0 ? ` (${part.toLocaleString()} ${name})` : '';
    return `${all.toLocaleString()}${more}`;
}
