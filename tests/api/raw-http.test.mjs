// HTTP/1.1 as bytes: what is malformed is refused and never repaired, and what is allowed works
// however it is cut into segments.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';

import { connect, exchange } from '../lib/raw.mjs';
import { sleep, within } from '../lib/time-and-ports.mjs';
import { createFakeAgent, unique, world } from '../lib/world.mjs';

const w = world({ env: { AGENTGEN_LOOPS: 1 } });

const head = (method, path, headers = {}) => `${method} ${path} HTTP/1.1\r\n${Object.entries({ Host: 'server', ...headers })
  .map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
const get = (path = '/health', headers = {}) => head('GET', path, headers);
const bearer = () => ({ Authorization: `Bearer ${w.ada.token}` });
const json = { 'Content-Type': 'application/json' };
const agentBody = () => JSON.stringify({ name: unique('Raw'), config: {} });
const post = (path, body, headers = {}) => `${head('POST', path, { ...json, ...bearer(), 'Content-Length': Buffer.byteLength(body), ...headers })}${body}`;
const chunked = (...parts) => `${parts.map((p) => `${Buffer.byteLength(p).toString(16)}\r\n${p}\r\n`).join('')}0\r\n\r\n`;
const talk = (bytes, use) => exchange(w.server.port, bytes, use);

/** Sends bytes and asserts that they are refused with one of these statuses and the connection closed. */
async function assertRefused(what, bytes, statuses = [400]) {
  await talk(bytes, async (c) => {
    const reply = await c.reply().catch((e) => { throw new Error(`${what}: ${e.message}`); });
    assert.ok(statuses.includes(reply.status), `${what} was answered with ${reply.status}: ${reply.text}`);
    assert.equal(reply.headers['content-type'], 'application/problem+json', what);
    assert.equal(reply.headers.connection, 'close', what);
    assert.equal(await c.closes(), true, `${what}: the connection stays open`);
    assert.equal(c.unread, '', `${what}: more than one answer`);
  });
}

const SMUGGLED = 'GET /v1/auth/me HTTP/1.1\r\nHost: x\r\n\r\n';

describe('framing that is refused', () => {
  const table = {
    'Content-Length and chunked': `POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    'chunked and Content-Length': `POST /v1/agents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    'two different Content-Lengths': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'a list of different Content-Lengths': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\nab',
    'a signed Content-Length': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}',
    'a negative Content-Length': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}',
    'a hexadecimal Content-Length': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\n{}',
    'an endless Content-Length': `POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\n{}`,
    'an empty Content-Length': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n{}',
    'chunked twice': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
    'chunked not last': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
    'a transfer coding in disguise': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    'a transfer coding with a tab': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n',
    'no Host': 'GET /health HTTP/1.1\r\n\r\n',
    'two Hosts': 'GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'two equal Hosts': 'GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
    'a Host that is none': 'GET /health HTTP/1.1\r\nHost: a b\r\n\r\n',
    'a Host with a path': 'GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n',
    'a Host with user information': 'GET /health HTTP/1.1\r\nHost: u@a\r\n\r\n',
    'a space before the colon': 'GET /health HTTP/1.1\r\nHost : a\r\n\r\n',
    'a space before the colon of a length': 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length : 2\r\n\r\n{}',
    'a folded line': 'GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n',
    'a folded line with a tab': 'GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tc\r\n\r\n',
    'a line that begins with space': 'GET /health HTTP/1.1\r\n Host: a\r\n\r\n',
    'NUL in a value': 'GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n',
    'CR in a value': 'GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\rX-B: c\r\n\r\n',
    'LF alone as line end': 'GET /health HTTP/1.1\nHost: a\n\n',
    'LF alone in the header section': 'GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\nX-B: c\r\n\r\n',
    'a control character in a value': 'GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\x01c\r\n\r\n',
    'a control character in a name': 'GET /health HTTP/1.1\r\nHost: a\r\nX\x01A: b\r\n\r\n',
    'a name that is no token': 'GET /health HTTP/1.1\r\nHost: a\r\nX(A): b\r\n\r\n',
    'a line without a colon': 'GET /health HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n',
    'an empty name': 'GET /health HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n',
    'a space in the target': 'GET /hea lth HTTP/1.1\r\nHost: a\r\n\r\n',
    'a tab in the request line': 'GET\t/health\tHTTP/1.1\r\nHost: a\r\n\r\n',
    'two spaces in the request line': 'GET  /health HTTP/1.1\r\nHost: a\r\n\r\n',
    'NUL in the target': 'GET /hea\0lth HTTP/1.1\r\nHost: a\r\n\r\n',
    'bytes beyond ASCII in the target': Buffer.from('GET /h\xe9alth HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1'),
    'a fragment in the target': 'GET /health#x HTTP/1.1\r\nHost: a\r\n\r\n',
    'a target without a slash': 'GET health HTTP/1.1\r\nHost: a\r\n\r\n',
    'a bad escape in the path': 'GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n',
    'a lower-case version': 'GET /health http/1.1\r\nHost: a\r\n\r\n',
    'no version': 'GET /health\r\n\r\n',
    'TLS': Buffer.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01, 0x00, 0x00, 0xa1, 0x03, 0x03, 0x0d, 0x0a, 0x0d, 0x0a]),
    'something else entirely': '\0\0\0\0\0\0\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(table)) {
    it(what, async () => {
      await assertRefused(what, bytes, what.includes('transfer coding') || what.startsWith('chunked') ? [400, 501] : [400]);
    });
  }

  it('chunks that are none', async () => {
    const bodies = {
      'no size': 'xyz\r\nabc\r\n0\r\n\r\n',
      'a signed size': '+3\r\nabc\r\n0\r\n\r\n',
      'a negative size': '-3\r\nabc\r\n0\r\n\r\n',
      'a size with a prefix': '0x3\r\nabc\r\n0\r\n\r\n',
      'a size without end': `${'F'.repeat(17)}\r\nabc\r\n0\r\n\r\n`,
      'a size with space': '3 \r\nabc\r\n0\r\n\r\n',
      'more data than its size': '3\r\nabcd\r\n0\r\n\r\n',
      'LF alone after the size': '3\nabc\r\n0\r\n\r\n',
      'LF alone after the data': '3\r\nabc\n0\r\n\r\n',
      'an empty size': '\r\nabc\r\n0\r\n\r\n',
      'a bad trailer': '3\r\nabc\r\n0\r\nX Y: z\r\n\r\n',
      'LF alone in an extension': '3;a\nb\r\nabc\r\n0\r\n\r\n',
    };
    for (const [what, body] of Object.entries(bodies)) {
      const request = head('POST', '/v1/agents', { ...json, ...bearer(), 'Transfer-Encoding': 'chunked' });
      await assertRefused(what, request + body + SMUGGLED);
    }
  });

  it('other versions of HTTP', async () => {
    await assertRefused('HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]);
    for (const version of ['2.0', '1.2', '3.0', '0.9', '9.9', '1.10', '11.1']) {
      await assertRefused(`HTTP/${version}`, `GET /health HTTP/${version}\r\nHost: a\r\n\r\n`, [400, 505]);
    }
    await assertRefused('HTTP/1.0 with chunks', 'POST /v1/agents HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', [400, 501, 505]);
  });

  it('a method as a tunnel', async () => {
    for (const request of ['CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\n']) {
      await talk(request, async (c) => assert.ok([400, 405, 501].includes((await c.reply()).status)));
    }
    await talk(get('http://example.test/health', {}), async (c) => assert.ok([200, 400].includes((await c.reply()).status)));
    await talk(get('/health', { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA' }), async (c) => {
      assert.equal((await c.reply()).status, 200, 'an upgrade that is not offered is ignored');
    });
    await talk(get('/health', { Connection: 'Upgrade', Upgrade: 'websocket' }), async (c) => assert.equal((await c.reply()).status, 200));
  });

  it('is refused however it is cut', async () => {
    const bytes = 'POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n';
    for (let at = 1; at < bytes.length; at += 7) {
      await talk(bytes.slice(0, at), async (c) => {
        await sleep(1);
        c.write(bytes.slice(at));
        assert.equal((await c.reply()).status, 400, `cut at ${at}`);
        assert.equal(await c.closes(), true);
      });
    }
  });
});

describe('limits', () => {
  it('64 header fields', async () => {
    const fields = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`X-Field-${i}`, 'v']));
    await talk(get('/health', fields(63)), async (c) => assert.equal((await c.reply()).status, 200));
    await assertRefused('65 fields', get('/health', fields(64)), [400, 431]);
    await assertRefused('5000 fields', get('/health', fields(1500)), [400, 431]);
  });

  it('32 KiB of header section', async () => {
    await talk(get('/health', { 'X-Long': 'x'.repeat(30_000) }), async (c) => assert.equal((await c.reply()).status, 200));
    await assertRefused('33 KiB', get('/health', { 'X-Long': 'x'.repeat(33 * 1024) }), [400, 431]);
    await assertRefused('1 MiB', get('/health', { 'X-Long': 'x'.repeat(1024 * 1024) }), [400, 431]);
    await assertRefused('a name of 40 KiB', get('/health', { ['X'.repeat(40 * 1024)]: 'x' }), [400, 431]);
  });

  it('8 KiB of target', async () => {
    await talk(get(`/v1/agents?q=${'a'.repeat(8000)}`, bearer()), async (c) => assert.ok([200, 422].includes((await c.reply()).status)));
    await assertRefused('9 KiB', get(`/health?${'a'.repeat(9 * 1024)}`), [400, 414]);
    await assertRefused('100 KiB', get(`/${'a'.repeat(100 * 1024)}`), [400, 414, 431]);
  });

  it('1 MiB of body, said or sent', async () => {
    await talk(head('POST', '/v1/agents', { ...json, ...bearer(), 'Content-Length': 1024 * 1024 + 1 }), async (c) => {
      assert.equal((await c.reply()).status, 413, 'before a byte of it has come');
      assert.equal(await c.closes(), true);
    });
    const request = head('POST', '/v1/agents', { ...json, ...bearer(), 'Transfer-Encoding': 'chunked' });
    const block = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    await talk(request, async (c) => {
      for (let i = 0; i < 17; i += 1) c.write(block);
      assert.equal((await c.reply()).status, 413);
      assert.equal(await c.closes(), true);
    });
  });

  it('of chunk overhead: tiny chunks and long extensions', async () => {
    const request = head('POST', '/v1/agents', { ...json, ...bearer(), 'Transfer-Encoding': 'chunked' });
    await assertRefused('a long extension', `${request}1;${'x'.repeat(64 * 1024)}\r\n{\r\n`, [400, 413, 431]);
    await assertRefused('long trailers', `${request}2\r\n{}\r\n0\r\n${'X-T: y\r\n'.repeat(20_000)}\r\n`, [400, 413, 431]);
  });
});

describe('connection', () => {
  it('stays open for more', async () => {
    await talk(undefined, async (c) => {
      for (let i = 0; i < 5; i += 1) {
        c.write(get());
        const reply = await c.reply();
        assert.deepEqual([reply.status, reply.text], [200, '{"status":"OK"}']);
        assert.notEqual(reply.headers.connection, 'close');
      }
    });
  });

  it('is closed when the client asks for it', async () => {
    for (const value of ['close', 'Close', 'keep-alive, close']) {
      await talk(get('/health', { Connection: value }), async (c) => {
        const reply = await c.reply();
        assert.deepEqual([reply.status, reply.headers.connection], [200, 'close']);
        assert.equal(await c.closes(), true);
      });
    }
  });

  it('of HTTP/1.0 is answered and closed, or refused', async () => {
    await talk('GET /health HTTP/1.0\r\n\r\n', async (c) => {
      const reply = await c.reply();
      assert.ok([200, 400, 505].includes(reply.status), reply.raw);
      assert.equal(reply.headers['transfer-encoding'], undefined);
      assert.equal(await c.closes(), true);
    });
  });

  it('answers pipelined requests in their order', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `id-${i}`);
    const paths = ['/health', '/v1/auth/me', '/nothing', '/ready'];
    await talk(ids.map((id, i) => get(paths[i % 4], { 'X-Request-Id': id, ...(i % 4 === 1 ? bearer() : {}) })).join(''), async (c) => {
      for (const [i, id] of ids.entries()) {
        const reply = await c.reply();
        assert.equal(reply.headers['x-request-id'], id);
        assert.equal(reply.status, paths[i % 4] === '/nothing' ? 404 : 200);
      }
    });
  });

  it('answers pipelined requests in their order, also with bodies and when the first is slow', async () => {
    const agent = await createFakeAgent(w.ada.client);
    const slow = JSON.stringify({ agent_id: agent.id, input_text: '[[first_delay=300]] slow' });
    const [one, two] = [agentBody(), agentBody()];
    const request = post('/v1/ai/generate', slow, { 'X-Request-Id': 'a' })
      + head('POST', '/v1/agents', { ...json, ...bearer(), 'Transfer-Encoding': 'chunked', 'X-Request-Id': 'b' }) + chunked(one.slice(0, 5), one.slice(5))
      + get('/health', { 'X-Request-Id': 'c' })
      + post('/v1/agents', two, { 'X-Request-Id': 'd' })
      + head('HEAD', '/health', { 'X-Request-Id': 'e' })
      + get('/health', { 'X-Request-Id': 'f' });
    await talk(request, async (c) => {
      const replies = [];
      for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) replies.push(await c.reply({ head: id === 'e' }));
      assert.deepEqual(replies.map((r) => r.headers['x-request-id']), ['a', 'b', 'c', 'd', 'e', 'f']);
      assert.deepEqual(replies.map((r) => r.status), [200, 201, 200, 201, 200, 200]);
      assert.equal(JSON.parse(replies[1].text).name, JSON.parse(one).name);
    });
  });

  it('answers what came before a mistake, then refuses it', async () => {
    await talk(`${get()}${get()}GET /health HTTP/1.1\r\nHost : x\r\n\r\n${get()}`, async (c) => {
      assert.equal((await c.reply()).status, 200);
      assert.equal((await c.reply()).status, 200);
      assert.equal((await c.reply()).status, 400);
      assert.equal(await c.closes(), true);
      assert.equal(c.unread, '');
    });
  });

  it('never takes the body of one request for the next', async () => {
    const body = `{"name":"x","config":{}}${SMUGGLED}`;
    const refused = [
      `${head('POST', '/v1/agents', { ...json, 'Content-Length': body.length })}${body}`, // 401: its body is not read
      `${head('POST', '/nothing', { ...json, 'Content-Length': body.length })}${body}`, // 404
      `${head('GET', '/health', { 'Content-Length': SMUGGLED.length })}${SMUGGLED}`, // a body for GET
      `${head('DELETE', '/v1/agents', { 'Content-Length': SMUGGLED.length })}${SMUGGLED}`, // 405
    ];
    for (const request of refused) {
      await talk(request + get('/ready'), async (c) => {
        await c.reply();
        const next = await c.reply({ ms: 1500 }).catch(() => null);
        if (next) assert.match(next.text, /ready/, 'the next reply belongs to the next request');
        assert.doesNotMatch(c.unread, /unauthenticated/);
      });
    }
  });

  it('takes blank lines before a request, as older clients send', async () => {
    await talk(`\r\n${get()}`, async (c) => assert.ok([200, 400].includes((await c.reply()).status)));
  });
});

describe('segments', () => {
  it('of one byte make a request like any other', async () => {
    const body = agentBody();
    await talk(undefined, async (c) => {
      await c.trickle(post('/v1/agents', body));
      const reply = await c.reply();
      assert.equal(reply.status, 201, reply.text);
      assert.equal(JSON.parse(reply.text).name, JSON.parse(body).name);
      await c.trickle(head('POST', '/v1/agents', { ...json, ...bearer(), 'Transfer-Encoding': 'chunked' }) + chunked(...agentBody()));
      assert.equal((await c.reply()).status, 201);
      await c.trickle(get());
      assert.equal((await c.reply()).status, 200);
    });
  });

  it('may end anywhere in a chunked body', async () => {
    const body = agentBody();
    const request = head('POST', '/v1/agents', { ...json, ...bearer(), 'Transfer-Encoding': 'chunked' }) + chunked(body.slice(0, 7), body.slice(7));
    const from = request.indexOf('\r\n\r\n');
    await talk(undefined, async (c) => {
      for (let at = from; at < request.length; at += 3) {
        c.write(request.slice(0, at));
        await sleep(1);
        c.write(request.slice(at));
        assert.equal((await c.reply()).status, 201, `cut at ${at}`);
      }
    });
  });
});

describe('bodies', () => {
  it('in chunks, with extensions and trailers', async () => {
    const body = agentBody();
    const half = Math.floor(body.length / 2);
    const bytes = `${half.toString(16).toUpperCase()};name=value;q="a b"\r\n${body.slice(0, half)}\r\n`
      + `000${(body.length - half).toString(16)}\r\n${body.slice(half)}\r\n0;last\r\nX-Trailer: 1\r\n\r\n`;
    await talk(head('POST', '/v1/agents', { ...json, ...bearer(), 'Transfer-Encoding': 'Chunked' }) + bytes + get(), async (c) => {
      assert.equal((await c.reply()).status, 201);
      assert.equal((await c.reply()).status, 200);
    });
  });

  it('are asked for with 100 Continue', async () => {
    const body = agentBody();
    await talk(head('POST', '/v1/agents', { ...json, ...bearer(), 'Content-Length': body.length, Expect: '100-continue' }), async (c) => {
      assert.equal((await c.reply()).status, 100);
      c.write(body);
      assert.equal((await c.reply()).status, 201);
      c.write(head('POST', '/v1/agents', { ...json, ...bearer(), 'Transfer-Encoding': 'chunked', Expect: '100-Continue' }));
      assert.equal((await c.reply()).status, 100);
      c.write(chunked(agentBody()));
      assert.equal((await c.reply()).status, 201);
    });
  });

  it('are not asked for when the answer is known without them', async () => {
    const ask = (path, headers) => head('POST', path, { ...json, 'Content-Length': 500, Expect: '100-continue', ...headers });
    const cases = [[401, ask('/v1/agents', {})], [413, ask('/v1/agents', { ...bearer(), 'Content-Length': 5_000_000 })],
      [404, ask('/nothing', bearer())], [405, ask('/health', bearer())], [415, ask('/v1/agents', { ...bearer(), 'Content-Type': 'text/plain' })]];
    for (const [status, request] of cases) {
      await talk(request, async (c) => {
        const reply = await c.reply();
        assert.equal(reply.status, status, reply.text);
        assert.equal(await c.closes(), true, 'a body that was never asked for cannot follow');
      });
    }
  });

  it('with another expectation are refused', async () => {
    await talk(head('POST', '/v1/agents', { ...json, ...bearer(), 'Content-Length': 2, Expect: 'miracles' }), async (c) => {
      assert.equal((await c.reply()).status, 417);
    });
  });

  it('are not asked for when they have come already', async () => {
    const body = agentBody();
    await talk(head('POST', '/v1/agents', { ...json, ...bearer(), 'Content-Length': body.length, Expect: '100-continue' }) + body, async (c) => {
      let reply = await c.reply();
      if (reply.status === 100) reply = await c.reply();
      assert.equal(reply.status, 201);
    });
  });
});

describe('HEAD', () => {
  it('is GET without the body, and the connection goes on', async () => {
    for (const [path, headers] of [['/health', {}], ['/openapi.json', {}], ['/v1/auth/me', bearer()], ['/nothing', {}], ['/v1/auth/me', {}]]) {
      await talk(get(path, headers) + head('HEAD', path, headers) + get('/health'), async (c) => {
        const whole = await c.reply();
        const bare = await c.reply({ head: true });
        assert.equal(bare.status, whole.status, path);
        assert.equal(bare.headers['content-type'], whole.headers['content-type']);
        if (whole.status === 200) assert.equal(bare.headers['content-length'], whole.headers['content-length']);
        assert.equal((await c.reply()).text, '{"status":"OK"}');
      });
    }
  });
});

describe('OPTIONS', () => {
  it('of the server is about nothing in particular', async () => {
    await talk(head('OPTIONS', '*') + get(), async (c) => {
      assert.ok([200, 204, 405, 404].includes((await c.reply()).status));
      assert.equal((await c.reply()).status, 200);
    });
    await assertRefused('* for GET', get('*'));
  });
});

describe('a client that leaves', () => {
  it('in the middle of anything leaves the server well', async () => {
    const body = agentBody();
    const request = post('/v1/agents', body);
    for (const at of [0, 1, 10, 60, request.indexOf('\r\n\r\n') + 2, request.length - 5]) {
      for (const how of ['destroy', 'reset']) {
        const c = await connect(w.server.port);
        if (at > 0) c.write(request.slice(0, at));
        await sleep(2);
        c[how]();
      }
    }
    await talk(get(), async (c) => assert.equal((await c.reply()).status, 200));
  });

  it('is noticed within a tenth of a second, by whichever way it goes', async () => {
    for (const how of ['destroy', 'reset']) {
      const times = [];
      for (let i = 0; i < 5; i += 1) {
        const model = unique('leave');
        const agent = await createFakeAgent(w.ada.client, model);
        const c = await connect(w.server.port);
        c.write(post('/v1/ai/generate', JSON.stringify({ agent_id: agent.id, input_text: '[[fault=silent]] x', stream: i % 2 === 0 })));
        await w.fake.waitFor(model);
        await sleep(50);
        const left = performance.now();
        c[how]();
        times.push((await w.fake.waitFor(model, (call) => call.ended === 'client', within(2000))).aborted_at - left);
      }
      times.sort((a, b) => a - b);
      assert.ok(times[2] <= within(100), `${how}: ${times.map(Math.round)} ms`);
    }
  });
});
