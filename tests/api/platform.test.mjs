// Health, metrics, the API's own description and its explorer.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { expect, expectProblem } from '../lib/expect.mjs';
import { start } from '../lib/process.mjs';
import { ROOT } from '../lib/server.mjs';
import { createFakeAgent, world } from '../lib/world.mjs';

const w = world({ env: { AGENTGEN_METRICS_TOKEN: 'metrics-token-of-the-tests' } });

describe('health', () => {
  it('is what it always was', async () => {
    const reply = await w.anonymous.get('/health');
    expect(reply, 200);
    assert.equal(reply.text, '{"status":"OK"}');
  });

  it('is ready when it listens', async () => {
    assert.deepEqual(expect(await w.anonymous.get('/ready'), 200), { status: 'ready' });
  });

  it('needs no body for HEAD', async () => {
    const [get, head] = [await w.anonymous.get('/health'), await w.anonymous.request('HEAD', '/health')];
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    assert.equal(head.headers['content-length'], get.headers['content-length']);
    assert.equal(head.headers['content-type'], get.headers['content-type']);
  });
});

describe('metrics', () => {
  const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
  const SAMPLE = new RegExp(`^(${NAME})(\\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\.)*",?)*\\})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);
  const read = (headers) => w.anonymous.get('/metrics', { headers: { authorization: 'Bearer metrics-token-of-the-tests', ...headers } });

  function parse(text) {
    const samples = new Map();
    const types = new Map();
    for (const line of text.trimEnd().split('\n')) {
      const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
      if (kind === 'TYPE') {
        assert.ok(!types.has(name), `two TYPE lines for ${name}`);
        assert.match(rest, /^(counter|gauge|histogram|summary|untyped)$/);
        types.set(name, rest);
      }
      if (kind) continue;
      const [, sample, labels = '', value] = SAMPLE.exec(line) ?? [];
      assert.ok(sample, `not a sample: ${line}`);
      assert.ok(!samples.has(sample + labels), `twice: ${line}`);
      const family = sample.replace(/_(bucket|sum|count)$/, '');
      assert.ok(types.has(sample) || types.has(family), `no TYPE for ${sample}`);
      samples.set(sample + labels, Number(value));
    }
    return { samples, types };
  }

  it('are Prometheus text', async () => {
    const reply = await read();
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.headers['content-type'], /^text\/plain; version=0\.0\.4/);
    const { samples, types } = parse(reply.text);
    assert.ok(samples.size > 10 && [...types.keys()].every((n) => /^(agentgen|process|sqlite|pg)_/.test(n)), [...types.keys()].join(' '));
  });

  it('count requests and runs', async () => {
    const sum = async (pattern) => {
      const { samples } = parse((await read()).text);
      return [...samples].filter(([name]) => pattern.test(name)).reduce((total, [, value]) => total + value, 0);
    };
    const requests = /^agentgen_(http_)?requests_total/;
    const runs = /^agentgen_runs_total|^agentgen_runs_(completed|failed|cancelled)(_total)?/;
    const before = [await sum(requests), await sum(runs)];
    const agent = await createFakeAgent(w.ada.client);
    expect(await w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' }), 200);
    const after = [await sum(requests), await sum(runs)];
    assert.ok(after[0] >= before[0] + 2, `${before[0]} requests, then ${after[0]}`);
    assert.equal(after[1], before[1] + 1);
  });

  it('name no account, agent or text', async () => {
    const { text } = await read();
    for (const word of [w.ada.email, w.ada.user.id, 'sk-test']) assert.ok(!text.includes(word), word);
  });

  it('are not for everybody when there is a token', async () => {
    for (const authorization of ['Bearer wrong', 'Bearer metrics-token-of-the-test', 'Basic bWV0cmljcw==']) {
      const reply = await read({ authorization });
      assert.ok([401, 403].includes(reply.status), `${authorization}: ${reply.status}`);
    }
  });

  it('are for this machine when there is none', async () => {
    const { client } = await w.startWithAccount({ AGENTGEN_METRICS_TOKEN: null });
    const reply = await client.as().get('/metrics');
    assert.equal(reply.status, 200, reply.text);
    parse(reply.text);
  });
});

describe('OpenAPI document', () => {
  const read = async () => expect(await w.anonymous.get('/openapi.json'), 200);

  it('is version 3.1 and passes a linter', async () => {
    const document = await read();
    assert.match(document.openapi, /^3\.1\./);
    const dir = mkdtempSync(path.join(tmpdir(), 'agopenapi-'));
    try {
      const file = path.join(dir, 'openapi.json');
      writeFileSync(file, JSON.stringify(document));
      const cli = path.join(ROOT, 'node_modules/@redocly/cli/bin/cli.js');
      const { code, out, err } = await start(process.execPath, [cli, 'lint', file, '--format=stylish', `--config=${path.join(ROOT, 'tests/lib/redocly.yaml')}`],
        { cwd: dir, env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: 'true' } }).ended;
      assert.equal(code, 0, `${out}\n${err}`);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('declares every operation with an id of its own, security and problem replies', async () => {
    const document = await read();
    const operations = Object.entries(document.paths).flatMap(([at, item]) => Object.entries(item)
      .filter(([method]) => ['get', 'put', 'post', 'delete', 'patch'].includes(method)).map(([method, op]) => ({ at, method, ...op })));
    assert.equal(new Set(operations.map((o) => o.operationId)).size, operations.length);
    for (const o of operations) {
      assert.ok(o.summary, `${o.method} ${o.at} has no summary`);
      assert.ok(Object.keys(o.responses).some((s) => /^2|^3/.test(s)), `${o.method} ${o.at} has no success`);
    }
    const have = new Set(operations.map((o) => `${o.method} ${o.at.replace(/^\/v1/, '')}`));
    const wanted = ['post /auth/register', 'post /auth/login', 'post /auth/refresh', 'post /auth/logout', 'get /auth/me',
      'post /api-keys', 'get /api-keys', 'delete /api-keys/{id}', 'get /activity', 'post /agents', 'get /agents', 'get /agents/{id}',
      'put /agents/{id}', 'delete /agents/{id}', 'post /prompts', 'get /prompts', 'get /prompts/{id}', 'put /prompts/{id}',
      'delete /prompts/{id}', 'post /ai/generate', 'post /ai/validate', 'post /ai/preview', 'get /runs', 'get /runs/{id}'];
    assert.deepEqual(wanted.filter((op) => !have.has(op)), []);
  });

  it('may be kept by who has it', async () => {
    const first = await w.anonymous.get('/openapi.json');
    assert.match(first.headers.etag ?? '', /^(W\/)?"/);
    const second = await w.anonymous.get('/openapi.json', { headers: { 'if-none-match': first.headers.etag } });
    assert.deepEqual([second.status, second.body.length], [304, 0]);
  });
});

describe('explorer', () => {
  it('is a page that takes nothing from elsewhere', async () => {
    const reply = await w.anonymous.get('/swagger');
    assert.equal(reply.status, 200);
    assert.equal(reply.type, 'text/html');
    const policy = reply.headers['content-security-policy'];
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe-eval|https?:|script-src[^;]*unsafe-inline|\*/);
    const links = [...reply.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link).filter((l) => !l.startsWith('data:'));
    assert.ok(links.length >= 2, reply.text);
    for (const link of links) {
      const target = new URL(link, `${w.server.url}/swagger`);
      assert.equal(target.origin, w.server.url, `${link} leads elsewhere`);
      const asset = await w.anonymous.get(target.pathname);
      assert.equal(asset.status, 200, link);
      assert.equal(asset.headers['x-content-type-options'], 'nosniff');
      assert.match(asset.type, /^(text\/css|text\/javascript|application\/javascript|image\/|application\/json)/, link);
    }
  });

  it('is compressed for who takes it, and the same for who does not', async () => {
    const page = await w.anonymous.get('/swagger');
    const script = [...page.text.matchAll(/src="([^"]+\.js)"/g)][0][1];
    const target = new URL(script, `${w.server.url}/swagger`).pathname;
    const plain = await w.anonymous.get(target);
    assert.equal(plain.headers['content-encoding'], undefined);
    const [br, gzip] = await Promise.all(['br', 'gzip'].map((e) => w.anonymous.get(target, { headers: { 'accept-encoding': e } })));
    assert.equal(br.headers['content-encoding'], 'br');
    assert.deepEqual(brotliDecompressSync(br.body), plain.body);
    assert.equal(gzip.headers['content-encoding'], 'gzip');
    assert.deepEqual(gunzipSync(gzip.body), plain.body);
    for (const reply of [plain, br, gzip]) assert.match(reply.headers.vary ?? '', /accept-encoding/i);
    const refused = await w.anonymous.get(target, { headers: { 'accept-encoding': 'br;q=0, gzip;q=0, identity' } });
    assert.equal(refused.headers['content-encoding'], undefined);
  });

  it('is not sent again to who has it', async () => {
    const first = await w.anonymous.get('/swagger', { headers: { 'accept-encoding': 'br' } });
    assert.match(first.headers.etag, /^(W\/)?"/);
    const again = (etag) => w.anonymous.get('/swagger', { headers: { 'accept-encoding': 'br', 'if-none-match': etag } });
    for (const etag of [first.headers.etag, `"x", ${first.headers.etag}`, '*']) {
      const second = await again(etag);
      assert.deepEqual([second.status, second.body.length], [304, 0], etag);
      assert.equal(second.headers.etag, first.headers.etag);
    }
    assert.equal((await again('"other"')).status, 200);
  });

  it('answers HEAD with the length alone', async () => {
    const head = await w.anonymous.request('HEAD', '/swagger');
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    assert.ok(Number(head.headers['content-length']) > 0);
  });

  it('has no file but its own', async () => {
    for (const file of ['/swagger/nothing.js', '/swagger/package.json', '/swagger/%2e%2e/secret', '/swagger/swagger-ui.css/x']) {
      expectProblem(await w.anonymous.get(file), 404, 'not_found');
    }
  });
});
