// What the page has read about the user over HTTP: companions, conversations, plan and usage. No DOM.

const PAGE = 50;

export class Library {
    constructor(session) {
        this.session = session;
        this.companions = [];
        this.conversations = []; // newest first
        this.cursor = null; // of the conversations that follow
        this.plans = [];
        this.planName = null;
        this.usage = null; // of messages: {used, limit, resets_at}
    }

    companion(id) {
        return this.companions.find((one) => one.id === id) ?? null;
    }

    conversation(id) {
        return this.conversations.find((one) => one.id === id) ?? null;
    }

    get quotaSpent() {
        const { used, limit } = this.usage ?? {};
        return limit !== null && limit >= 0 && used >= limit;
    }

    get usageIsOld() {
        return this.usage?.resets_at && Date.parse(this.usage.resets_at) < Date.now();
    }

    async loadCompanions() {
        const companions = await this.session.get('/companions');
        this.companions = companions.map((companion, index) => ({ ...companion, index }));
    }

    /// The newest ones, or with `more` those that follow.
    async loadConversations(more = false) {
        const from = more ? `&cursor=${encodeURIComponent(this.cursor)}` : '';
        const { data, meta } = await this.session.request('GET', `/conversations?limit=${PAGE}${from}`);
        const fresh = new Set(data.map((one) => one.id));
        const kept = this.conversations.filter((one) => !fresh.has(one.id));
        const firstPage = !more && this.conversations.length <= PAGE;
        if (more || firstPage) this.cursor = meta.next_cursor ?? null;
        this.conversations = more ? [...kept, ...data] : [...data, ...(firstPage ? [] : kept)];
    }

    async loadUsage() {
        if (!this.plans.length) this.plans = await this.session.getPublic('/plans').catch(() => []);
        const { plan, resources } = await this.session.get('/usage/summary');
        this.planName = this.plans.find((one) => one.id === plan)?.name ?? plan;
        this.usage = resources.find((one) => one.resource === 'messages') ?? null;
    }

    /// Messages of a conversation, oldest first: the newest page, or the one before `cursor`.
    loadMessages(conversation_id, cursor = null) {
        const before = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
        return this.session.request(
            'GET',
            `/conversations/${conversation_id}/messages?limit=${PAGE}${before}`,
        );
    }
}
