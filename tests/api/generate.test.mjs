// Running agents: what is asked of the model, and what comes back, whole and as a stream.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assertId, assertNow, assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { createAgent, unique, world } from '../lib/world.mjs';

const w = world();

const run = (agent, body = {}, options) => w.ada.client.post('/v1/ai/generate',
  { agent_id: agent.id, input_text: 'How can I reset my password?', ...body }, options);
const open = (agent, body = {}, options) => w.ada.client.stream('/v1/ai/generate',
  { agent_id: agent.id, input_text: 'How can I reset my password?', stream: true, ...body }, options);

/** An agent with a model of its own, so that the calls for it are easy to find. */
async function newAgent(provider, config = {}) {
  const model = provider === 'sandbox' ? 'sandbox' : unique('m');
  return createAgent(w.ada.client, { provider, model, ...config });
}
const callOf = (agent) => w.fake.callsFor(agent.config.model).at(-1);
const systemOf = (call) => (call.api === 'anthropic' ? call.json.system
  : call.json.messages.filter((m) => m.role !== 'user' && m.role !== 'assistant').map((m) => m.content).join('\n'));
const turnsOf = (call) => call.json.messages.filter((m) => ['user', 'assistant'].includes(m.role))
  .map((m) => [m.role, typeof m.content === 'string' ? m.content : m.content.map((p) => p.text).join('')]);

function assertGeneration(got, agent) {
  const fields = ['agent_version', 'cached', 'conversation_id', 'finish_reason', 'latency_ms', 'model', 'response', 'run_id',
    'ttft_ms', 'usage'];
  assert.deepEqual(Object.keys(got).sort(), fields);
  assertOrderedId(got.run_id);
  assertId(got.conversation_id);
  assert.equal(got.agent_version, agent.version);
  assert.equal(got.model, `${agent.config.provider}/${agent.config.model}`);
  assert.equal(got.cached, false);
  assert.deepEqual(Object.keys(got.usage).sort(), ['input_tokens', 'output_tokens']);
  for (const n of [got.latency_ms, got.ttft_ms, got.usage.input_tokens, got.usage.output_tokens]) {
    assert.ok(Number.isInteger(n) && n >= 0, JSON.stringify(got));
  }
  assert.ok(got.ttft_ms <= got.latency_ms, JSON.stringify(got));
}

for (const provider of ['openai', 'anthropic']) {
  describe(`${provider}`, () => {
    it('answers, with the response as the first field', async () => {
      const agent = await newAgent(provider);
      const reply = await run(agent);
      const got = expect(reply, 200);
      assertGeneration(got, agent);
      assert.ok(reply.text.startsWith('{"response":'), reply.text);
      assert.equal(got.response, 'You said: How can I reset my password?');
      assert.equal(got.finish_reason, 'stop');
      const call = callOf(agent);
      assert.equal(call.refused, undefined, call.refused && JSON.stringify(call.refused));
      assert.deepEqual(got.usage, { input_tokens: call.usage.input, output_tokens: call.usage.output });
    });

    it('is called as its API wants it', async () => {
      const agent = await newAgent(provider);
      expect(await run(agent), 200);
      const call = callOf(agent);
      assert.equal(call.method, 'POST');
      assert.match(call.headers['content-type'], /^application\/json/);
      if (provider === 'openai') {
        assert.equal(call.path, '/v1/chat/completions');
        assert.equal(call.headers.authorization, 'Bearer sk-test-openai-canary-key');
        assert.equal(call.headers['x-api-key'], undefined);
      } else {
        assert.equal(call.path, '/v1/messages');
        assert.equal(call.headers['x-api-key'], 'sk-test-anthropic-canary-key');
        assert.equal(call.headers['anthropic-version'], '2023-06-01');
        assert.equal(call.headers.authorization, undefined);
        assert.ok(call.json.max_tokens > 0);
      }
      assert.deepEqual(turnsOf(call), [['user', 'How can I reset my password?']]);
      assert.ok(!call.body.includes(w.ada.email) && !call.body.includes(w.ada.token));
    });

    it('is given the parameters of the agent', async () => {
      const agent = await newAgent(provider, { temperature: 0.25, max_tokens: 77, stop: ['END', 'STOP'] });
      expect(await run(agent), 200);
      const { json } = callOf(agent);
      assert.equal(json.temperature, 0.25);
      assert.equal(json.max_tokens ?? json.max_completion_tokens, 77);
      assert.deepEqual(json.stop ?? json.stop_sequences, ['END', 'STOP']);
      const other = await newAgent(provider, { top_p: 0.5 });
      expect(await run(other), 200);
      assert.equal(callOf(other).json.top_p, 0.5);
      const bare = await newAgent(provider);
      expect(await run(bare), 200);
      for (const name of ['temperature', 'top_p', 'stop', 'stop_sequences']) assert.ok(!(name in callOf(bare).json), name);
    });

    it('is never given more warmth than it takes', async () => {
      const agent = await newAgent(provider, { temperature: 2 });
      expect(await run(agent), 200);
      assert.ok(callOf(agent).json.temperature <= (provider === 'anthropic' ? 1 : 2));
    });

    it('is told instructions, persona, language and style', async () => {
      const agent = await newAgent(provider, {
        instructions: 'Always mention the return policy.',
        persona: 'A patient shop assistant named Rosa',
        language: 'Portuguese',
        response_style: 'formal',
      });
      expect(await run(agent), 200);
      const system = systemOf(callOf(agent));
      for (const part of ['Always mention the return policy.', 'A patient shop assistant named Rosa', 'Portuguese']) {
        assert.ok(system.includes(part), `${part} is missing in ${system}`);
      }
      assert.match(system, /formal/i);
    });

    it('streams', async () => {
      const agent = await newAgent(provider);
      const stream = await open(agent, { input_text: '[[chunks=8 delay=10]] grüße 日本語 🚀 all' });
      assert.equal(stream.status, 200);
      assert.match(stream.headers['content-type'], /^text\/event-stream\b/);
      assert.match(stream.headers['cache-control'], /no-cache/);
      assert.match(stream.headers['cache-control'], /no-transform/);
      assert.equal(stream.headers['x-accel-buffering'], 'no');
      const events = await stream.all();
      const [started, ...rest] = events;
      const terminal = rest.pop();
      assert.deepEqual([started.event, terminal.event], ['run.started', 'run.completed']);
      assert.ok(rest.length >= 1 && rest.every((e) => e.event === 'delta'), events.map((e) => e.event).join(' '));
      assert.equal(new Set(events.map((e) => e.id)).size, events.length);
      assert.ok(events.every((e) => e.id));
      assert.equal(started.data.agent_version, 1);
      assert.equal(started.data.model, `${provider}/${agent.config.model}`);
      assertOrderedId(started.data.run_id);
      const text = rest.map((e) => e.data.text).join('');
      assert.equal(text, 'You said: grüße 日本語 🚀 all');
      const done = terminal.data;
      assert.equal(done.response, text);
      assert.equal(done.finish_reason, 'stop');
      assert.equal(done.cached, false);
      assert.ok(Number.isInteger(done.latency_ms) && done.ttft_ms <= done.latency_ms, JSON.stringify(done));
      const { usage } = callOf(agent);
      assert.deepEqual(done.usage, { input_tokens: usage.input, output_tokens: usage.output });
      assert.equal(stream.complete, true);
    });

    it('passes pieces on as they come', async () => {
      const agent = await newAgent(provider);
      const stream = await open(agent, { input_text: '[[chunks=12 delay=60]] one two three four five six' });
      const events = await stream.all();
      const deltas = events.filter((e) => e.event === 'delta');
      assert.ok(deltas.length >= 6, `${deltas.length} deltas`);
      assert.ok(deltas.at(-1).at - deltas[0].at > 300, 'they came all together');
    });

    for (const [finish, reason] of [['length', 'length'], ['content_filter', 'content_filter']]) {
      it(`says that it stopped because of ${finish}`, async () => {
        const agent = await newAgent(provider);
        const input = `[[finish=${finish}]] x`;
        assert.equal(expect(await run(agent, { input_text: input }), 200).finish_reason, reason);
        const events = await (await open(agent, { input_text: input })).all();
        assert.equal(events.at(-1).data.finish_reason, reason);
      });
    }

    it('may answer nothing at all', async () => {
      const agent = await newAgent(provider);
      assert.equal(expect(await run(agent, { input_text: '[[text=]] x' }), 200).response, '');
      const events = await (await open(agent, { input_text: '[[text=]] x' })).all();
      assert.equal(events.at(-1).event, 'run.completed');
      assert.equal(events.at(-1).data.response, '');
    });
  });
}

describe('sandbox', () => {
  it('answers without key or network, the same each time, and says what it is', async () => {
    const agent = await newAgent('sandbox', { instructions: 'You sell umbrellas.' });
    const calls = w.fake.calls.length;
    const [one, two] = [expect(await run(agent), 200), expect(await run(agent), 200)];
    assertGeneration(one, agent);
    assert.equal(one.response, two.response);
    assert.ok(one.response.length > 0);
    assert.match(one.response, /sandbox|not an ai/i);
    assert.equal(w.fake.calls.length, calls);
  });

  it('streams what it answers', async () => {
    const agent = await newAgent('sandbox');
    const events = await (await open(agent)).all();
    const text = events.filter((e) => e.event === 'delta').map((e) => e.data.text).join('');
    assert.equal(events.at(-1).event, 'run.completed');
    assert.equal(events.at(-1).data.response, text);
    assert.equal(text, expect(await run(agent), 200).response);
  });

  it('is the default of a server that has no keys', async () => {
    const none = { OPENAI_API_KEY: null, ANTHROPIC_API_KEY: null, OPENAI_BASE_URL: null, ANTHROPIC_BASE_URL: null, AGENTGEN_DEFAULT_MODEL: null };
    const { client } = await w.startWithAccount(none);
    const agent = await createAgent(client, { temperature: 0.7, response_style: 'formal' });
    const got = expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'Hello' }), 200);
    assert.equal(got.model, 'sandbox/sandbox');
    const paid = await createAgent(client, { provider: 'openai', model: 'gpt-4o-mini' }).catch(() => null);
    if (paid) {
      expectProblem(await client.post('/v1/ai/generate', { agent_id: paid.id, input_text: 'Hello' }), 422, 'model_unavailable');
    }
  });
});

describe('choice of the model', () => {
  it('falls to the server\'s default', async () => {
    const agent = await createAgent(w.ada.client, {});
    assert.equal(expect(await run(agent), 200).model, 'openai/echo');
  });

  it('follows a change of the agent at once', async () => {
    const agent = await newAgent('openai');
    expect(await run(agent), 200);
    const model = unique('second');
    expect(await w.ada.client.put(`/v1/agents/${agent.id}`, { name: 'x', config: { provider: 'anthropic', model } }), 200);
    const got = expect(await run(agent), 200);
    assert.deepEqual([got.model, got.agent_version], [`anthropic/${model}`, 2]);
  });
});

describe('request', () => {
  it('needs an agent and a text', async () => {
    const post = (body) => w.ada.client.post('/v1/ai/generate', body);
    const agent = await newAgent('openai');
    expectProblem(await post({}), 422, 'validation_failed', ['agent_id', 'input_text']);
    expectProblem(await post({ agent_id: 'x', input_text: 'y' }), 422, 'validation_failed', ['agent_id']);
    expectProblem(await run(agent, { input_text: '' }), 422, 'validation_failed', ['input_text']);
    expectProblem(await run(agent, { input_text: ['x'] }), 422, 'validation_failed', ['input_text']);
    expectProblem(await run(agent, { model: 'gpt' }), 422, 'validation_failed', ['model']);
    expectProblem(await run(agent, { stream: 'yes' }), 422, 'validation_failed', ['stream']);
    expectProblem(await run(agent, { metadata: 'x' }), 422, 'validation_failed', ['metadata']);
    expectProblem(await run(agent, { conversation_id: 'x' }), 422, 'validation_failed', ['conversation_id']);
    assert.equal(w.fake.callsFor(agent.config.model).length, 0);
  });

  it('that is refused is refused before a stream begins', async () => {
    const agent = await newAgent('openai');
    const reply = await run(agent, { stream: true, input_text: '' });
    expectProblem(reply, 422, 'validation_failed', ['input_text']);
  });

  it('with Accept: text/event-stream is answered with a stream', async () => {
    const agent = await newAgent('openai');
    const stream = await open(agent, { stream: undefined }, { headers: { accept: 'text/event-stream' } });
    assert.match(stream.headers['content-type'], /^text\/event-stream\b/);
    assert.equal((await stream.all()).at(-1).event, 'run.completed');
  });

  it('is streamed uncompressed, whatever the client takes', async () => {
    const agent = await newAgent('openai');
    const stream = await open(agent, {}, { headers: { 'accept-encoding': 'gzip, br' } });
    assert.equal(stream.headers['content-encoding'], undefined);
    assert.equal((await stream.all()).at(-1).event, 'run.completed');
  });

  it('may be long', async () => {
    const agent = await newAgent('openai');
    const text = 'All work and no play. '.repeat(2500).trim();
    const got = expect(await run(agent, { input_text: text }), 200);
    assert.equal(got.response, `You said: ${text}`);
  });

  it('keeps its metadata with the run', async () => {
    const agent = await newAgent('openai');
    const { run_id: id } = expect(await run(agent, { metadata: { ticket: '42', source: 'mail' } }), 200);
    const row = expect(await w.ada.client.get(`/v1/runs/${id}`), 200);
    if ('metadata' in row) assert.deepEqual(row.metadata, { ticket: '42', source: 'mail' });
  });
});

describe('variables', () => {
  const config = {
    instructions: 'Greet {{customer}} from {{ city }}. Leave {{ unknown thing }} and { {x} } alone.',
    variables: [
      { name: 'customer', type: 'string', required: true },
      { name: 'city', type: 'string', default: 'Paris', description: 'Where they are' },
    ],
  };

  it('are filled in, from the request or from their defaults', async () => {
    const agent = await newAgent('openai', config);
    expect(await run(agent, { variables: { customer: 'Zoë' } }), 200);
    assert.match(systemOf(callOf(agent)), /Greet Zoë from Paris\./);
    expect(await run(agent, { variables: { customer: 'Bo', city: 'Rome' } }), 200);
    assert.match(systemOf(callOf(agent)), /Greet Bo from Rome\./);
  });

  it('are not filled in again inside their values', async () => {
    const agent = await newAgent('openai', config);
    expect(await run(agent, { variables: { customer: '{{city}}', city: '{{customer}}' } }), 200);
    assert.ok(systemOf(callOf(agent)).includes('Greet {{city}} from {{customer}}.'));
  });

  it('that are required and missing are named', async () => {
    const agent = await newAgent('openai', config);
    const problem = expectProblem(await run(agent), 422, 'validation_failed');
    assert.match(JSON.stringify(problem.errors), /customer/);
    assert.equal(w.fake.callsFor(agent.config.model).length, 0);
  });

  it('do not reach into the text of the user', async () => {
    const agent = await newAgent('openai', config);
    expect(await run(agent, { input_text: 'What is {{customer}}?', variables: { customer: 'Zoë' } }), 200);
    assert.deepEqual(turnsOf(callOf(agent)), [['user', 'What is {{customer}}?']]);
  });
});

describe('saved prompt', () => {
  it('is part of what the model is told, at its newest', async () => {
    const prompt = expect(await w.ada.client.post('/v1/prompts', { prompt_text: 'Speak like a pirate, {{name}}.' }), 201);
    const agent = await newAgent('openai', { prompt_id: prompt.id, variables: [{ name: 'name', type: 'string', default: 'mate' }] });
    expect(await run(agent), 200);
    assert.match(systemOf(callOf(agent)), /Speak like a pirate, mate\./);
    expect(await w.ada.client.put(`/v1/prompts/${prompt.id}`, { prompt_text: 'Speak like a poet, {{name}}.' }), 200);
    await eventually(async () => {
      expect(await run(agent), 200);
      return /Speak like a poet, mate\./.test(systemOf(callOf(agent)));
    }, { ms: 6000, every: 200, what: 'the new text of the prompt' });
  });

  it('that was deleted meanwhile is a typed error, not a silent gap', async () => {
    const prompt = expect(await w.ada.client.post('/v1/prompts', { prompt_text: 'Gone soon' }), 201);
    const agent = await newAgent('openai', { prompt_id: prompt.id });
    assert.equal((await w.ada.client.delete(`/v1/prompts/${prompt.id}`)).status, 204);
    const reply = await run(agent);
    assert.ok([404, 409, 422].includes(reply.status), reply.text);
    expectProblem(reply, reply.status);
  });
});

describe('answers in a form', () => {
  it('of JSON are asked for with the schema', async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false };
    const agent = await newAgent('openai', { response_format: 'json_schema', json_schema: schema });
    const got = expect(await run(agent), 200);
    assert.deepEqual(JSON.parse(got.response), { n: 1 });
    const { response_format: format } = callOf(agent).json;
    assert.equal(format.type, 'json_schema');
    assert.deepEqual(format.json_schema.schema, schema);
  });

  it('of Markdown are asked for in words', async () => {
    const agent = await newAgent('anthropic', { response_format: 'markdown' });
    expect(await run(agent), 200);
    assert.match(systemOf(callOf(agent)), /markdown/i);
  });
});

describe('conversation', () => {
  const say = (agent, text, conversation) => run(agent, { input_text: text, conversation_id: conversation });

  for (const provider of ['openai', 'anthropic']) {
    it(`goes on with as many turns as the agent remembers (${provider})`, async () => {
      const agent = await newAgent(provider, { memory: { history_turns: 2 } });
      const first = expect(await say(agent, 'one'), 200);
      for (const text of ['two', 'three', 'four']) {
        const next = expect(await say(agent, text, first.conversation_id), 200);
        assert.equal(next.conversation_id, first.conversation_id);
        assert.notEqual(next.run_id, first.run_id);
      }
      assert.deepEqual(turnsOf(callOf(agent)), [['user', 'two'], ['assistant', 'You said: two'], ['user', 'three'],
        ['assistant', 'You said: three'], ['user', 'four']]);
    });
  }

  it('is a new one when none is named', async () => {
    const agent = await newAgent('openai', { memory: { history_turns: 5 } });
    const [a, b] = [expect(await say(agent, 'one'), 200), expect(await say(agent, 'two'), 200)];
    assert.notEqual(a.conversation_id, b.conversation_id);
    assert.deepEqual(turnsOf(callOf(agent)), [['user', 'two']]);
  });

  it('remembers nothing with no memory', async () => {
    const agent = await newAgent('openai', { memory: { history_turns: 0 } });
    const { conversation_id: id } = expect(await say(agent, 'one'), 200);
    expect(await say(agent, 'two', id), 200);
    assert.deepEqual(turnsOf(callOf(agent)), [['user', 'two']]);
  });

  it('leaves out turns that failed', async () => {
    const agent = await newAgent('openai', { memory: { history_turns: 5 } });
    const { conversation_id: id } = expect(await say(agent, 'one'), 200);
    w.fake.script(agent.config.model, { status: 400 });
    expectProblem(await say(agent, 'two', id), 502, 'upstream_rejected');
    expect(await say(agent, 'three', id), 200);
    assert.deepEqual(turnsOf(callOf(agent)), [['user', 'one'], ['assistant', 'You said: one'], ['user', 'three']]);
  });

  it('that nobody began is 404', async () => {
    const agent = await newAgent('openai');
    expectProblem(await say(agent, 'one', '00000000-0000-7000-8000-00000000beef'), 404, 'not_found');
  });
});

describe('run row', () => {
  const rowOf = async (id) => expect(await w.ada.client.get(`/v1/runs/${id}`), 200);

  it('is there when the answer is, and tells the whole exchange', async () => {
    const agent = await newAgent('anthropic');
    const got = expect(await run(agent), 200);
    const row = await rowOf(got.run_id);
    assert.deepEqual([row.id, row.kind, row.agent_id, row.agent_version, row.conversation_id, row.provider, row.model, row.status],
      [got.run_id, 'generate', agent.id, 1, got.conversation_id, 'anthropic', agent.config.model, 'completed']);
    assert.deepEqual([row.error_code, row.error_message, row.finish_reason, row.cached], [null, null, 'stop', false]);
    assert.deepEqual([row.input_tokens, row.output_tokens, row.latency_ms, row.ttft_ms],
      [got.usage.input_tokens, got.usage.output_tokens, got.latency_ms, got.ttft_ms]);
    assert.deepEqual([row.input_text, row.output_text], ['How can I reset my password?', got.response]);
    assertNow(row.created_at);
    assertNow(row.finished_at);
  });

  it('of a stream is there at its start, and finished at its end', async () => {
    const agent = await newAgent('openai');
    const stream = await open(agent, { input_text: '[[chunks=4 delay=150]] hello' });
    const { data } = await stream.until('run.started');
    const running = await rowOf(data.run_id);
    assert.deepEqual([running.status, running.finished_at], ['running', null]);
    const events = await stream.all();
    const done = await rowOf(data.run_id);
    assert.deepEqual([done.status, done.output_text], ['completed', events.at(-1).data.response]);
  });

  it('is not waited for when the caller says so, and comes all the same', async () => {
    const agent = await newAgent('openai');
    const reply = await run(agent, {}, { headers: { prefer: 'durability=relaxed' } });
    const { run_id: id } = expect(reply, 200);
    const row = await eventually(async () => {
      const found = await w.ada.client.get(`/v1/runs/${id}`);
      return found.status === 200 && found.json.status === 'completed' && found.json;
    }, { what: 'the run row' });
    assert.equal(row.output_text, reply.json.response);
  });

  it('of another run is not touched when many go on at once', async () => {
    const agent = await newAgent('openai');
    const texts = Array.from({ length: 20 }, (_, i) => `number ${i}`);
    const replies = await Promise.all(texts.map((text) => run(agent, { input_text: text })));
    for (const [i, reply] of replies.entries()) {
      const got = expect(reply, 200);
      assert.equal(got.response, `You said: ${texts[i]}`);
      assert.equal((await rowOf(got.run_id)).input_text, texts[i]);
    }
  });
});
