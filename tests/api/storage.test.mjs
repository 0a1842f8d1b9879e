// When the database is in trouble: a full disk, a restart, a newer schema, two servers on one file.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { expect, expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { createDatabase, startPostgres } from '../lib/postgres.mjs';
import { run } from '../lib/process.mjs';
import { cli, DB_KIND } from '../lib/server.mjs';
import { eventually, within } from '../lib/time-and-ports.mjs';
import { register, world } from '../lib/world.mjs';

const w = world({ accounts: false });

/** Starts the server so that the first commits after its start find the disk full; false where a build cannot be told to. */
async function startFull(server) {
  // Starting commits, too, and fails when it cannot.
  for (let nth = 1; nth <= 20; nth += 1) {
    const started = await server.start({ AGENTGEN_FAULTS: `commit=3@${nth}` }).catch((e) => e);
    if (!(started instanceof Error)) return true;
    if (!/storage_full/.test(started.message)) break;
  }
  await server.start({ AGENTGEN_FAULTS: null });
  return false;
}

describe('a full disk', () => {
  it('is 503 storage_full, reads go on, and it recovers alone, where a build can be told to', async () => {
    const { server, client } = await w.startWithAccount();
    const { id } = expect(await client.post('/v1/agents', { name: 'before', config: {} }), 201);
    await server.terminate();
    if (!await startFull(server)) return;
    const again = new Client(server.url, { token: client.token });
    let refused = 0;
    const made = await eventually(async () => {
      const reply = await again.post('/v1/agents', { name: 'after', config: {} });
      if (reply.status === 201) return reply.json;
      expectProblem(reply, 503, 'storage_full');
      assert.ok(Number(reply.headers['retry-after']) >= 1, 'Retry-After');
      refused += 1;
      expect(await again.get(`/v1/agents/${id}`), 200);
      return null;
    }, { what: 'a write after the disk has room' });
    assert.ok(refused >= 1 && refused <= 3, `${refused} refused`);
    expect(await again.get(`/v1/agents/${made.id}`), 200);
    const { data } = expect(await again.get('/v1/agents'), 200);
    assert.deepEqual(data.map((a) => a.name), ['after', 'before'], 'a refused write left nothing');
    again.close();
  });

  it('is not reported as the end of a session that goes on', async () => {
    const { server, client, refresh_token: copied } = await w.startWithAccount();
    expect(await client.post('/v1/auth/refresh', { refresh_token: copied }), 200);
    await server.terminate();
    await startFull(server);
    const again = new Client(server.url, { token: client.token });
    await eventually(async () => {
      const reply = await again.post('/v1/auth/refresh', { refresh_token: copied });
      if (reply.status === 401) return true;
      expectProblem(reply, 503, 'storage_full');
      return false;
    }, { what: 'a write after the disk has room' });
    expectProblem(await again.get('/v1/auth/me'), 401, 'unauthenticated');
    again.close();
  });
});

if (DB_KIND === 'postgres') {
  describe('a restart of PostgreSQL', () => {
    it('is healed by the server within five seconds, and acknowledged writes are there', async () => {
      const postgres = await startPostgres({ fsync: true });
      try {
        const { server, client } = await w.startWithAccount({}, { databaseUrl: await createDatabase(postgres.describe()) });
        const { id } = expect(await client.post('/v1/agents', { name: 'before', config: {} }), 201);
        await postgres.halt('SIGQUIT');
        const down = await client.post('/v1/agents', { name: 'during', config: {} });
        expectProblem(down, 503);
        assert.ok(['storage_unavailable', 'timeout'].includes(down.json.code), down.text);
        expect(await client.get('/health'), 200);
        assert.equal((await client.get('/ready')).status, 503);
        await postgres.start();
        const up = performance.now();
        await eventually(async () => (await client.post('/v1/agents', { name: 'after', config: {} })).status === 201, { ms: 6000 });
        assert.ok(performance.now() - up <= within(5000), `${performance.now() - up} ms`);
        expect(await client.get(`/v1/agents/${id}`), 200);
        assert.equal((await client.get('/ready')).status, 200);
        await server.stop();
      } finally {
        await postgres.stop();
      }
    });
  });

  describe('two servers on one database', () => {
    it('see each other\'s writes, and a logout within five seconds', async () => {
      const one = await w.startWithAccount();
      const two = await w.start({ JWT_SECRET: one.server.env.JWT_SECRET }, { databaseUrl: one.server.databaseUrl });
      const there = new Client(two.url, { token: one.token });
      const agent = expect(await one.client.post('/v1/agents', { name: 'shared', config: {} }), 201);
      assert.deepEqual(expect(await there.get(`/v1/agents/${agent.id}`), 200), agent);
      assert.equal((await one.client.post('/v1/auth/logout')).status, 204);
      await eventually(async () => (await there.get('/v1/auth/me')).status === 401, { ms: 6000, what: 'the logout' });
      there.close();
      await two.stop();
    });
  });
} else {
  describe('the database file', () => {
    it('of a running server is not opened by a second one that would write it', async () => {
      const { server } = await w.startWithAccount();
      const { code } = await cli(['serve'], { env: { AGENTGEN_DATA_DIR: server.dataDir, PORT: 0 } })
        .catch(() => ({ code: 'it went on running' }));
      assert.notEqual(code, 0);
      assert.notEqual(code, 'it went on running');
    });

    it('and the secrets beside it are for the owner\'s eyes alone', async () => {
      const { server } = await w.startWithAccount({ JWT_SECRET: null });
      const modes = (await run('find', [server.dataDir, '-type', 'f', '-printf', '%m %f\\n'])).trim().split('\n');
      for (const line of modes) assert.match(line, /^600 /, line);
      assert.match(await run('stat', ['-c', '%a', server.dataDir]), /^7[05]0/);
    });

    it('may be named by DATABASE_URL', async () => {
      const { server, client } = await w.startWithAccount();
      await server.terminate();
      const url = `sqlite:${server.dataDir}/elsewhere.db`;
      await server.start({ DATABASE_URL: url });
      const other = new Client(server.url, { token: client.token });
      assert.equal((await other.get('/v1/auth/me')).status, 401);
      await register(other);
      assert.match(await run('find', [server.dataDir, '-name', 'elsewhere.db']), /elsewhere/);
      other.close();
    });
  });

  describe('secrets made at the first start', () => {
    it('are the same at the next', async () => {
      const { server, token } = await w.startWithAccount({ JWT_SECRET: null });
      await server.restart();
      expect(await new Client(server.url, { token }).get('/v1/auth/me'), 200);
    });
  });
}

describe('a database from a newer version', () => {
  it('is left alone: the server refuses to start', async () => {
    const { server } = await w.startWithAccount();
    await server.terminate();
    await sql(server, "INSERT INTO schema_migrations SELECT 9999, 'from_the_future', 'x', applied_at FROM schema_migrations LIMIT 1");
    const refused = await server.start().catch((e) => e);
    assert.ok(refused instanceof Error, 'it started on a newer database');
    assert.match(refused.message, /newer|version|migration/i);
    await sql(server, 'DELETE FROM schema_migrations WHERE version = 9999');
    await server.start();
    expect(await new Client(server.url).get('/ready'), 200);
  });
});
