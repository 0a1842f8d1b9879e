// Acknowledged is durable: the process is killed at any moment, and no write that got its 2xx is
// missing afterwards. The same check must find losses when there are some.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { expect } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { Ledger } from '../lib/ledger.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { eventually, sleep, within } from '../lib/time-and-ports.mjs';
import { createFakeAgent, register, world } from '../lib/world.mjs';

const w = world({ accounts: false });

/** Every kind of write there is, one after the other. */
function writes(agentId) {
  const kinds = [
    async (c, n) => {
      const reply = await c.post('/v1/agents', { name: `agent ${n}`, config: { instructions: n } });
      return reply.status === 201 && { path: `/v1/agents/${reply.json.id}`, want: reply.json };
    },
    async (c, n) => {
      const reply = await c.post('/v1/prompts', { prompt_text: `prompt ${n}` });
      return reply.status === 201 && { path: `/v1/prompts/${reply.json.id}`, want: reply.json };
    },
    async (c, n) => {
      const made = await c.post('/v1/agents', { name: `before ${n}`, config: {} });
      if (made.status !== 201) return null;
      const reply = await c.put(`/v1/agents/${made.json.id}`, { name: `after ${n}`, config: {} }, { headers: { 'if-match': '"1"' } });
      return reply.status === 200 && { path: `/v1/agents/${made.json.id}`, want: reply.json };
    },
    async (c, n) => {
      const made = await c.post('/v1/prompts', { prompt_text: `gone ${n}` });
      if (made.status !== 201) return null;
      const reply = await c.delete(`/v1/prompts/${made.json.id}`);
      return reply.status === 204 && { path: `/v1/prompts/${made.json.id}`, gone: true };
    },
    async (c, n) => {
      const reply = await c.post('/v1/ai/generate', { agent_id: agentId, input_text: `run ${n}` });
      return reply.status === 200 && {
        path: `/v1/runs/${reply.json.run_id}`, want: { status: 'completed', output_text: reply.json.response },
      };
    },
  ];
  let turn = 0;
  return (client, n) => kinds[turn++ % kinds.length](client, n);
}

/** Whether the server still has what it acknowledged. */
function looker(client) {
  return async ({ path, want, gone }) => {
    const reply = await client.get(path);
    if (gone) return reply.status === 404;
    return reply.status === 200 && Object.entries(want).every(([name, value]) => JSON.stringify(reply.json[name]) === JSON.stringify(value));
  };
}

async function prepare(env) {
  const { server, client, token } = await w.startWithAccount(env);
  const agent = await createFakeAgent(client);
  client.close();
  return { server, token, agent };
}

/** Kills the process while writes go on, `afterMs` after as many as shall be were acknowledged; resolves to their ledger. */
async function killWhileWriting({ server, token, agent }, afterMs, atLeast = 20) {
  const ledger = new Ledger();
  const filling = ledger.fill(server.url, token, 8, writes(agent.id));
  const enough = eventually(() => ledger.entries.length >= atLeast, { ms: 10_000, what: `${atLeast} acknowledged writes` });
  await Promise.race([enough, filling]); // writes that fail are told at once
  await sleep(afterMs);
  const killed = server.kill9();
  await Promise.all([filling, killed]);
  return ledger;
}

describe('kill -9', () => {
  it('while writes go on loses nothing acknowledged, again and again', async () => {
    const subject = await prepare();
    const all = new Ledger();
    for (let round = 0; round < 5; round += 1) {
      const ledger = await killWhileWriting(subject, randomInt(0, 500));
      all.entries.push(...ledger.entries);
      await subject.server.start();
    }
    assert.ok(all.entries.length > 50, `only ${all.entries.length} writes were acknowledged`);
    const client = new Client(subject.server.url, { token: subject.token });
    assert.deepEqual(await all.lost(looker(client)), [], `of ${all.entries.length}`);
    client.close();
  });

  it('leaves a server that is ready again within two seconds, its unfinished runs closed', async () => {
    const { server, token, agent } = await prepare();
    const client = new Client(server.url, { token });
    const stream = await client.stream('/v1/ai/generate', { agent_id: agent.id, input_text: '[[fault=silent_midstream after=2]] hello', stream: true });
    const { data } = await stream.until('run.started');
    await stream.until('delta');
    await server.kill9();
    await server.start();
    const again = new Client(server.url, { token });
    while ((await again.get('/ready')).status !== 200) await sleep(10);
    const ms = performance.now() - server.startedAt;
    assert.ok(ms <= within(2000), `ready after ${ms} ms`);
    const row = expect(await again.get(`/v1/runs/${data.run_id}`), 200);
    // On a shared database another instance might still be at work on it.
    if (DB_KIND === 'sqlite') assert.deepEqual([row.status, row.error_code], ['failed', 'interrupted']);
    else assert.ok(['running', 'failed'].includes(row.status), row.status);
    again.close();
    client.close();
  });

  it('at once after the answer keeps it, one kind of write at a time', async () => {
    const { server, client, ...account } = await w.startWithAccount();
    const { id } = expect(await client.post('/v1/agents', { name: 'last words', config: {} }), 201);
    await server.kill9();
    await server.start();
    expect(await new Client(server.url, { token: account.token }).get(`/v1/agents/${id}`), 200);

    const joined = await register(new Client(server.url));
    await server.kill9();
    await server.start();
    const fresh = new Client(server.url);
    const signedIn = expect(await fresh.post('/v1/auth/login', { email: joined.email, password: joined.password }), 200);
    assert.equal((await fresh.as({ token: signedIn.token }).post('/v1/auth/logout')).status, 204);
    await server.kill9();
    await server.start();
    const after = new Client(server.url);
    assert.equal((await after.as({ token: signedIn.token }).get('/v1/auth/me')).status, 401, 'a logout is not forgotten');
    expect(await after.as({ token: joined.token }).get('/v1/auth/me'), 200);
    const { key } = expect(await after.as({ token: joined.token }).post('/v1/api-keys', { name: 'k' }), 201);
    await server.kill9();
    await server.start();
    expect(await new Client(server.url, { apiKey: key }).get('/v1/agents'), 200);
  });
});

describe('the check itself', () => {
  it('finds a write that is missing', async () => {
    const { server, token, agent } = await prepare();
    const ledger = await killWhileWriting({ server, token, agent }, 0);
    const victim = ledger.entries.find((e) => e.want && e.path.startsWith('/v1/agents/') && e.want.version === 1);
    const id = victim.path.split('/').pop();
    await sql(server, `DELETE FROM ai_agents WHERE id = '${id}'`);
    await server.start();
    const client = new Client(server.url, { token });
    assert.deepEqual((await ledger.lost(looker(client))).map((e) => e.path), [victim.path]);
    client.close();
  });

  it('finds that a server acknowledges before it commits, where a build can be told to', async () => {
    const faulty = { AGENTGEN_FAULTS: 'ack_before_commit=-1,slow_commit=-1' };
    const subject = await prepare();
    await subject.server.terminate();
    const started = await subject.server.start(faulty).catch((e) => e);
    if (started instanceof Error) {
      // A release build knows no faults, and says so instead of ignoring them.
      assert.match(started.message, /AGENTGEN_FAULTS|fault/i);
      await subject.server.start({ AGENTGEN_FAULTS: null });
      return;
    }
    // At once: a commit that was acknowledged takes half a second more.
    const ledger = await killWhileWriting(subject, 0, 1);
    await subject.server.start({ AGENTGEN_FAULTS: null });
    const client = new Client(subject.server.url, { token: subject.token });
    const lost = await ledger.lost(looker(client));
    // The fault is the SQLite writer's; PostgreSQL commits before it answers in any case.
    if (DB_KIND === 'sqlite') assert.ok(lost.length > 0, `nothing of ${ledger.entries.length} was lost`);
    else assert.deepEqual(lost, []);
    client.close();
  });
});
