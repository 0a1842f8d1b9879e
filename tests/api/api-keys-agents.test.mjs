// Keys that are limited to some agents: they use these and nothing else, by every route of the table.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { cli } from '../lib/server.mjs';
import { createFakeAgent, unique, world } from '../lib/world.mjs';

const w = world({ prepare });
let routes;
let mine; // the agent of the key, and a run of it
let other; // another agent of the same owner, and a run of it

async function prepare() {
  routes = JSON.parse((await cli(['routes', '--json'])).out).filter((route) => route.permission !== 'public');
  const made = async () => {
    const agent = await createFakeAgent(w.ada.client);
    const run = expect(await w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hello' }), 200);
    return { agent: agent.id, run: run.run_id, conversation: run.conversation_id };
  };
  [mine, other] = [await made(), await made()];
}

async function keyFor(agentIds, more = {}, client = w.ada.client) {
  const made = expect(await client.post('/v1/api-keys', { name: unique('key'), agent_ids: agentIds, ...more }), 201);
  return { ...made, client: w.anonymous.as({ apiKey: made.key }) };
}

const title = ({ method, path }) => `${method} ${path}`;
const bodies = {
  replaceAgent: { name: 'Renamed', config: { provider: 'openai', model: 'echo' } },
  patchAgent: { description: 'changed' },
  saveAgentDraft: { name: 'Draft' },
};
function call(client, route, ids) {
  let json = bodies[route.id];
  if (!json && ['POST', 'PUT', 'PATCH'].includes(route.method)) json = {};
  if (route.id === 'generate') json = { agent_id: ids.agent, input_text: 'hi' };
  const path = route.path.replace('{id}', ids[route.resource] ?? absentId()).replace(/\{\w+\}/, 'sandbox');
  return client.request(route.method, path, { json: json && Object.keys(json).length === 0 && /publish|restore|cancel|discard/.test(route.id) ? undefined : json });
}

describe('a key that is limited to an agent', () => {
  it('is refused by every route that says nothing of such keys', async () => {
    // The administrator's, so that it is not a permission that it lacks.
    const scopes = [...new Set(routes.map((route) => route.permission))];
    const { client } = await keyFor([(await createFakeAgent(w.admin.client)).id], { scopes }, w.admin.client);
    const closed = routes.filter((route) => route.agent_keys === 'none');
    assert.ok(closed.length > 15, `${closed.length} routes`);
    for (const route of closed) {
      for (const ids of [mine, other, {}]) {
        const reply = await call(client, route, ids);
        assert.equal(reply.status, 403, `${title(route)}: ${reply.text}`);
        assert.match(expectProblem(reply, 403, 'forbidden').detail, /limited to some agents|signed in/);
      }
    }
  });

  it('meets another agent, and its runs, as what is not there: by every other route', async () => {
    const { client } = await keyFor([mine.agent]);
    const open = routes.filter((route) => ['path', 'body', 'run'].includes(route.agent_keys));
    assert.ok(open.length >= 12, `${open.length} routes`);
    const before = expect(await w.ada.client.get(`/v1/agents/${other.agent}`), 200);
    for (const route of open) {
      const absent = await call(client, route, { agent: absentId(), run: absentId() });
      const foreign = await call(client, route, other);
      assert.equal(absent.status, 404, `${title(route)}: ${absent.text}`);
      expectProblem(absent, 404, 'not_found');
      assert.equal(withoutRequestId(foreign), withoutRequestId(absent), title(route));
      // Who has no such limit gets the same answer for what is absent.
      const plain = await call(w.ada.client, route, { agent: absentId(), run: absentId() });
      assert.equal(withoutRequestId(plain), withoutRequestId(absent), title(route));
    }
    assert.deepEqual(expect(await w.ada.client.get(`/v1/agents/${other.agent}`), 200), before);
  });

  it('uses its own agent by all of these routes', async () => {
    const agent = await createFakeAgent(w.ada.client);
    const { client } = await keyFor([other.agent, agent.id]);
    const run = expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' }), 200);
    expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi', conversation_id: run.conversation_id }), 200);
    expect(await client.get(`/v1/runs/${run.run_id}`), 200);
    assert.equal((await (await client.follow(`/v1/runs/${run.run_id}/events`)).all()).at(-1).event, 'run.completed');
    expectProblem(await client.post(`/v1/runs/${run.run_id}/cancel`), 409, 'conflict');
    expect(await client.get(`/v1/agents/${agent.id}`), 200);
    expect(await client.put(`/v1/agents/${agent.id}`, bodies.replaceAgent), 200);
    expect(await client.patch(`/v1/agents/${agent.id}`, { description: 'x' }), 200);
    expect(await client.put(`/v1/agents/${agent.id}/draft`, { name: 'y' }), 200);
    expect(await client.post(`/v1/agents/${agent.id}/publish`), 200);
    expect(await client.put(`/v1/agents/${agent.id}/draft`, { name: 'z' }), 200);
    assert.equal((await client.delete(`/v1/agents/${agent.id}/draft`)).status, 204);
    assert.equal((await client.delete(`/v1/agents/${agent.id}`)).status, 204);
    expect(await client.post(`/v1/agents/${agent.id}/restore`), 200);
    assert.equal(expect(await client.get('/v1/auth/me'), 200).id, w.ada.user.id);
  });

  it('streams its own agent, and follows no other one that runs', async () => {
    const { client } = await keyFor([mine.agent]);
    const slow = await createFakeAgent(w.ada.client);
    const stream = await w.ada.client.stream('/v1/ai/generate', { agent_id: slow.id, input_text: '[[fault=silent_midstream after=1]] hi there', stream: true });
    const { data } = await stream.until('run.started');
    const absent = await client.get(`/v1/runs/${absentId()}/events`);
    for (const reply of [await client.get(`/v1/runs/${data.run_id}/events`), await client.get(`/v1/runs/${data.run_id}`)]) {
      assert.equal(withoutRequestId(reply), withoutRequestId(absent));
    }
    expectProblem(await client.post(`/v1/runs/${data.run_id}/cancel`), 404, 'not_found');
    stream.close();
    const own = await client.stream('/v1/ai/generate', { agent_id: mine.agent, input_text: 'hi', stream: true });
    assert.equal((await own.all()).at(-1).event, 'run.completed');
  });

  it('cannot go on with a conversation of another agent', async () => {
    const { client } = await keyFor([mine.agent]);
    const go = (id) => client.post('/v1/ai/generate', { agent_id: mine.agent, input_text: 'x', conversation_id: id });
    expect(await go(mine.conversation), 200);
    assert.equal(withoutRequestId(await go(other.conversation)), withoutRequestId(await go(absentId())));
  });

  it('gets no stored reply of another agent', async () => {
    const { client } = await keyFor([mine.agent]);
    const headers = { 'idempotency-key': unique('idem') };
    const body = { agent_id: other.agent, input_text: 'replayed words' };
    expect(await w.ada.client.post('/v1/ai/generate', body, { headers }), 200);
    expectProblem(await client.post('/v1/ai/generate', body, { headers }), 404, 'not_found');
  });

  it('makes no keys, whatever its scopes', async () => {
    const { client } = await keyFor([mine.agent], { scopes: ['keys:write', 'keys:read', 'keys:manage', 'ai:run'] });
    for (const body of [{ name: 'x' }, { name: 'x', scopes: ['ai:run'] }, { name: 'x', scopes: ['ai:run'], agent_ids: [mine.agent] }]) {
      expectProblem(await client.post('/v1/api-keys', body), 403, 'forbidden');
    }
  });

  it('still needs the scope of each route', async () => {
    const { client } = await keyFor([mine.agent], { scopes: ['agents:read'] });
    expect(await client.get(`/v1/agents/${mine.agent}`), 200);
    expectProblem(await client.patch(`/v1/agents/${mine.agent}`, {}), 403, 'forbidden');
    expectProblem(await client.post('/v1/ai/generate', { agent_id: mine.agent, input_text: 'hi' }), 403, 'forbidden');
  });

  it('is widened and narrowed at once', async () => {
    const { id, client } = await keyFor([mine.agent]);
    const patch = (ids) => w.ada.client.patch(`/v1/api-keys/${id}`, { agent_ids: ids });
    expectProblem(await client.get(`/v1/agents/${other.agent}`), 404, 'not_found');
    assert.deepEqual(expect(await patch([other.agent]), 200).agent_ids, [other.agent]);
    expect(await client.get(`/v1/agents/${other.agent}`), 200);
    expectProblem(await client.get(`/v1/agents/${mine.agent}`), 404, 'not_found');
    expectProblem(await client.get('/v1/agents'), 403, 'forbidden');
    assert.deepEqual(expect(await patch([]), 200).agent_ids, []);
    expect(await client.get('/v1/agents'), 200);
  });

  it('stays limited when its agent is gone', async () => {
    const agent = await createFakeAgent(w.ada.client);
    const { client } = await keyFor([agent.id]);
    assert.equal((await w.ada.client.delete(`/v1/agents/${agent.id}`)).status, 204);
    expectProblem(await client.get(`/v1/agents/${agent.id}`), 404, 'not_found');
    expectProblem(await client.get('/v1/agents'), 403, 'forbidden');
    expectProblem(await client.get(`/v1/agents/${mine.agent}`), 404, 'not_found');
  });
});

describe('the list of agents', () => {
  it('names agents of the organisation, each once, at most twenty', async () => {
    const bobs = await createFakeAgent(w.bob.client);
    const gone = await createFakeAgent(w.ada.client);
    assert.equal((await w.ada.client.delete(`/v1/agents/${gone.id}`)).status, 204);
    const post = (ids) => w.ada.client.post('/v1/api-keys', { name: 'x', agent_ids: ids });
    const absent = expectProblem(await post([mine.agent, absentId()]), 422, 'validation_failed', ['agent_ids[1]']);
    for (const id of [bobs.id, gone.id]) {
      const { errors } = expectProblem(await post([mine.agent, id]), 422, 'validation_failed', ['agent_ids[1]']);
      assert.deepEqual(errors, absent.errors);
    }
    expectProblem(await post([mine.agent, mine.agent]), 422, 'validation_failed', ['agent_ids[1]']);
    expectProblem(await post(['x']), 422, 'validation_failed', ['agent_ids[0]']);
    expectProblem(await post(Array.from({ length: 21 }, (_, i) => absentId(i))), 422, 'validation_failed', ['agent_ids']);
    const twenty = await Promise.all(Array.from({ length: 20 }, () => createFakeAgent(w.ada.client)));
    const { agent_ids: kept, client } = await keyFor(twenty.map((a) => a.id));
    assert.deepEqual(kept, twenty.map((a) => a.id));
    expect(await client.get(`/v1/agents/${twenty[19].id}`), 200);
    const { id } = await keyFor([mine.agent]);
    expectProblem(await w.ada.client.patch(`/v1/api-keys/${id}`, { agent_ids: [bobs.id] }), 422, 'validation_failed', ['agent_ids[0]']);
  });
});
