// The dashboard: every run of the range counted once, whether from its row or from what was kept.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { assertNow, expect, expectProblem } from '../lib/expect.mjs';
import { createFakeAgent, register, world } from '../lib/world.mjs';

const w = world();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const dashboard = async (client, range) => expect(await client.get(`/v1/dashboard${range ? `?range=${range}` : ''}`), 200);

/** A version 7 id of a moment. */
function idAt(ms, n) {
  const time = Math.floor(ms).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

let serial = 0;

/** Puts a run of the past into the database. */
async function past(account, ms, { status = 'completed', model = 'gpt-4o', latency = 100, agent } = {}) {
  const id = idAt(ms, serial += 1);
  const at = new Date(ms).toISOString();
  const failed = status === 'failed';
  await sql(w.server, `INSERT INTO runs (org_id, id, kind, status, user_id, agent_id, provider, model, error_code,
    input_tokens, output_tokens, latency_ms, ttft_ms, boot_id, created_at, finished_at)
    VALUES ('${account.user.org_id}', '${id}', 'generate', '${status}', '${account.user.id}', ${agent ? `'${agent}'` : 'NULL'},
    'openai', '${model}', ${failed ? "'upstream_timeout'" : 'NULL'}, 10, 20, ${latency}, ${Math.floor(latency / 2)},
    '${id}', '${at}', '${at}')`);
}

const hourOf = (board) => Math.floor(Date.parse(board.to) / HOUR);
const sum = (board, name) => board.series.reduce((total, point) => total + point[name], 0);

describe('the dashboard', () => {
  it('of nobody who did anything is all zeros, and has every point', async () => {
    const account = await register(w.anonymous);
    for (const [range, bucket, points] of [['24h', 'hour', 24], ['7d', 'day', 7], ['30d', 'day', 30], ['90d', 'day', 90]]) {
      const board = await dashboard(account.client, range);
      assert.deepEqual([board.range, board.bucket, board.series.length], [range, bucket, points]);
      assertNow(board.to);
      const step = bucket === 'hour' ? HOUR : DAY;
      board.series.forEach((point, i) => assert.equal(Date.parse(point.at), Date.parse(board.from) + i * step));
      assert.ok(Date.parse(board.to) - Date.parse(board.series.at(-1).at) < step);
      assert.deepEqual(board.series[0], { at: board.from, runs: 0, failed: 0, input_tokens: 0, output_tokens: 0, latency_ms_p50: null, latency_ms_p95: null });
      assert.deepEqual(board.totals, { runs: 0, completed: 0, failed: 0, cancelled: 0, input_tokens: 0, output_tokens: 0,
        latency_ms_p50: null, latency_ms_p95: null, ttft_ms_p50: null, agents: 0, drafts: 0, prompts: 0 });
      assert.deepEqual(board.previous, { runs: 0, failed: 0, input_tokens: 0, output_tokens: 0, latency_ms_p50: null });
      assert.deepEqual([board.models, board.agents, board.errors], [[], [], []]);
      assert.deepEqual(board.setup, { model_key: true, model_tested: false, agent_created: false, agent_called: false });
    }
    assert.equal((await dashboard(account.client)).range, '7d');
    expectProblem(await account.client.get('/v1/dashboard?range=1h'), 422, 'validation_failed', ['range']);
    assert.deepEqual(await sql(w.server, `SELECT at FROM run_stats WHERE org_id = '${account.user.org_id}'`), []);
  });

  it('counts what just happened', async () => {
    const { client } = await register(w.anonymous);
    const agent = await createFakeAgent(client);
    expect(await client.post('/v1/prompts', { prompt_text: 'x' }), 201);
    expect(await client.post('/v1/agents', { draft: { name: 'Later' } }), 201);
    for (const text of ['one', 'two']) expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: text }), 200);
    const config = { provider: 'openai', model: 'fault-401' };
    expectProblem(await client.post('/v1/ai/preview', { config, input_text: 'x' }), 502);
    const board = await dashboard(client, '24h');
    const { totals } = board;
    assert.deepEqual([totals.runs, totals.completed, totals.failed, totals.cancelled], [3, 2, 1, 0]);
    assert.deepEqual([totals.agents, totals.drafts, totals.prompts], [1, 1, 1]);
    assert.ok(totals.input_tokens > 0 && totals.output_tokens > 0 && totals.latency_ms_p50 >= 0 && totals.latency_ms_p95 >= totals.latency_ms_p50);
    assert.equal(board.series.at(-1).runs + board.series.at(-2).runs, 3);
    assert.deepEqual(board.agents, [{ agent_id: agent.id, name: agent.name, runs: 2, failed: 0 }]);
    assert.deepEqual(board.models.map((m) => [m.model, m.runs, m.failed]), [[`openai/${agent.config.model}`, 2, 0], ['openai/fault-401', 1, 1]]);
    assert.deepEqual(board.errors, [{ code: 'upstream_auth_failed', count: 1 }]);
    assert.deepEqual(board.setup, { model_key: true, model_tested: true, agent_created: true, agent_called: true });
    assert.equal((await client.delete(`/v1/agents/${agent.id}`)).status, 204);
    assert.deepEqual((await dashboard(client, '24h')).agents, [{ agent_id: agent.id, name: null, runs: 2, failed: 0 }]);
  });

  it('says the same of the past a second time, from what it kept', async () => {
    const account = await register(w.anonymous);
    const now = Date.now();
    for (let i = 0; i < 60; i += 1) {
      await past(account, now - (i * 3 + 0.01) * DAY, { latency: 1000 + i, model: i % 3 ? 'gpt-4o' : 'gpt-4o-mini', status: i % 10 ? 'completed' : 'failed' });
    }
    await past(account, now - 7 * HOUR, { status: 'cancelled' });
    for (const range of ['24h', '7d', '30d', '90d', '24h']) {
      let first;
      let second = await dashboard(account.client, range);
      // When an hour ends between the two they are of different times: another one is asked for.
      do [first, second] = [second, await dashboard(account.client, range)]; while (hourOf(first) !== hourOf(second));
      assert.deepEqual({ ...second, to: 0 }, { ...first, to: 0 });
      for (const name of ['runs', 'failed', 'input_tokens', 'output_tokens']) assert.equal(sum(first, name), first.totals[name], `${range} ${name}`);
    }
    const board = await dashboard(account.client, '90d');
    assert.ok(board.totals.runs >= 30 && board.totals.runs <= 32, JSON.stringify(board.totals));
    assert.equal(board.totals.runs + board.previous.runs >= 59, true, JSON.stringify(board.previous));
    assert.ok(Math.abs(board.totals.latency_ms_p50 - 1015) < 40, board.totals.latency_ms_p50);
    assert.equal(board.models[0].model, 'openai/gpt-4o');
    const kept = await sql(w.server, `SELECT hours, count(*) FROM run_stats WHERE org_id = '${account.user.org_id}' GROUP BY hours ORDER BY hours`);
    assert.deepEqual(kept.map(([hours]) => hours), ['1', '24']);
    assert.ok(Number(kept[1][1]) > 150, JSON.stringify(kept));
  });

  it('does not keep an hour whose runs may still change', async () => {
    const account = await register(w.anonymous);
    const at = Date.now() - 5 * HOUR;
    await past(account, at, { status: 'running' });
    assert.equal((await dashboard(account.client, '24h')).totals.completed, 0);
    await sql(w.server, `UPDATE runs SET status = 'completed' WHERE org_id = '${account.user.org_id}'`);
    const { totals } = await dashboard(account.client, '24h');
    assert.deepEqual([totals.runs, totals.completed], [1, 1]);
  });

  it('counts more runs than it reads at once, and only the organisation\'s own', async () => {
    const account = await register(w.anonymous);
    const at = Date.now() - 3 * HOUR;
    const row = (i) => `('${account.user.org_id}', '${idAt(at, 5000 + i)}', 'generate', 'completed', '${account.user.id}', 'openai', 'm${i % 300}', 1, 1, ${i}, 1, '${account.user.id}', '${new Date(at).toISOString()}')`;
    for (let from = 0; from < 2500; from += 500) {
      await sql(w.server, `INSERT INTO runs (org_id, id, kind, status, user_id, provider, model, input_tokens, output_tokens, latency_ms, ttft_ms, boot_id, created_at)
        VALUES ${Array.from({ length: 500 }, (_, i) => row(from + i)).join(',')}`);
    }
    const board = await dashboard(account.client, '24h');
    assert.equal(board.totals.runs, 2500);
    assert.ok(Math.abs(board.totals.latency_ms_p95 - 2375) <= 2375 / 64);
    assert.equal(board.models.length, 8);
    assert.equal((await dashboard(w.bob.client, '24h')).totals.runs, 0);
  });
});
