// The read endpoints with Fastify and pg: a pool, named (so prepared) statements, where user_id = the token's. It
// verifies the token; unlike airi it has no sessions and no row-level security.
import fastifyJwt from '@fastify/jwt';
import fastify from 'fastify';
import pg from 'pg';

const { PORT, DATABASE_URL, JWT_SECRET } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 8, options: '-c search_path=airi' });
const app = fastify({ logger: false });
await app.register(fastifyJwt, { secret: JWT_SECRET, verify: { algorithms: ['HS256'], cache: true } });

const ask = async (name, text, values) => (await pool.query({ name, text, values })).rows;
const signedIn = { onRequest: (request) => request.jwtVerify() };
const page = (rows, limit, cursor) => ({
    success: true,
    data: rows.slice(0, limit),
    meta: { next_cursor: rows.length > limit ? cursor(rows[limit - 1]) : null },
});

app.get('/api/v1/conversations', signedIn, async (request) => {
    const limit = Number(request.query.limit ?? 20);
    const rows = await ask(
        'list',
        `
        select id, title, companion_id, model, system_prompt, starred, archived, tags, message_count, tokens_total,
        last_message_at,
            last_message_preview, coalesce(last_message_at > last_read_at, last_message_at is not null) as unread,
            created_at, updated_at, deleted_at
        from conversations where user_id = $1 and deleted_at is null order by updated_at desc, id desc limit $2`,
        [request.user.sub, limit + 1],
    );
    return page(rows, limit, (last) => `${last.updated_at.toISOString()}|${last.id}`);
});

app.get('/api/v1/conversations/:id/messages', signedIn, async (request, reply) => {
    const limit = Number(request.query.limit ?? 20);
    const { id } = request.params;
    const [own] = await ask(
        'own',
        'select 1 from conversations where id = $1 and user_id = $2 and deleted_at is null',
        [id, request.user.sub],
    );
    if (!own)
        return reply.code(404).send({ success: false, error: { code: 'NOT_FOUND', message: 'no such conversation' } });
    const rows = await ask(
        'messages',
        `
        select id, conversation_id, role, content, content_type, status, client_message_id, generation_id, rating,
        created_at, metadata
        from messages where conversation_id = $1 and user_id = $2 and deleted_at is null
        order by created_at desc, id desc limit $3`,
        [id, request.user.sub, limit + 1],
    );
    const out = page(rows, limit, (last) => `${last.created_at.toISOString()}|${last.id}`);
    out.data.reverse();
    return out;
});

app.get('/api/v1/search/messages', signedIn, async (request) => {
    const limit = Number(request.query.limit ?? 20);
    const rows = await ask(
        'search',
        `
        select f.id as message_id, f.conversation_id, f.title as conversation_title, f.role, f.created_at,
            ts_headline('simple', replace(replace(replace(f.content, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'),
                websearch_to_tsquery('simple', $2),
                'StartSel=<mark>, StopSel=</mark>, MaxFragments=2, MaxWords=30, MinWords=10') as highlight
        from (select m.id, m.conversation_id, c.title, m.role, m.created_at, m.content
              from messages m join conversations c on c.id = m.conversation_id
              where m.user_id = $1 and m.deleted_at is null and c.deleted_at is null
                and to_tsvector('simple', m.content) @@ websearch_to_tsquery('simple', $2)
              order by m.created_at desc, m.id desc limit $3) f`,
        [request.user.sub, request.query.q, limit + 1],
    );
    return page(rows, limit, (last) => `${last.created_at.toISOString()}|${last.message_id}`);
});

app.get('/api/v1/users/profile', signedIn, async (request) => {
    const [row] = await ask(
        'profile',
        `
        select id, email, email_verified_at is not null as email_verified, display_name, role, plan, locale,
        timezone, avatar, preferences,
            onboarding, metadata, created_at
        from users where id = $1`,
        [request.user.sub],
    );
    return { success: true, data: row };
});

await app.listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 });
console.log('ready');
process.on('SIGTERM', () => process.exit(0));
