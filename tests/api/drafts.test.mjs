// An agent's working copy: saved while somebody types, published when it is complete.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, assertNow, expect, expectProblem } from '../lib/expect.mjs';
import { createAgent, createFakeAgent, register, unique, world } from '../lib/world.mjs';

const w = world();

const begin = async (draft = {}) => expect(await w.ada.client.post('/v1/agents', { draft }), 201);
const read = async (id) => expect(await w.ada.client.get(`/v1/agents/${id}`), 200);
const save = (id, draft, etag) => w.ada.client.put(`/v1/agents/${id}/draft`, draft, { headers: { 'if-match': etag } });
const discard = (id, etag) => w.ada.client.delete(`/v1/agents/${id}/draft`, { headers: { 'if-match': etag } });
const publish = (id, etag) => w.ada.client.post(`/v1/agents/${id}/publish`, undefined, { headers: { 'if-match': etag } });
const generate = (id, input_text = 'hi') => w.ada.client.post('/v1/ai/generate', { agent_id: id, input_text });
const actions = async (id) => expect(await w.ada.client.get('/v1/activity?limit=100'), 200).data
  .filter((row) => row.details.agent_id === id).map((row) => row.action).reverse();

const READY = { name: 'Helper', config: { provider: 'openai', model: 'echo', instructions: 'Help.' } };
const WHOLE = {
  name: 'Half a na',
  description: 'typing…  ',
  step: 'persona',
  template_id: 'support-desk',
  sentence: 'An agent that "helps"\nand thanks 日本',
  config: { temperature: 'not yet a number', colour: { of: ['what', 'comes', null, 1.5, true] } },
};

describe('a new agent that is a draft', () => {
  it('is told from a published one', async () => {
    const reply = await w.ada.client.post('/v1/agents', { draft: WHOLE });
    const agent = expect(reply, 201);
    assert.deepEqual([agent.status, agent.version, agent.published_at, agent.config], ['draft', 0, null, {}]);
    assert.deepEqual([agent.has_draft, agent.draft_revision, agent.draft], [true, 1, WHOLE]);
    assert.deepEqual([agent.name, agent.description], ['Half a na', 'typing…']);
    assertNow(agent.draft_updated_at);
    assert.deepEqual(await read(agent.id), agent);
    assert.deepEqual(await actions(agent.id), ['agent.created']);
  });

  it('needs nothing, not even a name', async () => {
    const agent = await begin();
    assert.deepEqual([agent.name, agent.description, agent.draft], ['Untitled agent', null, {}]);
    for (const name of ['', '   ']) assert.equal((await begin({ name })).name, 'Untitled agent');
  });

  it('stands alone in its request', async () => {
    expectProblem(await w.ada.client.post('/v1/agents', { ...READY, draft: {} }), 422, 'validation_failed', ['name', 'config']);
    expectProblem(await w.ada.client.post('/v1/agents', { draft: {}, description: 'x' }), 422, 'validation_failed', ['description']);
    expectProblem(await w.ada.client.post('/v1/agents', { draft: null }), 422, 'validation_failed', ['draft']);
  });

  it('cannot run until it is published', async () => {
    const agent = await begin(READY);
    expectProblem(await generate(agent.id), 409, 'agent_not_published');
    const stream = await w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi', stream: true });
    expectProblem(stream, 409, 'agent_not_published');
    expect(await publish(agent.id), 200);
    expect(await generate(agent.id), 200);
  });

  it('is made once for one Idempotency-Key', async () => {
    const options = { headers: { 'idempotency-key': unique('key') } };
    const one = expect(await w.ada.client.post('/v1/agents', { draft: READY }, options), 201);
    assert.deepEqual(expect(await w.ada.client.post('/v1/agents', { draft: READY }, options), 201), one);
  });
});

describe('saving', () => {
  it('keeps what was typed as it was typed, and leaves what runs alone', async () => {
    const agent = await createFakeAgent(w.ada.client);
    const reply = await save(agent.id, WHOLE);
    const saved = expect(reply, 200);
    assert.equal(reply.headers.etag, '"1"');
    assert.deepEqual(saved.draft, WHOLE);
    assert.deepEqual([saved.has_draft, saved.draft_revision], [true, 1]);
    assertNow(saved.draft_updated_at);
    const { has_draft: _1, draft: _2, draft_revision: _3, draft_updated_at: _4, ...rest } = saved;
    const { has_draft: _5, draft: _6, draft_revision: _7, draft_updated_at: _8, ...before } = agent;
    assert.deepEqual(rest, before);
    assert.deepEqual(await read(agent.id), saved);
    assert.equal(expect(await generate(agent.id), 200).agent_version, 1);
  });

  it('gives a never published agent its name and description', async () => {
    const agent = await begin({ name: 'One' });
    const named = expect(await save(agent.id, { name: ' Two ', description: 'What for' }), 200);
    assert.deepEqual([named.name, named.description, named.version, named.draft.name], ['Two', 'What for', 0, ' Two ']);
    const bare = expect(await save(agent.id, {}), 200);
    assert.deepEqual([bare.name, bare.description, bare.draft_revision, bare.draft], ['Untitled agent', null, 3, {}]);
  });

  it('replaces the whole, so the newest of two editors is told', async () => {
    const agent = await begin({ name: 'Start', step: 'a' });
    const first = await save(agent.id, { name: 'Mine' }, '"1"');
    assert.equal(first.headers.etag, '"2"');
    assert.deepEqual(first.json.draft, { name: 'Mine' });
    expectProblem(await save(agent.id, { name: 'Theirs' }, '"1"'), 412, 'precondition_failed');
    for (const etag of ['"x"', 'W/"2"', '2', '"-1"', '"2.2.2"', '"9223372036854775808"']) {
      expectProblem(await save(agent.id, {}, etag), 412, 'precondition_failed');
    }
    expect(await save(agent.id, { name: 'By the ETag of the agent' }, '"0.2"'), 200);
    expectProblem(await save(agent.id, {}, '"0.2"'), 412, 'precondition_failed');
    expect(await save(agent.id, { name: 'Any' }, '*'), 200);
    assert.equal((await read(agent.id)).draft.name, 'Any');
  });

  it('for the first time can be held to that, too', async () => {
    const agent = await createAgent(w.ada.client);
    const replies = await Promise.all(Array.from({ length: 6 }, (_, i) => save(agent.id, { name: `n${i}` }, '"0"')));
    assert.deepEqual(replies.map((r) => r.status).sort(), [200, 412, 412, 412, 412, 412]);
    assert.equal((await read(agent.id)).draft_revision, 1);
  });

  it('counts every one of many at once', async () => {
    const agent = await begin();
    const replies = await Promise.all(Array.from({ length: 8 }, (_, i) => save(agent.id, { name: `n${i}` })));
    assert.deepEqual(replies.map((r) => expect(r, 200).draft_revision).sort((a, b) => a - b), [2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is held to its form and size', async () => {
    const { id } = await begin();
    const bad = { name: 'n'.repeat(101), description: 'd'.repeat(2001), step: 's'.repeat(41), template_id: 't'.repeat(61),
      sentence: 's'.repeat(2001), config: [], version: 1 };
    for (const [field, value] of Object.entries(bad)) {
      expectProblem(await save(id, { [field]: value }), 422, 'validation_failed', [field]);
    }
    expectProblem(await save(id, { config: { a: 'nul \u0000' } }), 422, 'validation_failed', ['config.a']);
    const filler = (bytes) => ({ config: { text: 'x'.repeat(bytes) } });
    expect(await save(id, filler(128 * 1024 - 24)), 200);
    expectProblem(await save(id, filler(128 * 1024)), 413, 'payload_too_large');
    const whole = { sentence: 's'.repeat(2000), ...filler(128 * 1024 - 500) };
    expectProblem(await w.ada.client.post('/v1/agents', { draft: whole }), 413, 'payload_too_large');
    expectProblem(await save(absentId(), {}), 404, 'not_found');
  });

  it('is no entry of the activity log', async () => {
    const agent = await begin();
    for (let i = 0; i < 3; i += 1) expect(await save(agent.id, { name: `n${i}` }), 200);
    assert.deepEqual(await actions(agent.id), ['agent.created']);
  });

  it('is seen by who has the agent from before', async () => {
    const agent = await createAgent(w.ada.client);
    const at = (etag) => w.ada.client.get(`/v1/agents/${agent.id}`, { headers: { 'if-none-match': etag } });
    assert.equal((await at('"1"')).status, 304);
    expect(await save(agent.id, READY), 200);
    const reply = await at('"1"');
    assert.deepEqual([reply.status, reply.headers.etag, reply.json.draft], [200, '"1.1"', READY]);
    assert.equal((await at('"1.1"')).status, 304);
    const put = (etag) => w.ada.client.put(`/v1/agents/${agent.id}`, { name: 'x', config: {} }, { headers: { 'if-match': etag } });
    assert.deepEqual(expect(await put('"1.1"'), 200).draft, READY, 'PUT leaves the working copy');
    expectProblem(await put('"1.1"'), 412, 'precondition_failed');
    expect(await put('"2"'), 200);
  });
});

describe('publishing', () => {
  it('makes the working copy what runs', async () => {
    const agent = await createFakeAgent(w.ada.client, 'echo', { instructions: 'Old rule.' });
    expect(await generate(agent.id), 200);
    assert.ok(w.fake.calls.at(-1).body.includes('Old rule.'));
    const draft = { name: ' New name ', description: 'New', config: { ...agent.config, instructions: 'New rule.' }, step: 'test' };
    expect(await save(agent.id, draft), 200);
    const reply = await publish(agent.id);
    const published = expect(reply, 200);
    assert.deepEqual([published.name, published.description, published.config, published.version, published.status],
      ['New name', 'New', draft.config, 2, 'published']);
    assert.deepEqual([published.has_draft, published.draft, published.draft_updated_at, published.draft_revision, reply.headers.etag],
      [false, null, null, 2, '"2.2"']);
    assertNow(published.published_at);
    assert.deepEqual(await read(agent.id), published);
    assert.equal(expect(await generate(agent.id), 200).agent_version, 2);
    assert.ok(w.fake.calls.at(-1).body.includes('New rule.'));
    assert.deepEqual(await actions(agent.id), ['agent.created', 'agent.published']);
  });

  it('of what was never published is version 1', async () => {
    const agent = await begin({ name: 'Named', config: READY.config });
    const published = expect(await publish(agent.id), 200);
    assert.deepEqual([published.version, published.name, published.description], [1, 'Named', null]);
  });

  it('leaves what the working copy says nothing of', async () => {
    const agent = await createAgent(w.ada.client, READY.config, { description: 'kept' });
    expect(await save(agent.id, { step: 'somewhere' }), 200);
    const published = expect(await publish(agent.id), 200);
    assert.deepEqual([published.name, published.description, published.config, published.version], [agent.name, 'kept', agent.config, 2]);
  });

  it('tells everything that is missing or wrong, at once', async () => {
    const told = async (draft) => {
      const { id } = await begin(draft);
      const problem = expectProblem(await publish(id), 422, 'validation_failed');
      assert.equal((await read(id)).version, 0);
      return problem.errors.map((e) => `${e.field} ${e.code}`).sort();
    };
    assert.deepEqual(await told({}), ['config.instructions required', 'name required']);
    assert.deepEqual(await told({ name: ' ', config: { instructions: '  ' } }), ['config.instructions required', 'name too_short']);
    assert.deepEqual(await told({ name: 'x', config: { instructions: 5 } }), ['config.instructions type']);
    assert.deepEqual(await told({ config: { instructions: 'x', model: 'm', temperature: 9, top_p: 'x', colour: 1 } }),
      ['config.colour unknown', 'config.provider required', 'config.temperature range', 'config.top_p type', 'name required']);
    assert.deepEqual(await told({ name: 'x', config: { prompt_id: absentId() } }), ['config.prompt_id not_found']);
    assert.deepEqual(await told({ name: 'x', config: { persona: 'p', response_format: 'json_schema', provider: 'nobody' } }),
      ['config.json_schema required', 'config.provider choice']);
  });

  it('takes a persona or a saved prompt for instructions', async () => {
    const prompt = expect(await w.ada.client.post('/v1/prompts', { prompt_text: 'Be kind.' }), 201);
    for (const config of [{ persona: 'A librarian' }, { prompt_id: prompt.id }]) {
      const { id } = await begin({ name: 'x', config });
      expect(await publish(id), 200);
    }
  });

  it('of nothing is refused, and so is what is not the one that was seen', async () => {
    const agent = await createAgent(w.ada.client);
    expectProblem(await publish(agent.id), 409, 'conflict');
    expectProblem(await publish(absentId()), 404, 'not_found');
    expect(await save(agent.id, READY), 200);
    expectProblem(await publish(agent.id, '"7"'), 412, 'precondition_failed');
    expect(await publish(agent.id, '"1"'), 200);
    expectProblem(await save(agent.id, { name: 'from an old tab' }, '"1"'), 412, 'precondition_failed');
  });

  it('happens once, however many try', async () => {
    const agent = await begin(READY);
    const replies = await Promise.all(Array.from({ length: 6 }, () => publish(agent.id)));
    const statuses = replies.map((r) => r.status).sort();
    assert.equal(statuses[0], 200);
    assert.ok(statuses.slice(1).every((s) => [409, 412].includes(s)), statuses.join());
    assert.equal((await read(agent.id)).version, 1);
  });
});

describe('other changes of a never published agent', () => {
  it('by PATCH go to its working copy', async () => {
    const { id } = await begin({ name: 'One', description: 'kept', step: 'here' });
    const reply = await w.ada.client.patch(`/v1/agents/${id}`, { name: 'Two', config: { instructions: 'x' } });
    const agent = expect(reply, 200);
    assert.deepEqual([agent.name, agent.status, agent.version, agent.draft_revision, reply.headers.etag], ['Two', 'draft', 0, 2, '"0.2"']);
    assert.deepEqual(agent.draft, { name: 'Two', description: 'kept', step: 'here', config: { instructions: 'x' } });
    const cleared = expect(await w.ada.client.patch(`/v1/agents/${id}`, { description: null }), 200);
    assert.deepEqual([cleared.description, cleared.draft.description], [null, '']);
    assert.deepEqual(await read(id), cleared);
    const patch = (etag) => w.ada.client.patch(`/v1/agents/${id}`, { name: 'x' }, { headers: { 'if-match': etag } });
    expectProblem(await patch('"0.2"'), 412, 'precondition_failed');
    expectProblem(await patch('"1.3"'), 412, 'precondition_failed');
    expect(await patch('"0.3"'), 200);
    expect(await patch('"0"'), 200);
  });

  it('by PUT publish it', async () => {
    const { id } = await begin({ name: 'One' });
    const agent = expect(await w.ada.client.put(`/v1/agents/${id}`, READY, { headers: { 'if-match': '"0"' } }), 200);
    assert.deepEqual([agent.version, agent.status, agent.name, agent.draft], [1, 'published', 'Helper', { name: 'One' }]);
    expect(await generate(id), 200);
  });
});

describe('a copy', () => {
  it('takes the working copy along, under its new name', async () => {
    const copyOf = async (id) => expect(await w.ada.client.post(`/v1/agents/${id}/duplicate`), 201);
    const draft = await begin({ ...READY, step: 's' });
    const one = await copyOf(draft.id);
    assert.deepEqual([one.status, one.version, one.name, one.draft_revision], ['draft', 0, 'Helper (copy)', 1]);
    assert.deepEqual(one.draft, { ...READY, step: 's', name: 'Helper (copy)' });
    assert.deepEqual(await read(one.id), one);
    const agent = await createAgent(w.ada.client, { top_p: 1 });
    expect(await save(agent.id, WHOLE), 200);
    const two = await copyOf(agent.id);
    assert.deepEqual([two.status, two.version, two.config, two.name], ['published', 1, { top_p: 1 }, `${agent.name} (copy)`]);
    assert.deepEqual(two.draft, { ...WHOLE, name: `${agent.name} (copy)` });
    assert.deepEqual((await read(agent.id)).draft, WHOLE);
  });
});

describe('discarding', () => {
  it('leaves what is published', async () => {
    const agent = await createAgent(w.ada.client, { top_p: 1 });
    expect(await save(agent.id, WHOLE), 200);
    expectProblem(await discard(agent.id, '"9"'), 412, 'precondition_failed');
    assert.equal((await discard(agent.id, '"1"')).status, 204);
    const after = await read(agent.id);
    assert.deepEqual([after.draft, after.has_draft, after.draft_updated_at, after.version, after.config], [null, false, null, 1, { top_p: 1 }]);
    expectProblem(await save(agent.id, WHOLE, '"1"'), 412, 'precondition_failed');
    assert.equal((await discard(agent.id)).status, 204, 'once more is no mistake');
    assert.deepEqual(await actions(agent.id), ['agent.created', 'agent.draft_discarded']);
  });

  it('of what was never published deletes it, which can be undone', async () => {
    const agent = await begin(WHOLE);
    assert.equal((await discard(agent.id)).status, 204);
    expectProblem(await w.ada.client.get(`/v1/agents/${agent.id}`), 404, 'not_found');
    expectProblem(await discard(agent.id), 404, 'not_found');
    assert.deepEqual(expect(await w.ada.client.post(`/v1/agents/${agent.id}/restore`), 200), agent);
    assert.deepEqual(await actions(agent.id), ['agent.created', 'agent.deleted', 'agent.restored']);
  });
});

describe('the list', () => {
  it('leaves working copies out, and finds agents by state and provider', async () => {
    const { client } = await register(w.anonymous);
    const made = [
      { name: 'a', config: { provider: 'openai' } }, { name: 'b', config: {} },
      { draft: { name: 'c', config: { provider: 'openai' } } }, { draft: { name: 'd', config: { provider: 5 } } }, { draft: {} },
    ];
    const ids = [];
    for (const body of made) ids.push(expect(await client.post('/v1/agents', body), 201).id);
    expect(await client.put(`/v1/agents/${ids[1]}/draft`, { config: { provider: 'sandbox' } }), 200);
    const found = async (query) => expect(await client.get(`/v1/agents?sort=created_at&${query}`), 200).data.map((a) => ids.indexOf(a.id));
    const { data } = expect(await client.get('/v1/agents?sort=created_at'), 200);
    assert.ok(data.every((agent) => !('draft' in agent)));
    assert.deepEqual(data.map((a) => a.has_draft), [false, true, true, true, true]);
    assert.deepEqual(data.map((a) => a.status), ['published', 'published', 'draft', 'draft', 'draft']);
    assert.deepEqual(await found('status=draft'), [2, 3, 4]);
    assert.deepEqual(await found('status=published'), [0, 1]);
    assert.deepEqual(await found('provider=openai'), [0, 2]);
    assert.deepEqual(await found('provider=sandbox'), [], 'what runs counts');
    assert.deepEqual(await found('provider=openai&status=draft&q=C'), [2]);
    assert.deepEqual(await found(`provider=${encodeURIComponent("' OR 1=1")}`), []);
    expectProblem(await client.get('/v1/agents?status=deleted'), 422, 'validation_failed', ['status']);
    for (const sort of ['created_at', '-updated_at', 'name', '-name']) {
      const one = expect(await client.get(`/v1/agents?status=draft&limit=2&sort=${sort}`), 200);
      const two = expect(await client.get(`/v1/agents?status=draft&limit=2&sort=${sort}&cursor=${one.next_cursor}`), 200);
      assert.deepEqual([...one.data, ...two.data].map((a) => ids.indexOf(a.id)).sort(), [2, 3, 4]);
      assert.equal(two.next_cursor, null);
    }
  });
});
