// Finding runs: by agent, state, kind, model, time and words, page by page.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem } from '../lib/expect.mjs';
import { createAgent, createFakeAgent, register, world } from '../lib/world.mjs';

const w = world({ prepare });
let client;
let agents;
let runs; // newest first, as {id, ...what it was}

async function prepare({ anonymous }) {
  ({ client } = await register(anonymous));
  agents = [await createFakeAgent(client), await createAgent(client, { provider: 'sandbox', model: 'sandbox' })];
  const broken = await createFakeAgent(client, 'fault-401');
  runs = [];
  const note = (reply, more) => runs.unshift({ id: reply.run_id, ...more });
  for (const [i, words] of ['Red apples', 'green PEARS 100%', 'under_score', 'yellow lemons'].entries()) {
    const agent = agents[i % 2];
    const reply = expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: words }), 200);
    note(reply, { agent: agent.id, status: 'completed', kind: 'generate', model: i % 2 ? 'sandbox/sandbox' : 'openai/echo', words });
  }
  const { conversation_id: talk } = expect(await client.get(`/v1/runs/${runs.at(-1).id}`), 200);
  note(expect(await client.post('/v1/ai/generate', { agent_id: agents[0].id, input_text: 'more apples', conversation_id: talk }), 200),
    { agent: agents[0].id, status: 'completed', kind: 'generate', model: 'openai/echo', words: 'more apples', talk: true });
  runs.find((r) => r.words === 'Red apples').talk = true;
  note(expect(await client.post('/v1/ai/preview', { config: { provider: 'openai', model: 'echo' }, input_text: 'secret' }), 200),
    { status: 'completed', kind: 'preview', model: 'openai/echo' });
  const stream = await client.stream('/v1/ai/generate', { agent_id: broken.id, input_text: 'apples that fail', stream: true });
  const { data } = await stream.until('run.started');
  await stream.all();
  note(data, { agent: broken.id, status: 'failed', kind: 'generate', model: 'openai/fault-401', words: 'apples that fail' });
  runs.talk = talk;
}

const list = async (query, c = client) => expect(await c.get(`/v1/runs?${query}`), 200).data;
const ids = (rows) => rows.map((r) => r.id);
const only = (test) => ids(runs.filter(test));

/** All pages, and that each row comes once. */
async function pages(query, limit, c = client) {
  const rows = [];
  let cursor = null;
  let count = 0;
  do {
    const page = expect(await c.get(`/v1/runs?limit=${limit}&${query}${cursor ? `&cursor=${cursor}` : ''}`), 200);
    rows.push(...page.data);
    cursor = page.next_cursor;
    count += 1;
    assert.ok(count < 250, 'the pages do not end');
  } while (cursor);
  return { rows, count };
}

describe('a filter', () => {
  const filters = {
    agent: () => [`agent_id=${agents[0].id}`, (r) => r.agent === agents[0].id],
    'state completed': () => ['status=completed', (r) => r.status === 'completed'],
    'state failed': () => ['status=failed', (r) => r.status === 'failed'],
    'state running': () => ['status=running', () => false],
    kind: () => ['kind=preview', (r) => r.kind === 'preview'],
    'kind nobody used': () => ['kind=test', () => false],
    model: () => ['model=openai/echo', (r) => r.model === 'openai/echo'],
    provider: () => ['model=sandbox', (r) => r.model.startsWith('sandbox/')],
    'words in either case': () => ['q=APPLES', (r) => /apples/i.test(r.words)],
    'words literally': () => ['q=100%25', (r) => r.words?.includes('100%')],
    'an underscore': () => ['q=r_s', (r) => r.words?.includes('r_s')],
    conversation: () => [`conversation_id=${runs.talk}`, (r) => r.talk],
    'all at once': () => [`agent_id=${agents[0].id}&status=completed&kind=generate&model=openai/echo&q=apples&conversation_id=${runs.talk}`, (r) => r.talk],
    'an agent that failed': () => [`status=failed&agent_id=${agents[0].id}`, () => false],
    'failed ones with words': () => ['status=failed&q=fail', (r) => r.status === 'failed'],
    'another\'s agent': () => [`agent_id=${absentId()}`, () => false],
  };
  for (const [what, make] of Object.entries(filters)) {
    it(`by ${what} finds all of it and nothing else, in pages of any size`, async () => {
      const [query, test] = make();
      assert.deepEqual(ids(await list(query)), only(test));
      for (const limit of [1, 2, 3]) assert.deepEqual(ids((await pages(query, limit)).rows), only(test), query);
    });
  }

  it('by time takes the moment itself from one side', async () => {
    const rows = await list('limit=100');
    const middle = rows[3];
    // An id is made in the millisecond the run begins or just before.
    const at = new Date(Date.parse(middle.created_at) + 1).toISOString();
    const [late, early] = [await list(`from=${at}`), await list(`to=${at}`)];
    assert.deepEqual([...ids(late), ...ids(early)], ids(rows));
    assert.ok(ids(early).includes(middle.id));
    assert.deepEqual(await list(`from=${at}&to=${at}`), []);
    for (const long of ['1970-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '0001-01-01T00:00:00Z']) {
      assert.deepEqual(await list(`to=${long}`), [], long);
      assert.deepEqual(ids(await list(`limit=100&from=${long}`)), ids(rows));
    }
    assert.deepEqual(ids((await pages(`from=2020-01-01T00:00:00Z&to=2999-01-01T00:00:00Z`, 2)).rows), ids(rows));
  });

  it('that is none is refused', async () => {
    for (const query of ['status=lost', 'kind=x', 'from=yesterday', 'to=5', 'agent_id=x', `q=${'x'.repeat(201)}`, 'model=', 'colour=red']) {
      expectProblem(await client.get(`/v1/runs?${query}`), 422, 'validation_failed', [query.split('=')[0]]);
    }
  });

  it('finds nothing of others', async () => {
    for (const query of ['q=apples', `agent_id=${agents[0].id}`, `conversation_id=${runs.talk}`, 'status=failed']) assert.deepEqual(await list(query, w.bob.client), []);
  });
});

describe('a row of the list', () => {
  it('names the agent and shows how the question began', async () => {
    const long = `${'é'.repeat(100)}${'😀'.repeat(40)}`;
    const agent = await createFakeAgent(client);
    const { run_id: id } = expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: long }), 200);
    const [row] = await list('limit=1');
    assert.deepEqual([row.id, row.agent_name, row.input_preview], [id, agent.name, [...long].slice(0, 120).join('')]);
    assert.ok(!('input_text' in row));
    const whole = expect(await client.get(`/v1/runs/${id}`), 200);
    assert.deepEqual([whole.agent_name, whole.input_text], [agent.name, long]);
    expect(await client.delete(`/v1/agents/${agent.id}`), 204);
    assert.equal((await list('limit=1'))[0].agent_name, null);
    assert.equal(expect(await client.get(`/v1/runs/${id}`), 200).agent_name, null);
  });
});

describe('among very many', () => {
  it('a search looks at so many at a time, and goes on where it stopped', async () => {
    const { client: busy, user } = await register(w.anonymous);
    const agent = await createFakeAgent(busy);
    const oldest = expect(await busy.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'the needle' }), 200).run_id;
    const id = w.server.kind === 'postgres' ? "('ffffffff-ffff-7000-8000-' || lpad(n::text, 12, '0'))::uuid" : "printf('ffffffff-ffff-7000-8000-%012d', n)";
    await sql(w.server, `INSERT INTO runs (org_id, id, kind, status, user_id, provider, model, input_text, boot_id, created_at, finished_at, agent_id)
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20500)
      SELECT r.org_id, ${id}, 'generate', 'completed', r.user_id, 'openai', 'echo', 'hay', r.boot_id, r.created_at, r.created_at, r.agent_id
      FROM runs AS r CROSS JOIN numbers WHERE r.id = '${oldest}'`);
    assert.ok(user);
    for (const query of ['q=needle', `q=needle&agent_id=${agent.id}`, 'q=needle&kind=generate&status=completed']) {
      const { rows, count } = await pages(query, 100, busy);
      assert.deepEqual([ids(rows), count], [[oldest], 11], query);
    }
    const { rows, count } = await pages('q=hay', 100, busy);
    assert.deepEqual([rows.length, new Set(ids(rows)).size], [20500, 20500]);
    assert.ok(count <= 208, `${count} pages`);
  });
});
