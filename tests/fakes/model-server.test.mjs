// The fake provider speaks the wire format: the providers' own SDKs accept its replies, and each
// fault does on the wire what its name says.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { openBlackHole } from './black-hole.mjs';
import { behaviours } from './faults.mjs';
import { closedPort, parseDirectives, split, startModelServer } from './model-server.mjs';

let fake;
let openai;
let anthropic;

before(async () => {
  fake = await startModelServer();
  openai = new OpenAI({ apiKey: 'sk-test', baseURL: fake.openaiBase, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: 'sk-ant-test', authToken: null, baseURL: fake.anthropicBase, maxRetries: 0 });
});
after(() => fake.close());

const user = (content) => [{ role: 'user', content }];
const ask = (model, content, more = {}) => openai.chat.completions.create({ model, messages: user(content), ...more });
const tell = (model, content, more = {}) => anthropic.messages.create({
  model, max_tokens: 100, messages: user(content), ...more,
});

/** A chat completion without an SDK: what came, and how it ended. */
function bare(model, { stream = true, path = '/v1/chat/completions', text = 'hello there', ms = 700 } = {}) {
  return new Promise((resolve) => {
    const out = { status: 0, headers: {}, error: null, complete: false };
    const parts = [];
    const req = http.request(fake.url + path, {
      method: 'POST', agent: false, headers: { authorization: 'Bearer sk-x', 'content-type': 'application/json' },
    });
    const done = (error) => {
      out.error ??= error ?? null;
      out.body = Buffer.concat(parts);
      resolve(out);
    };
    req.on('error', done);
    req.on('response', (res) => {
      out.status = res.statusCode;
      out.headers = res.headers;
      res.on('data', (d) => parts.push(d));
      res.on('error', done);
      res.on('end', () => { out.complete = res.complete; });
      res.on('close', () => done());
    });
    const timer = setTimeout(() => { out.timedOut = true; req.destroy(); done(); }, ms);
    req.on('close', () => clearTimeout(timer));
    req.end(JSON.stringify({ model, stream, messages: user(text) }));
  });
}

describe('OpenAI SDK against the fake', () => {
  it('reads a completion', async () => {
    const got = await ask('echo', 'hello');
    assert.equal(got.choices[0].message.content, 'You said: hello');
    assert.equal(got.choices[0].finish_reason, 'stop');
    assert.equal(got.usage.total_tokens, got.usage.prompt_tokens + got.usage.completion_tokens);
  });

  it('reads a stream, with the usage chunk when asked for', async () => {
    const stream = await ask('echo', '[[chunks=6 delay=5]] hello world', {
      stream: true, stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.equal(chunks.map((c) => c.choices[0]?.delta.content ?? '').join(''), 'You said: hello world');
    assert.equal(new Set(chunks.map((c) => c.id)).size, 1);
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop');
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.equal(chunks.at(-1).usage.completion_tokens, 6);
    assert.equal(chunks[0].usage, null);
  });

  it('accumulates a stream with the helper', async () => {
    const stream = openai.chat.completions.stream({ model: 'say-good-morning', messages: user('x') });
    assert.equal(await stream.finalContent(), 'good morning');
  });

  it('maps each refusal to its error class', async () => {
    const classes = { 400: OpenAI.BadRequestError, 401: OpenAI.AuthenticationError, 403: OpenAI.PermissionDeniedError,
      404: OpenAI.NotFoundError, 429: OpenAI.RateLimitError, 500: OpenAI.InternalServerError,
      503: OpenAI.InternalServerError };
    for (const [status, type] of Object.entries(classes)) {
      await assert.rejects(ask(`fault-${status}`, 'x'), (e) => e instanceof type && e.status === Number(status));
    }
  });

  it('sees the Retry-After it was told to send', async () => {
    await assert.rejects(ask('echo', '[[status=429 retry_after=7]]'), (e) => e.headers.get('retry-after') === '7');
  });

  it('raises an error that arrives inside a stream', async () => {
    const stream = await ask('fault-error_event', 'x', { stream: true });
    await assert.rejects(async () => { for await (const chunk of stream) assert.ok(chunk.id); }, OpenAI.APIError);
  });

  it('refuses what the provider refuses', async () => {
    const wrong = [{ nonsense: 1 }, { temperature: 3 }, { max_tokens: 0 }, { stop: ['a', 'b', 'c', 'd', 'e'] },
      { stream_options: { include_usage: true } }, { messages: [] }, { messages: [{ role: 'robot', content: 'x' }] }];
    for (const more of wrong) await assert.rejects(ask('echo', 'x', more), { status: 400 }, JSON.stringify(more));
    const stranger = new OpenAI({ apiKey: 'sk-bad', baseURL: fake.openaiBase, maxRetries: 0 });
    await assert.rejects(stranger.chat.completions.create({ model: 'echo', messages: user('x') }), { status: 401 });
  });

  it('lists models and answers a JSON schema with JSON', async () => {
    const page = await openai.models.list();
    assert.ok(page.data.some((m) => m.id === 'echo'));
    const stranger = new OpenAI({ apiKey: 'sk-bad', baseURL: fake.openaiBase, maxRetries: 0 });
    await assert.rejects(async () => stranger.models.list(), { status: 401 });
    fake.script('openai models', { status: 500 }, { body: { data: [] } });
    const once = new OpenAI({ apiKey: 'sk-x', baseURL: fake.openaiBase, maxRetries: 0 });
    await assert.rejects(async () => once.models.list(), { status: 500 });
    assert.deepEqual((await once.models.list()).data, []);
    const got = await ask('echo', 'x', {
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object', properties: { n: { type: 'integer' } } } } },
    });
    assert.deepEqual(JSON.parse(got.choices[0].message.content), { n: 1 });
  });
});

describe('Anthropic SDK against the fake', () => {
  it('reads a message', async () => {
    const got = await tell('echo', 'hello');
    assert.equal(got.content[0].text, 'You said: hello');
    assert.equal(got.stop_reason, 'end_turn');
    assert.ok(got.usage.input_tokens > 0);
  });

  it('reads the events of a stream in order', async () => {
    const stream = await tell('echo', '[[chunks=3]] hello', { stream: true });
    const types = [];
    for await (const event of stream) types.push(event.type);
    assert.deepEqual(types, ['message_start', 'content_block_start', 'content_block_delta', 'content_block_delta',
      'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']);
  });

  it('accumulates a stream with the helper, past events it has not met', async () => {
    const plain = anthropic.messages.stream({ model: 'echo', max_tokens: 10, messages: user('[[finish=length]] hi') });
    const message = await plain.finalMessage();
    assert.equal(message.content[0].text, 'You said: hi');
    assert.equal(message.stop_reason, 'max_tokens');
    assert.equal(message.usage.output_tokens, 4);
  });

  it('maps each refusal to its error class', async () => {
    const classes = { 400: Anthropic.BadRequestError, 401: Anthropic.AuthenticationError,
      403: Anthropic.PermissionDeniedError, 404: Anthropic.NotFoundError, 429: Anthropic.RateLimitError,
      500: Anthropic.InternalServerError, 529: Anthropic.InternalServerError };
    for (const [status, type] of Object.entries(classes)) {
      await assert.rejects(tell(`fault-${status}`, 'x'), (e) => e instanceof type && e.status === Number(status));
    }
  });

  it('raises an error that arrives inside a stream', async () => {
    const stream = await tell('fault-error_event', 'x', { stream: true });
    await assert.rejects(async () => { for await (const event of stream) assert.ok(event.type); }, Anthropic.APIError);
  });

  it('refuses what the provider refuses', async () => {
    const wrong = [{ nonsense: 1 }, { temperature: 1.5 }, { max_tokens: 0 }, { messages: [] }, { stop_sequences: [' '] },
      { messages: [{ role: 'system', content: 'x' }] }, { messages: [{ role: 'assistant', content: 'x' }] }];
    for (const more of wrong) await assert.rejects(tell('echo', 'x', more), { status: 400 }, JSON.stringify(more));
    const page = await anthropic.models.list();
    assert.ok(page.data.some((m) => m.id === 'echo'));
  });
});

describe('faults on the wire', () => {
  const sse = { authorization: 'Bearer x' };

  it('refuses: a closed port', async () => {
    const port = await closedPort();
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`, { headers: sse }), (e) => e.cause.code === 'ECONNREFUSED');
  });

  it('a full connection queue: neither accepted nor refused', async () => {
    const hole = await openBlackHole();
    const socket = net.connect(hole.port, '127.0.0.1');
    const outcome = await new Promise((resolve) => {
      socket.once('connect', () => resolve('connected'));
      socket.once('error', () => resolve('refused'));
      setTimeout(resolve, 400, 'nothing');
    });
    socket.destroy();
    await hole.close();
    assert.equal(outcome, 'nothing');
  });

  it('silent: nothing at all, headers only, or a stream that stops', async () => {
    const nothing = await bare('fault-silent');
    assert.deepEqual([nothing.status, nothing.timedOut], [0, true]);
    const headers = await bare('fault-silent_after_headers');
    assert.deepEqual([headers.status, headers.body.length, headers.timedOut], [200, 0, true]);
    const some = await bare('fault-silent_midstream');
    assert.equal(some.timedOut, true);
    assert.match(some.body.toString(), /"content":"You/);
    const call = fake.callsFor('fault-silent_midstream').at(-1);
    await fake.waitFor('fault-silent_midstream', (c) => c.ended === 'client');
    assert.ok(call.aborted_at > call.at);
  });

  it('resets, closes and short bodies', async () => {
    assert.equal((await bare('fault-reset_before')).error.code, 'ECONNRESET');
    assert.equal((await bare('fault-close_before')).error.code, 'ECONNRESET');
    const headers = await bare('fault-reset_after_headers');
    assert.deepEqual([headers.status, headers.complete], [200, false]);
    const middle = await bare('fault-reset_midstream');
    assert.match(middle.body.toString(), /"content":"You/);
    assert.equal(middle.complete, false);
    assert.equal((await bare('fault-short_body', { stream: false })).complete, false);
  });

  it('replies that end well framed and say too little', async () => {
    const cut = await bare('fault-no_terminator');
    assert.equal(cut.complete, true);
    assert.doesNotMatch(cut.body.toString(), /DONE|"finish_reason":"/);
    const last = await bare('fault-no_final_event');
    assert.match(last.body.toString(), /"finish_reason":"stop"/);
    assert.doesNotMatch(last.body.toString(), /DONE/);
    const json = await bare('fault-truncated_json', { stream: false });
    assert.throws(() => JSON.parse(json.body.toString()));
    assert.match((await bare('fault-html')).headers['content-type'], /^text\/html/);
  });

  it('bytes that are no UTF-8, and multibyte text split between segments', async () => {
    const bad = await bare('fault-invalid_utf8');
    assert.throws(() => new TextDecoder('utf8', { fatal: true }).decode(bad.body));
    const text = 'grüße 日本語 🚀';
    const split1 = await bare('fault-multibyte_split', { text, ms: 10_000 });
    assert.match(split1.body.toString().replaceAll(/"}.*\n\ndata.*?"content":"/g, ''), /🚀/);
  });

  it('lines and streams without measure', async () => {
    const huge = await bare('fault-huge_line', { ms: 10_000 });
    assert.ok(huge.body.length > 10 * 1024 * 1024);
    const endless = await bare('fault-endless', { text: '[[delay=5]] x' });
    assert.deepEqual([endless.complete, endless.timedOut], [false, true]);
    assert.ok(endless.body.length > 1_000_000);
    await fake.waitFor('fault-endless', (c) => c.ended === 'client');
  });

  it('every named fault can be played as a stream and as JSON, and the fake goes on', async () => {
    const names = Object.keys(behaviours).filter((n) => n !== 'status');
    await Promise.all(names.flatMap((name) => [true, false].map(async (stream) => {
      const got = await bare(`fault-${name}`, { stream, text: '[[size=100000 delay=5]] x' });
      assert.notEqual(got.status, 500, name);
    })));
    assert.equal((await bare('echo')).complete, true);
  });
});

describe('directives', () => {
  it('are read from the text, decoded, and left out of the echo', async () => {
    assert.deepEqual(parseDirectives('a [[fault=html after=3]] b [[text=x%20y]]'), { fault: 'html', after: 3, text: 'x y' });
    assert.deepEqual(split('ab🚀cd', 3), ['ab', '🚀c', 'd']);
  });

  it('scripts queued for a model come first, one a call', async () => {
    fake.script('queued', { text: 'one' }, { status: 500 });
    openai = new OpenAI({ apiKey: 'sk-test', baseURL: fake.openaiBase, maxRetries: 0 });
    assert.equal((await ask('queued', 'x')).choices[0].message.content, 'one');
    await assert.rejects(ask('queued', 'x'), { status: 500 });
    assert.equal((await ask('queued', 'x')).choices[0].message.content, 'You said: x');
    assert.deepEqual(fake.callsFor('queued').map((c) => c.status), [200, 500, 200]);
  });

  it('a script may say where the text is cut, and what a refusal says', async () => {
    openai = new OpenAI({ apiKey: 'sk-test', baseURL: fake.openaiBase, maxRetries: 0 });
    fake.script('cut', { pieces: ['on', 'e <', 'b>'] }, { status: 400, message: 'No <b>.' });
    const pieces = [];
    for await (const chunk of await ask('cut', 'x', { stream: true })) if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content);
    assert.deepEqual(pieces, ['on', 'e <', 'b>']);
    await assert.rejects(ask('cut', 'x'), /No <b>\./);
  });
});
