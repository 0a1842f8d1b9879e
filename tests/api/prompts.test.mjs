// Saved prompts: create, read, replace, delete.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, assertNow, assertOrderedId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { within } from '../lib/time-and-ports.mjs';
import { createAgent, register, unique, world } from '../lib/world.mjs';

const w = world();

const post = (body) => w.ada.client.post('/v1/prompts', body);
const EXAMPLE = {
  prompt_text: 'Generate a professional email response to a client inquiry.',
  metadata: { category: 'Business', tags: ['email', 'client', 'professional'] },
};

describe('prompts', () => {
  it('take the documented example and answer it', async () => {
    const reply = await post(EXAMPLE);
    const prompt = expect(reply, 201);
    assert.deepEqual(Object.keys(prompt).sort(),
      ['created_at', 'id', 'metadata', 'name', 'prompt_text', 'updated_at', 'user_id', 'version']);
    assertOrderedId(prompt.id);
    assertNow(prompt.created_at);
    assert.deepEqual({ prompt_text: prompt.prompt_text, metadata: prompt.metadata }, EXAMPLE);
    assert.equal(prompt.name, null);
    assert.deepEqual([prompt.user_id, prompt.version, reply.headers.etag], [w.ada.user.id, 1, '"1"']);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/prompts/${prompt.id}`), 200), prompt);
  });

  it('need a text and nothing else', async () => {
    const prompt = expect(await post({ prompt_text: 'Hi' }), 201);
    assert.ok(prompt.metadata === null || typeof prompt.metadata === 'object');
    expectProblem(await post({}), 422, 'validation_failed', ['prompt_text']);
    expectProblem(await post({ prompt_text: '' }), 422, 'validation_failed', ['prompt_text']);
    expectProblem(await post({ prompt_text: 5 }), 422, 'validation_failed', ['prompt_text']);
  });

  it('are up to 64 KiB long, and kept to the last character', async () => {
    const text = `${'p'.repeat(65_535)}!`;
    assert.equal(expect(await post({ prompt_text: text }), 201).prompt_text, text);
    expectProblem(await post({ prompt_text: 'p'.repeat(65_537) }), 422, 'validation_failed', ['prompt_text']);
  });

  it('keep {{variables}}, new lines and any script as they came', async () => {
    const text = 'Hello {{name}},\n\tyour order {{ order }} — 日本語 🚀 "quoted" \\n \u0007';
    const { id } = expect(await post({ prompt_text: text }), 201);
    assert.equal(expect(await w.ada.client.get(`/v1/prompts/${id}`), 200).prompt_text, text);
  });

  it('hold metadata to what it is', async () => {
    const meta = (metadata) => post({ prompt_text: 'x', metadata });
    expectProblem(await meta({ category: 7 }), 422, 'validation_failed', ['metadata.category']);
    expectProblem(await meta({ tags: 'a' }), 422, 'validation_failed', ['metadata.tags']);
    expectProblem(await meta({ tags: [1] }), 422, 'validation_failed');
    expectProblem(await meta({ colour: 'red' }), 422, 'validation_failed', ['metadata.colour']);
    expectProblem(await meta([]), 422, 'validation_failed', ['metadata']);
    assert.deepEqual(expect(await meta({ tags: ['日本', 'b'] }), 201).metadata, { tags: ['日本', 'b'] });
    assert.deepEqual(expect(await meta({ category: 'Ops' }), 201).metadata, { category: 'Ops' });
  });

  it('may have a name of at most 100 characters', async () => {
    assert.equal(expect(await post({ ...EXAMPLE, name: ' Reply ' }), 201).name, 'Reply');
    assert.equal(expect(await post({ ...EXAMPLE, name: '🚀'.repeat(100) }), 201).name, '🚀'.repeat(100));
    for (const none of [null, '', '  ']) assert.equal(expect(await post({ ...EXAMPLE, name: none }), 201).name, null);
    expectProblem(await post({ ...EXAMPLE, name: 'n'.repeat(101) }), 422, 'validation_failed', ['name']);
    const { id } = expect(await post({ ...EXAMPLE, name: 'Before' }), 201);
    assert.equal(expect(await w.ada.client.put(`/v1/prompts/${id}`, { ...EXAMPLE, name: 'After' }), 200).name, 'After');
    assert.equal(expect(await w.ada.client.put(`/v1/prompts/${id}`, EXAMPLE), 200).name, null);
  });

  it('refuse fields they do not know', async () => {
    expectProblem(await post({ ...EXAMPLE, title: 'x' }), 422, 'validation_failed', ['title']);
    expectProblem(await post({ ...EXAMPLE, user_id: absentId() }), 422, 'validation_failed', ['user_id']);
  });

  it('are replaced as a whole, and counted', async () => {
    const prompt = expect(await post(EXAMPLE), 201);
    const reply = await w.ada.client.put(`/v1/prompts/${prompt.id}`, { prompt_text: 'Shorter.' });
    const replaced = expect(reply, 200);
    assert.deepEqual([replaced.id, replaced.prompt_text, replaced.version, replaced.created_at, reply.headers.etag],
      [prompt.id, 'Shorter.', 2, prompt.created_at, '"2"']);
    assert.notDeepEqual(replaced.metadata, EXAMPLE.metadata);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/prompts/${prompt.id}`), 200), replaced);
    expectProblem(await w.ada.client.put(`/v1/prompts/${prompt.id}`, { metadata: {} }), 422, 'validation_failed', ['prompt_text']);
    expectProblem(await w.ada.client.put(`/v1/prompts/${absentId()}`, EXAMPLE), 404, 'not_found');
  });

  it('can be deleted', async () => {
    const prompt = expect(await post(EXAMPLE), 201);
    assert.equal((await w.ada.client.delete(`/v1/prompts/${prompt.id}`)).status, 204);
    expectProblem(await w.ada.client.get(`/v1/prompts/${prompt.id}`), 404, 'not_found');
    expectProblem(await w.ada.client.delete(`/v1/prompts/${prompt.id}`), 404, 'not_found');
    expectProblem(await w.ada.client.get(`/v1/prompts/${absentId()}`), 404, 'not_found');
  });
});

describe('the library', () => {
  let client;
  const shelf = [
    { name: 'Zebra', prompt_text: 'one', metadata: { category: 'Business', tags: ['mail', 'formal'] } },
    { name: 'apple', prompt_text: 'two', metadata: { category: 'Business', tags: ['mail', 'mail'] } },
    { prompt_text: 'mango of three', metadata: { category: "O'Neil \"x\" %", tags: ['日本'] } },
    { prompt_text: 'four', metadata: {} },
  ];
  const texts = async (query) => expect(await client.get(`/v1/prompts?${query}`), 200).data.map((p) => p.prompt_text);
  const by = (name, value) => texts(`sort=created_at&${name}=${encodeURIComponent(value)}`);

  it('is searched in names and filtered by category and tag', async () => {
    ({ client } = await register(w.anonymous));
    for (const prompt of shelf) expect(await client.post('/v1/prompts', prompt), 201);
    assert.deepEqual(await by('q', 'ZEBRA'), ['one']);
    assert.deepEqual(await by('category', 'Business'), ['one', 'two']);
    assert.deepEqual(await by('category', 'business'), []);
    assert.deepEqual(await by('category', 'O\'Neil "x" %'), ['mango of three']);
    assert.deepEqual(await by('tag', 'mail'), ['one', 'two']);
    assert.deepEqual(await by('tag', 'mai'), []);
    assert.deepEqual(await by('tag', '日本'), ['mango of three']);
    assert.deepEqual(await texts('category=Business&tag=formal'), ['one']);
    assert.deepEqual(await texts('category=Business&tag=formal&q=two'), []);
    expectProblem(await client.get(`/v1/prompts?tag=${'t'.repeat(51)}`), 422, 'validation_failed', ['tag']);
    expectProblem(await client.get('/v1/prompts?status=draft'), 422, 'validation_failed', ['status']);
  });

  it('is sorted by name, or how a nameless prompt begins, across filtered pages', async () => {
    assert.deepEqual(await texts('sort=name'), ['two', 'four', 'mango of three', 'one']);
    const first = expect(await client.get('/v1/prompts?category=Business&limit=1&sort=name'), 200);
    assert.deepEqual(first.data.map((p) => p.name), ['apple']);
    const second = expect(await client.get(`/v1/prompts?category=Business&limit=1&sort=name&cursor=${first.next_cursor}`), 200);
    assert.deepEqual([second.data.map((p) => p.name), second.next_cursor], [['Zebra'], null]);
    for (const sort of ['created_at', '-created_at', 'updated_at', '-updated_at', '-name']) {
      const one = expect(await client.get(`/v1/prompts?tag=mail&limit=1&sort=${sort}`), 200);
      const two = expect(await client.get(`/v1/prompts?tag=mail&limit=1&sort=${sort}&cursor=${one.next_cursor}`), 200);
      assert.deepEqual([one.data[0].prompt_text, two.data[0].prompt_text].sort(), ['one', 'two']);
      assert.equal(two.next_cursor, null);
    }
  });

  it('counts what it can be filtered by, each prompt once, the most frequent first', async () => {
    const facets = async () => expect(await client.get('/v1/prompts/facets'), 200);
    assert.deepEqual(await facets(), {
      categories: [{ value: 'Business', count: 2 }, { value: "O'Neil \"x\" %", count: 1 }],
      tags: [{ value: 'mail', count: 2 }, { value: 'formal', count: 1 }, { value: '日本', count: 1 }],
    });
    const [apple] = expect(await client.get('/v1/prompts?q=apple'), 200).data;
    assert.equal((await client.delete(`/v1/prompts/${apple.id}`)).status, 204);
    assert.deepEqual((await facets()).categories[0], { value: 'Business', count: 1 });
    const { client: crowd } = await register(w.anonymous);
    for (let i = 0; i < 6; i += 1) {
      const tags = Array.from({ length: 20 }, (_, k) => `t${i * 20 + k}`);
      expect(await crowd.post('/v1/prompts', { prompt_text: 'x', metadata: { tags } }), 201);
    }
    assert.equal(expect(await crowd.get('/v1/prompts/facets'), 200).tags.length, 100);
  });

  it('holds nobody up while a text is looked for that nearly stands everywhere', async () => {
    const { server, client } = await w.startWithAccount({ AGENTGEN_LOOPS: 1 });
    for (let i = 0; i < 120; i += 1) expect(await client.post('/v1/prompts', { prompt_text: 'a'.repeat(64 * 1024) }), 201);
    const waits = [];
    let searching = true;
    const before = server.cpuMs;
    const search = client.get(`/v1/prompts?q=${'a'.repeat(50)}b${'a'.repeat(49)}`).finally(() => { searching = false; });
    const other = new Client(server.url);
    while (searching) waits.push((await other.get('/health')).ms);
    const found = await search;
    const worked = server.cpuMs - before;
    assert.deepEqual(expect(found, 200).data, []);
    // A loop searches SQLite itself, so others wait for its work, which must be short; for PostgreSQL's nobody waits.
    if (DB_KIND === 'sqlite') assert.ok(worked < within(250), `the search was ${worked} ms of work`);
    else assert.ok(Math.max(...waits) < Math.max(within(250), found.ms / 2), `a request waited ${Math.max(...waits)} of ${found.ms} ms`);
  });
});

describe('the text of a prompt', () => {
  const SANDBOX = { provider: 'sandbox', model: 'sandbox' };
  const keyOf = async (more) => {
    const { key } = expect(await w.ada.client.post('/v1/api-keys', { name: unique('key'), ...more }), 201);
    return w.anonymous.as({ apiKey: key });
  };
  const secret = async () => expect(await post({ prompt_text: 'The canary is c4n4ry.' }), 201).id;

  it('is told by no run and no agent of who may not read it', async () => {
    const id = await secret();
    const agent = await createAgent(w.ada.client, SANDBOX);
    const path = `/v1/agents/${agent.id}`;
    const blind = await keyOf({ scopes: ['agents:read', 'agents:write', 'ai:run', 'runs:read'] });
    const limited = await keyOf({ agent_ids: [agent.id] });
    const own = (prompt_id) => [
      [blind, limited].flatMap((client) => [
        () => client.patch(path, { config: { ...SANDBOX, prompt_id } }),
        () => client.put(path, { name: 'x', config: { ...SANDBOX, prompt_id } }),
        async () => {
          expect(await client.put(`${path}/draft`, { name: 'x', config: { ...SANDBOX, prompt_id } }), 200);
          return client.post(`${path}/publish`);
        },
      ]),
      () => blind.post('/v1/agents', { name: 'x', config: { ...SANDBOX, prompt_id } }),
      () => blind.post('/v1/ai/preview', { config: { ...SANDBOX, prompt_id }, input_text: 'hi' }),
      () => blind.post('/v1/ai/compare', { config: { prompt_id }, input_text: 'hi', models: ['sandbox/sandbox', 'openai/echo'] }),
      () => blind.post('/v1/ai/validate', { prompt_id, models: ['sandbox/sandbox'] }),
    ].flat();
    const absent = own(absentId());
    for (const [i, call] of own(id).entries()) {
      const reply = await call();
      assert.match(expectProblem(reply, 403, 'forbidden').detail, /saved prompt/);
      assert.ok(!reply.text.includes('c4n4ry'));
      assert.equal(withoutRequestId(reply), withoutRequestId(await absent[i]()), `call ${i} tells whether there is such a prompt`);
    }
    assert.equal(expect(await w.ada.client.get(path), 200).config.prompt_id, undefined);
    const seeing = await keyOf({ scopes: ['agents:write', 'ai:run', 'prompts:read'] });
    expect(await seeing.patch(path, { config: { ...SANDBOX, prompt_id: id } }), 200);
    expect(await seeing.post('/v1/ai/validate', { prompt_id: id, models: ['sandbox/sandbox'] }), 200);
  });

  it('stays a part of the agent that has it, whoever changes and asks that one', async () => {
    const id = await secret();
    const config = { ...SANDBOX, prompt_id: id };
    const agent = await createAgent(w.ada.client, config);
    const path = `/v1/agents/${agent.id}`;
    const blind = await keyOf({ scopes: ['agents:read', 'agents:write', 'ai:run'] });
    for (const client of [blind, await keyOf({ agent_ids: [agent.id] })]) {
      expect(await client.patch(path, { config: { ...config, language: 'Italian' } }), 200);
      expect(await client.put(path, { name: 'Renamed', config }), 200);
      expect(await client.put(`${path}/draft`, { name: 'Draft', config }), 200);
      expect(await client.post(`${path}/publish`), 200);
      expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' }), 200);
      expectProblem(await client.patch(path, { config: { ...config, prompt_id: await secret() } }), 403, 'forbidden');
    }
    assert.equal(expect(await blind.post(`${path}/duplicate`), 201).config.prompt_id, id);
    expect(await blind.patch(path, { config: SANDBOX }), 200);
    expectProblem(await blind.patch(path, { config }), 403, 'forbidden');
  });
});
