// The tools of companions: chosen by their owner, run by the chat worker, shown in the reply's metadata.

import assert from 'node:assert/strict';

import { eventually } from '../support/js/system/wait.mjs';
import { withSystem } from '../support/js/scenario.mjs';

const test = withSystem({ providers: ['openai'] });

async function talk({ system }, tools) {
    const { token, id } = await system.user();
    const api = (method, path, body) => system.api(method, path, { token, body });
    const companion = await api('POST', '/companions', { name: 'Ada', personality: 'Kind.', tools });
    assert.equal(companion.status, 201, JSON.stringify(companion.json));
    assert.deepEqual(companion.json.data.tools, tools);
    const begin = async () =>
        (await api('POST', '/conversations', { companion_id: companion.json.data.id })).json.data.id;
    const say = async (conversation, content) =>
        (await api('POST', `/conversations/${conversation}/messages`, { content })).json.data;
    return { api, id, companion: companion.json.data, begin, say };
}

test('AIRI-26: a companion with a calculator uses it and answers with its result', async (stage) => {
    const { begin, say } = await talk(stage, ['calculator']);
    const mark = crypto.randomUUID();
    const reply = await say(await begin(), `2+3*4 [[stub id=${mark} calls=1 argument=expression echo=1]]`);
    const [run, ...others] = reply.metadata.tool_runs;
    assert.deepEqual([run.name, run.result, others.length], ['calculator', '14', 0]);
    assert.equal(reply.metadata.finish_reason, 'stop');
    assert.equal(reply.metadata.tool_calls, undefined);
    const asked = await stage.system.stubRequests(mark);
    assert.deepEqual(
        asked.map((one) => one.results),
        ['', '14\n'],
    );
});

test('AIRI-26: a companion finds what its user said in other conversations, and nobody else said', async (stage) => {
    const { begin, say } = await talk(stage, ['memory_search']);
    const stranger = await talk(stage, []);
    const word = `goat${crypto.randomUUID().slice(0, 8)}`;
    await say(await begin(), `My ${word} is called Ada [[stub tokens=1]]`);
    await stranger.say(await stranger.begin(), `My ${word} is called Eve [[stub tokens=1]]`);
    const reply = await say(await begin(), `${word} [[stub calls=1 argument=query echo=1]]`);
    const [run] = reply.metadata.tool_runs;
    assert.match(run.result, /the user: My goat\w+ is called Ada/);
    assert.doesNotMatch(run.result, /Eve/);
});

test('AIRI-26: a companion tells the time of a place, and says when there is no such place', async (stage) => {
    const { begin, say } = await talk(stage, ['time']);
    const conversation = await begin();
    const here = await say(conversation, 'Asia/Tokyo [[stub calls=1 argument=timezone echo=1]]');
    assert.match(here.metadata.tool_runs[0].result, /^\w+day \d{4}-\d\d-\d\d \d\d:\d\d:\d\d Asia\/Tokyo$/);
    const nowhere = await say(conversation, 'Mars/Base [[stub calls=1 argument=timezone echo=1]]');
    assert.equal(nowhere.metadata.tool_runs[0].result, 'There is no time zone Mars/Base.');
});

test('AIRI-26: tools are changed and taken away, and unknown ones are refused', async (stage) => {
    const { api, companion, begin, say } = await talk(stage, ['time']);
    const path = `/companions/${companion.id}`;
    const refused = await api('PATCH', path, { tools: ['shell'] });
    assert.deepEqual([refused.status, refused.json.error.details[0].pointer], [422, '/tools/0']);
    assert.deepEqual((await api('PATCH', path, { tools: [] })).json.data.tools, []);
    await eventually('a reply without tools', async () => {
        const reply = await say(await begin(), 'Hello [[stub tokens=2]]');
        return reply.metadata.tool_runs === undefined;
    });
});
