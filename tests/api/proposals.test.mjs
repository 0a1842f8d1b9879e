// Configurations proposed by a model from a description, whole and as a stream of fields.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { eventually, within } from '../lib/time-and-ports.mjs';
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

const runOf = async (id, client = w.ada.client) => expect(await client.get(`/v1/runs/${id}`), 200);
const newest = async (client) => expect(await client.get('/v1/runs?limit=1'), 200).data[0];

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
    assert.match(systemOf(call), /<example>[^]*# How to work[^]*<\/example>/);
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

  it('shows a text while it is written', async () => {
    const model = unique('proposer');
    w.fake.script(model, { text: JSON.stringify(good), chunks: 30, delay: 15 });
    const opened = await w.ada.client.stream('/v1/agents/draft', { description: DESCRIPTION, model: `openai/${model}`, stream: true });
    const first = await opened.until('field.delta');
    assert.ok(w.fake.callsFor(model)[0].ended === null, 'the model still writes');
    assert.equal(first.data.path, 'name');
    assert.equal((await opened.all()).at(-1).event, 'run.completed');
  });

  it('needs no line of the provider to hold whole characters of JSON', async () => {
    const text = JSON.stringify({ ...good, greeting: 'Grüße \u{1F600} "q"' }).replace('ü', '\\u00fc');
    const { of } = await stream(text, {}, { chunks: text.length });
    const got = of('field.delta').filter((d) => d.path === 'config.greeting').map((d) => d.text).join('');
    assert.equal(got, 'Grüße \u{1F600} "q"');
    assert.equal(of('run.completed')[0].config.greeting, got);
  });

  it('ends with run.failed when the answer breaks off, after the fields that came', async () => {
    const text = JSON.stringify(good);
    const { events, of } = await stream(text.slice(0, text.indexOf('Never promise')));
    const last = events.at(-1);
    assert.equal(last.event, 'run.failed');
    assert.deepEqual([last.data.code, last.data.retryable], ['upstream_incomplete', true]);
    assert.deepEqual(of('field').map((d) => d.path), ['name', 'description', 'config.persona']);
    const run = await runOf(of('run.started')[0].run_id);
    assert.deepEqual([run.kind, run.status, run.error_code], ['draft', 'failed', 'upstream_incomplete']);
  });

  it('tells what went wrong upstream', async () => {
    const { events } = await stream('', {}, { fault: 'status', status: 401 });
    assert.deepEqual(events.map((e) => e.event), ['run.started', 'run.failed']);
    assert.equal(events[1].data.code, 'upstream_auth_failed');
  });

  it('is cancelled when the client leaves', async () => {
    const model = unique('proposer');
    w.fake.script(model, { text: JSON.stringify(good), chunks: 200, delay: 50 });
    const opened = await w.ada.client.stream('/v1/agents/draft', { description: DESCRIPTION, model: `openai/${model}`, stream: true });
    const { data } = await opened.until('run.started');
    await opened.until('field.delta');
    opened.close();
    const call = await w.fake.waitFor(model, (c) => c.ended === 'client', within(1500));
    assert.ok(call.aborted_at);
    await eventually(async () => (await runOf(data.run_id)).status === 'cancelled', { what: 'the run to be cancelled' });
  });
});

describe('what a model says is not trusted', () => {
  it('beyond the members that are asked for', async () => {
    const hostile = {
      ...good, provider: 'openai', model: 'expensive', prompt_id: absentId(), fallback_models: ['openai/x'], stop: ['a'], max_tokens: 1,
      limits: { timeout_s: 1 }, memory: { history_turns: 0 }, tools: [{ name: 'shell' }], '__proto__x': {}, language: 'Klingon',
    };
    const got = expect(await ask(hostile), 200);
    assert.deepEqual(got.config, goodConfig);
  });

  it('but for its JSON, whatever stands around it', async () => {
    const json = JSON.stringify(good, null, 2);
    const nested = JSON.stringify({ agent: { name: goodName, description: goodDescription, config: goodConfig } });
    for (const text of [`\`\`\`json\n${json}\n\`\`\``, `Sure! For {you}, with {{care}}:\n\n${json}\n\nAnything else? {"name":"Other"}`, nested]) {
      const got = expect(await ask(text), 200);
      assert.deepEqual([got.name, got.description, got.config], [goodName, goodDescription, goodConfig], text);
    }
  });

  it('where its values are of the wrong kind', async () => {
    const got = expect(await ask({
      name: 42, description: ['x'], persona: null, instructions: '  Do it.  ', response_style: 'pirate', temperature: 'hot', response_format: 'json_schema',
      greeting: { text: 'Hi' }, suggested_questions: [' Why? ', 1, null, ''],
      variables: [{ name: 'a b' }, 'x', { name: 'ok', type: 'list', default: 3 }, { name: 'ok' }],
    }), 200);
    assert.deepEqual([got.name, got.description], [null, null]);
    assert.deepEqual(got.config, {
      instructions: 'Do it.', suggested_questions: ['Why?'], variables: [{ name: 'ok', type: 'string', default: '3', required: false }],
    });
  });

  it('where its texts are too long or hold what no text holds', async () => {
    const got = expect(await ask({ name: 'é'.repeat(500), instructions: `a\u0000b${'x'.repeat(70000)}`, suggested_questions: ['q'.repeat(400)] }), 200);
    assert.equal(got.name, 'é'.repeat(100));
    assert.equal(got.config.instructions, `a\ufffdb${'x'.repeat(65533)}`);
    assert.equal(got.config.suggested_questions[0].length, 300);
    expect(await w.ada.client.post('/v1/agents', { name: got.name, config: got.config }), 201);
  });

  it('and a schema is taken with its format alone', async () => {
    const schema = { type: 'object', properties: { total: { type: 'number' } } };
    const both = expect(await ask({ instructions: 'x', response_format: 'json_schema', json_schema: schema }), 200);
    assert.deepEqual([both.config.response_format, both.config.json_schema], ['json_schema', schema]);
    const one = expect(await ask({ instructions: 'x', response_format: 'text', json_schema: schema }), 200);
    assert.deepEqual([one.config.response_format, one.config.json_schema], ['text', undefined]);
  });

  it('and what is no proposal fails the run', async () => {
    const { client } = await register(w.anonymous);
    const json = JSON.stringify(good);
    const cases = [
      ['I cannot help with that.', 'upstream_invalid_response'],
      ['', 'upstream_invalid_response'],
      ['{}', 'upstream_invalid_response'],
      ['{"name":"x","description":"y"}', 'upstream_invalid_response'],
      ['{"name":"x" "instructions":"y"}', 'upstream_invalid_response'],
      ['{"instructions":" "}', 'upstream_invalid_response'],
      [json.slice(0, -1), 'upstream_incomplete'],
      [`{"instructions":"${'x'.repeat(600_000)}"}`, 'upstream_too_large'],
    ];
    for (const [text, code] of cases) {
      expectProblem(await ask(text, {}, { client, script: { chunks: 3 } }), 502, code);
      const run = await newest(client);
      assert.deepEqual([run.kind, run.status, run.error_code], ['draft', 'failed', code], text.slice(0, 80));
    }
  });
});

describe('one field anew', () => {
  const current = { name: 'Old', description: 'Older', config: { instructions: 'Old rules', greeting: 'Old hello', temperature: 0.1, provider: 'openai', model: 'echo' } };

  it('leaves the others as they are', async () => {
    const { model, reply } = propose(good, { field: 'greeting', current });
    const got = expect(await reply(), 200);
    assert.deepEqual([got.name, got.description], ['Old', 'Older']);
    assert.deepEqual(got.config, { ...current.config, greeting: good.greeting });
    const call = w.fake.callsFor(model)[0];
    assert.match(systemOf(call), /- "greeting":/);
    assert.doesNotMatch(systemOf(call), /- "instructions":/);
    assert.match(questionOf(call), /Old hello[^]*Propose only "greeting"/);
  });

  it('is possible for each that the request may name', async () => {
    const paths = { name: 'name', description: 'description' };
    for (const field of ['name', 'description', 'instructions', 'persona', 'greeting', 'suggested_questions', 'variables', 'response_style']) {
      const { of } = await stream(good, { field, current });
      const path = paths[field] ?? `config.${field}`;
      assert.deepEqual(of('field').map((d) => d.path), [path]);
      assert.deepEqual(of('field')[0].value, good[field]);
      assert.ok(of('field.delta').every((d) => d.path === path));
      const [done] = of('run.completed');
      assert.deepEqual(paths[field] ? done[field] : done.config[field], good[field]);
    }
  });

  it('fails when the model leaves out just that', async () => {
    expectProblem(await ask({ name: 'x', instructions: 'y' }, { field: 'greeting' }), 502, 'upstream_invalid_response');
  });

  it('takes of an unfinished configuration what is valid', async () => {
    const unfinished = { name: 7, colour: 'red', config: { temperature: 9, top_p: 0.5, colour: 'red', greeting: 'Hi', response_format: 'json_schema' } };
    const got = expect(await ask(good, { field: 'persona', current: unfinished }), 200);
    assert.deepEqual([got.name, got.description, got.config], [null, null, { top_p: 0.5, persona: good.persona, greeting: 'Hi' }]);
  });

  it('looks nothing up that `current` names', async () => {
    const prompt = expect(await w.bob.client.post('/v1/prompts', { prompt_text: 'Bob only' }), 201);
    for (const id of [prompt.id, absentId()]) {
      const got = expect(await ask(good, { field: 'name', current: { config: { prompt_id: id } } }), 200);
      assert.deepEqual(got.config, { prompt_id: id });
    }
  });
});

describe('a proposal in full', () => {
  it('keeps the settings that are not the model\'s to propose', async () => {
    const current = { name: 'Old', config: { provider: 'openai', model: 'echo', memory: { history_turns: 3 }, greeting: 'Old hello' } };
    const got = expect(await ask(good, { current }), 200);
    assert.deepEqual(got.config, { ...current.config, ...goodConfig });
    assert.equal(got.name, goodName);
  });

  it('is written in the language asked for', async () => {
    const { model, reply } = propose(good, { language: 'German' });
    assert.equal(expect(await reply(), 200).config.language, 'German');
    assert.match(questionOf(w.fake.callsFor(model)[0]), /in this language: German/);
    const { of } = await stream(good, { language: 'German' });
    assert.ok(of('field').some((d) => d.path === 'config.language' && d.value === 'German'));
  });

  it('is asked of the server\'s model without a choice, and of another provider alike', async () => {
    w.fake.script('echo', { text: JSON.stringify(good) });
    const got = expect(await w.ada.client.post('/v1/agents/draft', { description: DESCRIPTION }), 200);
    assert.equal(got.model, 'openai/echo');
    const model = unique('proposer');
    w.fake.script(model, { text: JSON.stringify(good), chunks: 9 });
    const other = expect(await w.ada.client.post('/v1/agents/draft', { description: DESCRIPTION, model: `anthropic/${model}` }), 200);
    assert.deepEqual(other.config, goodConfig);
  });

  it('is not asked for again with the same Idempotency-Key', async () => {
    const model = unique('proposer');
    w.fake.script(model, { text: JSON.stringify(good) });
    const options = { headers: { 'idempotency-key': unique('key') } };
    const body = { description: DESCRIPTION, model: `openai/${model}`, stream: true };
    const events = await (await w.ada.client.stream('/v1/agents/draft', body, options)).all();
    // It is kept right after the end of the stream.
    const again = await eventually(async () => {
      const reply = await w.ada.client.post('/v1/agents/draft', body, options);
      return reply.status === 200 && reply;
    }, { what: 'the kept reply' });
    assert.deepEqual(again.json, events.at(-1).data);
    assert.equal(w.fake.callsFor(model).length, 1);
  });
});

describe('the sandbox', () => {
  const sandbox = (description, more = {}) => w.ada.client.post('/v1/agents/draft', { description, model: 'sandbox/sandbox', ...more });

  it('takes the nearest template, says so, and says it every time', async () => {
    const sentence = 'Extracts the fields of invoices as "JSON" {{now}}';
    const [first, second] = [expect(await sandbox(sentence), 200), expect(await sandbox(sentence), 200)];
    assert.deepEqual([first.template_id, first.model, first.description], ['data-extractor', 'sandbox/sandbox', sentence]);
    assert.match(first.config.instructions, /Sandbox, which is not an AI model/);
    for (const text of [first.config.instructions, first.config.greeting]) assert.ok(text.includes(sentence), text);
    assert.equal(first.config.response_format, 'json_schema');
    assert.deepEqual(second.config, first.config);
    expect(await w.ada.client.post('/v1/agents', { name: first.name, config: first.config }), 201);
  });

  it('makes an agent of every template, and of what fits none', async () => {
    const { data } = expect(await w.ada.client.get('/v1/templates'), 200);
    for (const { name, description } of data) {
      const got = expect(await sandbox(`${name}: ${description}`), 200);
      const agent = expect(await w.ada.client.post('/v1/agents', { name: got.name, description: got.description, config: got.config }), 201);
      assert.deepEqual(agent.config, got.config);
    }
    assert.equal(expect(await sandbox('zzz qqq xxx'), 200).template_id, 'everyday-assistant');
    const longest = expect(await sandbox('é'.repeat(2000)), 200);
    assert.equal(longest.description, 'é'.repeat(2000));
    assert.ok([...longest.config.greeting].length <= 2000);
  });

  it('streams, and proposes one field alone', async () => {
    const opened = await w.ada.client.stream('/v1/agents/draft', {
      description: 'Reviews pull requests', model: 'sandbox/sandbox', field: 'persona', current: { name: 'Mine' }, stream: true,
    });
    const events = await opened.all();
    assert.ok(events.filter((e) => e.event === 'field.delta').length > 5);
    assert.deepEqual(events.filter((e) => e.event === 'field').map((e) => e.data.path), ['config.persona']);
    const done = events.at(-1).data;
    assert.deepEqual([done.name, done.template_id, Object.keys(done.config)], ['Mine', 'code-reviewer', ['persona']]);
  });
});

describe('a request', () => {
  it('is refused for its mistakes, all together', async () => {
    const post = (body) => w.ada.client.post('/v1/agents/draft', body);
    expectProblem(await post({}), 422, 'validation_failed', ['description']);
    expectProblem(await post({ description: 'ab', field: 'colour', current: [], stream: 1, more: 1 }), 422, 'validation_failed',
      ['description', 'field', 'current', 'stream', 'more']);
    expectProblem(await post({ description: 'x'.repeat(2001) }), 422, 'validation_failed', ['description']);
    expectProblem(await post({ description: DESCRIPTION, current: { a: 'x'.repeat(140_000) } }), 422, 'validation_failed', ['current']);
    expectProblem(await post({ description: DESCRIPTION, model: 'nowhere/model' }), 422, 'model_unavailable');
    expectProblem(await post({ description: DESCRIPTION, model: 'nowhere/model', stream: true }), 422, 'model_unavailable');
  });

  it('finds the path beside the agents\' ids', async () => {
    const reply = await w.ada.client.get('/v1/agents/draft');
    expectProblem(reply, 405, 'method_not_allowed');
    assert.equal(reply.headers.allow, 'POST');
  });

  it('needs the right to write agents', async () => {
    const { key } = expect(await w.ada.client.post('/v1/api-keys', { name: 'reader', scopes: ['agents:read', 'ai:run'] }), 201);
    expectProblem(await w.anonymous.as({ apiKey: key }).post('/v1/agents/draft', { description: DESCRIPTION }), 403, 'forbidden');
    expect(await w.anonymous.as({ apiKey: key }).get('/v1/templates'), 200);
  });
});
