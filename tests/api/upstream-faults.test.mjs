// Everything a provider can do wrong: each ends in its own typed error within its time limit, for a
// whole answer and for a stream, and what had come until then is kept with the run and marked.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { after, before, describe, it } from 'node:test';

import { openBlackHole } from '../fakes/black-hole.mjs';
import { closedPort } from '../fakes/model-server.mjs';
import { expect, expectProblem } from '../lib/expect.mjs';
import { within } from '../lib/time-and-ports.mjs';
import { createAgent, register, world } from '../lib/world.mjs';
import { Client } from '../lib/http.mjs';

const LIMITS = { connect: 700, firstByte: 900, idle: 800, total: 4000 };
const LIMITS_ENV = {
  AGENTGEN_UPSTREAM_CONNECT_TIMEOUT_MS: within(LIMITS.connect),
  AGENTGEN_UPSTREAM_FIRST_BYTE_TIMEOUT_MS: within(LIMITS.firstByte),
  AGENTGEN_UPSTREAM_IDLE_TIMEOUT_MS: within(LIMITS.idle),
  AGENTGEN_UPSTREAM_TOTAL_TIMEOUT_MS: within(LIMITS.total),
};
const w = world({ env: { ...LIMITS_ENV, AGENTGEN_UPSTREAM_RETRIES: 0 } });

const STATUS_OF = {
  upstream_unreachable: 502, upstream_timeout: 504, upstream_auth_failed: 502, upstream_rejected: 502, upstream_not_found: 502,
  upstream_rate_limited: 503, upstream_overloaded: 503, upstream_error: 502, upstream_invalid_response: 502,
  upstream_incomplete: 502, upstream_too_large: 502, egress_denied: 502,
};
const RETRYABLE = ['upstream_unreachable', 'upstream_timeout', 'upstream_rate_limited', 'upstream_overloaded', 'upstream_error',
  'upstream_invalid_response', 'upstream_incomplete'];

/** Runs an agent to its end, either way: {code, text, run, ms, reply | events}. */
async function attempt({ client, provider, model, mode, input = '[[drip=50]] hello out there' }) {
  const agent = await createAgent(client, { provider, model });
  const body = { agent_id: agent.id, input_text: input };
  const from = performance.now();
  const result = mode === 'json' ? await whole(client, body) : await streamed(client, body);
  result.ms = performance.now() - from;
  const { data } = expect(await client.get(`/v1/runs?agent_id=${agent.id}`), 200);
  assert.equal(data.length, 1, `one run, not ${data.length}`);
  result.run = expect(await client.get(`/v1/runs/${data[0].id}`), 200);
  return result;
}

async function whole(client, body) {
  const reply = await client.post('/v1/ai/generate', body);
  if (reply.status === 200) return { reply, code: null, text: reply.json.response };
  const { code } = expectProblem(reply, reply.status);
  assert.equal(reply.status, STATUS_OF[code], reply.text);
  return { reply, code };
}

async function streamed(client, body) {
  const stream = await client.stream('/v1/ai/generate', { ...body, stream: true });
  assert.equal(stream.status, 200);
  const events = await stream.all();
  assert.equal(stream.complete, true, 'the stream itself ends in good order');
  assert.equal(events[0].event, 'run.started');
  const terminal = events.filter((e) => /^run\.(completed|failed|cancelled)$/.test(e.event));
  assert.equal(terminal.length, 1, 'exactly one terminal event');
  assert.equal(terminal[0], events.at(-1));
  const text = events.filter((e) => e.event === 'delta').map((e) => e.data.text).join('');
  const [{ event, data }] = terminal;
  if (event === 'run.completed') {
    assert.equal(data.response, text);
    return { events, code: null, text };
  }
  assert.equal(event, 'run.failed');
  assert.deepEqual(Object.keys(data).sort(), ['code', 'message', 'retryable']);
  assert.equal(data.retryable, RETRYABLE.includes(data.code), data.code);
  return { events, code: data.code, text };
}

function assertFailure(result, codes, limit, { partial } = {}) {
  assert.ok([codes].flat().includes(result.code), `${result.code} instead of ${codes}`);
  assert.ok(result.ms <= within(limit + 1000), `took ${Math.round(result.ms)} ms, the limit is ${limit} and one second`);
  const { run } = result;
  assert.deepEqual([run.status, run.error_code], ['failed', result.code]);
  assert.ok(run.error_message && run.finished_at);
  assert.doesNotMatch(JSON.stringify(run), /canary-key/);
  if (result.text !== undefined) assert.equal(run.output_text ?? '', result.text, 'what was relayed is what is kept');
  if (partial !== undefined) assert.equal(run.output_text, partial);
}

const MODES = [['openai', 'json'], ['openai', 'sse'], ['anthropic', 'json'], ['anthropic', 'sse']];

/** Does something for both providers, whole and streamed, all at the same time, and waits for all. */
async function inEveryMode(action) {
  const ends = await Promise.allSettled(MODES.map(async ([provider, mode]) => {
    try {
      await action(provider, mode);
    } catch (e) {
      e.message = `${provider}, ${mode}: ${e.message}`;
      throw e;
    }
  }));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Plays a fault in every mode. */
function everywhere(fault, check, { client = w.ada.client, input, script } = {}) {
  return inEveryMode(async (provider, mode) => {
    const model = `fault-${fault}.${provider}.${mode}`;
    w.fake.script(model, { fault, ...script });
    const result = await attempt({ client, provider, model, mode, input });
    const call = w.fake.callsFor(model).at(-1);
    assert.equal(call?.refused, undefined, 'the provider takes the request itself');
    await check(result, { provider, mode, call, streamed: call?.stream });
  });
}

/** The pieces a fault in the middle lets through, when the provider was asked for a stream. */
const partialOf = ({ call, streamed: s }) => (s ? call.pieces.slice(0, 2).join('') : undefined);

describe('silence', () => {
  it('after accepting: the limit for the first byte', () => everywhere('silent', (result) => {
    assertFailure(result, 'upstream_timeout', LIMITS.firstByte);
    assert.ok(result.ms >= LIMITS.firstByte * 0.9);
  }));

  it('after the header section', () => everywhere('silent_after_headers', (result) => {
    assertFailure(result, 'upstream_timeout', LIMITS.firstByte + LIMITS.idle);
  }));

  it('in the middle: the idle limit, and the beginning is kept', () => everywhere('silent_midstream', (result, at) => {
    assertFailure(result, 'upstream_timeout', LIMITS.idle, { partial: partialOf(at) });
  }));

  it('is ended by closing the connection', async () => {
    for (const model of ['silent', 'silent_midstream']) {
      for (const call of w.fake.calls.filter((c) => c.json?.model.startsWith(`fault-${model}.`))) assert.equal(call.ended, 'client');
    }
  });
});

describe('slowness', () => {
  it('that never ends: the limit for the whole', () => everywhere('slow_drip', (result, at) => {
    assertFailure(result, 'upstream_timeout', LIMITS.total, { partial: partialOf(at) });
    assert.ok(result.ms >= LIMITS.total * 0.9);
  }));
});

describe('broken connections', () => {
  it('reset before the first byte', () => everywhere('reset_before', (result) => {
    assertFailure(result, ['upstream_incomplete', 'upstream_unreachable'], 0);
  }));
  it('closed before the first byte', () => everywhere('close_before', (result) => {
    assertFailure(result, ['upstream_incomplete', 'upstream_unreachable'], 0);
  }));
  it('reset after the header section', () => everywhere('reset_after_headers', (result) => {
    assertFailure(result, 'upstream_incomplete', 100);
  }));
  it('reset in the middle: the beginning is kept', () => everywhere('reset_midstream', (result, at) => {
    assertFailure(result, 'upstream_incomplete', 100, { partial: partialOf(at) });
  }));
  it('closed with less than was promised', () => everywhere('short_body', (result) => {
    assertFailure(result, ['upstream_incomplete', 'upstream_invalid_response'], 100);
  }));
  it('ended in good order without a terminator: the beginning is kept', () => everywhere('no_terminator', (result, at) => {
    assertFailure(result, at.streamed ? 'upstream_incomplete' : ['upstream_incomplete', 'upstream_invalid_response'], 0,
      { partial: partialOf(at) });
  }));
  it('ended after the finish reason and before the last event', () => everywhere('no_final_event', (result, at) => {
    if (result.code === null) assert.equal(result.text, at.call.text);
    else assertFailure(result, ['upstream_incomplete', 'upstream_invalid_response'], 0);
  }));
});

describe('nonsense', () => {
  it('of another media type', () => everywhere('html', (result) => {
    assertFailure(result, 'upstream_invalid_response', 0);
  }));
  it('of another media type, whose name is no text', () => everywhere('html', (result) => {
    assertFailure(result, 'upstream_invalid_response', 0);
  }, { script: { content_type: 'text/\xe9\xff, with love' } }));
  it('of JSON cut short', () => everywhere('truncated_json', (result, at) => {
    assertFailure(result, 'upstream_invalid_response', 0, { partial: partialOf(at) });
  }));
  it('of bytes that are no UTF-8', () => everywhere('invalid_utf8', (result) => {
    assertFailure(result, 'upstream_invalid_response', 0);
  }));
  it('of JSON in another shape', () => everywhere('wrong_shape', (result, at) => {
    assertFailure(result, at.streamed ? ['upstream_invalid_response', 'upstream_incomplete'] : 'upstream_invalid_response', 0);
  }));
  it('of JSON nested without end', () => everywhere('deep_json', (result) => {
    assertFailure(result, 'upstream_invalid_response', 0);
  }));
  it('that is not HTTP', () => everywhere('not_http', (result) => {
    assertFailure(result, ['upstream_invalid_response', 'upstream_incomplete'], 100);
  }));
});

describe('too much', () => {
  it('in one line of 10 MB', () => everywhere('huge_line', (result) => {
    assertFailure(result, 'upstream_too_large', LIMITS.total);
  }));
  // In large pieces: a busy machine does not relay a hundred thousand small ones within the limit.
  it('without end', () => everywhere('endless', (result) => {
    assertFailure(result, 'upstream_too_large', LIMITS.total);
  }, { script: { text: 'x'.repeat(4096), chunks: 1 } }));
  it('of header lines', () => everywhere('endless_headers', (result) => {
    assertFailure(result, ['upstream_too_large', 'upstream_invalid_response'], LIMITS.total);
  }));
});

describe('what a client must bear', () => {
  it('text of many bytes a character, cut anywhere', () => everywhere('multibyte_split', (result, at) => {
    assert.equal(result.code, null, result.run.error_message);
    assert.equal(result.text, at.call.text);
    assert.equal(result.run.output_text, at.call.text);
  }, { input: 'grüße 日本語 🚀👩‍👩‍👧 \u0301x' }));

  it('events, fields, line ends and comments it has not met', () => everywhere('unknown_events', (result, at) => {
    assert.equal(result.code, null, result.run.error_message);
    assert.equal(result.text, at.call.text);
  }));
});

describe('an error inside a stream', () => {
  it('is typed, and the beginning is kept', () => everywhere('error_event', (result, at) => {
    if (!at.streamed) return assertFailure(result, ['upstream_error', 'upstream_invalid_response', 'upstream_overloaded'], 0);
    const code = at.provider === 'anthropic' ? 'upstream_overloaded' : 'upstream_error';
    return assertFailure(result, code, 0, { partial: partialOf(at) });
  }));
});

describe('refusals', () => {
  const codes = {
    400: 'upstream_rejected', 401: 'upstream_auth_failed', 403: 'upstream_auth_failed', 404: 'upstream_not_found',
    408: 'upstream_timeout', 413: 'upstream_rejected', 422: 'upstream_rejected', 429: 'upstream_rate_limited', 500: 'upstream_error',
    502: 'upstream_error', 503: 'upstream_overloaded', 504: ['upstream_timeout', 'upstream_error', 'upstream_overloaded'],
    529: 'upstream_overloaded',
  };
  for (const [status, code] of Object.entries(codes)) {
    it(`${status} is ${code}`, () => inEveryMode(async (provider, mode) => {
      const result = await attempt({ client: w.ada.client, provider, model: `fault-${status}`, mode });
      assertFailure(result, code, 0);
      assert.ok(!result.text, 'nothing was said');
    }));
  }

  it('keep the words of the provider out of reach of others, and say what it was', async () => {
    const { run } = await attempt({ client: w.ada.client, provider: 'openai', model: 'fault-401', mode: 'json' });
    assert.doesNotMatch(run.error_message, /canary-key/);
    assert.ok(!w.server.log.includes('canary-key'), 'no key in the log');
  });

  for (const [shape, value, check] of [
    ['seconds', '7', (s) => s === 7],
    ['a date', () => new Date(Date.now() + 9000).toUTCString(), (s) => s >= 7 && s <= 10],
    ['nothing', undefined, (s) => s >= 1],
    ['garbage', 'soon, maybe', (s) => s >= 1],
    ['a negative number', '-5', (s) => s >= 1],
    ['more than a century', '9999999999', (s) => s >= 1],
    ['a date long gone', 'Thu, 01 Jan 1970 00:00:00 GMT', (s) => s >= 0],
  ]) {
    it(`429 with Retry-After of ${shape} passes a time on`, async () => {
      const model = `limited-${shape.replaceAll(' ', '-')}`;
      w.fake.script(model, { status: 429, retry_after: typeof value === 'function' ? value() : value });
      const { reply, ms } = await attempt({ client: w.ada.client, provider: 'openai', model, mode: 'json' });
      expectProblem(reply, 503, 'upstream_rate_limited');
      assert.match(reply.headers['retry-after'] ?? '', /^\d+$/);
      assert.ok(check(Number(reply.headers['retry-after'])), reply.headers['retry-after']);
      assert.ok(ms < within(1000), `waited ${ms} ms with retries off`);
    });
  }
});

describe('another address', () => {
  it('in a redirect is not followed', async () => {
    let visitors = 0;
    const canary = createServer((socket) => { visitors += 1; socket.destroy(); }).listen(0, '127.0.0.1');
    await once(canary, 'listening');
    const location = `http://127.0.0.1:${canary.address().port}/v1/chat/completions`;
    for (const [provider, mode] of MODES) {
      const model = `redirected-${provider}-${mode}`;
      w.fake.script(model, { fault: 'redirect', location });
      const result = await attempt({ client: w.ada.client, provider, model, mode });
      assert.match(result.code, /^upstream_/);
      assert.equal(result.run.status, 'failed');
    }
    await new Promise((resolve) => { canary.close(resolve); });
    assert.equal(visitors, 0);
  });

  it('in the environment\'s proxy settings is not used', async () => {
    let visitors = 0;
    const canary = createServer((socket) => { visitors += 1; socket.destroy(); }).listen(0, '127.0.0.1');
    await once(canary, 'listening');
    const proxy = `http://127.0.0.1:${canary.address().port}`;
    const { client } = await w.startWithAccount({ http_proxy: proxy, HTTP_PROXY: proxy, https_proxy: proxy, ALL_PROXY: proxy, all_proxy: proxy });
    const { code } = await attempt({ client, provider: 'openai', model: 'echo', mode: 'json' });
    await new Promise((resolve) => { canary.close(resolve); });
    assert.deepEqual([code, visitors], [null, 0]);
  });
});

describe('a provider that cannot be reached', () => {
  let hole;
  let refusing;
  let silent;
  let clients;
  before(async () => {
    hole = await openBlackHole();
    silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const at = (port) => ({ OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` });
    refusing = await closedPort();
    const env = { ...LIMITS_ENV, AGENTGEN_UPSTREAM_RETRIES: 0 };
    const start = async (more) => {
      const server = await w.start({ ...env, ...more });
      return (await register(new Client(server.url))).client;
    };
    clients = {
      refusing: await start(at(refusing)),
      hole: await start(at(hole.port)),
      silent: await start(at(silent.address().port)),
      metadata: await start({ OPENAI_BASE_URL: 'http://169.254.169.254/v1', ANTHROPIC_BASE_URL: 'http://[fe80::1]:80' }),
      unknown: await start({ OPENAI_BASE_URL: 'http://no-such-host.invalid/v1', ANTHROPIC_BASE_URL: 'http://no-such-host.invalid' }),
    };
  });
  after(async () => {
    await hole.close();
    silent.close();
  });

  const both = (name, codes, limit) => inEveryMode(async (provider, mode) => {
    const result = await attempt({ client: clients[name], provider, model: 'x', mode });
    assertFailure(result, codes, limit);
  });

  it('because it refuses', () => both('refusing', 'upstream_unreachable', 0));
  it('because it does not answer the connect', () => both('hole', ['upstream_unreachable', 'upstream_timeout'], LIMITS.connect));
  it('because it accepts and reads nothing', () => both('silent', 'upstream_timeout', LIMITS.firstByte));
  it('because its name is unknown', () => both('unknown', 'upstream_unreachable', LIMITS.connect + 4000));
  it('because its address is one nobody may dial', () => both('metadata', 'egress_denied', 0));
});
