// Search in the languages that people write, and of messages from before their words were stored.

import assert from 'node:assert/strict';

import { withAccounts } from '../support/js/accounts.mjs';
import { ask } from '../support/js/raw.mjs';
import { eventually } from '../support/js/system/wait.mjs';

const test = withAccounts();

function apiOf(stage, { token }) {
    const api = (method, path, json) => ask(stage.ports[0], { method, path: `/api/v1${path}`, token, json });
    const find = async (query, more = '') => {
        const found = await api('GET', `/search/messages?q=${encodeURIComponent(query)}${more}`);
        assert.equal(found.status, 200, found.text);
        return found.json.data.filter(({ role }) => role === 'user');
    };
    return { api, find };
}

const sentences = [
    // Each with searches that find it alone, and others that do not find it.
    ['我家在上海东边，我喜欢猫和狗。', ['上海', '猫', '喜欢猫', '上海 狗', '"上海东边"'], ['北京', '海上', '上海狗']],
    ['東京都の京都', ['東京', '京都', '東京都'], ['都京']],
    ['今日は日本語のテストです', ['テスト', '日本', '日本語', 'ﾃｽﾄ'], ['本日']],
    ['번역을 부탁해', ['번역', '부탁', '번역 부탁'.normalize('NFD')], ['번부']],
    ['ฉันชอบแมวมาก', ['แมว', 'ชอบแมว'], ['หมา']],
    ['The café in Malmö was lovely', ['cafe', 'CAFÉ', 'malmo', 'Cafe\u0301', '"in malmö"'], ['caf', 'love']],
    ["Où est l'école d’été ? Chez Zoë.", ['école', 'ecole', "l'école", 'zoe', 'été'], ['lecole']],
    ['Großer Łukasz trinkt Öl, ØL und Tee', ['grosser', 'lukasz', 'ol', 'øl'], ['gross']],
    ['Мой кот ещё спит', ['еще', 'КОТ'], ['пес']],
    ['مَرْحَبًا بالعالم', ['مرحبا', 'بالعالم'], ['سلام']],
    ['मुझे हिन्दी पसंद है', ['हिन्दी'], ['मराठी']],
    ['Tiếng Việt rất đẹp', ['viet', 'dep', 'Đẹp'], ['viete']],
    ['well done 👍🏽 🙂', ['👍', '🙂', '👍🏿'], ['😀']],
    ['write to a.b@c.example, e-mail me', ['a.b@c.example', 'email or e-mail', 'c.example'], ['b@a']],
];

test('AIRI-27: words are found in every language, with accents or without, and emoji', async (stage) => {
    const account = await stage.join();
    const { api, find } = apiOf(stage, account);
    const { id } = (await api('POST', '/conversations', {})).json.data;
    for (const [content] of sentences) {
        const sent = await api('POST', `/conversations/${id}/messages`, { content });
        assert.ok(sent.status < 300, sent.text);
    }
    const contents = new Map(
        (await api('GET', `/conversations/${id}/messages?limit=100`)).json.data.map((one) => [one.id, one.content]),
    );
    for (const [content, finding, missing] of sentences) {
        for (const query of finding) {
            const found = (await find(query)).map((one) => contents.get(one.message_id));
            assert.ok(found.includes(content), `${query} finds ${content}: ${found.join(' | ')}`);
        }
        for (const query of missing)
            assert.ok(
                !(await find(query)).some((one) => contents.get(one.message_id) === content),
                `${query} ${content}`,
            );
    }
    const [{ highlight }] = await find('上海');
    assert.equal(highlight, '我家在<mark>上海</mark>东边，我喜欢猫和狗。');
    assert.match((await find('cafe'))[0].highlight, /The <mark>café<\/mark> in Malmö/);
    for (const nothing of ['!', '"', '-', "' or 1=1 --", '%', '\\'])
        assert.ok((await find(nothing)).length < sentences.length, nothing);
    for (const [query, language] of [
        ['großes', 'german'],
        ['écoles', 'french'],
        ['loved', 'english'],
    ])
        assert.equal((await find(query, `&language=${language}`)).length, 1, query);
    const stranger = apiOf(stage, await stage.join());
    assert.deepEqual(await stranger.find('上海'), []);
});

test('AIRI-27: messages from before their words were stored are found after a while', async (stage) => {
    const account = await stage.join();
    const { api, find } = apiOf(stage, account);
    const { id } = (await api('POST', '/conversations', {})).json.data;
    await stage.system.rows(
        `insert into messages (id, conversation_id, user_id, role, content, status, created_at)
         select gen_random_uuid(), $1, $2, 'user', '古い手紙 ' || n, 'accepted',
                now() - interval '100 days' - n * interval '1 s'
         from generate_series(1, 1200) n`,
        [id, account.id],
    );
    await eventually(
        'their words are stored',
        async () => {
            const [{ left }] = await stage.system.rows(
                'select count(*)::int as left from messages where words is null',
            );
            return left === 0;
        },
        { within: 90_000 },
    );
    assert.equal((await find('手紙', '&limit=100')).length, 100);
});
