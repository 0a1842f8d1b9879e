// Configurations proposed by a model from a description, whole and as a stream of fields.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, assertOrderedId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { register, unique, world } from '../lib/world.mjs';

const w = world();
const DESCRIPTION = 'Answers questions about our return policy for an outdoor shop';

const good = {
  name: 'Trail desk',
  description: 'Answers questions about returns.',
  persona: 'You are {{shop}}\'s return clerk.',
  instructions: 'You answer questions about returns.\n\n- Ask for the order number.\n- Never promise money.',
  response_style: 'friendly',
  temperature: 0.3,
  response_format: 'markdown',
  greeting: 'Hello! What would you like to send back?',
  suggested_questions: ['How long may I return shoes?', 'Who pays the parcel?'],
  variables: [{ name: 'shop', type: 'string', default: 'Trailhead', description: 'Name of the shop', required: false }],
};
const { name: goodName, description: goodDescription, ...goodConfig } = good;

/** Asks a model of its own that answers with `text`; `more` goes into the request. */
function propose(text, more = {}, { client = w.ada.client, script = {} } = {}) {
  const model = unique('proposer');
  w.fake.script(model, { text: typeof text === 'string' ? text : JSON.stringify(text), chunks: 7, ...script });
  return { model, reply: () => client.post('/v1/agents/draft', { description: DESCRIPTION, model: `openai/${model}`, ...more }) };
}

const ask = (text, more, options) => propose(text, more, options).reply();

async function stream(text, more = {}, script = {}) {
  const model = unique('proposer');
  w.fake.script(model, { text: typeof text === 'string' ? text : JSON.stringify(text), chunks: 40, ...script });
  const opened = await w.ada.client.stream('/v1/agents/draft', { description: DESCRIPTION, model: `openai/${model}`, stream: true, ...more });
  const events = await opened.all();
  return { model, events, of: (name) => events.filter((e) => e.event === name).map((e) => e.data) };
}

const systemOf = (call) => call.json.messages.find((m) => m.role === 'system').content;
const questionOf = (call) => call.json.messages.find((m) => m.role === 'user').content;

describe('a proposal', () => {
  it('is what the model wrote, and creates an agent as it stands', async () => {
    const { model, reply } = propose(good);
    const got = expect(await reply(), 200);
    assert.deepEqual(Object.keys(got).sort(), ['config', 'description', 'latency_ms', 'model', 'name', 'run_id', 'template_id', 'usage']);
    assert.deepEqual([got.name, got.description, got.model], [goodName, goodDescription, `openai/${model}`]);
    assert.deepEqual(got.config, goodConfig);
    assert.equal(got.template_id, 'support-desk');
    assertOrderedId(got.run_id);
    assert.ok(got.usage.input_tokens > 0 && got.usage.output_tokens > 0);
    const agent = expect(await w.ada.client.post('/v1/agents', { name: got.name, description: got.description, config: got.config }), 201);
    assert.deepEqual(agent.config, goodConfig);
  });

  it('is asked for in a fixed order, with an example', async () => {
    const { model, reply } = propose(good);
    expect(await reply(), 200);
    const call = w.fake.callsFor(model)[0];
    const places = ['name', 'description', 'persona', 'instructions', 'response_style', 'temperature', 'response_format', 'json_schema',
      'greeting', 'suggested_questions', 'variables'].map((key) => systemOf(call).indexOf(`- "${key}":`));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    assert.ok(places[0] > 0);
    assert.match(systemOf(call), /<example>[^]*senior|<example>[^]*# How to work[^]*<\/example>/);
    assert.match(questionOf(call), /<description>\nAnswers questions about our return policy/);
  });

  it('is recorded as a run of kind draft, without its texts', async () => {
    const { client } = await register(w.anonymous);
    const got = expect(await ask(good, {}, { client }), 200);
    const run = expect(await client.get(`/v1/runs/${got.run_id}`), 200);
    assert.deepEqual([run.kind, run.status, run.agent_id, run.input_text, run.output_text], ['draft', 'completed', null, null, null]);
    assert.equal(run.output_tokens, got.usage.output_tokens);
    assert.deepEqual(expect(await client.get('/v1/agents'), 200).data, []);
  });
});

describe('a streamed proposal', () => {
  it('comes field by field', async () => {
    const { events, of, model } = await stream(good);
    assert.deepEqual(of('run.started').map((d) => d.model), [`openai/${model}`]);
    assert.equal(events[0].event, 'run.started');
    assert.equal(events.at(-1).event, 'run.completed');
    const texts = {};
    for (const { path, text } of of('field.delta')) texts[path] = (texts[path] ?? '') + text;
    assert.deepEqual(texts, {
      name: goodName,
      description: goodDescription,
      'config.persona': good.persona,
      'config.instructions': good.instructions,
      'config.greeting': good.greeting,
    });
    const values = Object.fromEntries(of('field').map(({ path, value }) => [path, value]));
    const config = Object.fromEntries(Object.entries(goodConfig).map(([key, value]) => [`config.${key}`, value]));
    assert.deepEqual(values, { name: goodName, description: goodDescription, ...config });
    const [done] = of('run.completed');
    assert.equal(done.run_id, of('run.started')[0].run_id);
    assert.deepEqual([done.name, done.config], [goodName, goodConfig]);
    for (const path of Object.keys(texts)) {
      const last = events.findLastIndex((e) => e.event === 'field.delta' && e.data.path === path);
      assert.ok(last < events.findIndex((e) => e.event === 'field' && e.data.path === path), path);
    }
  });
});

describe('the sandbox', () => {
  const sandbox = (description, more = {}) => w.ada.client.post('/v1/agents/draft', { description, model: 'sandbox/sandbox', ...more });

  it('takes the nearest template, says so, and says it every time', async () => {
    const sentence = 'Extracts the fields of invoices as JSON';
    const [first, second] = [expect(await sandbox(sentence), 200), expect(await sandbox(sentence), 200)];
    assert.deepEqual([first.template_id, first.model, first.description], ['data-extractor', 'sandbox/sandbox', sentence]);
    assert.match(first.config.instructions, /Sandbox, which is not an AI model/);
    for (const text of [first.config.instructions, first.config.greeting]) assert.ok(text.includes(sentence), text);
    assert.equal(first.config.response_format, 'json_schema');
    assert.deepEqual(second.config, first.config);
    expect(await w.ada.client.post('/v1/agents', { name: first.name, config: first.config }), 201);
  });
});

describe('a request', () => {
  it('is refused for its mistakes, all together', async () => {
    const post = (body) => w.ada.client.post('/v1/agents/draft', body);
    expectProblem(await post({}), 422, 'validation_failed', ['description']);
    expectProblem(await post({ description: 'ab', field: 'colour', current: [], stream: 1, more: 1 }), 422, 'validation_failed',
      ['description', 'field', 'current', 'stream', 'more']);
    expectProblem(await post({ description: 'x'.repeat(2001) }), 422, 'validation_failed', ['description']);
    expectProblem(await post({ description: DESCRIPTION, model: 'nowhere/model' }), 422, 'model_unavailable');
  });

  it('finds the path beside the agents\' ids', async () => {
    const reply = await w.ada.client.get('/v1/agents/draft');
    expectProblem(reply, 405, 'method_not_allowed');
    assert.equal(reply.headers.allow, 'POST');
  });
});
