// The user's data loaded over HTTP: companions, conversations, plan and usage. No DOM.

const PAGE = 50;
const SEARCH_PAGE = 20;

export class Library {
    constructor(session) {
        this.session = session;
        this.companions = [];
        this.filter = { starred: false, archived: false };
        this.conversations = []; // those that match the filter, newest first
        this.known = new Map(); // every conversation loaded so far, by id
        this.cursor = null; // of the next page of conversations
        this.plans = [];
        this.planName = null;
        this.usage = null; // of messages: {used, limit, resets_at}
    }

    companion(id) {
        return this.companions.find((one) => one.id === id) ?? null;
    }

    conversation(id) {
        return this.known.get(id) ?? null;
    }

    get quotaSpent() {
        const { used, limit } = this.usage ?? {};
        return limit !== null && limit >= 0 && used >= limit;
    }

    get usageIsOutdated() {
        return this.usage?.resets_at && Date.parse(this.usage.resets_at) < Date.now();
    }

    async loadCompanions() {
        const companions = await this.session.get('/companions');
        this.companions = companions.map((companion, index) => ({ ...companion, index }));
    }

    /// Empties the list; `loadConversations` then loads what matches the new filter.
    setFilter(filter) {
        this.filter = filter;
        this.conversations = [];
        this.cursor = null;
    }

    /// The newest page, or with `more` the next one.
    async loadConversations(more = false) {
        const { filter } = this;
        const query = new URLSearchParams({ limit: PAGE, archived: filter.archived });
        if (filter.starred) query.set('starred', true);
        if (more) query.set('cursor', this.cursor);
        const { data, meta } = await this.session.request('GET', `/conversations?${query}`);
        if (filter !== this.filter) return;
        for (const one of data) this.known.set(one.id, one);
        const loaded = new Set(data.map((one) => one.id));
        const others = this.conversations.filter((one) => !loaded.has(one.id));
        const firstPage = !more && this.conversations.length <= PAGE;
        if (more || firstPage) this.cursor = meta.next_cursor ?? null;
        this.conversations = more ? [...others, ...data] : [...data, ...(firstPage ? [] : others)];
    }

    async loadConversation(id) {
        this.known.set(id, await this.session.get(`/conversations/${id}`));
    }

    /// Title, star, archive.
    change(id, fields) {
        return this.changeBy('PATCH', `/conversations/${id}`, fields);
    }

    remove(id) {
        return this.changeBy('DELETE', `/conversations/${id}`);
    }

    restore(id) {
        return this.changeBy('POST', `/conversations/${id}/restore`, {});
    }

    markRead(id) {
        return this.changeBy('POST', `/conversations/${id}/read`, {});
    }

    // The answer to every change is the changed conversation.
    async changeBy(method, path, body) {
        this.update((await this.session.request(method, path, body)).data);
    }

    /// Stores a changed conversation; a deleted one has `deleted_at`.
    update(data) {
        const { starred, archived } = this.filter;
        const matches = !data.deleted_at && data.archived === archived && (data.starred || !starred);
        const at = ({ updated_at }) => Date.parse(updated_at);
        this.known.set(data.id, data);
        this.conversations = this.conversations.filter((one) => one.id !== data.id);
        if (matches) this.conversations.push(data);
        this.conversations.sort((a, b) => at(b) - at(a));
    }

    /// The whole conversation as a file's text; `format` is json or markdown.
    async exported(id, format) {
        const path = `/conversations/${id}/export?format=${format}`;
        if (format === 'json') return JSON.stringify(await this.session.get(path), null, 4);
        return (await this.session.request('GET', path, undefined, true)).data;
    }

    /// Messages that contain `text`, newest first; `meta.next_cursor` is the next page's.
    search(text, cursor = null) {
        const query = new URLSearchParams({ q: text, limit: SEARCH_PAGE });
        if (cursor) query.set('cursor', cursor);
        return this.session.request('GET', `/search/messages?${query}`);
    }

    async rate(conversation_id, message_id, rating) {
        const path = `/conversations/${conversation_id}/messages/${message_id}/rating`;
        return (await this.session.request('PUT', path, { rating })).data;
    }

    deleteMessage(conversation_id, message_id) {
        return this.session.request('DELETE', `/conversations/${conversation_id}/messages/${message_id}`);
    }

    /// Ends the safety state of a conversation: each of its open alerts was a misunderstanding.
    async endCrisis(conversation_id) {
        const query = new URLSearchParams({ conversation_id, open: true, limit: 100 });
        for (const { id } of await this.session.get(`/crisis/alerts/mine?${query}`))
            await this.session.request('POST', `/crisis/alerts/${id}/false-alarm`, {});
        await this.loadConversation(conversation_id);
    }

    async loadUsage() {
        if (!this.plans.length) this.plans = await this.session.getPublic('/plans').catch(() => []);
        const { plan, resources } = await this.session.get('/usage/summary');
        this.planName = this.plans.find((one) => one.id === plan)?.name ?? plan;
        this.usage = resources.find((one) => one.resource === 'messages') ?? null;
    }

    /// How the cost of a reply came about.
    receipt(message_id) {
        return this.session.get(`/messages/${message_id}/receipt`);
    }

    /// Messages of a conversation, oldest first: the newest page, or the one before `cursor`.
    loadMessages(conversation_id, cursor = null) {
        const before = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
        return this.session.request('GET', `/conversations/${conversation_id}/messages?limit=${PAGE}${before}`);
    }
}
