// Tenants do not see each other: what is another's looks exactly like what does not exist. And every
// operation of the OpenAPI document that needs credentials is closed without them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { createFakeAgent, world } from '../lib/world.mjs';

const w = world({ prepare });
let hers; // what Ada has
let routes;

async function prepare() {
  const agent = await createFakeAgent(w.ada.client);
  const prompt = expect(await w.ada.client.post('/v1/prompts', { name: 'Ada only', prompt_text: 'x', metadata: { category: 'Ada only', tags: ['Ada only'] } }), 201);
  const key = expect(await w.ada.client.post('/v1/api-keys', { name: 'hers' }), 201);
  const run = expect(await w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'secret plan' }), 200);
  const deleted = await createFakeAgent(w.ada.client);
  assert.equal((await w.ada.client.delete(`/v1/agents/${deleted.id}`)).status, 204);
  hers = { agent, prompt, key, run, deleted };
  const document = expect(await w.anonymous.get('/openapi.json'), 200);
  routes = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item)
    .filter(([method]) => ['get', 'put', 'post', 'delete', 'patch'].includes(method))
    .map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      open: (operation.security ?? document.security ?? []).length === 0
        || (operation.security ?? []).some((s) => Object.keys(s).length === 0),
    })));
}

const agentBody = { name: 'Taken over', config: {} };

/** Requests that name something of Ada's, by the id they use. */
const uses = {
  'GET agent': ['agent', (c, id) => c.get(`/v1/agents/${id}`)],
  'PUT agent': ['agent', (c, id) => c.put(`/v1/agents/${id}`, agentBody)],
  'PUT agent with If-Match': ['agent', (c, id) => c.put(`/v1/agents/${id}`, agentBody, { headers: { 'if-match': '"1"' } })],
  'PUT agent with a wrong If-Match': ['agent', (c, id) => c.put(`/v1/agents/${id}`, agentBody, { headers: { 'if-match': '"9"' } })],
  'PATCH agent': ['agent', (c, id) => c.patch(`/v1/agents/${id}`, { name: 'Taken over' })],
  'PATCH agent with nothing': ['agent', (c, id) => c.patch(`/v1/agents/${id}`, {})],
  'PUT draft': ['agent', (c, id) => c.put(`/v1/agents/${id}/draft`, { name: 'Taken over' })],
  'PUT draft with a wrong If-Match': ['agent', (c, id) => c.put(`/v1/agents/${id}/draft`, {}, { headers: { 'if-match': '"9"' } })],
  'DELETE draft': ['agent', (c, id) => c.delete(`/v1/agents/${id}/draft`)],
  'publish agent': ['agent', (c, id) => c.post(`/v1/agents/${id}/publish`)],
  'duplicate agent': ['agent', (c, id) => c.post(`/v1/agents/${id}/duplicate`)],
  'restore agent': ['agent', (c, id) => c.post(`/v1/agents/${id}/restore`)],
  'restore deleted agent': ['deleted', (c, id) => c.post(`/v1/agents/${id}/restore`)],
  'restore prompt': ['prompt', (c, id) => c.post(`/v1/prompts/${id}/restore`)],
  'DELETE agent': ['agent', (c, id) => c.delete(`/v1/agents/${id}`)],
  'GET prompt': ['prompt', (c, id) => c.get(`/v1/prompts/${id}`)],
  'PUT prompt': ['prompt', (c, id) => c.put(`/v1/prompts/${id}`, { prompt_text: 'x' })],
  'DELETE prompt': ['prompt', (c, id) => c.delete(`/v1/prompts/${id}`)],
  'DELETE key': ['key', (c, id) => c.delete(`/v1/api-keys/${id}`)],
  'GET run': ['run', (c, id) => c.get(`/v1/runs/${id}`)],
  'GET events of run': ['run', (c, id) => c.get(`/v1/runs/${id}/events`)],
  'cancel run': ['run', (c, id) => c.post(`/v1/runs/${id}/cancel`)],
  'generate with agent': ['agent', (c, id) => c.post('/v1/ai/generate', { agent_id: id, input_text: 'x' })],
  'generate with agent, streamed': ['agent', (c, id) => c.post('/v1/ai/generate', { agent_id: id, input_text: 'x', stream: true })],
  'validate with prompt': ['prompt', (c, id) => c.post('/v1/ai/validate', { prompt_id: id, models: ['openai/echo'] })],
};

describe('what is another tenant\'s', () => {
  for (const [what, [kind, use]] of Object.entries(uses)) {
    it(`is 404 byte for byte as what nobody has: ${what}`, async () => {
      const id = hers[kind].id ?? hers[kind].run_id;
      for (const { client } of [w.bob, w.admin]) {
        const absent = await use(client, absentId());
        expectProblem(absent, 404, 'not_found');
        const foreign = await use(client, id);
        assert.equal(withoutRequestId(foreign), withoutRequestId(absent));
        const names = (reply) => reply.rawHeaders.filter((_, i) => i % 2 === 0);
        assert.deepEqual(names(foreign), names(absent));
        assert.equal(foreign.headers['content-length'], absent.headers['content-length']);
      }
    });
  }

  it('cannot be named inside a body either', async () => {
    const config = { prompt_id: hers.prompt.id };
    const calls = (promptId) => [
      w.bob.client.post('/v1/agents', { name: 'x', config: { ...config, prompt_id: promptId } }),
      w.bob.client.post('/v1/ai/preview', { config: { ...config, prompt_id: promptId }, input_text: 'x' }),
    ];
    const [absent, foreign] = [await Promise.all(calls(absentId())), await Promise.all(calls(hers.prompt.id))];
    for (const [i, reply] of foreign.entries()) {
      assert.ok([404, 422].includes(reply.status), reply.text);
      expectProblem(reply, reply.status);
      assert.equal(withoutRequestId(reply), withoutRequestId(absent[i]));
    }
  });

  it('is no conversation to go on with', async () => {
    const mine = await createFakeAgent(w.bob.client, 'echo', { memory: { history_turns: 10 } });
    const go = (id) => w.bob.client.post('/v1/ai/generate', { agent_id: mine.id, input_text: 'what was said?', conversation_id: id });
    const [absent, foreign] = [await go(absentId()), await go(hers.run.conversation_id)];
    expectProblem(absent, 404, 'not_found');
    assert.equal(withoutRequestId(foreign), withoutRequestId(absent));
    assert.ok(!w.fake.calls.some((c) => c.json?.messages?.length > 2 && c.body.includes('secret plan')));
  });

  it('is in no list and behind no filter', async () => {
    for (const path of ['/v1/agents', '/v1/prompts', '/v1/runs', '/v1/api-keys', '/v1/activity', '/v1/errors']) {
      for (const { client, user } of [w.bob, w.admin]) {
        const reply = await client.get(`${path}?limit=100`);
        const { data } = expect(reply, 200);
        for (const thing of Object.values(hers)) assert.ok(!reply.text.includes(thing.id ?? thing.run_id), path);
        assert.ok(data.every((row) => [undefined, null, user.id].includes(row.user_id)), reply.text);
      }
    }
    assert.deepEqual(expect(await w.bob.client.get('/v1/prompts/facets'), 200), { categories: [], tags: [] });
    assert.deepEqual(expect(await w.bob.client.get(`/v1/runs?agent_id=${hers.agent.id}`), 200).data, []);
    assert.deepEqual(expect(await w.bob.client.get('/v1/agents?q=Agent'), 200).data.filter((a) => a.id === hers.agent.id), []);
  });

  it('is still there, untouched', async () => {
    assert.deepEqual(expect(await w.ada.client.get(`/v1/agents/${hers.agent.id}`), 200), hers.agent);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/prompts/${hers.prompt.id}`), 200), hers.prompt);
    expect(await w.anonymous.as({ apiKey: hers.key.key }).get('/v1/agents'), 200);
  });
});

describe('every operation', () => {
  const fill = (path) => path.replaceAll(/\{[^}]+\}/g, absentId());

  it('that needs credentials is 401 without valid ones', async () => {
    const closed = routes.filter((r) => !r.open);
    assert.ok(closed.length >= 15, `${closed.length} closed operations`);
    const strangers = {
      nobody: w.anonymous,
      'a token of nobody': w.anonymous.as({ token: 'eyJhbGciOiJub25lIn0.e30.' }),
      'a key of nobody': w.anonymous.as({ apiKey: `agk_${'A'.repeat(43)}` }),
      'a key of nobody as bearer': w.anonymous.as({ token: `agk_${'A'.repeat(43)}` }),
      'a cookie of nobody': w.anonymous.as({ cookie: `__Host-agentgen_session=ags_${'A'.repeat(43)}` }),
    };
    for (const { method, path } of closed) {
      for (const [who, client] of Object.entries(strangers)) {
        const json = ['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined;
        const reply = await client.request(method, fill(path), { json, headers: { origin: w.server.url } });
        assert.equal(reply.status, 401, `${method} ${path} for ${who}: ${reply.text}`);
        expectProblem(reply, 401);
      }
    }
  });

  it('that is open is one of the few that must be', () => {
    const open = routes.filter((r) => r.open).map((r) => `${r.method} ${r.path.replace(/^\/v1/, '')}`).sort();
    const allowed = ['GET /', 'GET /docs', 'GET /docs/', 'GET /health', 'GET /metrics', 'GET /auth/oauth/{provider}', 'GET /auth/oauth/{provider}/callback', 'GET /auth/providers',
      'GET /openapi.json', 'GET /public/agents/{slug}', 'GET /ready',
      'POST /auth/forgot-password', 'POST /auth/login', 'POST /auth/refresh', 'POST /auth/register',
      'POST /auth/reset-password', 'POST /auth/verify-email', 'POST /invitations/lookup', 'POST /public/agents/{slug}/generate'];
    assert.deepEqual(open.filter((o) => !allowed.includes(o)), []);
    for (const must of ['GET /health', 'POST /auth/login', 'POST /auth/register', 'POST /auth/refresh']) assert.ok(open.includes(must), must);
  });

  it('answers a refused credential before it looks at the body', async () => {
    const reply = await w.anonymous.request('POST', '/v1/agents', { body: '{broken', headers: { 'content-type': 'application/json' } });
    expectProblem(reply, 401);
  });
});
