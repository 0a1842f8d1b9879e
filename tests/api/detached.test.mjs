// Runs that a browser began go on without it: they are followed again from where the reader stood,
// by as many as want to, and end when somebody says so.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { eventually, sleep, within } from '../lib/time-and-ports.mjs';
import { browserOf, createAgent, createFakeAgent, register, unique, world } from '../lib/world.mjs';

const w = world({ prepare: (it) => { ada = browserOf(it.ada, it.server); } });
let ada; // Ada's browser

const TEXT = 'naïve café 😀 日本語 👩‍👩‍👧 übermäßig — ende';
const WHOLE = `You said: ${TEXT}`;

const textOf = (events) => events.filter((e) => e.event === 'delta').map((e) => e.data.text).join('');
const terminals = (events) => events.filter((e) => /^run\.(completed|failed|cancelled)$/.test(e.event));
const rowOf = async (id, client = w.ada.client) => expect(await client.get(`/v1/runs/${id}`), 200);
const eventsOf = (id, lastId, client = ada) => client.follow(`/v1/runs/${id}/events`, lastId === undefined ? {} : { headers: { 'last-event-id': lastId } });

/** Begins a run and waits until its id is known. */
async function begin(input, { client = ada, owner = w.ada.client, provider = 'openai', script, headers } = {}) {
  const model = unique('live');
  if (script) w.fake.script(model, script);
  const agent = await createAgent(owner, { provider, model });
  const stream = await client.stream('/v1/ai/generate', { agent_id: agent.id, input_text: input, stream: true }, headers ? { headers } : {});
  const started = await stream.until('run.started');
  return { stream, model, agent, id: started.data.run_id, started };
}

/** Each id says how many bytes of the answer its reader has. */
function assertOffsets(events, from = 0) {
  let bytes = from;
  for (const event of events) {
    if (event.event === 'delta') bytes += Buffer.byteLength(event.data.text);
    assert.equal(event.id, terminals([event]).length ? 'end' : String(bytes), event.raw);
  }
}

describe('ids of events', () => {
  it('count the bytes of the answer, and the last one is the end', async () => {
    for (const client of [ada, w.ada.client]) {
      const { stream, started } = await begin(`[[chunks=9 delay=5]] ${TEXT}`, { client });
      const events = [started, ...await stream.all()];
      assert.equal(textOf(events), WHOLE);
      assertOffsets(events);
    }
    const preview = await w.ada.client.stream('/v1/ai/preview', { config: { provider: 'openai', model: 'echo' }, input_text: TEXT, stream: true });
    assertOffsets(await preview.all());
  });
});

describe('a browser that leaves', () => {
  it('does not end its run', async () => {
    const { stream, id, model } = await begin('[[chunks=6 delay=80]] one two three four');
    stream.close();
    const events = await (await eventsOf(id)).all();
    assert.deepEqual(events.map((e) => e.event).slice(-1), ['run.completed']);
    assert.equal(textOf(events), 'You said: one two three four');
    assert.equal(events.at(-1).data.response, 'You said: one two three four');
    assert.equal(w.fake.callsFor(model)[0].ended, 'server');
    assert.equal((await rowOf(id)).status, 'completed');
  });

  it('leaves the run alone also before the model has said a word', async () => {
    const { stream, id } = await begin('[[first_delay=400]] hello');
    stream.close();
    assert.equal((await (await eventsOf(id)).all()).at(-1).data.response, 'You said: hello');
  });

  it('and reloads again and again loses nothing and reads nothing twice', async () => {
    for (const provider of ['openai', 'anthropic']) {
      const { stream, id, started } = await begin(`[[chunks=40 delay=25]] ${TEXT}`, { provider });
      let text = '';
      let last = started.id;
      let open = stream;
      let ended = [];
      for (let visits = 1; ended.length === 0; visits += 1) {
        assert.ok(visits < 50);
        let deltas = 0;
        for await (const event of open) {
          if (!event.event || event.event === 'run.started') continue;
          if (event.event === 'delta') text += event.data.text;
          ended = terminals([event]);
          last = event.id;
          if (++deltas === 3) break;
        }
        open.close();
        if (ended.length === 0) open = await eventsOf(id, last);
      }
      assert.equal(text, WHOLE);
      assert.equal(ended[0].event, 'run.completed');
      assert.equal(ended[0].data.response, WHOLE);
    }
  });

  it('finds it whole after the end, from wherever it stood', async () => {
    const { stream, id, started } = await begin(`[[chunks=9]] ${TEXT}`);
    const live = [started, ...await stream.all()];
    const whole = Buffer.from(WHOLE);
    for (const { id: at } of live.slice(0, -1)) {
      const events = await (await eventsOf(id, at)).all();
      assert.equal(events[0].event, 'run.started');
      assert.deepEqual(events[0].data, started.data);
      assert.equal(textOf(events), whole.subarray(Number(at)).toString('utf8'));
      assertOffsets(events, Number(at));
      assert.deepEqual(terminals(events).map((e) => e.data), [live.at(-1).data]);
    }
    const query = await ada.follow(`/v1/runs/${id}/events?last_event_id=4`);
    assert.equal(textOf(await query.all()), WHOLE.slice(4));
    for (const at of ['end', String(whole.length), '999999999']) {
      assert.deepEqual((await (await eventsOf(id, at)).all()).map((e) => e.event), ['run.started', 'run.completed'], at);
    }
  });

  it('that stood inside of a character gets the whole character', async () => {
    const { stream, id } = await begin('go', { script: { text: '😀😀😀😀', chunks: 2, delay: 200 } });
    await stream.until('delta');
    for (const when of ['live', 'over']) {
      const events = await (await eventsOf(id, '6')).all();
      assert.equal(textOf(events), '😀😀😀', when);
      assertOffsets(events, 4);
    }
    stream.close();
  });

  it('gets no answer to an id that is none', async () => {
    const { stream, id } = await begin('hello');
    await stream.all();
    for (const at of ['-1', 'x', '1.5', '0x10', ' ', '99999999999999999999']) {
      const reply = await ada.get(`/v1/runs/${id}/events?last_event_id=${encodeURIComponent(at)}`);
      if (at.trim() === '') expect(reply, 200);
      else expectProblem(reply, 422, 'validation_failed', ['last_event_id']);
    }
  });

  it('that is no browser ends its run, with a token and with a key', async () => {
    const { key } = expect(await w.ada.client.post('/v1/api-keys', { name: 'k' }), 201);
    for (const client of [w.ada.client, w.anonymous.as({ apiKey: key })]) {
      const { stream, id, model } = await begin('[[chunks=50 delay=100]] one two three', { client });
      stream.close();
      await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
      await eventually(async () => (await rowOf(id)).status === 'cancelled', { what: 'the run to be cancelled' });
    }
  });

  it('ends what was only a preview', async () => {
    const model = unique('preview');
    const stream = await ada.stream('/v1/ai/preview', { config: { provider: 'openai', model }, input_text: '[[chunks=50 delay=100]] one two', stream: true });
    const { data } = await stream.until('run.started');
    stream.close();
    await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
    await eventually(async () => (await rowOf(data.run_id)).status === 'cancelled', { what: 'the run to be cancelled' });
  });
});

describe('what is refused before a run begins', () => {
  it('is refused as to everybody else', async () => {
    const agent = await createAgent(w.ada.client, {
      provider: 'openai', model: 'echo', instructions: 'For {{who}}.', variables: [{ name: 'who', type: 'string', required: true }],
    });
    const ask = (client, id) => client.post('/v1/ai/generate', { agent_id: id, input_text: 'x', stream: true });
    for (const id of [agent.id, absentId()]) {
      const [mine, token] = [await ask(ada, id), await ask(w.ada.client, id)];
      assert.ok(mine.status >= 400 && mine.type === 'application/problem+json', mine.text);
      assert.equal(withoutRequestId(mine), withoutRequestId(token));
    }
    expectProblem(await ask(ada, agent.id), 422, 'validation_failed', ['variables.who']);
  });

  it('and what fails later is told in the stream and in every other', async () => {
    const { stream, id } = await begin('[[fault=reset_midstream after=2]] one two three four');
    const other = await eventsOf(id);
    for (const events of [await stream.all(), await other.all(), await (await eventsOf(id)).all()]) {
      assert.equal(events.at(-1).event, 'run.failed');
      assert.deepEqual(Object.keys(events.at(-1).data).sort(), ['code', 'message', 'retryable']);
      assert.match(events.at(-1).data.code, /^upstream_/);
      assert.equal(events.at(-1).data.retryable, true);
    }
    const row = await rowOf(id);
    assert.equal(row.status, 'failed');
    assert.ok(row.output_text.length > 0);
  });
});

describe('several readers', () => {
  it('read the same, on whichever loop', async () => {
    const { stream, id, started } = await begin(`[[chunks=30 delay=30]] ${TEXT}`);
    const readers = await Promise.all(Array.from({ length: 12 }, () => eventsOf(id)));
    const all = await Promise.all(readers.map((r) => r.all()));
    for (const events of [[started, ...await stream.all()], ...all]) {
      assert.equal(textOf(events), WHOLE);
      assert.equal(terminals(events).length, 1);
      assert.equal(events.at(-1).event, 'run.completed');
      assertOffsets(events);
    }
  });

  it('that come and go disturb neither the run nor each other', async () => {
    const { stream, id, started } = await begin(`[[chunks=60 delay=15]] ${TEXT}`);
    const visits = Array.from({ length: 60 }, async (_, i) => {
      await sleep(i * 12);
      const reader = await eventsOf(id);
      if (i % 2) {
        await reader.until('run.started');
        return reader.close();
      }
      return assert.equal(textOf(await reader.all()), WHOLE);
    });
    await Promise.all(visits);
    assert.equal(textOf([started, ...await stream.all()]), WHOLE);
  });

  it('follow also the run of a client that is no browser', async () => {
    const { stream, id } = await begin('[[chunks=5 delay=60]] one two three', { client: w.ada.client });
    const reader = await eventsOf(id);
    assert.equal(textOf(await reader.all()), 'You said: one two three');
    assert.equal((await stream.all()).at(-1).event, 'run.completed');
  });

  it('hear a heartbeat while nothing comes', async () => {
    const { server, ...account } = await w.startWithAccount({ AGENTGEN_SSE_HEARTBEAT_MS: 150 });
    const { stream, id } = await begin('[[first_delay=700]] hello', { client: browserOf(account, server), owner: account.client });
    const reader = await eventsOf(id, undefined, account.client);
    await reader.all();
    assert.ok(reader.seen.filter((e) => e.comment !== undefined).length >= 2);
    await stream.all();
  });

  it('that do not read hold up nobody and cost nothing', async () => {
    const { server, ...account } = await w.startWithAccount();
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
    const text = Array.from({ length: 4000 }, (_, i) => `${String(i).padStart(6, '0')}${'é'.repeat(497)}`).join('');
    const before = rss();
    const { id, stream } = await begin('go', { // and it does not read either
      client: browserOf(account, server), owner: account.client, script: { text, chunks: 400, delay: 2 },
    });
    const slow = await Promise.all(Array.from({ length: 20 }, () => eventsOf(id, undefined, account.client)));
    await eventually(async () => (await rowOf(id, account.client)).status === 'completed', { ms: 20_000, what: 'the end of the run' });
    const grown = rss() - before;
    // The answer has 4 MB; twenty readers with a copy each would be 80.
    if (!process.env.AGENTGEN_TEST_SLOW) assert.ok(grown < 40 * 1024, `${grown} KiB more`);
    for (const reader of slow.slice(0, 2)) assert.ok(textOf(await reader.all()) === text, 'everything comes once it is read');
    for (const reader of [stream, ...slow]) reader.close();
  });
});

describe('cancelling', () => {
  it('ends a run from another connection, for all who follow it', async () => {
    const { stream, id, model } = await begin('[[chunks=60 delay=100]] one two three four five six seven');
    const reader = await eventsOf(id);
    await reader.until('delta');
    const from = performance.now();
    const run = expect(await w.ada.client.post(`/v1/runs/${id}/cancel`), 200);
    assert.equal(run.id, id);
    assert.equal(run.status, 'cancelled');
    assert.ok(run.finished_at);
    assert.ok(run.output_text.length > 0 && 'You said: one two three'.startsWith(run.output_text.slice(0, 10)), run.output_text);
    const call = await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
    assert.ok(call.aborted_at - from <= within(1000), `${call.aborted_at - from} ms`);
    for (const events of [await stream.all(), await reader.all(), await (await eventsOf(id)).all()]) {
      assert.deepEqual(terminals(events).map((e) => [e.event, e.data, e.id]), [['run.cancelled', { run_id: id }, 'end']]);
    }
    expectProblem(await w.ada.client.post(`/v1/runs/${id}/cancel`), 409, 'conflict');
    assert.equal((await rowOf(id)).output_text, run.output_text);
  });

  it('works on every loop at once', async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => begin('[[fault=silent_midstream after=1]] hello there')));
    const replies = await Promise.all(runs.map(({ id }) => w.ada.client.post(`/v1/runs/${id}/cancel`, undefined, { agent: false })));
    for (const reply of replies) assert.equal(expect(reply, 200).status, 'cancelled');
    for (const { stream } of runs) assert.equal((await stream.all()).at(-1).event, 'run.cancelled');
  });

  it('twice at once is told the same twice, or that it is over', async () => {
    const { stream, id } = await begin('[[fault=silent_midstream after=1]] hello there');
    const replies = await Promise.all([1, 2, 3].map(() => w.ada.client.post(`/v1/runs/${id}/cancel`)));
    assert.ok(replies.every((r) => [200, 409].includes(r.status)) && replies.some((r) => r.status === 200), replies.map((r) => r.status).join());
    assert.equal((await stream.all()).at(-1).event, 'run.cancelled');
  });

  it('ends the run of a client that is no browser too, and tells it', async () => {
    const { stream, id } = await begin('[[fault=silent_midstream after=1]] hello there', { client: w.ada.client });
    assert.equal(expect(await ada.post(`/v1/runs/${id}/cancel`), 200).status, 'cancelled');
    const events = await stream.all();
    assert.equal(events.at(-1).event, 'run.cancelled');
    assert.equal(stream.complete, true);
  });

  it('shows nobody a run that they could not read', async () => {
    const { key } = expect(await w.ada.client.post('/v1/api-keys', { name: unique('key'), scopes: ['ai:run'] }), 201);
    const runner = w.anonymous.as({ apiKey: key });
    const { stream, id } = await begin('[[fault=silent_midstream after=1]] between us');
    expectProblem(await runner.post(`/v1/runs/${id}/cancel`), 403, 'forbidden');
    assert.equal((await rowOf(id)).status, 'running');
    const agent = await createFakeAgent(w.ada.client);
    const { run_id: over } = expect(await w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'x' }), 200);
    expectProblem(await runner.post(`/v1/runs/${over}/cancel`), 403, 'forbidden');
    const own = await begin('[[fault=silent_midstream after=1]] hello', { client: runner });
    assert.equal(expect(await runner.post(`/v1/runs/${own.id}/cancel`), 200).status, 'cancelled');
    expect(await w.ada.client.post(`/v1/runs/${id}/cancel`), 200);
    stream.close();
  });

  it('of a run that has ended is a conflict', async () => {
    const agent = await createFakeAgent(w.ada.client);
    const { run_id: whole } = expect(await w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'x' }), 200);
    const { stream, id } = await begin('hello');
    await stream.all();
    for (const ended of [whole, id]) {
      expectProblem(await w.ada.client.post(`/v1/runs/${ended}/cancel`), 409, 'conflict');
      assert.equal((await rowOf(ended)).status, 'completed');
    }
  });

  it('and following is not for other organisations, nor for what does not exist', async () => {
    const { stream, id } = await begin('[[fault=silent_midstream after=1]] hello there');
    for (const [method, path] of [['GET', 'events'], ['POST', 'cancel']]) {
      const absent = await w.bob.client.request(method, `/v1/runs/${absentId()}/${path}`);
      expectProblem(absent, 404, 'not_found');
      const foreign = await w.bob.client.request(method, `/v1/runs/${id}/${path}`);
      assert.equal(withoutRequestId(foreign), withoutRequestId(absent));
    }
    assert.equal((await rowOf(id)).status, 'running');
    expect(await w.ada.client.post(`/v1/runs/${id}/cancel`), 200);
    await stream.all();
  });
});

describe('an Idempotency-Key', () => {
  it('keeps the answer of a run whose browser has left', async () => {
    const key = unique('key');
    const headers = { ...ada.headers, 'idempotency-key': key };
    const model = unique('keyed');
    const agent = await createAgent(w.ada.client, { provider: 'openai', model });
    const body = { agent_id: agent.id, input_text: '[[chunks=6 delay=150]] one two three', stream: true };
    const stream = await ada.stream('/v1/ai/generate', body, { headers });
    const { data } = await stream.until('run.started');
    stream.close();
    expectProblem(await ada.post('/v1/ai/generate', body, { headers }), 409, 'idempotency_in_progress');
    const reply = await eventually(async () => {
      const again = await ada.post('/v1/ai/generate', body, { headers });
      return again.status === 200 && again;
    }, { what: 'the stored reply' });
    assert.deepEqual([reply.json.run_id, reply.json.response], [data.run_id, 'You said: one two three']);
    assert.equal(w.fake.callsFor(model).length, 1);
  });
});

describe('so many runs at once', () => {
  const OF_ONE_USER = 32;

  /** Somebody's browser, and how it begins a run that does not end. */
  async function visitor(server, account) {
    const client = browserOf(account, server);
    const agent = await createFakeAgent(account.client, unique('many'));
    const body = { agent_id: agent.id, input_text: '[[fault=silent_midstream after=1]] x', stream: true };
    const begin = async () => {
      const stream = await client.stream('/v1/ai/generate', body);
      await stream.until('run.started');
      stream.close();
    };
    return { account, begin, refused: () => client.post('/v1/ai/generate', body) };
  }
  const beginAll = ({ begin }) => Promise.all(Array.from({ length: OF_ONE_USER }, begin));
  async function endOne({ account }) {
    const { data } = expect(await account.client.get('/v1/runs?status=running&limit=1'), 200);
    expect(await account.client.post(`/v1/runs/${data[0].id}/cancel`), 200);
  }

  it('are bounded, and one user takes a part of them', async () => {
    const { server, ...first } = await w.startWithAccount({ AGENTGEN_LOOPS: 1, AGENTGEN_DRAIN_TIMEOUT_MS: 500 });
    const one = await visitor(server, first);
    await beginAll(one);
    const { headers } = await one.refused().then((reply) => (expectProblem(reply, 429, 'rate_limited'), reply));
    assert.ok(Number(headers['retry-after']) > 0);
    await endOne(one);
    await one.begin();

    for (let taken = OF_ONE_USER; taken < 256; taken += OF_ONE_USER) {
      await beginAll(await visitor(server, await register(first.client)));
    }
    const last = await visitor(server, await register(first.client));
    expectProblem(await last.refused(), 503, 'overloaded');
    await endOne(one);
    await last.begin();
  });
});

describe('a server that stops', () => {
  async function start(input, env) {
    const { server, ...account } = await w.startWithAccount(env);
    const run = await begin(input, { client: browserOf(account, server), owner: account.client });
    return { server, account, ...run };
  }

  async function after(server, account, id) {
    await server.start();
    return rowOf(id, new Client(server.url, { token: account.token }));
  }

  it('waits for runs that nobody follows', async () => {
    const { server, account, stream, id } = await start('[[chunks=8 delay=150]] one two three four five');
    stream.close();
    server.signal('SIGTERM');
    assert.equal((await server.ended()).code, 0);
    server.assertClean();
    const row = await after(server, account, id);
    assert.deepEqual([row.status, row.output_text], ['completed', 'You said: one two three four five']);
  });

  it('tells who follows what does not end in time, and keeps what was said', async () => {
    const { server, account, stream, id } = await start('[[fault=silent_midstream after=2]] one two three', { AGENTGEN_DRAIN_TIMEOUT_MS: 1000 });
    await stream.until('delta');
    const readers = await Promise.all(Array.from({ length: 4 }, () => eventsOf(id, undefined, account.client)));
    const from = performance.now();
    server.signal('SIGTERM');
    for (const events of await Promise.all([stream, ...readers].map((s) => s.all()))) {
      assert.deepEqual(terminals(events).map((e) => [e.event, e.data.code, e.data.retryable]), [['run.failed', 'interrupted', true]]);
    }
    assert.equal((await server.ended()).code, 0);
    const ms = performance.now() - from;
    assert.ok(ms >= 800 && ms < within(4000), `${ms} ms`);
    server.assertClean();
    const row = await after(server, account, id);
    assert.deepEqual([row.status, row.error_code], ['failed', 'interrupted']);
    assert.ok(row.output_text.length > 0);
  });

  it('at once says so at the next start', async () => {
    const { server, account, stream, id } = await start('[[fault=silent_midstream after=2]] one two three');
    await server.kill9();
    stream.close();
    await server.start();
    // Where another instance could be at work on it, every limit must have passed.
    if (DB_KIND === 'postgres') await sql(server, `UPDATE runs SET created_at = created_at - INTERVAL '1 hour' WHERE id = '${id}'`);
    const events = await (await eventsOf(id, undefined, new Client(server.url, { token: account.token }))).all();
    assert.deepEqual([events.length, events.at(-1).event, events.at(-1).data.code], [2, 'run.failed', 'interrupted']);
  });
});

if (DB_KIND === 'postgres') {
  describe('another instance', () => {
    async function two() {
      const { server, ...account } = await w.startWithAccount();
      const other = await w.start({ JWT_SECRET: server.env.JWT_SECRET }, { databaseUrl: server.databaseUrl });
      return { account, browser: browserOf(account, server), away: new Client(other.url, { token: account.token }) };
    }

    it('follows a run to its end', async () => {
      const { account, browser, away } = await two();
      const { stream, id } = await begin(`[[chunks=12 delay=120]] ${TEXT}`, { client: browser, owner: account.client });
      const { id: at } = await stream.until('delta');
      const events = await (await eventsOf(id, at, away)).all();
      assert.equal(textOf(events), Buffer.from(WHOLE).subarray(Number(at)).toString('utf8'));
      assertOffsets(events, Number(at));
      assert.equal(events.at(-1).event, 'run.completed');
      await stream.all();
    });

    it('ends one that fails before it hears of that', async () => {
      const { account, browser, away } = await two();
      const { stream, id } = await begin('[[fault=reset_midstream after=2 delay=400]] one two three', { client: browser, owner: account.client });
      await stream.until('delta');
      expect(await away.post(`/v1/runs/${id}/cancel`), 200);
      await stream.all();
      const row = await rowOf(id, account.client);
      assert.deepEqual([row.status, row.error_code, row.error_message], ['cancelled', null, null]);
      assert.ok(row.output_text.length > 0 && row.latency_ms > 0);
    });

    it('gives who stood inside of a character the whole character', async () => {
      const { account, browser, away } = await two();
      const { stream, id } = await begin('go', { client: browser, owner: account.client, script: { text: '😀😀😀😀', chunks: 2, delay: 400 } });
      const events = await (await eventsOf(id, '6', away)).all();
      assert.equal(textOf(events), '😀😀😀');
      assert.equal(events.at(-2).id, '16');
      await stream.all();
    });

    it('ends it', async () => {
      const { account, browser, away } = await two();
      for (const client of [browser, account.client]) {
        for (const input of ['[[fault=silent_midstream after=1]] hello there', '[[chunks=100 delay=100]] one two three']) {
          const { stream, id, model } = await begin(input, { client, owner: account.client });
          await stream.until('delta');
          assert.equal(expect(await away.post(`/v1/runs/${id}/cancel`), 200).status, 'cancelled');
          assert.equal((await stream.all()).at(-1).event, 'run.cancelled');
          await w.fake.waitFor(model, (c) => c.ended === 'client', within(3000));
          const row = await rowOf(id, account.client);
          assert.equal(row.status, 'cancelled');
          assert.ok(row.output_text.length > 0, 'what was said is kept');
          expectProblem(await away.post(`/v1/runs/${id}/cancel`), 409, 'conflict');
        }
      }
    });
  });
}
