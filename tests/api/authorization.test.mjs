// The matrix: every route of the route table, for every kind of credential and every state of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { cli } from '../lib/server.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { createFakeAgent, createOrganisation, createRole, invite, PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world({ prepare });
let routes; // those that need credentials
let permissions;

async function prepare() {
  const { out } = await cli(['routes', '--json']);
  routes = JSON.parse(out).filter((route) => route.permission !== 'public');
  permissions = [...new Set(routes.map((route) => route.permission))];
}

const title = ({ method, path }) => `${method} ${path}`;

/** A request that a route refuses for its body or id at the latest, never for its form. */
function call(client, { method, path }, { id = absentId(), headers = {} } = {}) {
  const json = ['POST', 'PUT', 'PATCH'].includes(method) && path !== '/v1/auth/logout' ? {} : undefined;
  return client.request(method, path.replace('{id}', id).replace('{provider}', 'sandbox'), { json, headers });
}

async function keyWith(account, scopes) {
  const { key, id } = expect(await account.client.post('/v1/api-keys', { name: 'matrix', ...(scopes ? { scopes } : {}) }), 201);
  return { id, client: w.anonymous.as({ apiKey: key }) };
}

async function signIn(account) {
  const reply = await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD });
  expect(reply, 200);
  return { token: reply.json.token, refresh: reply.json.refresh_token, cookie: reply.cookies[0].split(';')[0] };
}

// A key has no session, to end or to prove who one is.
const takesKey = ({ id, credentials, recent }) => id !== 'logout' && credentials.includes('api_key') && !recent;
// For administrators of the server.
const ofTheServer = ({ permission }) => permission.startsWith('admin:');
// What would end the session that the next request comes with.
const endsSessions = ({ id }) => ['logout', 'endOtherSessions'].includes(id);

describe('scopes', () => {
  it('open the routes of their permission', async () => {
    for (const permission of permissions) {
      const { client } = await keyWith(w.admin, [permission]);
      for (const route of routes.filter((r) => r.permission === permission && takesKey(r))) {
        const { status } = await call(client, route);
        assert.ok(![401, 403, 500].includes(status), `${title(route)} with ${permission} alone: ${status}`);
      }
    }
  });

  it('and no other one, whatever is in the request', async () => {
    for (const permission of permissions) {
      const { client } = await keyWith(w.admin, permissions.filter((p) => p !== permission));
      for (const route of routes.filter((r) => r.permission === permission)) {
        expectProblem(await call(client, route), 403, 'forbidden');
      }
    }
  });
});

describe('an account', () => {
  it('may use every route of a user with token, key and cookie', async () => {
    const { token, cookie } = await signIn(w.ada);
    const { client: key } = await keyWith(w.ada);
    const ways = {
      token: [w.anonymous.as({ token }), {}],
      key: [key, {}],
      cookie: [w.anonymous.as({ cookie }), { origin: w.server.url }],
    };
    for (const [way, [client, headers]] of Object.entries(ways)) {
      for (const route of routes.filter((r) => !endsSessions(r) && !ofTheServer(r) && (way !== 'key' || takesKey(r)))) {
        const { status } = await call(client, route, { headers });
        assert.ok(![401, 403, 500].includes(status), `${title(route)} with ${way}: ${status}`);
      }
    }
  });

  it('meets what is another\'s as what is not there, by every door', async () => {
    const agent = await createFakeAgent(w.bob.client);
    const prompt = expect(await w.bob.client.post('/v1/prompts', { prompt_text: 'x' }), 201);
    const run = expect(await w.bob.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'x' }), 200);
    const bobsKey = await keyWith(w.bob);
    const [session] = expect(await w.bob.client.get('/v1/auth/sessions'), 200).data;
    const owner = await register(w.anonymous);
    const org = await createOrganisation(owner);
    const role = await createRole(owner, ['agents:read']);
    const invitation = await invite(owner, `${unique('guest')}@mail.test`);
    const theirs = {
      agent: agent.id, prompt: prompt.id, run: run.run_id, api_key: bobsKey.id, session: session.id,
      org: org.id, member: owner.user.id, role: role.id, invitation: invitation.id,
    };
    const { cookie } = await signIn(w.ada);
    const { client: key } = await keyWith(w.ada);
    const doors = [[w.ada.client, {}], [w.anonymous.as({ cookie }), { origin: w.server.url }], [w.admin.client, {}], [key, {}]];
    const named = routes.filter((route) => route.path.includes('{id}') && !ofTheServer(route));
    assert.ok(named.length >= 7);
    for (const route of named) {
      const id = theirs[route.resource];
      assert.ok(id, `nothing of Bob's for ${title(route)}`);
      for (const [client, headers] of doors.slice(0, takesKey(route) ? 4 : 3)) {
        const [absent, foreign] = [await call(client, route, { headers }), await call(client, route, { id, headers })];
        assert.ok([404, 422].includes(absent.status), `${title(route)}: ${absent.text}`);
        assert.equal(foreign.status, absent.status);
        assert.equal(withoutRequestId(foreign), withoutRequestId(absent));
      }
    }
    expect(await bobsKey.client.get(`/v1/agents/${agent.id}`), 200);
  });

  it('that is suspended can do nothing any more, within five seconds', async () => {
    const account = await register(w.anonymous);
    const { token, refresh, cookie } = await signIn(account);
    const { client: key } = await keyWith(account);
    const doors = { token: w.anonymous.as({ token }), key, cookie: w.anonymous.as({ cookie }) };
    for (const client of Object.values(doors)) expect(await client.get('/v1/auth/me'), 200);
    await sql(w.server, `UPDATE users SET status = 'suspended' WHERE id = '${account.user.id}'`);
    for (const [door, client] of Object.entries(doors)) {
      await eventually(async () => (await client.get('/v1/auth/me')).status !== 200, { ms: 5500, every: 100, what: `the end of the ${door}` });
      for (const route of routes) {
        const reply = await call(client, route, { headers: { origin: w.server.url } });
        assert.ok([401, 403].includes(reply.status), `${title(route)} with the ${door}: ${reply.text}`);
      }
    }
    const again = await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD });
    assert.ok([401, 403].includes(again.status), again.text);
    const refreshed = await w.anonymous.post('/v1/auth/refresh', { refresh_token: refresh });
    assert.ok([401, 403].includes(refreshed.status), refreshed.text);
  });

  it('that was deleted behind the server\'s back is nobody', async () => {
    const account = await register(w.anonymous);
    const { client: key } = await keyWith(account);
    for (const table of ['sessions', 'api_keys']) await sql(w.server, `DELETE FROM ${table} WHERE user_id = '${account.user.id}'`);
    for (const client of [account.client, key]) {
      await eventually(async () => (await client.get('/v1/auth/me')).status === 401, { ms: 5500, every: 100, what: 'the end' });
    }
  });
});

describe('a credential that has ended', () => {
  it('opens no route', async () => {
    const account = await register(w.anonymous);
    const { token, cookie } = await signIn(account);
    const revoked = await keyWith(account);
    assert.equal((await account.client.delete(`/v1/api-keys/${revoked.id}`)).status, 204);
    assert.equal((await w.anonymous.as({ token }).post('/v1/auth/logout')).status, 204);
    const ended = { 'logged-out token': w.anonymous.as({ token }), 'logged-out cookie': w.anonymous.as({ cookie }), 'revoked key': revoked.client };
    for (const [what, client] of Object.entries(ended)) {
      for (const route of routes) {
        const reply = await call(client, route, { headers: { origin: w.server.url } });
        assert.equal(reply.status, 401, `${title(route)} with a ${what}: ${reply.text}`);
      }
    }
  });

  it('because its time is over says so', async () => {
    const { client, ...account } = await w.startWithAccount({ AGENTGEN_TOKEN_TTL_S: 1 });
    assert.ok(Date.parse(account.expires_at) - Date.now() <= 1000);
    await eventually(async () => (await client.get('/v1/auth/me')).status === 401, { ms: 4000, what: 'the end of the token' });
    expectProblem(await client.get('/v1/auth/me'), 401, 'token_expired');
    const fresh = expect(await client.as().post('/v1/auth/refresh', { refresh_token: account.refresh_token }), 200);
    expect(await client.as({ token: fresh.token }).get('/v1/auth/me'), 200);
  });

  it('because its session is over cannot be refreshed', async () => {
    const { client, ...account } = await w.startWithAccount({ AGENTGEN_TOKEN_TTL_S: 1, AGENTGEN_REFRESH_TTL_S: 2 });
    const cookie = account.reply.cookies[0].split(';')[0];
    await eventually(async () => (await client.as({ cookie }).get('/v1/auth/me')).status === 401, { ms: 5000, what: 'the end of the session' });
    expectProblem(await client.as().post('/v1/auth/refresh', { refresh_token: account.refresh_token }), 401);
  });
});
