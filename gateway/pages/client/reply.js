// One generation on the client's side: applies frames in the order of (epoch, offset), each once. Pure: no clock and no
// socket; the chat client passes the frames. Its text is what the server has sent up to `epoch` and `offset`.

const FINAL_STATES = {
    message_complete: 'completed',
    message_cancelled: 'cancelled',
    message_rejected: 'rejected',
    message_failed: 'failed',
};

export class Reply {
    constructor({ generation_id, message_id, conversation_id, question_id = null }) {
        this.generation_id = generation_id;
        this.message_id = message_id;
        this.conversation_id = conversation_id;
        this.question_id = question_id;
        this.epoch = 0;
        this.offset = -1;
        this.text = '';
        this.held = false; // the message waits for a person to review it
        this.state = 'waiting'; // waiting, streaming, then one of FINAL_STATES
        this.message = null; // the stored message, when completed, cancelled, or rejected after it began
        this.end = null; // {reason, safety_state, resources} of a rejection, {code} of a failure
    }

    get ended() {
        return this.state !== 'waiting' && this.state !== 'streaming';
    }

    /// Returns "applied", "stale" (applied before, or of an earlier attempt) or "gap" (frames before it are missing:
    /// resume).
    apply(type, data) {
        if (this.ended) return 'stale';
        if (type in FINAL_STATES) return this.finish(FINAL_STATES[type], data);
        const { epoch, offset } = data;
        if (epoch < this.epoch || (epoch === this.epoch && offset <= this.offset)) return 'stale';
        if (type === 'message_delta') {
            if (epoch !== this.epoch || offset !== this.offset + 1) return 'gap';
            this.text += data.content;
        } else if (type === 'message_snapshot') {
            this.text = data.content;
        } else {
            this.held = type === 'message_held';
            this.text = ''; // a start, or a restart that discards the partial text
        }
        this.epoch = epoch;
        this.offset = offset;
        this.state = this.text === '' ? 'waiting' : 'streaming';
        return 'applied';
    }

    // A generation has one end, so its position does not matter.
    finish(state, data) {
        this.held = false;
        this.state = state;
        this.message = data.message ?? null;
        this.text = this.message?.content ?? ''; // failed ones are stored without text
        const { reason = null, safety_state = null, resources = null, code = null } = data;
        this.end = { reason, safety_state, resources, code };
        return 'applied';
    }
}
