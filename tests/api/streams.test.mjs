// The life of a stream: heartbeats, clients that leave, clients that do not read.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';

import { expect } from '../lib/expect.mjs';
import { connect } from '../lib/raw.mjs';
import { eventually, sleep, within } from '../lib/time-and-ports.mjs';
import { createAgent, unique, world } from '../lib/world.mjs';

const w = world({ env: { AGENTGEN_SSE_HEARTBEAT_MS: 200 } });

async function begin(input, { provider = 'openai', client = w.ada.client } = {}) {
  const model = unique('stream');
  const agent = await createAgent(client, { provider, model });
  const stream = await client.stream('/v1/ai/generate', { agent_id: agent.id, input_text: input, stream: true });
  return { stream, model, agent };
}
const statusOf = async (id, client = w.ada.client) => expect(await client.get(`/v1/runs/${id}`), 200).status;
const runOf = async (agent, client = w.ada.client) => expect(await client.get(`/v1/runs?agent_id=${agent.id}`), 200).data[0];

describe('heartbeat', () => {
  it('keeps the connection warm while the model is silent, before its first word and after', async () => {
    const { stream } = await begin('[[first_delay=900]] hello');
    const events = await stream.all();
    assert.equal(events.at(-1).event, 'run.completed');
    const beats = stream.seen.filter((e) => e.comment !== undefined);
    assert.ok(beats.length >= 2, `${beats.length} beats in 900 ms`);
    const middle = await begin('[[chunks=2 delay=900]] hello');
    await middle.stream.all();
    const [first, last] = middle.stream.seen.filter((e) => e.event === 'delta').map((e) => e.at);
    assert.ok(middle.stream.seen.some((e) => e.comment !== undefined && e.at > first && e.at < last));
  });

  it('is not sent while there is something to say', async () => {
    const { stream } = await begin('[[chunks=40 delay=20]] one two three four five six seven eight nine ten');
    await stream.all();
    const beats = stream.seen.filter((e) => e.comment !== undefined);
    assert.ok(beats.length <= 2, `${beats.length} beats beside ${stream.seen.length} events`);
  });
});

describe('a client that leaves', () => {
  for (const provider of ['openai', 'anthropic']) {
    it(`ends the call of the model within a second, and the run is cancelled (${provider})`, async () => {
      const { stream, model } = await begin('[[chunks=50 delay=100]] one two three four five six seven', { provider });
      const { data } = await stream.until('run.started');
      await stream.until('delta');
      const left = performance.now();
      stream.close();
      const call = await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
      assert.ok(call.aborted_at - left <= within(1000), `${call.aborted_at - left} ms`);
      await eventually(async () => await statusOf(data.run_id) === 'cancelled', { what: 'the run to be cancelled' });
      const run = expect(await w.ada.client.get(`/v1/runs/${data.run_id}`), 200);
      assert.ok(call.text.startsWith(run.output_text) && run.output_text.length > 0, run.output_text);
      assert.ok(run.finished_at);
    });
  }

  it('is noticed when nothing is being written, within a tenth of a second', async () => {
    const times = [];
    for (let i = 0; i < 5; i += 1) {
      const { stream, model } = await begin('[[fault=silent_midstream after=1]] hello');
      await stream.until('delta');
      const left = performance.now();
      stream.close();
      times.push((await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000))).aborted_at - left);
    }
    times.sort((a, b) => a - b);
    assert.ok(times[2] <= within(100), `${times.map(Math.round)} ms`);
  });

  it('is noticed before the model has said a word', async () => {
    const { stream, model, agent } = await begin('[[fault=silent]] hello');
    await w.fake.waitFor(model);
    const left = performance.now();
    stream.close();
    const call = await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
    assert.ok(call.aborted_at - left <= within(1000));
    await eventually(async () => (await runOf(agent))?.status === 'cancelled', { what: 'the run to be cancelled' });
  });

  it('is noticed while it waits for a whole answer', async () => {
    const model = unique('whole');
    const agent = await createAgent(w.ada.client, { provider: 'openai', model });
    const leaving = new AbortController();
    const asked = w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: '[[fault=silent]] hello' },
      { signal: leaving.signal, agent: false }).catch((e) => e);
    await w.fake.waitFor(model);
    const left = performance.now();
    leaving.abort();
    assert.equal((await asked).name, 'AbortError');
    const call = await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
    assert.ok(call.aborted_at - left <= within(1000), `${call.aborted_at - left} ms`);
    await eventually(async () => (await runOf(agent))?.status === 'cancelled', { what: 'the run to be cancelled' });
  });

  it('by closing only its sending side still hears the end, or is taken for gone: never is the run left open', async () => {
    const model = unique('half');
    const agent = await createAgent(w.ada.client, { provider: 'openai', model });
    const body = JSON.stringify({ agent_id: agent.id, input_text: '[[chunks=3 delay=50]] hello', stream: true });
    const c = await connect(w.server.port);
    c.write(`POST /v1/ai/generate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${w.ada.token}\r\nContent-Type: application/json\r\n`
      + `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`).half();
    assert.equal(await c.closes(within(5000)), true);
    c.destroy();
    await sleep(300);
    const closed = ['completed', 'cancelled', undefined]; // the last: it was gone before the run began
    await eventually(async () => closed.includes((await runOf(agent))?.status), { what: 'the end of the run' });
  });

  it('many at once leaves nothing running', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => begin('[[chunks=100 delay=100]] one two three four')));
    await Promise.all(streams.map(({ stream }) => stream.until('delta')));
    for (const { stream } of streams) stream.close();
    for (const { model, agent } of streams) {
      await w.fake.waitFor(model, (c) => c.ended === 'client', within(3000));
      await eventually(async () => (await runOf(agent))?.status === 'cancelled', { what: 'the run to be cancelled' });
    }
    expect(await w.anonymous.get('/health'), 200);
  });
});

describe('a client that does not read', () => {
  /** A model that never stops talking, 64 KiB at a time; read to its end it would be too much. */
  const endless = { fault: 'endless', text: 'x'.repeat(4096), chunks: 1 };

  async function stall(env) {
    const { client } = env ? await w.startWithAccount(env) : w.ada;
    const model = unique('stall');
    w.fake.script(model, endless);
    const agent = await createAgent(client, { provider: 'openai', model });
    const stream = await client.stream('/v1/ai/generate', { agent_id: agent.id, input_text: 'go', stream: true });
    return { client, agent, stream, call: await w.fake.waitFor(model) };
  }

  it('slows the model down', async () => {
    const { agent, stream, call } = await stall();
    await sleep(1500);
    const then = call.bytes_out;
    await sleep(500);
    assert.equal(call.bytes_out, then, 'nothing more is taken from the model');
    assert.equal(call.ended, null);
    assert.equal((await runOf(agent))?.status, 'running', 'the limit for a whole answer is not reached');
    stream.close();
    await w.fake.waitFor(call.json.model, (c) => c.ended === 'client', within(2000));
    await eventually(async () => (await runOf(agent))?.status === 'cancelled', { what: 'the run to be cancelled' });
  });

  it('gets everything once it reads again', async () => {
    const model = unique('patient');
    w.fake.script(model, { text: Array.from({ length: 300_000 }, (_, i) => `${i} `).join(''), chunks: 1000 });
    const agent = await createAgent(w.ada.client, { provider: 'openai', model });
    const stream = await w.ada.client.stream('/v1/ai/generate', { agent_id: agent.id, input_text: 'go', stream: true });
    const call = await w.fake.waitFor(model);
    await sleep(1000);
    const events = await stream.all();
    assert.equal(events.at(-1).event, 'run.completed');
    const text = events.filter((e) => e.event === 'delta').map((e) => e.data.text).join('');
    assert.ok(text === call.text, `${text.length} characters of ${call.text.length}`);
  });

  it('does not slow others down', async () => {
    const { stream } = await stall();
    await sleep(300);
    for (let i = 0; i < 5; i += 1) {
      const other = await begin('[[chunks=5]] quick');
      assert.equal((await other.stream.all()).at(-1).event, 'run.completed');
    }
    stream.close();
  });

  it('for too long is let go, and the run is closed', async () => {
    const { client, agent, stream, call } = await stall({ AGENTGEN_WRITE_TIMEOUT_MS: 800 });
    await w.fake.waitFor(call.json.model, (c) => c.ended === 'client', within(8000));
    await eventually(async () => ['cancelled', 'failed'].includes((await runOf(agent, client))?.status), { what: 'the end of the run' });
    stream.close();
  });
});

describe('many streams', () => {
  it('go on side by side, each whole and in order', async () => {
    const count = 60;
    const text = Array.from({ length: 30 }, (_, i) => `word${i}`).join(' ');
    const results = await Promise.all(Array.from({ length: count }, async (_, i) => {
      const { stream } = await begin(`[[chunks=30 delay=10]] ${i} ${text}`, { provider: i % 2 ? 'openai' : 'anthropic' });
      return stream.all();
    }));
    for (const [i, events] of results.entries()) {
      assert.equal(events.at(-1).event, 'run.completed');
      assert.equal(events.filter((e) => e.event === 'delta').map((e) => e.data.text).join(''), `You said: ${i} ${text}`);
    }
  });
});
