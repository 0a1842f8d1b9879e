// Whom an agent is there for. A private one, and what was asked of it, exists for its creator alone: by every
// route, for every other member of the organisation, whatever their role.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { cli } from '../lib/server.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { browserOf, createFakeAgent, createOrganisation, join, organisation, register, unique, world } from '../lib/world.mjs';

const w = world({ prepare });
let routes;
let org; // the organisation of all of them
let ada; // a member: creates the agents
let mate; // a member
let manager;
let owner;
let viewer;
let shared; // a key of the organisation

async function prepare() {
  routes = JSON.parse((await cli(['routes', '--json'])).out);
  ({ org, owner, manager, viewer, member: ada } = await organisation(w));
  mate = await join(owner, await register(w.anonymous, { name: 'Mia Mate' }), 'member');
  shared = await keyOf(owner, { shared: true, scopes: ['agents:read', 'agents:write', 'agents:delete', 'agents:share', 'ai:run', 'runs:read'] });
}

async function keyOf(account, more = {}) {
  const { key } = expect(await account.client.post('/v1/api-keys', { name: unique('key'), ...more }), 201);
  return w.anonymous.as({ apiKey: key });
}

const share = (client, id, visibility, options) => client.put(`/v1/agents/${id}/visibility`, { visibility }, options);

/** A private agent of Ada's, with a run, as its creator sees them. */
async function hidden(model = 'echo') {
  const agent = await createFakeAgent(ada.client, model);
  expect(await share(ada.client, agent.id, 'private'), 200);
  const run = expect(await ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'my secret plan' }), 200);
  return { agent: agent.id, name: agent.name, run: run.run_id, conversation: run.conversation_id };
}

/** One whose run fails. */
async function failing() {
  const agent = await createFakeAgent(ada.client, 'fault-401');
  expect(await share(ada.client, agent.id, 'private'), 200);
  const stream = await ada.client.stream('/v1/ai/generate', { agent_id: agent.id, input_text: 'my secret plan', stream: true });
  const { data } = await stream.until('run.started');
  await stream.all();
  return { name: agent.name, run: data.run_id };
}

/** Everybody in the organisation but its creator, and what they carry. */
const others = async () => ({
  owner: owner.client,
  manager: manager.client,
  member: mate.client,
  'a key of the owner': await keyOf(owner),
  'a key of the organisation': shared,
  'a browser of the manager': browserOf(manager, w.server),
});

const bodies = {
  replaceAgent: { name: 'Taken over', config: {} },
  patchAgent: { name: 'Taken over' },
  saveAgentDraft: { name: 'Taken over' },
  shareAgent: { visibility: 'organization' },
};
const without = /publish|restore|duplicate|cancel/;
function call(client, { id, method, path }, thing) {
  const json = bodies[id] ?? (['POST', 'PUT', 'PATCH'].includes(method) && !without.test(path) ? {} : undefined);
  return client.request(method, path.replace('{id}', thing), { json });
}

describe('a private agent', () => {
  it('is as absent as one that nobody has, by every route that names one', async () => {
    const { agent } = await hidden();
    const doors = routes.filter((route) => route.resource === 'agent');
    assert.ok(doors.length >= 10, `${doors.length} doors`);
    const before = expect(await ada.client.get(`/v1/agents/${agent}`), 200);
    for (const [who, client] of Object.entries(await others())) {
      for (const route of doors) {
        const [absent, foreign] = [await call(client, route, absentId()), await call(client, route, agent)];
        expectProblem(absent, 404, 'not_found');
        assert.equal(withoutRequestId(foreign), withoutRequestId(absent), `${route.id} for ${who}`);
        assert.deepEqual(foreign.rawHeaders.filter((_, i) => i % 2 === 0), absent.rawHeaders.filter((_, i) => i % 2 === 0));
      }
      for (const stream of [false, true]) {
        const go = (id) => client.post('/v1/ai/generate', { agent_id: id, input_text: 'hi', stream });
        assert.equal(withoutRequestId(await go(agent)), withoutRequestId(await go(absentId())), `generate for ${who}`);
      }
    }
    assert.deepEqual(expect(await ada.client.get(`/v1/agents/${agent}`), 200), before);
  });

  it('is in no list, count or name of anybody else', async () => {
    const { agent, name, run } = await hidden();
    const failed = await failing();
    const counts = async (client) => expect(await client.get('/v1/dashboard?range=24h'), 200);
    for (const [who, client] of Object.entries(await others())) {
      for (const path of ['/v1/agents', `/v1/agents?q=${name}`, '/v1/agents?sort=name', '/v1/agents?sort=-updated_at', '/v1/runs', `/v1/runs?agent_id=${agent}`,
        `/v1/runs?conversation_id=${run}`, '/v1/runs?q=secret', '/v1/errors', '/v1/errors?source=run', '/v1/runs?status=failed', '/v1/templates', '/v1/prompts']) {
        const { status, text } = await client.get(`${path}${path.includes('?') ? '&' : '?'}limit=100`);
        if (who.includes('key of the organisation') && status === 403) continue;
        assert.ok([200, 422].includes(status), `${path}: ${status} ${text}`);
        for (const word of [name, run, failed.name, failed.run, 'secret plan']) assert.ok(!text.includes(word), `${path} tells ${who} of ${word}`);
        if (!path.includes(agent)) assert.ok(!text.includes(agent), `${path} tells ${who}`);
      }
      assert.ok(!(await client.get('/v1/dashboard?range=24h')).text.includes(name), who);
    }
    const [mine, theirs] = [await counts(ada.client), await counts(mate.client)];
    assert.equal(mine.totals.runs, theirs.totals.runs, 'what the organisation used counts for all');
    assert.ok(mine.totals.agents > theirs.totals.agents);
    assert.ok(mine.agents.some((a) => a.name === name));
    assert.ok(expect(await ada.client.get(`/v1/agents?q=${name}`), 200).data.some((a) => a.id === agent && a.visibility === 'private'));
    assert.ok(expect(await ada.client.get('/v1/errors?source=run'), 200).data.some((e) => e.agent_name === failed.name && e.run_id === failed.run));
  });

  it('has runs that nobody else reads, follows or ends', async () => {
    const { agent, run, conversation } = await hidden();
    const stream = await ada.client.stream('/v1/ai/generate', { agent_id: agent, input_text: '[[fault=silent_midstream after=1]] my secret', stream: true });
    const { data: { run_id: live } } = await stream.until('run.started');
    for (const [who, client] of Object.entries(await others())) {
      for (const route of routes.filter((r) => r.resource === 'run')) {
        const absent = await call(client, route, absentId());
        for (const id of [run, live]) assert.equal(withoutRequestId(await call(client, route, id)), withoutRequestId(absent), `${route.id} for ${who}`);
      }
      const { data } = expect(await client.get('/v1/runs?status=running&limit=100'), 200);
      assert.ok(!data.some((r) => r.id === live), who);
    }
    assert.equal(expect(await ada.client.get(`/v1/runs/${run}`), 200).private, true);
    assert.equal(expect(await ada.client.post(`/v1/runs/${live}/cancel`), 200).status, 'cancelled');
    stream.close();
    // Shared from now on, the agent has a past that stays its creator's.
    expect(await share(ada.client, agent, 'organization'), 200);
    const go = (client, id) => client.post('/v1/ai/generate', { agent_id: agent, input_text: 'what did we say?', conversation_id: id });
    const calls = w.fake.calls.length;
    assert.equal(withoutRequestId(await go(mate.client, conversation)), withoutRequestId(await go(mate.client, absentId())));
    assert.equal(w.fake.calls.length, calls, 'no model was shown it');
    expectProblem(await mate.client.get(`/v1/runs/${run}`), 404, 'not_found');
    const next = expect(await go(ada.client, conversation), 200);
    assert.equal(expect(await mate.client.get(`/v1/runs/${next.run_id}`), 200).private, false);
    assert.deepEqual(expect(await mate.client.get(`/v1/runs?conversation_id=${conversation}`), 200).data.map((r) => r.id), [next.run_id]);
    assert.equal(expect(await ada.client.get(`/v1/runs?conversation_id=${conversation}`), 200).data.length, 2);
  });

  it('is gone from runs of before, for others, but these stay', async () => {
    const agent = await createFakeAgent(ada.client);
    const run = expect(await mate.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'before' }), 200);
    assert.equal(expect(await owner.client.get(`/v1/runs/${run.run_id}`), 200).agent_name, agent.name);
    expect(await share(ada.client, agent.id, 'private'), 200);
    for (const client of [owner.client, mate.client]) {
      assert.equal(expect(await client.get(`/v1/runs/${run.run_id}`), 200).agent_name, null);
      assert.equal(expect(await client.get('/v1/runs?limit=100'), 200).data.find((r) => r.id === run.run_id).agent_name, null);
    }
    assert.equal(expect(await ada.client.get(`/v1/runs/${run.run_id}`), 200).agent_name, agent.name);
    expectProblem(await mate.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'x', conversation_id: run.conversation_id }), 404, 'not_found');
  });

  it('ends at once where runs keep agents at hand, and begins again', async () => {
    const agent = await createFakeAgent(ada.client);
    const go = (client) => client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' });
    for (let round = 0; round < 3; round += 1) {
      expect(await share(ada.client, agent.id, 'organization'), 200);
      for (let i = 0; i < 6; i += 1) expect(await go(mate.client), 200);
      expect(await share(ada.client, agent.id, 'private'), 200);
      for (let i = 0; i < 6; i += 1) expectProblem(await go(mate.client), 404, 'not_found');
      for (let i = 0; i < 4; i += 1) expect(await go(ada.client), 200);
      for (let i = 0; i < 6; i += 1) expectProblem(await go(mate.client), 404, 'not_found');
    }
  });

  it('is not told of by a stored reply', async () => {
    const agent = await createFakeAgent(ada.client);
    const headers = { 'idempotency-key': unique('idem') };
    const ask = (client) => client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'kept words' }, { headers });
    const copy = (client) => client.post(`/v1/agents/${agent.id}/duplicate`, undefined, { headers: { 'idempotency-key': `${headers['idempotency-key']}-copy` } });
    expect(await ask(mate.client), 200);
    expect(await copy(mate.client), 201);
    assert.equal((await ask(mate.client)).headers['idempotency-replayed'], 'true');
    expect(await share(ada.client, agent.id, 'private'), 200);
    expectProblem(await ask(mate.client), 404, 'not_found');
    expectProblem(await copy(mate.client), 404, 'not_found');
    assert.equal((await ada.client.delete(`/v1/agents/${agent.id}`)).status, 204);
    expectProblem(await ask(mate.client), 404, 'not_found');
  });

  it('may be one from the first moment, published or a draft', async () => {
    const live = { name: unique('Born hidden'), config: { provider: 'openai', model: 'echo' } };
    for (const body of [live, { draft: { name: unique('Born hidden') } }]) {
      const agent = expect(await ada.client.post('/v1/agents', { ...body, visibility: 'private' }), 201);
      assert.equal(agent.visibility, 'private');
      expect(await ada.client.get(`/v1/agents/${agent.id}`), 200);
      for (const client of Object.values(await others())) expectProblem(await client.get(`/v1/agents/${agent.id}`), 404);
      assert.equal(expect(await ada.client.post('/v1/agents', body), 201).visibility, 'organization');
    }
    expectProblem(await shared.post('/v1/agents', { ...live, visibility: 'private' }), 422, 'validation_failed', ['visibility']);
    expectProblem(await ada.client.post('/v1/agents', { ...live, visibility: 'public' }), 422, 'validation_failed', ['visibility']);
  });

  it('that was deleted is restored by its creator alone', async () => {
    const { agent } = await hidden();
    assert.equal((await ada.client.delete(`/v1/agents/${agent}`)).status, 204);
    for (const client of Object.values(await others())) expectProblem(await client.post(`/v1/agents/${agent}/restore`), 404, 'not_found');
    assert.equal(expect(await ada.client.post(`/v1/agents/${agent}/restore`), 200).visibility, 'private');
  });

  // What another instance has ended is known here only some seconds later: the row is gone, the rights are at hand.
  it('is not made by who is no member any more', async () => {
    const { server, ...first } = await w.startWithAccount({ AGENTGEN_LOOPS: 1 });
    const { id: there } = await createOrganisation(first);
    const leaver = await join(first, await register(new Client(server.url)), 'manager');
    const open = await createFakeAgent(leaver.client);
    const kept = await createFakeAgent(leaver.client, 'echo');
    expect(await share(leaver.client, kept.id, 'private'), 200);
    const of = async () => (await sql(server, `SELECT id, visibility FROM ai_agents WHERE user_id = '${leaver.user.id}' ORDER BY id`));
    const before = await of();
    await sql(server, `DELETE FROM memberships WHERE org_id = '${there}' AND user_id = '${leaver.user.id}'`);
    const live = { name: unique('Mine'), config: { provider: 'openai', model: 'echo' }, visibility: 'private' };
    const replies = [await share(leaver.client, open.id, 'private'), await leaver.client.post('/v1/agents', live),
      await leaver.client.post('/v1/agents', { draft: {}, visibility: 'private' }), await leaver.client.post(`/v1/agents/${kept.id}/duplicate`)];
    for (const reply of replies) assert.match(expectProblem(reply, 403, 'forbidden').detail, /no member/);
    assert.deepEqual(await of(), before);
    await server.stop();
  });

  it('that is a draft says nothing either', async () => {
    const draft = expect(await ada.client.post('/v1/agents', { draft: { name: unique('Plan') } }), 201);
    const go = (id) => mate.client.post('/v1/ai/generate', { agent_id: id, input_text: 'x' });
    expectProblem(await go(draft.id), 409, 'agent_not_published');
    expect(await share(ada.client, draft.id, 'private'), 200);
    assert.equal(withoutRequestId(await go(draft.id)), withoutRequestId(await go(absentId())));
    expectProblem(await ada.client.post('/v1/ai/generate', { agent_id: draft.id, input_text: 'x' }), 409, 'agent_not_published');
    const wrong = { headers: { 'if-match': '"9"' } };
    for (const id of [draft.id, absentId()]) {
      expectProblem(await mate.client.put(`/v1/agents/${id}/draft`, {}, wrong), 404, 'not_found');
      expectProblem(await share(mate.client, id, 'public', wrong), 404, 'not_found');
    }
  });

  it('makes private copies, and cannot be an agent of others\' keys', async () => {
    const { agent } = await hidden();
    const copy = expect(await ada.client.post(`/v1/agents/${agent}/duplicate`), 201);
    assert.deepEqual([copy.visibility, copy.user_id], ['private', ada.user.id]);
    expectProblem(await mate.client.get(`/v1/agents/${copy.id}`), 404, 'not_found');
    for (const [account, more] of [[mate, {}], [owner, {}], [owner, { shared: true, scopes: ['ai:run'] }]]) {
      const post = (id) => account.client.post('/v1/api-keys', { name: 'x', agent_ids: [id], ...more });
      const { errors } = expectProblem(await post(agent), 422, 'validation_failed', ['agent_ids[0]']);
      assert.deepEqual(errors, expectProblem(await post(absentId()), 422, 'validation_failed').errors);
    }
    const own = await keyOf(ada, { agent_ids: [agent] });
    expect(await own.post('/v1/ai/generate', { agent_id: agent, input_text: 'hi' }), 200);
  });

  it('is not its maker\'s for a key of the organisation', async () => {
    const agent = await createFakeAgent(owner.client);
    expect(await share(owner.client, agent.id, 'private'), 200);
    expectProblem(await shared.get(`/v1/agents/${agent.id}`), 404, 'not_found');
    expectProblem(await shared.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' }), 404, 'not_found');
    const own = await keyOf(owner);
    expect(await own.get(`/v1/agents/${agent.id}`), 200);
    // Nor can such a key hide something from everybody but its maker.
    const made = expect(await shared.post('/v1/agents', { name: unique('Agent'), config: { provider: 'openai', model: 'echo' } }), 201);
    expectProblem(await share(shared, made.id, 'private'), 403, 'forbidden');
    expect(await mate.client.get(`/v1/agents/${made.id}`), 200);
    const run = expect(await shared.post('/v1/ai/preview', { config: { provider: 'openai', model: 'echo' }, input_text: 'x' }), 200);
    assert.equal(expect(await mate.client.get(`/v1/runs/${run.run_id}`), 200).private, false);
  });
});

describe('a run of no agent', () => {
  it('is there for its user alone: preview, validate, compare, draft, test', async () => {
    const config = { provider: 'openai', model: 'echo' };
    const made = [];
    made.push(expect(await ada.client.post('/v1/ai/preview', { config, input_text: 'mine' }), 200).run_id);
    made.push(...expect(await ada.client.post('/v1/ai/validate', { prompt_text: 'mine', models: ['openai/echo'] }), 200).results.map((r) => r.run_id));
    const lanes = await ada.client.stream('/v1/ai/compare', { config, input_text: 'mine', models: ['openai/echo', 'sandbox/sandbox'] });
    made.push(...(await lanes.all()).filter((e) => e.event === 'run.started').map((e) => e.data.run_id));
    made.push(expect(await ada.client.post('/v1/agents/draft', { description: 'Answers questions about my plan', model: 'sandbox/sandbox' }), 200).run_id);
    expect(await ada.client.post('/v1/providers/sandbox/test', {}), 200);
    made.push(expect(await ada.client.get('/v1/runs?kind=test&limit=1'), 200).data[0].id);
    assert.equal(made.length, 6);
    for (const id of made) {
      assert.equal(expect(await ada.client.get(`/v1/runs/${id}`), 200).private, true);
      for (const client of Object.values(await others())) expectProblem(await client.get(`/v1/runs/${id}`), 404, 'not_found');
    }
    const { data } = expect(await mate.client.get('/v1/runs?limit=100'), 200);
    assert.ok(!data.some((r) => made.includes(r.id)));
  });

  it('does not hide what others see behind it: pages end where they must', async () => {
    const agent = await createFakeAgent(ada.client);
    const config = { provider: 'sandbox', model: 'sandbox' };
    const seen = [];
    for (let i = 0; i < 5; i += 1) {
      seen.unshift(expect(await ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: `visible ${i}` }), 200).run_id);
      for (let k = 0; k < 4; k += 1) expect(await ada.client.post('/v1/ai/preview', { config, input_text: 'hidden' }), 200);
    }
    const read = [];
    let cursor = '';
    do {
      const page = expect(await mate.client.get(`/v1/runs?limit=2${cursor}`), 200);
      assert.ok(page.data.every((r) => !r.private));
      read.push(...page.data.map((r) => r.id));
      cursor = page.next_cursor ? `&cursor=${page.next_cursor}` : '';
    } while (cursor && read.length < 5);
    assert.deepEqual(read.slice(0, 5), seen);
  });

  it('is passed over by the thousand, but not without end: a page says where it stopped', async () => {
    const own = await organisation(w);
    const agent = await createFakeAgent(own.owner.client, 'fault-401');
    const oldest = (await (await own.owner.client.stream('/v1/ai/generate', { agent_id: agent.id, input_text: 'x', stream: true })).until('run.started')).data.run_id;
    await eventually(async () => (await own.owner.client.get(`/v1/runs/${oldest}`)).json.status === 'failed', { what: 'its end' });
    const id = w.server.kind === 'postgres' ? "('ffffffff-ffff-7000-8000-' || lpad(n::text, 12, '0'))::uuid" : "printf('ffffffff-ffff-7000-8000-%012d', n)";
    await sql(w.server, `INSERT INTO runs (org_id, id, kind, status, user_id, provider, model, error_code, boot_id, created_at, finished_at, private)
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 4500)
      SELECT r.org_id, ${id}, 'preview', 'failed', r.user_id, 'openai', 'echo', 'upstream_error', r.boot_id, r.created_at, r.created_at, ${w.server.kind === 'postgres' ? 'true' : '1'}
      FROM runs AS r CROSS JOIN numbers WHERE r.id = '${oldest}'`);
    for (const path of ['/v1/runs?', '/v1/runs?status=failed&', '/v1/errors?', '/v1/errors?source=run&', '/v1/runs?kind=generate&']) {
      const rows = [];
      let cursor = '';
      let count = 0;
      do {
        const page = expect(await own.member.client.get(`${path}limit=50${cursor}`), 200);
        rows.push(...page.data.map((r) => r.id));
        cursor = page.next_cursor ? `&cursor=${page.next_cursor}` : '';
        count += 1;
      } while (cursor && count < 20);
      assert.deepEqual([rows, count], [[oldest], 3], path);
    }
    // Who may see all of them gets full pages.
    for (const path of ['/v1/runs?', '/v1/errors?']) assert.equal(expect(await own.owner.client.get(`${path}limit=50`), 200).data.length, 50, path);
  });
});

describe('a change of visibility', () => {
  it('is its creator\'s, and of who holds agents:delete; private its creator\'s alone', async () => {
    const agent = await createFakeAgent(ada.client);
    const is = async (want) => assert.equal(expect(await owner.client.get(`/v1/agents/${agent.id}`), 200).visibility, want);
    for (const to of ['private', 'public']) expectProblem(await share(mate.client, agent.id, to), 403, 'forbidden');
    expectProblem(await share(viewer.client, agent.id, 'public'), 403, 'forbidden');
    for (const account of [manager, owner]) expectProblem(await share(account.client, agent.id, 'private'), 403, 'forbidden');
    // A member creates agents but does not open them to everybody.
    expectProblem(await share(ada.client, agent.id, 'public'), 403, 'forbidden');
    await is('organization');
    expect(await share(manager.client, agent.id, 'public'), 200);
    await is('public');
    expectProblem(await share(mate.client, agent.id, 'organization'), 403, 'forbidden');
    expect(await share(ada.client, agent.id, 'organization'), 200);
    expect(await share(owner.client, agent.id, 'public'), 200);
    expect(await share(manager.client, agent.id, 'organization'), 200);
    await is('organization');
    const scoped = await keyOf(manager, { scopes: ['agents:write', 'agents:delete'] });
    expectProblem(await share(scoped, agent.id, 'public'), 403, 'forbidden');
    expect(await share(shared, agent.id, 'public'), 200);
    expectProblem(await share(shared, agent.id, 'private'), 403, 'forbidden');
  });

  it('is undone with a deletion by who may open an agent; others get it back without its link', async () => {
    const agent = await createFakeAgent(ada.client);
    const path = `/v1/agents/${agent.id}`;
    const opened = expect(await share(manager.client, agent.id, 'public'), 200);
    const link = () => w.anonymous.get(`/v1/public/agents/${opened.public_id}`);
    assert.equal((await ada.client.delete(path)).status, 204);
    assert.deepEqual(expect(await manager.client.post(`${path}/restore`), 200), opened);
    expect(await link(), 200);
    for (const client of [ada.client, await keyOf(manager, { scopes: ['agents:read', 'agents:write', 'agents:delete'] })]) {
      const { public_id: before } = expect(await share(manager.client, agent.id, 'public'), 200);
      assert.equal((await ada.client.delete(path)).status, 204);
      const back = expect(await client.post(`${path}/restore`), 200);
      assert.deepEqual([back.visibility, back.public_id], ['organization', null]);
      expectProblem(await w.anonymous.get(`/v1/public/agents/${before}`), 404, 'not_found');
      const { data } = expect(await owner.client.get('/v1/activity?limit=2'), 200);
      assert.deepEqual(data.map((a) => [a.action, a.details]), [
        ['agent.visibility_changed', { agent_id: agent.id, from: 'public', to: 'organization' }], ['agent.restored', { agent_id: agent.id }]]);
    }
    expectProblem(await link(), 404, 'not_found');
  });

  it('changes nothing else, is noted, and the same twice is nothing', async () => {
    const agent = await createFakeAgent(owner.client);
    const opened = expect(await share(owner.client, agent.id, 'public'), 200);
    assert.match(opened.public_id, /^[\w-]{22}$/);
    assert.deepEqual(opened, { ...agent, visibility: 'public', public_id: opened.public_id });
    assert.deepEqual(expect(await share(owner.client, agent.id, 'public'), 200), opened);
    assert.deepEqual(expect(await share(owner.client, agent.id, 'organization'), 200), agent);
    const again = expect(await share(owner.client, agent.id, 'public'), 200);
    assert.notEqual(again.public_id, opened.public_id, 'each opening has a link of its own');
    expect(await share(owner.client, agent.id, 'private'), 200);
    const { data } = expect(await owner.client.get('/v1/activity?action=agent.visibility_changed&limit=100'), 200);
    const about = data.filter((a) => a.details.agent_id === agent.id).map((a) => `${a.details.from} ${a.details.to}`);
    assert.deepEqual(about.reverse(), ['organization public', 'public organization', 'organization public', 'public private']);
    assert.ok(!JSON.stringify(data).includes(again.public_id), 'the log does not open what it tells of');
  });

  it('is in the ETag, which still matches by its numbers', async () => {
    const agent = await createFakeAgent(owner.client);
    const get = (etag) => owner.client.get(`/v1/agents/${agent.id}`, { headers: etag ? { 'if-none-match': etag } : {} });
    const seen = new Set();
    for (const to of ['organization', 'private', 'organization', 'public', 'organization', 'public']) {
      const reply = await share(owner.client, agent.id, to);
      expect(reply, 200);
      const { etag } = reply.headers;
      assert.equal((await get(etag)).status, 304);
      for (const before of seen) if (before !== etag) assert.equal((await get(before)).status, 200, `${before} after ${etag}`);
      seen.add(etag);
    }
    assert.equal(seen.size, 4, [...seen].join(' '));
    const now = (await get()).headers.etag;
    expectProblem(await owner.client.patch(`/v1/agents/${agent.id}`, { description: 'x' }, { headers: { 'if-match': '"9-x"' } }), 412, 'precondition_failed');
    expect(await owner.client.patch(`/v1/agents/${agent.id}`, { description: 'x' }, { headers: { 'if-match': now } }), 200);
    expectProblem(await share(owner.client, agent.id, 'private', { headers: { 'if-match': now } }), 412, 'precondition_failed');
    expect(await owner.client.put(`/v1/agents/${agent.id}/draft`, { name: 'y' }), 200);
    expect(await owner.client.post(`/v1/agents/${agent.id}/publish`, undefined, { headers: { 'if-match': (await get()).headers.etag } }), 200);
  });

  it('names what is wrong', async () => {
    const agent = await createFakeAgent(owner.client);
    const put = (body) => owner.client.put(`/v1/agents/${agent.id}/visibility`, body);
    for (const body of [{}, { visibility: 'everybody' }, { visibility: null }]) expectProblem(await put(body), 422, 'validation_failed', ['visibility']);
    expectProblem(await put({ visibility: 'public', public_id: 'mine' }), 422, 'validation_failed', ['public_id']);
    for (const [method, path] of [['PUT', ''], ['PATCH', '']]) {
      for (const field of ['visibility', 'public_id', 'user_id']) {
        const json = { name: 'x', config: {}, [field]: 'private' };
        expectProblem(await owner.client.request(method, `/v1/agents/${agent.id}${path}`, { json }), 422, 'validation_failed', [field]);
      }
    }
    for (const field of ['public_id', 'user_id']) expectProblem(await owner.client.post('/v1/agents', { name: 'x', config: {}, [field]: 'x' }), 422, 'validation_failed', [field]);
    const draft = expect(await owner.client.post('/v1/agents', { draft: {} }), 201);
    expectProblem(await share(owner.client, draft.id, 'public'), 409, 'agent_not_published');
  });

  it('side by side leaves one state and one link', async () => {
    const agent = await createFakeAgent(owner.client);
    const replies = await Promise.all(Array.from({ length: 12 }, (_, i) => share(owner.client, agent.id, ['public', 'organization', 'private'][i % 3])));
    for (const reply of replies) expect(reply, 200);
    const now = expect(await owner.client.get(`/v1/agents/${agent.id}`), 200);
    assert.equal(now.public_id !== null, now.visibility === 'public');
  });

  it('of an agent of another organisation finds none', async () => {
    const agent = await createFakeAgent(w.bob.client);
    assert.equal(withoutRequestId(await share(owner.client, agent.id, 'public')), withoutRequestId(await share(owner.client, absentId(), 'public')));
    assert.notEqual(org.id, w.bob.user.org_id);
  });
});
