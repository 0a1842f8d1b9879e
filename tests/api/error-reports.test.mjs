// What went wrong: failed runs and reports from browsers, scrubbed, counted, limited.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assertNow, assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { sql } from '../lib/database.mjs';
import { Client } from '../lib/http.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { createFakeAgent, register, world } from '../lib/world.mjs';

const w = world();
const LONG = 'x'.repeat(2000);

const report = (client, more = {}, options) => client.post('/v1/errors', { kind: 'error', message: 'It broke', ...more }, options);
const errorsOf = async (client, query = '') => expect(await client.get(`/v1/errors?limit=100${query}`), 200).data;

describe('reporting an error', () => {
  it('stores it without what nobody should read', async () => {
    const { client } = await register(w.anonymous);
    const reply = await report(client, {
      kind: 'rejection',
      message: 'ada@mail.test got 401 with Bearer abc.def from https://a.example/x?token=hidden',
      stack: 'Error: x\n    at load (https://a.example/app.js?v=hidden:10:5)\n    at agk_hidden',
      path: '/agents/new?from=hidden#hidden',
    }, { headers: { 'user-agent': 'Test/1.0' } });
    assert.deepEqual([reply.status, reply.text], [204, '']);
    const [entry, ...others] = await errorsOf(client);
    assert.deepEqual(others, []);
    assertOrderedId(entry.id);
    assertNow(entry.created_at);
    assert.deepEqual({ ...entry, id: 0, created_at: 0, last_at: 0 }, {
      id: 0, source: 'client', kind: 'rejection', code: null, created_at: 0, last_at: 0, count: 1, retryable: null, run_id: null,
      agent_id: null, agent_name: null, model: null, user_agent: 'Test/1.0', path: '/agents/new',
      message: '[email] got 401 with Bearer [token] from https://a.example/x?…',
      stack: 'Error: x\n    at load (https://a.example/app.js?…:10:5)\n    at [token]',
    });
    const rows = await sql(w.server, 'SELECT message, stack, path FROM client_errors');
    assert.ok(!JSON.stringify(rows).includes('hidden'));
    assert.ok(!w.server.log.includes('hidden'));
  });

  it('counts a repeat, also when only what was taken out differs', async () => {
    const { client } = await register(w.anonymous);
    for (const id of [1, 2, 3]) assert.equal((await report(client, { message: `GET /x?id=${id}`, path: '/a' })).status, 204);
    assert.equal((await report(client, { message: 'another', path: '/a' })).status, 204);
    const entries = await errorsOf(client);
    assert.deepEqual(entries.map((e) => [e.message, e.count]), [['another', 1], ['GET /x?…', 3]]);
    assert.ok(entries[1].last_at >= entries[1].created_at);
  });

  it('counts those that come at the same time as one', async () => {
    const { client } = await register(w.anonymous);
    const replies = await Promise.all(Array.from({ length: 8 }, () => report(client)));
    assert.deepEqual(replies.map((r) => r.status), Array(8).fill(204));
    assert.deepEqual((await errorsOf(client)).map((e) => e.count), [8]);
  });

  it('starts anew after a day, and forgets after thirty', async () => {
    const account = await register(w.anonymous);
    await report(account.client);
    const age = (id, days) => {
      const time = Math.floor(Date.now() - days * 86_400_000).toString(16).padStart(12, '0');
      return `UPDATE client_errors SET id = '${time.slice(0, 8)}-${time.slice(8)}${id.slice(13)}' WHERE id = '${id}'`;
    };
    const [{ id }] = await errorsOf(account.client);
    await sql(w.server, age(id, 1.1));
    await report(account.client);
    const two = await errorsOf(account.client);
    assert.deepEqual(two.map((e) => e.count), [1, 1]);
    await sql(w.server, age(two[1].id, 31));
    await report(account.client, { message: 'new' });
    assert.deepEqual((await errorsOf(account.client)).map((e) => e.message), ['new', 'It broke']);
  });

  it('keeps the newest thousand of an organisation', async () => {
    const { client, user } = await register(w.anonymous);
    await report(client, { message: 'oldest' });
    const [{ id }] = await errorsOf(client);
    const columns = { id: DB_KIND === 'postgres' ? `overlay(id::text placing lpad(to_hex(n), 4, '0') from 33)::uuid` : `substr(id, 1, 32) || printf('%04x', n)`,
      fingerprint: DB_KIND === 'postgres' ? 'n::text' : 'n' };
    const names = ['org_id', 'id', 'user_id', 'kind', 'fingerprint', 'message', 'user_agent', 'created_at', 'last_at'];
    await sql(w.server, `UPDATE client_errors SET id = '${id.slice(0, 32)}0000' WHERE id = '${id}'`);
    await sql(w.server, `WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1200)
      INSERT INTO client_errors (${names}) SELECT ${names.map((n) => columns[n] ?? n)} FROM client_errors, s WHERE user_id = '${user.id}'`);
    const count = async () => Number((await sql(w.server, `SELECT count(*) FROM client_errors WHERE user_id = '${user.id}'`))[0][0]);
    assert.equal(await count(), 1201);
    const other = await register(w.anonymous);
    await report(other.client);
    assert.equal(await count(), 1201, 'only their own');
    await report(client, { message: 'newest' });
    assert.equal(await count(), 1000);
    assert.equal((await errorsOf(client))[0].message, 'newest');
  });

  it('refuses what is no report', async () => {
    const { client } = await register(w.anonymous);
    for (const [more, field] of [[{ kind: 'crash' }, 'kind'], [{ message: '' }, 'message'], [{ message: LONG }, 'message'],
      [{ stack: 'x'.repeat(8001) }, 'stack'], [{ path: LONG }, 'path'], [{ url: 'x' }, 'url']]) {
      expectProblem(await report(client, more), 422, 'validation_failed', [field]);
    }
    expectProblem(await report(w.anonymous), 401);
  });

  it('is limited for each account, and says when to come back', async () => {
    const server = await w.start({ AGENTGEN_RATE_LIMITS: true });
    const anonymous = new Client(server.url);
    const { client } = await register(anonymous);
    for (let i = 1; i <= 10; i += 1) {
      const reply = await report(client);
      assert.equal(reply.status, 204);
      assert.equal(reply.headers['ratelimit-limit'], '10');
      assert.equal(Number(reply.headers['ratelimit-remaining']), 10 - i);
    }
    const reply = await report(client);
    expectProblem(reply, 429, 'rate_limited');
    assert.equal(reply.headers['ratelimit-remaining'], '0');
    const wait = Number(reply.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 6, wait);
    assert.ok(Number(reply.headers['ratelimit-reset']) > 50);
    assert.deepEqual((await errorsOf(client)).map((e) => e.count), [10]);
    /* The next account has its own. */
    const { client: other } = await register(anonymous);
    assert.equal((await report(other)).status, 204);
    anonymous.close();
  });

  it('is limited for each address, whoever asks', async () => {
    const server = await w.start({ AGENTGEN_RATE_LIMITS: true });
    const anonymous = new Client(server.url);
    const counts = {};
    for (let account = 0; account < 7; account += 1) {
      const { client } = await register(anonymous);
      for (const { status } of await Promise.all(Array.from({ length: 9 }, () => report(client)))) counts[status] = (counts[status] ?? 0) + 1;
    }
    assert.ok(counts[204] >= 60 && counts[204] <= 62, JSON.stringify(counts));
    assert.equal(counts[204] + counts[429], 63);
    anonymous.close();
  });
});

describe('the list of errors', () => {
  it('has failed runs and reports, newest first, page by page', async () => {
    const { client } = await register(w.anonymous);
    const agent = await createFakeAgent(client, 'fault-500');
    await report(client, { message: 'first' });
    expectProblem(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'x' }), 502);
    await report(client, { message: 'third', kind: 'render' });
    expectProblem(await client.post('/v1/ai/preview', { config: { provider: 'openai', model: 'fault-401' }, input_text: 'x' }), 502);
    const all = await errorsOf(client);
    assert.deepEqual(all.map((e) => [e.source, e.kind]), [['run', 'preview'], ['client', 'render'], ['run', 'generate'], ['client', 'error']]);
    const run = all[2];
    assert.deepEqual([run.code, run.retryable, run.run_id, run.agent_id, run.agent_name, run.model, run.count],
      ['upstream_error', true, run.id, agent.id, agent.name, 'openai/fault-500', 1]);
    assert.ok(run.message.length > 0);
    assert.deepEqual([all[0].code, all[0].retryable, all[0].agent_id], ['upstream_auth_failed', false, null]);
    expect(await client.get(`/v1/runs/${run.run_id}`), 200);

    const paged = [];
    for (let cursor = ''; cursor !== null;) {
      const page = expect(await client.get(`/v1/errors?limit=1${cursor && `&cursor=${cursor}`}`), 200);
      paged.push(...page.data);
      cursor = page.next_cursor;
    }
    assert.deepEqual(paged, all);
    assert.deepEqual(await errorsOf(client, '&source=run'), all.filter((e) => e.source === 'run'));
    assert.deepEqual(await errorsOf(client, '&source=client'), all.filter((e) => e.source === 'client'));
    expectProblem(await client.get('/v1/errors?source=x'), 422, 'validation_failed', ['source']);
    expectProblem(await client.get('/v1/errors?cursor=x'), 422, 'validation_failed', ['cursor']);
  });

  it('is the organisation\'s own', async () => {
    const { client } = await register(w.anonymous);
    await report(client, { message: 'only hers' });
    const { client: other } = await register(w.anonymous);
    assert.deepEqual(await errorsOf(other), []);
    assert.equal((await report(other, { message: 'only hers' })).status, 204);
    assert.deepEqual((await errorsOf(client)).map((e) => e.count), [1]);
  });
});
