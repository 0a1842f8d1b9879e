// Agents: create, read, replace, delete; what a configuration may hold.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, assertNow, assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { createAgent, unique, world } from '../lib/world.mjs';

const w = world();

const post = (body) => w.ada.client.post('/v1/agents', body);
const withConfig = (config) => post({ name: unique('Agent'), config });

const FULL_CONFIG = {
  provider: 'openai',
  model: 'echo',
  temperature: 0.25,
  top_p: 0.9,
  max_tokens: 512,
  stop: ['END', '\n\n'],
  response_style: 'concise',
  language: 'German',
  instructions: 'Answer {{customer}} in one sentence.\nNever guess.',
  persona: 'A calm librarian',
  variables: [{ name: 'customer', type: 'string', default: 'friend', required: false, description: 'Who asks' }],
  greeting: 'Grüß Gott! 👋',
  suggested_questions: ['What can you do?', 'Who are you?'],
  response_format: 'json_schema',
  json_schema: { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] },
  memory: { history_turns: 5 },
  fallback_models: ['anthropic/small'],
  limits: { timeout_s: 30 },
};

describe('create', () => {
  it('takes the documented example and answers it', async () => {
    const example = {
      name: 'Customer Support Bot',
      description: 'Handles customer inquiries automatically',
      config: { temperature: 0.7, response_style: 'formal' },
    };
    const reply = await post(example);
    const agent = expect(reply, 201);
    assert.deepEqual(Object.keys(agent).sort(),
      ['config', 'created_at', 'description', 'draft', 'draft_revision', 'draft_updated_at', 'has_draft', 'id', 'name',
        'public_id', 'published_at', 'status', 'updated_at', 'user_id', 'version', 'visibility']);
    assert.deepEqual([agent.visibility, agent.public_id], ['organization', null]);
    assertOrderedId(agent.id);
    assertNow(agent.created_at);
    assert.equal(agent.updated_at, agent.created_at);
    assert.deepEqual({ name: agent.name, description: agent.description, config: agent.config }, example);
    assert.deepEqual([agent.user_id, agent.version], [w.ada.user.id, 1]);
    assert.deepEqual([agent.status, agent.published_at, agent.has_draft, agent.draft_revision, agent.draft_updated_at, agent.draft],
      ['published', agent.created_at, false, 0, null, null]);
    assert.equal(reply.headers.etag, '"1"');
    assert.deepEqual(expect(await w.ada.client.get(`/v1/agents/${agent.id}`), 200), agent);
  });

  it('keeps every field of a configuration as it came', async () => {
    const agent = await createAgent(w.ada.client, FULL_CONFIG);
    assert.deepEqual(agent.config, FULL_CONFIG);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/agents/${agent.id}`), 200).config, FULL_CONFIG);
  });

  it('keeps text of any script, and quotes, as it came', async () => {
    const instructions = 'a"b\\c\u0001\u2028 <script>alert(1)</script> \'; DROP TABLE ai_agents; -- 日本語 🚀 عربى';
    const agent = await createAgent(w.ada.client, { instructions }, { description: instructions });
    assert.equal(agent.config.instructions, instructions);
    const again = expect(await w.ada.client.get(`/v1/agents/${agent.id}`), 200);
    assert.deepEqual([again.config.instructions, again.description], [instructions, instructions]);
  });

  it('needs a name and a configuration, and nothing else', async () => {
    const agent = expect(await post({ name: 'Bare', config: {} }), 201);
    assert.deepEqual(agent.config, {});
    assert.ok([null, '', undefined].includes(agent.description));
    expectProblem(await post({}), 422, 'validation_failed', ['name']);
    expectProblem(await post({ config: {} }), 422, 'validation_failed', ['name']);
    expectProblem(await post({ name: 'x' }), 422, 'validation_failed', ['config']);
    expectProblem(await post({ name: null, config: {} }), 422, 'validation_failed', ['name']);
    expectProblem(await post({ name: 'x', config: null }), 422, 'validation_failed', ['config']);
    expectProblem(await post({ name: 'x', config: [] }), 422, 'validation_failed', ['config']);
  });

  it('holds names and descriptions to their lengths, in characters', async () => {
    expect(await post({ name: 'é'.repeat(100), description: '🚀'.repeat(2000), config: {} }), 201);
    expectProblem(await post({ name: 'é'.repeat(101), config: {} }), 422, 'validation_failed', ['name']);
    expectProblem(await post({ name: '', config: {} }), 422, 'validation_failed', ['name']);
    expectProblem(await post({ name: '   ', config: {} }), 422, 'validation_failed', ['name']);
    expectProblem(await post({ name: 'x', description: 'd'.repeat(2001), config: {} }), 422, 'validation_failed', ['description']);
  });

  const limits = {
    provider: [['no-such-provider', 7], ['sandbox']],
    temperature: [[-0.01, 2.01, '0.5', true], [0, 2, 1]],
    top_p: [[-0.1, 1.1, []], [0, 1, 0.5]],
    max_tokens: [[0, -1, 1_000_001, 1.5, '5'], [1, 1_000_000]],
    stop: [[['a', 'b', 'c', 'd', 'e'], 'a', [1]], [[], ['a', 'b', 'c', 'd']]],
    response_style: [['loud', '', 1], ['formal', 'friendly', 'concise', 'detailed', 'playful', 'custom']],
    instructions: [['i'.repeat(65_537), 1], ['', 'i'.repeat(65_536)]],
    variables: [[{}, [{ type: 'string' }], [{ name: 'a b' }], 'x'], [[], [{ name: 'city' }]]],
    prompt_id: [['x', 1], []],
    suggested_questions: [['x', [1]], [[], ['Why?']]],
    response_format: [['xml', 1], ['text', 'markdown']],
    json_schema: [['x', []], []],
    memory: [[{ history_turns: -1 }, { history_turns: 51 }, { history_turns: 'x' }, { forever: true }, 5], [{ history_turns: 0 }, { history_turns: 50 }]],
    fallback_models: [['x', [1]], [[], ['sandbox/sandbox']]],
    limits: [[{ timeout_s: 0 }, { timeout_s: -5 }, { timeout_s: 'x' }, { steps: 3 }], [{ timeout_s: 30 }, {}]],
  };
  for (const [field, [refused, taken]] of Object.entries(limits)) {
    it(`holds config.${field} to its limits`, async () => {
      for (const value of refused) {
        const problem = expectProblem(await withConfig({ [field]: value }), 422, 'validation_failed');
        assert.ok(problem.errors.some((e) => e.field.startsWith(`config.${field}`)), `${JSON.stringify(value).slice(0, 60)}: ${JSON.stringify(problem.errors)}`);
      }
      for (const value of taken) expect(await withConfig({ [field]: value }), 201);
    });
  }

  it('refuses fields it does not know, at every depth', async () => {
    expectProblem(await post({ name: 'x', config: {}, owner: 'me' }), 422, 'validation_failed', ['owner']);
    expectProblem(await withConfig({ modle: 'x' }), 422, 'validation_failed', ['config.modle']);
    expectProblem(await withConfig({ limits: { budget: 1 } }), 422, 'validation_failed', ['config.limits.budget']);
    for (const name of ['id', 'user_id', 'org_id', 'version', 'created_at']) {
      expectProblem(await post({ name: 'x', config: {}, [name]: absentId() }), 422, 'validation_failed', [name]);
    }
    expectProblem(await post({ name: 'x', config: {}, __proto__x: 1, constructor: 1 }), 422, 'validation_failed', ['constructor']);
  });

  it('reports all mistakes together', async () => {
    expectProblem(await post({ name: '', config: { temperature: 9, top_p: 9, colour: 'red' }, extra: 1 }), 422, 'validation_failed',
      ['name', 'config.temperature', 'config.top_p', 'config.colour', 'extra']);
  });
});

describe('read', () => {
  it('is 404 for an id nobody has, 422 for what is no id', async () => {
    expectProblem(await w.ada.client.get(`/v1/agents/${absentId()}`), 404, 'not_found');
    for (const id of ['1', 'x', `${absentId()}0`, '%00', '..%5c', "'%20OR%201=1"]) {
      const reply = await w.ada.client.get(`/v1/agents/${id}`);
      assert.ok([400, 404, 422].includes(reply.status), `${id}: ${reply.status}`);
      expectProblem(reply, reply.status);
    }
  });
});

describe('replace', () => {
  it('puts the new one in the place of the old one, and counts', async () => {
    const agent = await createAgent(w.ada.client, FULL_CONFIG, { description: 'before' });
    const reply = await w.ada.client.put(`/v1/agents/${agent.id}`, { name: 'After', config: { temperature: 1 } });
    const replaced = expect(reply, 200);
    assert.equal(reply.headers.etag, '"2"');
    assert.deepEqual([replaced.id, replaced.name, replaced.version, replaced.user_id, replaced.created_at],
      [agent.id, 'After', 2, w.ada.user.id, agent.created_at]);
    assert.deepEqual(replaced.config, { temperature: 1 });
    assert.ok([null, '', undefined].includes(replaced.description), 'PUT replaces the whole');
    assert.ok(replaced.updated_at >= agent.updated_at);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/agents/${agent.id}`), 200), replaced);
  });

  it('is held to the same limits', async () => {
    const agent = await createAgent(w.ada.client);
    expectProblem(await w.ada.client.put(`/v1/agents/${agent.id}`, { config: {} }), 422, 'validation_failed', ['name']);
    expectProblem(await w.ada.client.put(`/v1/agents/${agent.id}`, { name: 'x', config: { temperature: 3 } }), 422,
      'validation_failed', ['config.temperature']);
    expectProblem(await w.ada.client.put(`/v1/agents/${absentId()}`, { name: 'x', config: {} }), 404, 'not_found');
    assert.equal(expect(await w.ada.client.get(`/v1/agents/${agent.id}`), 200).version, 1);
  });
});

describe('change a part', () => {
  const patch = (id, body, options) => w.ada.client.patch(`/v1/agents/${id}`, body, options);

  it('leaves the rest as it was, and counts', async () => {
    const agent = await createAgent(w.ada.client, { temperature: 1 }, { description: 'kept' });
    const reply = await patch(agent.id, { name: ' Renamed ' });
    const renamed = expect(reply, 200);
    assert.deepEqual([renamed.name, renamed.description, renamed.config, renamed.version, reply.headers.etag],
      ['Renamed', 'kept', { temperature: 1 }, 2, '"2"']);
    const tuned = expect(await patch(agent.id, { config: { top_p: 0.5 } }), 200);
    assert.deepEqual([tuned.name, tuned.config, tuned.version], ['Renamed', { top_p: 0.5 }, 3]);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/agents/${agent.id}`), 200), tuned);
  });

  it('takes a description away with null, and with an empty one', async () => {
    const agent = await createAgent(w.ada.client, {}, { description: 'before' });
    assert.equal(expect(await patch(agent.id, { description: null }), 200).description, null);
    assert.equal(expect(await patch(agent.id, { description: 'again' }), 200).description, 'again');
    assert.equal(expect(await patch(agent.id, { description: '' }), 200).description, null);
  });

  it('to nothing is no change', async () => {
    const agent = await createAgent(w.ada.client);
    assert.deepEqual(expect(await patch(agent.id, {}), 200), agent);
    expectProblem(await patch(agent.id, {}, { headers: { 'if-match': '"2"' } }), 412, 'precondition_failed');
  });

  it('is held to limits and versions', async () => {
    const agent = await createAgent(w.ada.client);
    expectProblem(await patch(agent.id, { name: '' }), 422, 'validation_failed', ['name']);
    expectProblem(await patch(agent.id, { name: null }), 422, 'validation_failed', ['name']);
    expectProblem(await patch(agent.id, { config: { temperature: 3 } }), 422, 'validation_failed', ['config.temperature']);
    expectProblem(await patch(agent.id, { config: { model: 'x' } }), 422, 'validation_failed', ['config.provider']);
    expectProblem(await patch(agent.id, { version: 7 }), 422, 'validation_failed', ['version']);
    expectProblem(await patch(agent.id, { name: 'x' }, { headers: { 'if-match': '"2"' } }), 412, 'precondition_failed');
    expectProblem(await patch(absentId(), { name: 'x' }), 404, 'not_found');
    assert.deepEqual(expect(await w.ada.client.get(`/v1/agents/${agent.id}`), 200), agent);
    expect(await patch(agent.id, { name: 'x' }, { headers: { 'if-match': '"1"' } }), 200);
  });

  it('is in force for the next run', async () => {
    const agent = await createAgent(w.ada.client, { provider: 'openai', model: 'echo', instructions: 'First rule.' });
    const run = async () => {
      expect(await w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' }), 200);
      return w.fake.calls.at(-1).body;
    };
    assert.ok((await run()).includes('First rule.'));
    expect(await patch(agent.id, { config: { ...agent.config, instructions: 'Second rule.' } }), 200);
    assert.ok((await run()).includes('Second rule.'));
  });
});

describe('duplicate', () => {
  const duplicate = (id, options) => w.ada.client.post(`/v1/agents/${id}/duplicate`, undefined, options);

  it('makes another one of the same kind', async () => {
    const agent = await createAgent(w.ada.client, FULL_CONFIG, { description: 'original' });
    const reply = await duplicate(agent.id);
    const copy = expect(reply, 201);
    assert.notEqual(copy.id, agent.id);
    assert.deepEqual([copy.name, copy.description, copy.config, copy.version, copy.status, reply.headers.etag],
      [`${agent.name} (copy)`, 'original', FULL_CONFIG, 1, 'published', '"1"']);
    assertNow(copy.created_at);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/agents/${copy.id}`), 200), copy);
    expect(await w.ada.client.put(`/v1/agents/${copy.id}`, { name: 'Mine', config: {} }), 200);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/agents/${agent.id}`), 200), agent);
  });

  it('keeps a long name within its length, in whole characters', async () => {
    const agent = expect(await post({ name: '🚀'.repeat(100), config: {} }), 201);
    assert.equal(expect(await duplicate(agent.id), 201).name, `${'🚀'.repeat(93)} (copy)`);
  });

  it('happens once for one Idempotency-Key', async () => {
    const agent = await createAgent(w.ada.client);
    const options = { headers: { 'idempotency-key': unique('key') } };
    const one = expect(await duplicate(agent.id, options), 201);
    assert.equal(expect(await duplicate(agent.id, options), 201).id, one.id);
    const { data } = expect(await w.ada.client.get(`/v1/agents?q=${agent.name}`), 200);
    assert.equal(data.length, 2);
  });
});

describe('delete', () => {
  it('takes the agent away', async () => {
    const agent = await createAgent(w.ada.client);
    const reply = await w.ada.client.delete(`/v1/agents/${agent.id}`);
    assert.equal(reply.status, 204, reply.text);
    for (const again of [() => w.ada.client.get(`/v1/agents/${agent.id}`), () => w.ada.client.delete(`/v1/agents/${agent.id}`),
      () => w.ada.client.put(`/v1/agents/${agent.id}`, { name: 'x', config: {} })]) {
      expectProblem(await again(), 404, 'not_found');
    }
    expectProblem(await w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' }), 404, 'not_found');
    const { data } = expect(await w.ada.client.get('/v1/agents?limit=100'), 200);
    assert.ok(!data.some((a) => a.id === agent.id));
  });
});
