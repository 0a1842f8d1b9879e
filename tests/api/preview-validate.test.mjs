// Trying a configuration that is not saved, and a prompt against several models.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { register, unique, world } from '../lib/world.mjs';

const w = world();

const systemOf = (call) => call.json.messages.filter((m) => m.role === 'system' || m.role === 'developer').map((m) => m.content).join('\n');

describe('preview', () => {
  const preview = (config, more = {}, client = w.ada.client) => client.post('/v1/ai/preview', { config, input_text: 'Hello', ...more });

  it('answers from a configuration that was never saved', async () => {
    const model = unique('preview');
    const got = expect(await preview({ provider: 'openai', model, instructions: 'Be brief.' }), 200);
    assert.equal(got.response, 'You said: Hello');
    assert.equal(got.model, `openai/${model}`);
    assertOrderedId(got.run_id);
    assert.match(systemOf(w.fake.callsFor(model)[0]), /Be brief\./);
  });

  it('goes on with the messages it is given', async () => {
    const model = unique('preview');
    const messages = [{ role: 'user', content: 'My name is Kim.' }, { role: 'assistant', content: 'Hello Kim!' }];
    expect(await preview({ provider: 'openai', model }, { messages }), 200);
    const sent = w.fake.callsFor(model)[0].json.messages.filter((m) => m.role === 'user' || m.role === 'assistant');
    assert.deepEqual(sent.map((m) => m.content), ['My name is Kim.', 'Hello Kim!', 'Hello']);
    expectProblem(await preview({}, { messages: [{ role: 'system', content: 'x' }] }), 422, 'validation_failed');
    expectProblem(await preview({}, { messages: [{ role: 'user' }] }), 422, 'validation_failed');
  });

  it('streams', async () => {
    const stream = await w.ada.client.stream('/v1/ai/preview', {
      config: { provider: 'anthropic', model: 'echo' }, input_text: '[[chunks=5 delay=5]] Hello', stream: true,
    });
    const events = await stream.all();
    assert.equal(events[0].event, 'run.started');
    assert.equal(events.at(-1).event, 'run.completed');
    assert.equal(events.filter((e) => e.event === 'delta').map((e) => e.data.text).join(''), 'You said: Hello');
  });

  it('fills in variables', async () => {
    const model = unique('preview');
    const config = { provider: 'openai', model, instructions: 'Sell {{thing}}.', variables: [{ name: 'thing', type: 'string', required: true }] };
    expect(await preview(config, { variables: { thing: 'tea' } }), 200);
    assert.match(systemOf(w.fake.callsFor(model)[0]), /Sell tea\./);
    expectProblem(await preview(config), 422, 'validation_failed');
  });

  it('leaves nothing behind but what it cost', async () => {
    const { client } = await register(w.anonymous);
    const got = expect(await preview({ provider: 'openai', model: 'echo', instructions: 'Top secret plan' }, { input_text: 'private words' }, client), 200);
    assert.deepEqual(expect(await client.get('/v1/agents'), 200).data, []);
    assert.deepEqual(expect(await client.get('/v1/prompts'), 200).data, []);
    const reply = await client.get('/v1/runs');
    const [row, ...others] = expect(reply, 200).data;
    assert.deepEqual(others, []);
    assert.deepEqual([row.id, row.kind, row.status, row.agent_id, row.input_tokens], [got.run_id, 'preview', 'completed', null, got.usage.input_tokens]);
    const whole = await client.get(`/v1/runs/${row.id}`);
    expect(whole, 200);
    for (const word of ['private words', 'Top secret', 'You said']) assert.ok(!whole.text.includes(word), word);
  });

  it('is held to the limits of a saved configuration', async () => {
    expectProblem(await preview({ temperature: 5 }), 422, 'validation_failed', ['config.temperature']);
    expectProblem(await preview({ colour: 'red' }), 422, 'validation_failed', ['config.colour']);
    expectProblem(await preview(undefined), 422, 'validation_failed', ['config']);
    expectProblem(await preview({}, { input_text: '' }), 422, 'validation_failed', ['input_text']);
    expectProblem(await preview({}, { agent_id: 'x' }), 422, 'validation_failed', ['agent_id']);
  });

  it('tells what went wrong upstream', async () => {
    expectProblem(await preview({ provider: 'openai', model: 'fault-401' }), 502, 'upstream_auth_failed');
  });
});

describe('validate', () => {
  const validate = (body, client = w.ada.client) => client.post('/v1/ai/validate', body);

  it('asks each model, and answers in the order they were named', async () => {
    const models = ['openai/say-first', 'anthropic/say-second', 'sandbox/sandbox', 'openai/echo'];
    const got = expect(await validate({ prompt_text: 'You are a {{role}}.', models, variables: { role: 'poet' }, input_text: 'Hi' }), 200);
    assert.deepEqual(Object.keys(got).sort(), ['findings', 'results']);
    assert.deepEqual(got.results.map((r) => r.model), models);
    assert.deepEqual(got.results.slice(0, 2).map((r) => r.response), ['first', 'second']);
    for (const result of got.results) {
      assert.equal(result.error, null);
      assert.ok(Number.isInteger(result.usage.input_tokens) && Number.isInteger(result.latency_ms), JSON.stringify(result));
      assert.equal(result.finish_reason, 'stop');
    }
    const call = w.fake.callsFor('echo').at(-1);
    assert.match(call.body, /You are a poet\./);
    assert.doesNotMatch(call.body, /\{\{role\}\}/);
  });

  it('asks them at the same time', async () => {
    const models = ['openai/slow-a', 'openai/slow-b', 'anthropic/slow-c'];
    const reply = await validate({ prompt_text: 'x', models, input_text: '[[first_delay=600]] hi' });
    expect(reply, 200);
    const calls = models.map((m) => w.fake.callsFor(m.split('/')[1])[0]);
    const starts = calls.map((c) => c.at);
    assert.ok(Math.max(...starts) - Math.min(...starts) < 500, starts.join());
  });

  it('reports a model that fails beside those that answer', async () => {
    const got = expect(await validate({ prompt_text: 'x', models: ['openai/fault-401', 'openai/say-fine', 'anthropic/fault-404'], input_text: 'hi' }), 200);
    assert.deepEqual(got.results.map((r) => r.error?.code ?? null), ['upstream_auth_failed', null, 'upstream_not_found']);
    assert.equal(got.results[1].response, 'fine');
    assert.ok(got.results[0].error.message.length > 0);
  });

  it('takes a saved prompt', async () => {
    const prompt = expect(await w.ada.client.post('/v1/prompts', { prompt_text: 'Count to {{n}}.' }), 201);
    const model = unique('saved');
    expect(await validate({ prompt_id: prompt.id, models: [`openai/${model}`], variables: { n: '3' }, input_text: 'go' }), 200);
    assert.match(w.fake.callsFor(model)[0].body, /Count to 3\./);
  });

  it('uses the default model when none is named', async () => {
    const got = expect(await validate({ prompt_text: 'x', input_text: 'hi' }), 200);
    assert.deepEqual(got.results.map((r) => r.model), ['openai/echo']);
  });

  it('says what an experienced author would say about the prompt', async () => {
    const got = expect(await validate({ prompt_text: 'Hello {{customer}}', models: ['openai/echo'], input_text: 'hi', variables: { unused: 'x' } }), 200);
    assert.ok(got.findings.length >= 1);
    for (const finding of got.findings) {
      assert.deepEqual(Object.keys(finding).sort(), ['code', 'message', 'severity']);
      assert.ok(finding.message.length > 0);
    }
    assert.match(JSON.stringify(got.findings), /customer/);
  });

  it('costs a run each, of kind validate', async () => {
    const { client } = await register(w.anonymous);
    expect(await validate({ prompt_text: 'x', models: ['openai/echo', 'anthropic/echo'], input_text: 'hi' }, client), 200);
    const { data } = expect(await client.get('/v1/runs'), 200);
    assert.deepEqual(data.map((r) => [r.kind, r.status]), [['validate', 'completed'], ['validate', 'completed']]);
    assert.deepEqual(data.map((r) => r.provider).sort(), ['anthropic', 'openai']);
  });

  it('needs a prompt, one to four models, and knows them', async () => {
    expectProblem(await validate({ models: ['openai/echo'] }), 422, 'validation_failed');
    expectProblem(await validate({ prompt_text: '', models: ['openai/echo'] }), 422, 'validation_failed', ['prompt_text']);
    expectProblem(await validate({ prompt_text: 'x', models: [] }), 422, 'validation_failed', ['models']);
    expectProblem(await validate({ prompt_text: 'x', models: Array(5).fill('openai/echo') }), 422, 'validation_failed', ['models']);
    expectProblem(await validate({ prompt_text: 'x', models: 'openai/echo' }), 422, 'validation_failed', ['models']);
    expectProblem(await validate({ prompt_text: 'x', input_text: 'hi', models: ['nowhere/echo'] }), 422);
    expectProblem(await validate({ prompt_text: 'x', prompt_id: '00000000-0000-7000-8000-000000000001', models: ['openai/echo'] }), 422);
  });
});
