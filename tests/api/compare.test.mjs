// Several models in one stream: comparing them, and testing a prompt against them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { eventually, sleep, within } from '../lib/time-and-ports.mjs';
import { browserOf, register, unique, world } from '../lib/world.mjs';

const w = world();

const compare = (models, more = {}, client = w.ada.client) => client.stream('/v1/ai/compare', { config: {}, input_text: 'Hello', models, ...more });
const lane = (events, n) => events.filter((e) => e.data.lane === n);
const textOf = (events) => events.filter((e) => e.event === 'delta').map((e) => e.data.text).join('');
const systemOf = (call) => call.json.messages.filter((m) => m.role === 'system').map((m) => m.content).join('\n');

/** A lane begins once, ends once, and says nothing outside of that. */
function assertLane(events, end = 'run.completed') {
  assert.equal(events[0].event, 'run.started');
  assert.equal(events.at(-1).event, end);
  assert.ok(events.slice(1, -1).every((e) => e.event === 'delta'), events.map((e) => e.event).join());
  assert.ok(events.every((e) => e.id === undefined));
}

describe('compare', () => {
  it('asks each model the same, and tells each answer with its lane', async () => {
    const models = [`openai/${unique('a')}`, `anthropic/${unique('b')}`, 'sandbox/sandbox'];
    const stream = await compare(models, {
      config: { instructions: 'For {{who}}.', variables: [{ name: 'who', type: 'string' }], temperature: 0.5 },
      variables: { who: 'Kim' },
      messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hello!' }],
      input_text: '[[chunks=5 delay=10]] How are you?',
    });
    assert.equal(stream.headers['content-type'], 'text/event-stream');
    const events = await stream.all();
    assert.deepEqual([events.at(-1).event, events.at(-1).data], ['compare.completed', {}]);
    for (const [i, model] of models.entries()) {
      const mine = lane(events, i);
      assertLane(mine);
      assert.deepEqual(Object.keys(mine[0].data).sort(), ['lane', 'model', 'run_id']);
      assertOrderedId(mine[0].data.run_id);
      assert.equal(mine[0].data.model, model);
      const { data } = mine.at(-1);
      assert.deepEqual([data.run_id, data.model, data.response, data.finish_reason], [mine[0].data.run_id, model, textOf(mine), 'stop']);
      assert.ok(data.usage.output_tokens > 0 && data.latency_ms >= data.ttft_ms);
    }
    assert.equal(textOf(lane(events, 0)), 'You said: How are you?');
    const [call] = w.fake.callsFor(models[0].split('/')[1]);
    assert.match(systemOf(call), /For Kim\./);
    assert.equal(call.json.temperature, 0.5);
    assert.deepEqual(call.json.messages.filter((m) => m.role !== 'system').map((m) => m.content.slice(-12)), ['Hi', 'Hello!', 'How are you?']);
  });

  it('asks them at the same time', async () => {
    const models = Array.from({ length: 4 }, () => unique('same'));
    const events = await (await compare(models.map((m) => `openai/${m}`), { input_text: '[[chunks=4 delay=100]] one two three' })).all();
    const calls = models.map((m) => w.fake.callsFor(m)[0].at);
    assert.ok(Math.max(...calls) - Math.min(...calls) < within(300));
    const order = events.filter((e) => e.event === 'delta').map((e) => e.data.lane);
    assert.ok(order.slice(0, 8).some((n, i) => i > 0 && n !== order[i - 1]), 'the answers come side by side');
  });

  it('tells large pieces beside small ones', async () => {
    const models = ['large', 'small', 'small', 'large'].map(unique);
    const texts = models.map((m) => (m.startsWith('large') ? 'x'.repeat(8 * 300_000) : 'y'.repeat(4000)));
    models.forEach((m, n) => w.fake.script(m, { text: texts[n], chunks: m.startsWith('large') ? 8 : 4000 }));
    const events = await (await compare(models.map((m) => `openai/${m}`))).all();
    for (const [n, text] of texts.entries()) {
      assertLane(lane(events, n));
      assert.equal(textOf(lane(events, n)), text);
    }
  });

  it('lets a model fail beside the others', async () => {
    const models = ['openai/fault-401', 'openai/echo', 'anthropic/fault-reset_midstream', 'openai/fault-429'];
    const events = await (await compare(models)).all();
    const codes = [0, 1, 2, 3].map((n) => lane(events, n).at(-1)).map((e) => e.data.code ?? e.event);
    assert.equal(codes[0], 'upstream_auth_failed');
    assert.equal(codes[1], 'run.completed');
    assert.match(codes[2], /^upstream_/);
    assert.equal(codes[3], 'upstream_rate_limited');
    for (const n of [0, 2, 3]) {
      assertLane(lane(events, n), 'run.failed');
      assert.deepEqual(Object.keys(lane(events, n).at(-1).data).sort(), ['code', 'lane', 'message', 'retryable']);
    }
    assert.equal(events.at(-1).event, 'compare.completed');
  });

  it('never lets another model answer in a lane', async () => {
    const events = await (await compare(['openai/fault-401', 'openai/echo'], { config: { fallback_models: ['sandbox/sandbox'] } })).all();
    assertLane(lane(events, 0), 'run.failed');
  });

  it('takes the same model twice', async () => {
    const events = await (await compare(['openai/echo', 'openai/echo'])).all();
    for (const n of [0, 1]) assert.equal(textOf(lane(events, n)), 'You said: Hello');
  });

  it('keeps what it cost and nothing of what was said', async () => {
    const { client } = await register(w.anonymous);
    await (await compare(['openai/echo', 'sandbox/sandbox'], { config: { instructions: 'Top secret' }, input_text: 'private words' }, client)).all();
    const { data } = expect(await client.get('/v1/runs'), 200);
    assert.deepEqual(data.map((r) => [r.kind, r.status, r.input_preview, r.agent_name]), Array(2).fill(['preview', 'completed', null, null]));
    for (const { id } of data) {
      const reply = await client.get(`/v1/runs/${id}`);
      for (const word of ['private words', 'Top secret', 'You said']) assert.ok(!reply.text.includes(word), word);
      assert.deepEqual((await (await client.follow(`/v1/runs/${id}/events`)).all()).map((e) => e.event), ['run.started', 'run.completed']);
    }
  });

  it('ends every call when its client leaves, a browser too', async () => {
    for (const client of [w.ada.client, browserOf(w.ada, w.server)]) {
      const models = [unique('leave'), unique('leave')];
      const stream = await compare(models.map((m) => `openai/${m}`), { input_text: '[[chunks=60 delay=100]] one two three' }, client);
      await stream.until('delta');
      stream.close();
      for (const model of models) await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
      for (const { data } of stream.seen.filter((e) => e.event === 'run.started')) {
        await eventually(async () => expect(await w.ada.client.get(`/v1/runs/${data.run_id}`), 200).status === 'cancelled', { what: 'the runs to be cancelled' });
      }
    }
  });

  it('lets one lane be cancelled and the others go on', async () => {
    const stream = await compare([`openai/${unique('one')}`, `openai/${unique('two')}`], { input_text: '[[chunks=8 delay=120]] one two three four' });
    const { data } = await stream.until('run.started');
    assert.equal(expect(await w.ada.client.post(`/v1/runs/${data.run_id}/cancel`), 200).status, 'cancelled');
    await stream.all();
    const events = stream.seen.filter((e) => e.event);
    assertLane(lane(events, data.lane), 'run.cancelled');
    assertLane(lane(events, 1 - data.lane));
    assert.equal(textOf(lane(events, 1 - data.lane)), 'You said: one two three four');
  });

  it('slows the models down for a client that does not read, and gives it everything then', async () => {
    const models = [unique('slow'), unique('slow')];
    const text = 'x'.repeat(3_000_000);
    for (const model of models) w.fake.script(model, { text, chunks: 600 });
    const stream = await compare(models.map((m) => `openai/${m}`));
    await sleep(1000);
    const events = await stream.all();
    for (const n of [0, 1]) {
      assertLane(lane(events, n));
      assert.ok(textOf(lane(events, n)) === text);
      assert.ok(lane(events, n).at(-1).data.response === text);
    }
  });

  it('keeps the connection warm', async () => {
    const { client } = await w.startWithAccount({ AGENTGEN_SSE_HEARTBEAT_MS: 150 });
    const stream = await compare(['openai/echo', 'anthropic/echo'], { input_text: '[[first_delay=700]] hello' }, client);
    await stream.all();
    assert.ok(stream.seen.filter((e) => e.comment !== undefined).length >= 2);
  });

  it('ends honestly with the server', async () => {
    const { server, client } = await w.startWithAccount({ AGENTGEN_DRAIN_TIMEOUT_MS: 600 });
    const stream = await compare(['openai/echo', 'openai/echo'], { input_text: '[[fault=silent_midstream after=1]] hello there' }, client);
    await stream.until('delta');
    server.signal('SIGTERM');
    await stream.all();
    const events = stream.seen.filter((e) => e.event);
    for (const n of [0, 1]) assertLane(lane(events, n), 'run.cancelled');
    assert.equal(events.at(-1).event, 'compare.completed');
    assert.equal((await server.ended()).code, 0);
    server.assertClean();
  });

  it('needs two to four models that are there, and a configuration that holds', async () => {
    const ask = (body) => w.ada.client.post('/v1/ai/compare', { config: {}, input_text: 'x', models: ['openai/echo', 'openai/echo'], ...body });
    expectProblem(await ask({ models: ['openai/echo'] }), 422, 'validation_failed', ['models']);
    expectProblem(await ask({ models: Array(5).fill('openai/echo') }), 422, 'validation_failed', ['models']);
    expectProblem(await ask({ models: ['openai/echo', 'nowhere/x'] }), 422, 'validation_failed', ['models[1]']);
    expectProblem(await ask({ models: undefined }), 422, 'validation_failed', ['models']);
    expectProblem(await ask({ config: { temperature: 5 } }), 422, 'validation_failed', ['config.temperature']);
    expectProblem(await ask({ input_text: '' }), 422, 'validation_failed', ['input_text']);
    expectProblem(await ask({ config: undefined }), 422, 'validation_failed', ['config']);
  });
});

describe('validate as a stream', () => {
  const body = { prompt_text: 'Hello {{customer}}', input_text: '[[chunks=3 delay=10]] hi you', stream: true };

  it('says first what is to be said about the prompt', async () => {
    const events = await (await w.ada.client.stream('/v1/ai/validate', { ...body, models: ['openai/echo', 'openai/fault-401'] })).all();
    assert.equal(events[0].event, 'findings');
    assert.match(JSON.stringify(events[0].data.findings), /customer/);
    for (const finding of events[0].data.findings) assert.deepEqual(Object.keys(finding).sort(), ['code', 'message', 'severity']);
    assertLane(lane(events, 0));
    assertLane(lane(events, 1), 'run.failed');
    assert.equal(textOf(lane(events, 0)), 'You said: hi you');
    assert.equal(events.at(-1).event, 'compare.completed');
  });

  it('asks the default model when none is named, and takes Accept for the wish', async () => {
    const { stream: _, ...plain } = body;
    const stream = await w.ada.client.stream('/v1/ai/validate', plain, { headers: { accept: 'text/event-stream' } });
    const events = await stream.all();
    assert.equal(lane(events, 0)[0].data.model, 'openai/echo');
  });

  it('keeps the whole reply for an Idempotency-Key', async () => {
    const headers = { 'idempotency-key': unique('key') };
    const events = await (await w.ada.client.stream('/v1/ai/validate', { ...body, models: ['openai/echo'] }, { headers })).all();
    // It is kept right after the end of the stream.
    const again = await eventually(async () => {
      const reply = await w.ada.client.post('/v1/ai/validate', { ...body, models: ['openai/echo'] }, { headers });
      return reply.status === 200 && reply;
    }, { what: 'the kept reply' });
    assert.deepEqual(Object.keys(again.json).sort(), ['findings', 'results']);
    assert.equal(again.json.results[0].run_id, lane(events, 0)[0].data.run_id);
  });

  it('ends the calls when its client leaves', async () => {
    const model = unique('leave');
    const stream = await w.ada.client.stream('/v1/ai/validate', { ...body, input_text: '[[chunks=60 delay=100]] one two', models: [`openai/${model}`] });
    await stream.until('delta');
    stream.close();
    await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
  });
});
