// The connection banner: hidden while connected, otherwise with the time until the next attempt.

import { byId } from './dom.js';

const SHOW_AFTER_MS = 1_500;

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
        const interrupted = state.state !== 'online' && state.state !== 'closed';
        if (!interrupted) this.since = 0;
        else this.since ||= Date.now();
        this.state = state;
        document.body.dataset.connection = state.state;
        this.draw();
    }

    draw() {
        const { state, retryAt } = this.state;
        const shown = this.since > 0 && Date.now() - this.since > SHOW_AFTER_MS;
        this.banner.hidden = !shown;
        if (!shown) return;
        const text = this.textOf(state, retryAt);
        if (this.text.textContent !== text) this.text.textContent = text;
        this.button.hidden = state !== 'waiting' && state !== 'stopped';
    }

    textOf(state, retryAt) {
        if (!navigator.onLine) return 'You are offline. Your messages will be sent when you are back online.';
        if (state === 'stopped') return 'Connection lost.';
        if (state === 'connecting' || !retryAt) return 'Connection lost. Reconnecting…';
        const left = Math.ceil((retryAt - Date.now()) / 1000);
        return left > 1 ? `Connection lost. Trying again in ${left} s.` : 'Connection lost. Reconnecting…';
    }
}
