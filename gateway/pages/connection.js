// Says how the connection is: nothing while all is well, a line with the time of the next try otherwise.

import { byId } from './dom.js';

const PATIENCE_MS = 1_500;

export class ConnectionView {
    constructor({ onRetry }) {
        this.banner = byId('connection');
        this.text = byId('connection-text');
        this.button = byId('connection-retry');
        this.button.addEventListener('click', onRetry);
        this.state = { state: 'closed', retryAt: null };
        this.since = 0;
        setInterval(() => this.draw(), 500);
    }

    show(state) {
        const troubled = state.state !== 'online' && state.state !== 'closed';
        if (!troubled) this.since = 0;
        else this.since ||= Date.now();
        this.state = state;
        document.body.dataset.connection = state.state;
        this.draw();
    }

    draw() {
        const { state, retryAt } = this.state;
        const shown = this.since > 0 && Date.now() - this.since > PATIENCE_MS;
        this.banner.hidden = !shown;
        if (!shown) return;
        const words = this.words(state, retryAt);
        if (this.text.textContent !== words) this.text.textContent = words;
        this.button.hidden = state !== 'waiting';
    }

    words(state, retryAt) {
        if (!navigator.onLine) return 'You are offline. Your messages are kept and sent when you are back.';
        if (state === 'connecting' || !retryAt) return 'Connection lost. Reconnecting…';
        const left = Math.ceil((retryAt - Date.now()) / 1000);
        return left > 1 ? `Connection lost. Trying again in ${left} s.` : 'Connection lost. Reconnecting…';
    }
}
