// A measurement is only worth what its judge can see: the scripted upstream is exact, and the load client
// notices each way in which a stream or an answer can be wrong.
//
//   ninja -C build bench-tools && node --test tests/bench/
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startUpstream } from './lib/load.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const tools = process.env.AGENTGEN_BENCH_TOOLS ?? path.join(root, 'build/tests/bench');
const settings = { tools };
const PIECES = 8;
let upstream;

before(async () => {
  upstream = await startUpstream(settings, { cpu: null, chunks: PIECES, intervalMs: 1 });
});

after(() => upstream.stop());

async function load(port, ...args) {
  const { stdout } = await promisify(execFile)(path.join(tools, 'bench-load'),
    ['--port', port, '--limit-ms', 5000, ...args].map(String));
  return JSON.parse(stdout);
}

const streamLoad = (port, route, body = '{"stream":true}') => load(port, '--mode', 'stream', '--method', 'POST',
  '--path', route, '--body', body, '--connections', 3, '--pieces', PIECES);

async function post(route, body) {
  const reply = await fetch(`http://127.0.0.1:${upstream.port}${route}`, { method: 'POST', body: JSON.stringify(body) });
  return { reply, text: await reply.text() };
}

const mark = (seq) => `~${String(seq).padStart(5, '0')}:${String(process.hrtime.bigint()).padStart(20, '0')} `;
const delta = (seq, id = seq + 1) => `id: ${id}\nevent: delta\ndata: ${JSON.stringify({ text: mark(seq) })}\n\n`;
const completed = `id: 99\nevent: run.completed\ndata: {"response":"whole"}\n\n`;
const all = [...Array(PIECES).keys()];

/** Serves one stream for every request, and hands the client's verdict on it to `check`. */
async function judged(parts, check, { status = 200, cut = false } = {}) {
  const server = http.createServer((request, reply) => {
    request.resume();
    request.on('end', () => {
      reply.writeHead(status, { 'content-type': 'text/event-stream' });
      for (const part of parts()) reply.write(part);
      if (cut) setTimeout(() => reply.destroy(), 20);
      else reply.end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    check(await streamLoad(server.address().port, '/'));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a whole OpenAI answer has the promised size and shape', async () => {
  const { reply, text } = await post('/v1/chat/completions', { model: 'm', messages: [] });
  assert.equal(reply.status, 200);
  assert.equal(Buffer.byteLength(text), 579);
  assert.equal(JSON.parse(text).choices[0].finish_reason, 'stop');
});

test('a whole Anthropic answer is one text block', async () => {
  const { text } = await post('/v1/messages', { model: 'm', messages: [] });
  const answer = JSON.parse(text);
  assert.equal(answer.content[0].type, 'text');
  assert.equal(answer.stop_reason, 'end_turn');
});

test('an OpenAI stream sends usage only when asked', async () => {
  const plain = await post('/v1/chat/completions', { stream: true });
  const asked = await post('/v1/chat/completions', { stream: true, stream_options: { include_usage: true } });
  const events = (text) => text.trim().split('\n\n').map((line) => line.replace(/^data: /, ''));
  assert.equal(events(plain.text).at(-1), '[DONE]');
  assert.equal(events(asked.text).length, events(plain.text).length + 1);
  assert.equal(JSON.parse(events(asked.text).at(-2)).usage.completion_tokens, PIECES);
});

test('the word stream inside the text of a message asks for nothing', async () => {
  const { reply } = await post('/v1/chat/completions', { messages: [{ role: 'user', content: '"stream":true' }] });
  assert.equal(reply.headers.get('content-type'), 'application/json');
});

test('an unknown path is 404 and the counters count', async () => {
  const { reply } = await post('/v1/other', {});
  assert.equal(reply.status, 404);
  const earlier = await upstream.stats();
  await post('/v1/messages', {});
  assert.equal((await upstream.stats()).requests, earlier.requests + 1);
});

test('good streams of both APIs are found good', async () => {
  for (const route of ['/v1/chat/completions', '/v1/messages']) {
    const result = await streamLoad(upstream.port, route);
    assert.deepEqual([result.good, result.pieces, result.disorder, result.completed], [3, 3 * PIECES, 0, 3]);
    assert.ok(result.delay_p50_us > 0 && result.first_p50_us > 0);
  }
});

test('a good agentgen stream is found good, heartbeats and all', () =>
  judged(() => [': heartbeat\n\n', 'id: 0\nevent: run.started\ndata: {}\n\n', ...all.map((seq) => delta(seq)), completed],
    (result) => assert.equal(result.good, 3)));

test('two pieces in one event are both counted', () =>
  judged(() => [`event: delta\ndata: ${JSON.stringify({ text: all.map(mark).join('') })}\n\n`, completed], (result) => {
    assert.deepEqual([result.good, result.pieces, result.frames], [3, 3 * PIECES, 3]);
  }));

test('a lost piece is seen', () =>
  judged(() => [...all.filter((seq) => seq !== 4).map((seq) => delta(seq)), completed], (result) => {
    assert.deepEqual([result.good, result.disorder], [0, 3]);
  }));

test('a lost last piece is seen', () =>
  judged(() => [...all.slice(0, -1).map((seq) => delta(seq)), completed], (result) => {
    assert.deepEqual([result.good, result.disorder, result.pieces], [0, 0, 3 * (PIECES - 1)]);
  }));

test('two swapped pieces are seen', () =>
  judged(() => [...[0, 2, 1, 3, 4, 5, 6, 7].map((seq, i) => delta(seq, i + 1)), completed], (result) => {
    assert.equal(result.good, 0);
    assert.ok(result.disorder >= 3);
  }));

test('a missing end, a second end, a failure and a late event are seen', async () => {
  const pieces = () => all.map((seq) => delta(seq));
  await judged(() => pieces(), (result) => assert.deepEqual([result.good, result.completed], [0, 0]));
  await judged(() => [...pieces(), completed, completed],
    (result) => assert.deepEqual([result.good, result.completed, result.after_end], [0, 6, 3]));
  await judged(() => [...pieces(), 'id: 9\nevent: run.failed\ndata: {"code":"x"}\n\n'],
    (result) => assert.deepEqual([result.good, result.failed], [0, 3]));
  await judged(() => [...pieces(), completed, 'id: 100\nevent: other\ndata: {}\n\n'],
    (result) => assert.deepEqual([result.good, result.after_end], [0, 3]));
});

test('an id that does not rise is seen', () =>
  judged(() => [...all.map((seq) => delta(seq, seq === 3 ? 3 : seq + 1)), completed], (result) => {
    assert.deepEqual([result.good, result.id_errors], [0, 3]);
  }));

test('a last event that repeats only half of the answer is seen', () =>
  judged(() => [...all.map((seq) => delta(seq)),
    `id: 99\nevent: run.completed\ndata: ${JSON.stringify({ response: mark(0) + mark(1) })}\n\n`], (result) => {
    assert.deepEqual([result.good, result.final_mismatch], [0, 3]);
  }));

test('a connection cut inside the stream is seen', () =>
  judged(() => all.slice(0, 4).map((seq) => delta(seq)), (result) => {
    assert.deepEqual([result.good, result.broken], [0, 3]);
    assert.notEqual(result.first_error, null);
  }, { cut: true }));

test('a stream with another status is no good stream', () =>
  judged(() => [...all.map((seq) => delta(seq)), completed],
    (result) => assert.deepEqual([result.good, result.broken], [0, 3]), { status: 503 }));

test('closed-loop load counts right and wrong answers', async () => {
  const right = await load(upstream.port, '--path', '/health', '--connections', 4, '--count', 100, '--warmup-ms', 0);
  assert.ok(right.requests >= 100 && right.errors === 0 && right.p50_us > 0 && right.p50_us <= right.max_us);
  assert.equal(right.connects, 4);
  const wrong = await load(upstream.port, '--path', '/none', '--count', 10, '--warmup-ms', 0);
  assert.equal(wrong.errors, wrong.requests);
  assert.match(wrong.first_error, /no such path/);
});

test('a watched process has CPU time and memory', async () => {
  const result = await load(upstream.port, '--path', '/health', '--duration-ms', 100, '--warmup-ms', 0, '--watch', upstream.pid);
  assert.ok(result.watch[0].cpu_us > 0 && result.watch[0].rss_peak_kib > 0);
});

test('a delayed answer is as late as asked', async () => {
  const { stdout } = await promisify(execFile)(path.join(tools, 'bench-upstream'), ['--help']);
  assert.match(stdout, /--delay-us/);
  const late = await startUpstream(settings, { cpu: null, delayUs: 5000 });
  try {
    const result = await load(late.port, '--method', 'POST', '--path', '/v1/messages', '--count', 5, '--warmup-ms', 0);
    assert.ok(result.p50_us >= 4900 && result.errors === 0, `p50 ${result.p50_us} µs`);
  } finally {
    await late.stop();
  }
});

test('start mode times a command until it answers, and ends it', async () => {
  const script = `const http = require('http');
    const server = http.createServer((q, r) => r.writeHead(q.url === '/ready' ? 200 : 404).end());
    setTimeout(() => server.listen(Number(process.env.PORT), '127.0.0.1'), 50);
    process.on('SIGTERM', () => process.exit(0));`;
  const port = 20000 + (process.pid % 20000);
  const result = await load(port, '--mode', 'start', '--path', '/ready', '--', 'env', `PORT=${port}`, process.execPath, '-e', script);
  assert.ok(result.ready_ms >= 50 && result.exit === 0);
});
