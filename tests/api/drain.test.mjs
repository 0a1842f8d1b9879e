// SIGTERM: not ready at once, what goes on comes to an honest end, then exit 0.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';

import { expect, expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { connect } from '../lib/raw.mjs';
import { sleep, within } from '../lib/time-and-ports.mjs';
import { createAgent, unique, world } from '../lib/world.mjs';

const w = world({ accounts: false });

async function startStream(input, env) {
  const { server, client, token } = await w.startWithAccount(env);
  const agent = await createAgent(client, { provider: 'openai', model: unique('drain') });
  const stream = await client.stream('/v1/ai/generate', { agent_id: agent.id, input_text: input, stream: true });
  const { data } = await stream.until('run.started');
  await stream.until('delta');
  return { server, client, token, agent, stream, runId: data.run_id };
}

/** Starts the server again on the same data and reads a run. */
async function runAfterwards(server, token, id) {
  await server.start();
  const client = new Client(server.url, { token });
  const run = expect(await client.get(`/v1/runs/${id}`), 200);
  client.close();
  return run;
}

describe('SIGTERM', () => {
  it('with nothing to do ends at once with 0', async () => {
    const { server } = await w.startWithAccount();
    const from = performance.now();
    await server.terminate();
    assert.ok(performance.now() - from < within(2000));
  });

  it('lets a stream come to its end', async () => {
    const { server, stream, token, runId } = await startStream('[[chunks=10 delay=150]] one two three four five');
    server.signal('SIGTERM');
    const events = await stream.all();
    assert.equal(events.at(-1).event, 'run.completed');
    assert.equal(stream.complete, true);
    assert.equal((await server.ended()).code, 0);
    server.assertClean();
    const run = await runAfterwards(server, token, runId);
    assert.deepEqual([run.status, run.output_text], ['completed', 'You said: one two three four five']);
  });

  it('lets a whole answer be given, and closes the connection behind it', async () => {
    const { server, client } = await w.startWithAccount();
    const model = unique('drain');
    const agent = await createAgent(client, { provider: 'openai', model });
    const asked = client.post('/v1/ai/generate', { agent_id: agent.id, input_text: '[[first_delay=800]] hello' });
    await w.fake.waitFor(model);
    server.signal('SIGTERM');
    const reply = await asked;
    assert.equal(expect(reply, 200).response, 'You said: hello');
    assert.equal(reply.headers.connection, 'close');
    assert.equal((await server.ended()).code, 0);
  });

  it('makes the server not ready at once, and takes no new work', async () => {
    const { server, client, token, stream } = await startStream('[[chunks=20 delay=100]] one two three four five');
    const open = await connect(server.port);
    open.write('GET /ready HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await open.reply()).status, 200);
    const busy = await connect(server.port);
    busy.write('GET /rea');
    await sleep(50);
    server.signal('SIGTERM');
    await server.waitForLog(/ draining/);
    await sleep(100); // until each loop has heard of it
    busy.write('dy HTTP/1.1\r\nHost: x\r\n\r\n');
    const late = await busy.reply().catch(() => null);
    assert.ok(late === null || late.status === 503, `ready answered ${late?.status}`);
    const outcome = await new Client(server.url, { token }).post('/v1/agents', { name: 'late', config: {} }).catch((e) => e);
    assert.ok(outcome instanceof Error || outcome.status === 503, outcome.text);
    if (!(outcome instanceof Error)) expectProblem(outcome, 503, 'draining');
    assert.equal(await open.closes(), true, 'idle connections are closed');
    assert.equal((await stream.all()).at(-1).event, 'run.completed');
    assert.equal((await server.ended()).code, 0);
    client.close();
    busy.destroy();
    open.destroy();
  });

  it('gives up on what does not end within the limit, with a terminal event', async () => {
    const { server, stream, token, runId } = await startStream('[[fault=silent_midstream after=1]] hello there', { AGENTGEN_DRAIN_TIMEOUT_MS: 1000 });
    const from = performance.now();
    server.signal('SIGTERM');
    const events = await stream.all();
    assert.match(events.at(-1).event, /^run\.(failed|cancelled)$/);
    assert.equal((await server.ended()).code, 0);
    const ms = performance.now() - from;
    assert.ok(ms >= 900 && ms < within(4000), `${ms} ms`);
    server.assertClean();
    const run = await runAfterwards(server, token, runId);
    assert.ok(['failed', 'cancelled'].includes(run.status), run.status);
    assert.ok(run.output_text.length > 0, 'what was said is kept');
  });

  it('a second time ends it now', async () => {
    const { server, stream } = await startStream('[[fault=silent_midstream after=1]] hello there');
    const from = performance.now();
    server.signal('SIGTERM');
    await server.waitForLog(/ draining/); // two signals that nobody has heard yet are one
    server.signal('SIGTERM');
    await server.ended();
    assert.ok(performance.now() - from < within(3000));
    stream.close();
  });
});

describe('SIGINT', () => {
  it('does the same', async () => {
    const { server } = await w.startWithAccount();
    server.signal('SIGINT');
    assert.equal((await server.ended()).code, 0);
  });
});
