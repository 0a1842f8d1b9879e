// Lists: pages, order, search and the cursors between pages.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { expect, expectProblem } from '../lib/expect.mjs';
import { createFakeAgent, register, world } from '../lib/world.mjs';

const w = world({ prepare });
let client; // of an account whose agents are exactly those made here
let agents;
const NAMES = ['delta', 'Alpha', 'charlie', 'bravo', 'echo 100%', 'echo_underscore', 'Ärger', 'zulu', 'alpha', 'Mike'];

async function prepare({ anonymous }) {
  ({ client } = await register(anonymous));
  agents = [];
  for (const [i, name] of NAMES.entries()) {
    const body = { name, description: i % 2 ? `odd ${name}` : 'nothing special', config: {} };
    agents.push(expect(await client.post('/v1/agents', body), 201));
  }
}

const list = async (query = '') => expect(await client.get(`/v1/agents${query}`), 200);
const ids = (rows) => rows.map((row) => row.id);

/** All pages of a list from a cursor on, and how many there were. */
async function pages(path, query, c = client, from = null) {
  const rows = [];
  let cursor = from;
  let count = 0;
  do {
    const part = cursor === null ? query : `${query}&cursor=${encodeURIComponent(cursor)}`;
    const page = expect(await c.get(`${path}?${part}`), 200);
    assert.deepEqual(Object.keys(page).sort(), ['data', 'next_cursor']);
    rows.push(...page.data);
    cursor = page.next_cursor;
    count += 1;
    assert.ok(count < 100, 'the pages do not end');
  } while (cursor !== null);
  return { rows, count };
}

describe('pages', () => {
  it('are newest first and 20 long when nothing else is asked for', async () => {
    const page = await list();
    assert.equal(page.next_cursor, null);
    assert.deepEqual(ids(page.data), ids(agents).reverse());
    const { client: busy } = await register(w.anonymous);
    for (let i = 0; i < 21; i += 1) expect(await busy.post('/v1/prompts', { prompt_text: `p${i}` }), 201);
    const first = expect(await busy.get('/v1/prompts'), 200);
    assert.equal(first.data.length, 20);
    assert.equal(typeof first.next_cursor, 'string');
    const { rows } = await pages('/v1/prompts', 'limit=20', busy);
    assert.deepEqual(rows.map((p) => p.prompt_text), Array.from({ length: 21 }, (_, i) => `p${20 - i}`));
  });

  for (const limit of [1, 3, 5, 10, 100]) {
    it(`of ${limit} hold every row once`, async () => {
      const { rows, count } = await pages('/v1/agents', `limit=${limit}`);
      assert.deepEqual(ids(rows), ids(agents).reverse());
      assert.equal(count, Math.ceil(agents.length / limit));
    });
  }

  it('are empty for who has nothing', async () => {
    const { client: fresh } = await register(w.anonymous);
    for (const path of ['/v1/agents', '/v1/prompts', '/v1/runs', '/v1/api-keys']) {
      assert.deepEqual(expect(await fresh.get(path), 200), { data: [], next_cursor: null });
    }
  });

  it('do not repeat or lose rows while others are added and removed', async () => {
    const { client: c } = await register(w.anonymous);
    const made = [];
    for (let i = 0; i < 8; i += 1) made.push(expect(await c.post('/v1/agents', { name: `a${i}`, config: {} }), 201));
    const first = expect(await c.get('/v1/agents?limit=3'), 200);
    expect(await c.post('/v1/agents', { name: 'late', config: {} }), 201);
    assert.equal((await c.delete(`/v1/agents/${first.data[2].id}`)).status, 204);
    const { rows } = await pages('/v1/agents', 'limit=3', c, first.next_cursor);
    assert.deepEqual(ids(rows), ids(made.slice(0, 5)).reverse());
  });
});

describe('order', () => {
  const by = (key) => (a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : a.id < b.id ? -1 : 1);

  for (const key of ['created_at', 'updated_at']) {
    it(`by ${key}, both ways and across pages`, async () => {
      await client.put(`/v1/agents/${agents[2].id}`, { name: 'charlie', description: 'nothing special', config: {} });
      const up = await pages('/v1/agents', `limit=3&sort=${key}`);
      const down = await pages('/v1/agents', `limit=3&sort=-${key}`);
      assert.deepEqual(ids(up.rows), ids([...up.rows].sort(by(key))));
      assert.deepEqual(ids(down.rows), ids(up.rows).reverse());
      assert.equal(up.rows.length, agents.length);
    });
  }

  it('by name, both ways and across pages, whatever the case', async () => {
    const up = await pages('/v1/agents', 'limit=3&sort=name');
    const down = await pages('/v1/agents', 'limit=3&sort=-name');
    const names = up.rows.map((a) => a.name);
    assert.deepEqual([...names].sort(), [...NAMES].sort());
    assert.deepEqual(ids(down.rows), ids(up.rows).reverse());
    const plain = names.filter((n) => /^[a-z]+$/i.test(n)).map((n) => n.toLowerCase());
    assert.deepEqual(plain, [...plain].sort());
  });

  it('is one of those there are', async () => {
    for (const sort of ['size', '--name', 'name,created_at', 'name desc', "name'"]) {
      expectProblem(await client.get(`/v1/agents?sort=${encodeURIComponent(sort)}`), 422, 'validation_failed', ['sort']);
    }
  });
});

describe('search', () => {
  const found = async (q) => (await list(`?limit=100&q=${encodeURIComponent(q)}`)).data.map((a) => a.name).sort();

  it('finds parts of names and descriptions, whatever the case', async () => {
    assert.deepEqual(await found('alph'), ['Alpha', 'alpha']);
    assert.deepEqual(await found('ALPHA'), ['Alpha', 'alpha']);
    assert.deepEqual(await found('rav'), ['bravo']);
    assert.deepEqual(await found('odd bravo'), ['bravo']);
    assert.deepEqual(await found('no such thing'), []);
  });

  it('finds what is written with the same letters, of any script', async () => {
    for (const q of ['Ärger', 'Ä', 'ÄRGER']) assert.deepEqual(await found(q), ['Ärger'], q);
  });

  it('finds as much with any letter that is looked for in a list', async () => {
    const { client: c, user } = await register(w.anonymous, { name: 'Ömer Çelik' });
    const agent = await createFakeAgent(c);
    expect(await c.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'Über Äpfel' }), 200);
    expect(await c.post('/v1/prompts', { prompt_text: 'Žlutý kůň', name: 'Øre' }), 201);
    for (const [path, q] of [['/v1/runs', 'Über Ä'], ['/v1/prompts', 'Žlu'], ['/v1/prompts', 'Øre'], ['/v1/members', 'Ömer Ç'], ['/v1/activity', 'Ömer']]) {
      const { data } = expect(await c.get(`${path}?q=${encodeURIComponent(q)}`), 200);
      assert.ok(data.length > 0, `${path} ${q}`);
    }
    for (const path of ['/v1/admin/users', '/v1/admin/orgs']) {
      const { data } = expect(await w.admin.client.get(`${path}?q=${encodeURIComponent('Ömer Ç')}`), 200);
      assert.equal(data.length, 1, `${path} of ${user.id}`);
    }
  });

  it('takes % and _ and quotes for themselves', async () => {
    assert.deepEqual(await found('%'), ['echo 100%']);
    assert.deepEqual(await found('_'), ['echo_underscore']);
    assert.deepEqual(await found('\\'), []);
    assert.deepEqual(await found("' OR 1=1 --"), []);
  });

  it('goes across pages', async () => {
    const { rows } = await pages('/v1/agents', 'limit=1&q=a&sort=name');
    const names = rows.map((a) => a.name);
    assert.ok(names.includes('charlie') && names.includes('zulu') === false, names.join());
    assert.equal(new Set(ids(rows)).size, rows.length);
  });

  it('finds prompts by their text', async () => {
    expect(await client.post('/v1/prompts', { prompt_text: 'Write a Haiku about {{topic}}' }), 201);
    expect(await client.post('/v1/prompts', { prompt_text: 'Summarise the text' }), 201);
    const { data } = expect(await client.get('/v1/prompts?q=haiku'), 200);
    assert.deepEqual(data.map((p) => p.prompt_text), ['Write a Haiku about {{topic}}']);
  });
});

describe('bad questions', () => {
  it('about the limit', async () => {
    for (const limit of ['0', '101', '-1', 'ten', '1.5', '', '99999999999999999999']) {
      expectProblem(await client.get(`/v1/agents?limit=${limit}`), 422, 'validation_failed', ['limit']);
    }
  });

  it('with parameters that do not exist or come twice', async () => {
    expectProblem(await client.get('/v1/agents?limt=5'), 422, 'validation_failed', ['limt']);
    const twice = await client.get('/v1/agents?limit=5&limit=6');
    assert.ok([400, 422].includes(twice.status), twice.text);
    const escape = await client.get('/v1/agents?q=%zz');
    assert.ok([400, 422].includes(escape.status), escape.text);
  });

  it('with cursors that were not given out, or for another order', async () => {
    const { next_cursor: cursor } = await list('?limit=3');
    const { next_cursor: byName } = await list('?limit=3&sort=name');
    const flip = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'Z' : 'A') + text.slice(at + 1);
    const bad = ['x', 'AAAA', `${cursor}AAAA`, cursor.slice(0, -2), `${cursor}=`, encodeURIComponent("' OR 1=1"), 'A'.repeat(2000), byName, flip(cursor, 0)];
    for (const value of bad) {
      expectProblem(await client.get(`/v1/agents?limit=3&cursor=${value}`), 422, 'validation_failed', ['cursor']);
    }
    expectProblem(await client.get(`/v1/agents?limit=3&sort=name&cursor=${cursor}`), 422, 'validation_failed', ['cursor']);
  });

  it('with any cursor at all never show what is not theirs', async () => {
    const { next_cursor: cursor } = await list('?limit=3');
    const reply = await w.bob.client.get(`/v1/agents?cursor=${cursor}`);
    if (reply.status === 200) assert.deepEqual(reply.json.data, []);
    else expectProblem(reply, 422);
    for (let i = 0; i < cursor.length; i += 1) {
      const changed = cursor.slice(0, i) + (cursor[i] === 'w' ? 'x' : 'w') + cursor.slice(i + 1);
      const answer = await w.bob.client.get(`/v1/agents?cursor=${changed}`);
      assert.ok([200, 422].includes(answer.status), `${changed}: ${answer.text}`);
      if (answer.status === 200) assert.deepEqual(answer.json.data, []);
    }
  });
});

describe('other lists', () => {
  it('page runs, newest first, and filter them', async () => {
    const { client: c } = await register(w.anonymous);
    const one = await createFakeAgent(c);
    const two = await createFakeAgent(c, 'fault-500');
    const runs = [];
    for (let i = 0; i < 5; i += 1) {
      runs.push(expect(await c.post('/v1/ai/generate', { agent_id: one.id, input_text: `n${i}` }), 200).run_id);
    }
    expectProblem(await c.post('/v1/ai/generate', { agent_id: two.id, input_text: 'x' }), 502);
    const all = await pages('/v1/runs', 'limit=2', c);
    assert.deepEqual(ids(all.rows).slice(1), [...runs].reverse());
    const completed = await pages('/v1/runs', `limit=2&agent_id=${one.id}&status=completed`, c);
    assert.deepEqual(ids(completed.rows), [...runs].reverse());
    const failed = await pages('/v1/runs', 'limit=2&status=failed', c);
    assert.deepEqual(failed.rows.map((r) => r.agent_id), [two.id]);
    expectProblem(await c.get('/v1/runs?status=strange'), 422, 'validation_failed', ['status']);
    expectProblem(await c.get('/v1/runs?agent_id=x'), 422, 'validation_failed', ['agent_id']);
  });

  it('page keys and activity', async () => {
    const { client: c } = await register(w.anonymous);
    const keys = [];
    for (let i = 0; i < 5; i += 1) keys.push(expect(await c.post('/v1/api-keys', { name: `k${i}` }), 201).id);
    const all = await pages('/v1/api-keys', 'limit=2', c);
    assert.deepEqual(ids(all.rows), [...keys].reverse());
    const activity = await pages('/v1/activity', 'limit=2', c);
    assert.ok(activity.rows.length >= 6);
    assert.deepEqual(ids(activity.rows), [...ids(activity.rows)].sort().reverse());
  });
});
