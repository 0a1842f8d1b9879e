// Every way a request can be wrong has one form of answer, and says which request it was.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, expect, expectProblem } from '../lib/expect.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { unique, world } from '../lib/world.mjs';

const w = world({ env: { AGENTGEN_ACCESS_LOG: 'true' } });

const raw = (body, type = 'application/json', client = w.ada.client) => client.request('POST', '/v1/agents', {
  body, headers: { 'content-type': type },
});

describe('paths and methods', () => {
  it('that do not exist are 404', async () => {
    for (const path of ['/nothing', '/v1', '/v1/', '/v1/agent', '/v1/agents/', `/v1/agents/${absentId()}/`, '/v2/agents', '/v1/agents//x',
      '/V1/agents', '/v1/%61gents%2f', '/health/', '/metrics/x']) {
      const reply = await w.ada.client.get(path);
      assert.ok([400, 404].includes(reply.status), `${path}: ${reply.status}`);
      expectProblem(reply, reply.status);
    }
    expectProblem(await w.ada.client.get('/v1/nothing'), 404, 'not_found');
  });

  it('that exist with other methods are 405 and name them', async () => {
    const cases = {
      '/v1/agents': ['DELETE', 'PATCH', 'PUT'],
      [`/v1/agents/${absentId()}`]: ['POST'],
      [`/v1/prompts/${absentId()}`]: ['POST', 'PATCH'],
      '/v1/agents/draft': ['GET', 'PUT', 'PATCH', 'DELETE'],
      '/v1/auth/login': ['GET', 'DELETE'],
      '/v1/ai/generate': ['GET', 'PUT'],
      '/health': ['POST', 'DELETE'],
    };
    for (const [path, methods] of Object.entries(cases)) {
      for (const method of methods) {
        const reply = await w.ada.client.request(method, path);
        expectProblem(reply, 405, 'method_not_allowed');
        const allowed = (reply.headers.allow ?? '').split(/,\s*/);
        assert.ok(allowed.length > 0 && !allowed.includes(method), `${method} ${path}: Allow: ${reply.headers.allow}`);
      }
    }
    const reply = await w.ada.client.request('DELETE', '/v1/agents');
    for (const method of ['GET', 'POST']) assert.ok(reply.headers.allow.split(/,\s*/).includes(method), reply.headers.allow);
  });

  it('of no known method are 501 or 405', async () => {
    for (const method of ['TRACE', 'PROPFIND', 'PURGE']) {
      const reply = await w.ada.client.request(method, '/v1/agents');
      assert.ok([405, 501].includes(reply.status), `${method}: ${reply.status}`);
    }
  });

  it('that are spelled with percent signs are the same', async () => {
    expect(await w.ada.client.get('/%76%31/agents'), 200);
    for (const path of ['/v1/agents/%zz', '/v1/agents/%c3%28', '/v1/%00', '/%2e%2e/etc/passwd', '/docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd', '/docs/../../etc/passwd']) {
      const reply = await w.ada.client.get(path);
      assert.ok([400, 404, 422].includes(reply.status), `${path}: ${reply.status}`);
      assert.doesNotMatch(reply.text, /root:/);
    }
  });
});

describe('bodies', () => {
  it('that are no JSON are 400', async () => {
    for (const body of ['{', '{"name":}', 'hello', '', '{"name":"x"} trailing', "{'name':'x'}", '{"name":"x",}', '[1,2', '{"a":NaN}',
      '{"name":"\u0001"}', '// c\n{}', '\ufeff{}x', '{"name":"\\ud800"}']) {
      expectProblem(await raw(body), 400, 'bad_json');
    }
  });

  it('that are no UTF-8 are 400', async () => {
    const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('","config":{}}')]);
    expectProblem(await raw(body), 400, 'bad_json');
  });

  it('that are JSON of another kind are refused', async () => {
    for (const body of ['[]', '"x"', '1', 'null', 'true']) {
      const reply = await raw(body);
      assert.ok([400, 422].includes(reply.status), `${body}: ${reply.status}`);
      expectProblem(reply, reply.status);
    }
  });

  it('that name a field twice are refused', async () => {
    const reply = await raw('{"name":"a","name":"b","config":{}}');
    assert.ok([400, 422].includes(reply.status), reply.text);
    expectProblem(reply, reply.status);
    const deep = await raw('{"name":"a","config":{"model":"x","model":"y"}}');
    assert.ok([400, 422].includes(deep.status), deep.text);
  });

  it('that are nested without end are refused', async () => {
    for (const body of ['['.repeat(200_000), '{"a":'.repeat(100_000), `{"name":"x","config":${'{"json_schema":'.repeat(500)}1${'}'.repeat(500)}}`,
      `{"name":"x","config":{"json_schema":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}}`]) {
      const reply = await raw(body);
      assert.ok([400, 422].includes(reply.status), reply.text.slice(0, 200));
      expectProblem(reply, reply.status);
    }
  });

  it('hold a NUL nowhere', async () => {
    const reply = await raw('{"name":"a\\u0000b","config":{}}');
    assert.ok([400, 422].includes(reply.status), reply.text);
    expectProblem(reply, reply.status);
  });

  it('are application/json', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml', 'application/jsonx', '']) {
      expectProblem(await raw('{"name":"x","config":{}}', type), 415, 'unsupported_media_type');
    }
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="UTF-8"']) {
      expect(await raw(JSON.stringify({ name: unique('Typed'), config: {} }), type), 201);
    }
  });

  it('are up to 1 MiB', async () => {
    expectProblem(await raw(`{"name":"${'x'.repeat(1024 * 1024)}"}`), 413, 'payload_too_large');
    expectProblem(await raw(`{"name":"${'x'.repeat(1024 * 1024 - 100)}","config":{}}`), 422, 'validation_failed', ['name']);
  });

  it('with numbers beyond measure are refused', async () => {
    for (const number of ['1e999', '-1e999', '123456789012345678901234567890', '0.1e-99999', '01', '+1', '.5', '0x10']) {
      const reply = await raw(`{"name":"x","config":{"max_tokens":${number}}}`);
      assert.ok([400, 422].includes(reply.status), `${number}: ${reply.text}`);
    }
  });
});

describe('problem documents', () => {
  it('are the same in form for every class of error', async () => {
    const id = absentId();
    const classes = [
      [400, await raw('{')],
      [401, await w.anonymous.get('/v1/agents')],
      [401, await w.anonymous.post('/v1/auth/login', { email: w.ada.email, password: 'wrong password' })],
      [404, await w.ada.client.get(`/v1/agents/${id}`)],
      [404, await w.ada.client.get('/nothing')],
      [405, await w.ada.client.request('PATCH', '/v1/agents')],
      [409, await w.anonymous.post('/v1/auth/register', { name: 'x', email: w.ada.email, password: 'correct horse battery' })],
      [415, await raw('{}', 'text/plain')],
      [422, await w.ada.client.post('/v1/agents', {})],
    ];
    for (const [status, reply] of classes) {
      const problem = expectProblem(reply, status);
      assert.match(problem.type, /^(about:blank|https?:\/\/|\/|urn:)/);
      assert.equal(reply.headers['cache-control'], 'no-store');
      assert.equal(reply.headers['x-content-type-options'], 'nosniff');
    }
  });

  it('say nothing about the inside of the server', async () => {
    const replies = [await raw('{'), await w.ada.client.get(`/v1/agents/${absentId()}`), await w.ada.client.get('/v1/agents?cursor=x')];
    for (const { text } of replies) assert.doesNotMatch(text, /\.c\b|src\/|SQL|sqlite|postgres|stack/i);
  });
});

describe('X-Request-Id', () => {
  const get = (id) => w.ada.client.get('/v1/auth/me', { headers: { 'x-request-id': id } });

  it('comes back as it was sent, also in errors and in the log', async () => {
    const id = unique('req');
    assert.equal((await get(id)).headers['x-request-id'], id);
    const problem = expectProblem(await w.ada.client.get('/nothing', { headers: { 'x-request-id': id } }), 404);
    assert.equal(problem.request_id, id);
    await eventually(() => w.server.log.includes(id), { what: 'the id in the log' });
    const longest = 'r'.repeat(128);
    assert.equal((await get(longest)).headers['x-request-id'], longest);
  });

  it('is made when there is none, each time anew', async () => {
    const ids = new Set();
    for (let i = 0; i < 5; i += 1) ids.add((await w.ada.client.get('/health')).headers['x-request-id']);
    assert.equal(ids.size, 5);
    for (const id of ids) assert.match(id, /^[\x21-\x7e]{8,128}$/);
  });

  it('is replaced when it is too long or not printable', async () => {
    for (const id of ['r'.repeat(129), 'a\tb', 'käse', '']) {
      const reply = await get(id);
      expect(reply, 200);
      assert.notEqual(reply.headers['x-request-id'], id);
      assert.match(reply.headers['x-request-id'], /^[\x21-\x7e]{8,128}$/);
    }
  });
});

describe('replies', () => {
  it('carry the headers that keep browsers careful', async () => {
    const reply = await w.ada.client.get('/v1/auth/me');
    assert.equal(reply.headers['x-content-type-options'], 'nosniff');
    assert.match(reply.headers['cache-control'], /no-store/);
    assert.equal(reply.headers['content-type'].split(';')[0], 'application/json');
    assert.equal(reply.headers['access-control-allow-origin'], undefined);
    assert.doesNotMatch(reply.headers.server ?? '', /\d/);
  });
});
