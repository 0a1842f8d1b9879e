// The tests' own tools: the clients read what servers write, and the traffic check finds what it is
// there to find.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';

import { TrafficCheck } from './check-traffic.mjs';
import { Client } from './http.mjs';
import { createDatabase, dropDatabase, query, startPostgres } from './postgres.mjs';
import { cli, parseLogLine, Server } from './server.mjs';
import { connect, exchange } from './raw.mjs';
import { start } from './process.mjs';

const listen = async (server) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
};

describe('client', () => {
  const EVENTS = ': beat\n\nid: 1\nevent: run.started\ndata: {"n":1}\n\nid: 2\nevent: delta\ndata: {"text":"grüße"}\n\n';
  const server = http.createServer(async (req, res) => {
    if (req.url === '/events') {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const byte of Buffer.from(EVENTS)) {
        res.write(Buffer.from([byte]));
        await new Promise((resolve) => { setImmediate(resolve); });
      }
      return res.end();
    }
    const body = [];
    for await (const part of req) body.push(part);
    res.writeHead(200, { 'content-type': 'application/json' });
    return res.end(JSON.stringify({ method: req.method, headers: req.headers, body: Buffer.concat(body).toString() }));
  });
  let client;
  before(async () => { client = new Client(`http://127.0.0.1:${await listen(server)}`); });
  after(() => { client.close(); server.close(); });

  it('sends credentials, and drops them when asked to', async () => {
    const sent = async (c) => (await c.post('/', { a: 1 })).json;
    const token = await sent(client.as({ token: 't', headers: { 'x-a': 'b' } }));
    assert.equal(token.headers.authorization, 'Bearer t');
    assert.equal(token.headers['x-a'], 'b');
    assert.equal(token.body, '{"a":1}');
    assert.equal((await sent(client.as({ apiKey: 'agk_x' }))).headers['x-api-key'], 'agk_x');
    assert.equal((await sent(client.as({ token: 't' }).as())).headers.authorization, undefined);
  });

  it('reads events that arrive byte by byte, and goes on where it stopped', async () => {
    const stream = await client.stream('/events', {});
    assert.deepEqual((await stream.until('run.started')).data, { n: 1 });
    const rest = await stream.all();
    assert.deepEqual(rest.map((e) => [e.id, e.event, e.data.text]), [['2', 'delta', 'grüße']]);
    assert.deepEqual(stream.seen.filter((e) => e.comment !== undefined).map((e) => e.comment), ['beat']);
    assert.equal(stream.complete, true);
  });
});

describe('raw connection', () => {
  const replies = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    + '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n';
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => { socket.write(replies); setTimeout(() => socket.end(), 50); });
  });
  let port;
  before(async () => { port = await listen(server); });
  after(() => server.close());

  it('reads one reply after the other, and sees the end', async () => {
    await exchange(port, 'x', async (c) => {
      assert.equal((await c.reply()).text, 'ok');
      assert.equal((await c.reply()).text, 'abcde');
      assert.equal((await c.reply()).status, 204);
      assert.equal(await c.closes(1000), true);
      await assert.rejects(c.reply({ ms: 50 }), /no whole reply/);
    });
  });

  it('sees silence', async () => {
    const c = await connect(port);
    assert.equal(await c.silent(30), true);
    c.destroy();
  });
});

describe('traffic check', () => {
  const schema = { type: 'object', required: ['id'], additionalProperties: false, properties: { id: { type: 'string', format: 'uuid' } } };
  const document = {
    openapi: '3.1.0',
    servers: [{ url: '/v1' }],
    components: {
      schemas: { Thing: schema, Problem: { type: 'object', required: ['code'] } },
      responses: { Problem: { description: 'x', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } } },
    },
    paths: {
      '/things/{id}': {
        get: {
          operationId: 'getThing',
          responses: {
            200: { description: 'x', headers: { ETag: { required: true } }, content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
            default: { $ref: '#/components/responses/Problem' },
          },
        },
        put: {
          operationId: 'putThing',
          requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
          responses: { 204: { description: 'x' } },
        },
      },
    },
  };
  const id = '00000000-0000-7000-8000-000000000001';
  const entry = (method, status, headers, text, request = {}) => ({
    test: 't', method, target: `/v1/things/${id}?a=b`, request, reply: { status, headers, text },
  });
  const json = { 'content-type': 'application/json', etag: '"1"' };
  const problemsOf = (...entries) => {
    const check = new TrafficCheck(document);
    for (const e of entries) check.add(e);
    return check.problems;
  };

  it('accepts what the document declares', () => {
    const problem = { 'content-type': 'application/problem+json' };
    assert.deepEqual(problemsOf(entry('GET', 200, json, `{"id":"${id}"}`), entry('GET', 404, problem, '{"code":"not_found"}'),
      entry('PUT', 204, {}, '', { text: `{"id":"${id}"}` })), []);
  });

  it('finds each kind of difference', () => {
    assert.match(problemsOf(entry('GET', 200, json, '{"id":"7"}'))[0], /does not fit: \/id must match format/);
    assert.match(problemsOf(entry('GET', 200, json, `{"id":"${id}","x":1}`))[0], /additional/);
    assert.match(problemsOf(entry('GET', 200, { 'content-type': 'text/html', etag: 'x' }, ''))[0], /media type/);
    assert.match(problemsOf(entry('GET', 200, { 'content-type': 'application/json' }, `{"id":"${id}"}`))[0], /header ETag/);
    assert.match(problemsOf(entry('PUT', 200, {}, ''))[0], /status not declared/);
    assert.match(problemsOf(entry('PUT', 204, {}, '', { text: '{}' }))[0], /request does not fit/);
    assert.match(problemsOf(entry('GET', 500, { 'content-type': 'application/problem+json' }, '{}'))[0], /required property 'code'/);
    assert.match(problemsOf({ ...entry('GET', 200, json, '{}'), target: '/v1/else' })[0], /no such operation/);
  });

  it('takes the literal path before the one with a parameter', () => {
    const literal = { ...document, paths: { ...document.paths, '/things/draft': { post: { operationId: 'draftThing', responses: { 204: {} } } } } };
    const check = new TrafficCheck(literal);
    const at = (method, status) => ({ ...entry(method, status, {}, ''), target: '/v1/things/draft' });
    check.add(at('GET', 405));
    check.add(at('POST', 204));
    assert.deepEqual(check.problems, []);
    check.add(at('GET', 200));
    assert.match(check.problems[0], /no such operation/);
  });

  it('lists operations without a success', () => {
    const check = new TrafficCheck(document);
    check.add(entry('GET', 200, json, `{"id":"${id}"}`));
    assert.deepEqual(check.missed.map((o) => o.id), ['putThing']);
  });
});

describe('processes', () => {
  it('reads log lines', () => {
    const line = parseLogLine('2026-01-01T00:00:00.000Z info listening url=http://127.0.0.1:1 note="a \\"b\\" c" n=2');
    assert.deepEqual([line.level, line.event, line.url, line.note, line.n], ['info', 'listening', 'http://127.0.0.1:1', 'a "b" c', '2']);
  });

  it('collects what a child prints, and its end', async () => {
    const { code, out, err } = await start('sh', ['-c', 'cat; echo oops >&2; exit 3'], { input: 'hello' }).ended;
    assert.deepEqual([code, out, err], [3, 'hello', 'oops\n']);
  });

  it('says why a server did not start', async () => {
    const server = new Server({ kind: 'sqlite', env: { AGENTGEN_NO_SUCH: '1', PORT: 'not-a-port' } });
    await server.prepare();
    await assert.rejects(server.start(), /agentgen ended|ENOENT/);
    await server.stop();
    assert.notEqual((await cli(['--no-such-option'])).code, 0);
  });
});

describe('PostgreSQL', () => {
  it('starts, makes databases, restarts with them, and leaves nothing', async () => {
    const postgres = await startPostgres();
    try {
      const url = await createDatabase(postgres.describe());
      await query(url, "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x y'), (2, NULL)");
      await postgres.halt();
      await assert.rejects(query(url, 'SELECT 1'));
      await postgres.start();
      assert.deepEqual(await query(url, 'SELECT * FROM t ORDER BY a'), [['1', 'x y'], ['2', '']]);
      await dropDatabase(url);
      await assert.rejects(query(url, 'SELECT 1'));
    } finally {
      await postgres.stop();
    }
  });
});
