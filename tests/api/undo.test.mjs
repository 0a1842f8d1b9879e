// What is deleted is gone everywhere at once, and can come back for thirty days.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem } from '../lib/expect.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { createAgent, createFakeAgent, register, unique, world } from '../lib/world.mjs';

const w = world();

const kinds = {
  agents: { table: 'ai_agents', body: () => ({ name: unique('Agent'), config: { top_p: 1 } }) },
  prompts: { table: 'prompts', body: () => ({ name: unique('Prompt'), prompt_text: 'text', metadata: { tags: ['x'] } }) },
};

for (const [kind, { body }] of Object.entries(kinds)) {
  describe(`deleted ${kind}`, () => {
    const at = (id, rest = '') => `/v1/${kind}/${id}${rest}`;
    const create = async () => expect(await w.ada.client.post(`/v1/${kind}`, body()), 201);
    const remove = async (id) => assert.equal((await w.ada.client.delete(at(id))).status, 204);
    const restore = (id) => w.ada.client.post(at(id, '/restore'));

    it('are gone for every request', async () => {
      const { id, name } = await create();
      await remove(id);
      for (const reply of [await w.ada.client.get(at(id)), await w.ada.client.put(at(id), body()), await w.ada.client.delete(at(id))]) {
        expectProblem(reply, 404, 'not_found');
      }
      for (const query of ['', `&q=${name}`, '&sort=name', '&sort=-updated_at']) {
        const { data } = expect(await w.ada.client.get(`/v1/${kind}?limit=100${query}`), 200);
        assert.ok(!data.some((row) => row.id === id), query);
      }
    });

    it('come back as they were', async () => {
      const before = await create();
      await remove(before.id);
      const reply = await restore(before.id);
      assert.deepEqual(expect(reply, 200), before);
      assert.equal(reply.headers.etag, '"1"');
      assert.deepEqual(expect(await w.ada.client.get(at(before.id)), 200), before);
      assert.ok(expect(await w.ada.client.get(`/v1/${kind}?q=${before.name}`), 200).data.some((row) => row.id === before.id));
      expect(await w.ada.client.put(at(before.id), body(), { headers: { 'if-match': '"1"' } }), 200);
    });

    it('come back once; what is there is left alone', async () => {
      const { id } = await create();
      await remove(id);
      const replies = await Promise.all(Array.from({ length: 4 }, () => restore(id)));
      for (const reply of replies) expect(reply, 200);
      const { data } = expect(await w.ada.client.get('/v1/activity?limit=100'), 200);
      const about = data.filter((row) => Object.values(row.details).includes(id)).map((row) => row.action.split('.')[1]);
      assert.deepEqual(about.reverse(), ['created', 'deleted', 'restored']);
      expectProblem(await restore(absentId()), 404, 'not_found');
    });

    it('are deleted by one of many', async () => {
      const { id } = await create();
      const replies = await Promise.all(Array.from({ length: 4 }, () => w.ada.client.delete(at(id))));
      assert.deepEqual(replies.map((r) => r.status).sort(), [204, 404, 404, 404]);
    });
  });
}

describe('a deleted agent', () => {
  it('does not run, at once, and runs again when it is back', async () => {
    const agent = await createFakeAgent(w.ada.client);
    const generate = () => w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' });
    expect(await generate(), 200);
    assert.equal((await w.ada.client.delete(`/v1/agents/${agent.id}`)).status, 204);
    for (let i = 0; i < 8; i += 1) expectProblem(await generate(), 404, 'not_found');
    for (const [method, path] of [['PUT', '/draft'], ['DELETE', '/draft'], ['POST', '/publish'], ['POST', '/duplicate'], ['PATCH', '']]) {
      const json = method === 'DELETE' ? undefined : {};
      expectProblem(await w.ada.client.request(method, `/v1/agents/${agent.id}${path}`, { json }), 404, 'not_found');
    }
    expect(await w.ada.client.post(`/v1/agents/${agent.id}/restore`), 200);
    expect(await generate(), 200);
  });

  it('may be restored by whoever may delete it', async () => {
    const agent = await createAgent(w.ada.client);
    const mate = await register(w.anonymous);
    await sql(w.server, `INSERT INTO memberships (org_id, user_id, role, created_at) SELECT org_id, '${mate.user.id}', 'member', created_at FROM users WHERE id = '${w.ada.user.id}'`);
    await sql(w.server, `UPDATE sessions SET acting_org_id = (SELECT org_id FROM users WHERE id = '${w.ada.user.id}') WHERE user_id = '${mate.user.id}'`);
    await eventually(async () => (await mate.client.get(`/v1/agents/${agent.id}`)).status === 200, { ms: 6000, every: 200, what: 'the new membership' });
    expectProblem(await mate.client.delete(`/v1/agents/${agent.id}`), 403, 'forbidden');
    const draft = expect(await w.ada.client.post('/v1/agents', { draft: {} }), 201);
    expectProblem(await mate.client.delete(`/v1/agents/${draft.id}/draft`), 403, 'forbidden');
    assert.equal((await w.ada.client.delete(`/v1/agents/${agent.id}`)).status, 204);
    expectProblem(await mate.client.post(`/v1/agents/${agent.id}/restore`), 403, 'forbidden');
    expect(await w.ada.client.post(`/v1/agents/${agent.id}/restore`), 200);
    const copy = expect(await mate.client.post(`/v1/agents/${agent.id}/duplicate`), 201);
    assert.equal(copy.user_id, mate.user.id, 'a copy is its maker\'s');
  });
});

describe('a deleted prompt', () => {
  it('is no longer built upon', async () => {
    const prompt = expect(await w.ada.client.post('/v1/prompts', { prompt_text: 'Be brief.' }), 201);
    const agent = await createFakeAgent(w.ada.client, 'echo', { prompt_id: prompt.id });
    const generate = () => w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' });
    expect(await generate(), 200);
    assert.equal((await w.ada.client.delete(`/v1/prompts/${prompt.id}`)).status, 204);
    expectProblem(await generate(), 409, 'conflict');
    expectProblem(await w.ada.client.post('/v1/agents', { name: 'x', config: { prompt_id: prompt.id } }), 422, 'validation_failed', ['config.prompt_id']);
    expectProblem(await w.ada.client.post('/v1/ai/validate', { prompt_id: prompt.id, models: ['openai/echo'] }), 404, 'not_found');
    expect(await w.ada.client.post(`/v1/prompts/${prompt.id}/restore`), 200);
    expect(await generate(), 200);
  });
});

describe('after thirty days', () => {
  it('it is gone for good, and what is younger stays', async () => {
    const { server, client } = await w.startWithAccount();
    const days = (n) => new Date(Date.now() - n * 86_400_000).toISOString();
    const made = {};
    for (const [kind, { table, body }] of Object.entries(kinds)) {
      const ids = [];
      for (let i = 0; i < 3; i += 1) ids.push(expect(await client.post(`/v1/${kind}`, body()), 201).id);
      for (const id of ids.slice(0, 2)) assert.equal((await client.delete(`/v1/${kind}/${id}`)).status, 204);
      await sql(server, `UPDATE ${table} SET deleted_at = '${days(31)}' WHERE id = '${ids[0]}'`);
      await sql(server, `UPDATE ${table} SET deleted_at = '${days(29)}' WHERE id = '${ids[1]}'`);
      made[kind] = { ids, table };
    }
    await server.restart();
    for (const { ids, table } of Object.values(made)) {
      const left = async () => (await sql(server, `SELECT id FROM ${table} ORDER BY id`)).map(([id]) => id);
      await eventually(async () => (await left()).length === 2, { ms: 8000, every: 100, what: 'the end of what is old' });
      assert.deepEqual(await left(), ids.slice(1));
    }
  });
});
