// Scopes of keys, and what an account and its credentials can do when they have ended, at every route
// of the route table. Who may do what while they have not: matrix.test.mjs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem } from '../lib/expect.mjs';
import { cli } from '../lib/server.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { PASSWORD, register, world } from '../lib/world.mjs';

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
