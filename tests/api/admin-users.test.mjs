// Administrators of the server and the accounts of others.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { loggedMails, loggedToken } from '../lib/mail.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { browserOf, createFakeAgent, PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world();
const NIL = '00000000-0000-0000-0000-000000000000';

const users = (query = '') => w.admin.client.get(`/v1/admin/users${query}`);
const change = (id, body, client = w.admin.client) => client.patch(`/v1/admin/users/${id}`, body);
const suspend = (id) => change(id, { status: 'suspended' });
const serverLog = async (server = w.server) => sql(server, `SELECT action, details FROM activity_logs WHERE org_id = '${NIL}' ORDER BY id`);

/** A server of its own, where nobody else counts as an administrator. */
async function small() {
  const { server, ...first } = await w.startWithAccount();
  return { server, first, anonymous: new Client(server.url) };
}

describe('the list of accounts', () => {
  it('has what an administrator needs, and nothing secret', async () => {
    const account = await register(w.anonymous, { name: 'Listed' });
    const [listed] = expect(await users(`?q=${account.email}`), 200).data;
    assert.deepEqual(Object.keys(listed).sort(), ['created_at', 'email', 'email_verified', 'has_password', 'id', 'last_used_at', 'name', 'org_id', 'role', 'status']);
    assert.deepEqual([listed.id, listed.name, listed.email, listed.role, listed.status, listed.email_verified, listed.has_password],
      [account.user.id, 'Listed', account.email, 'user', 'active', false, true]);
    assert.deepEqual(expect(await users(`/${account.user.id}`), 200), listed);
  });

  it('is searched by name and address, and filtered by state and role', async () => {
    const name = unique('Needle');
    const [one, two] = [await register(w.anonymous, { name }), await register(w.anonymous, { name: `${name} two` })];
    const ids = async (query) => expect(await users(query), 200).data.map((u) => u.id);
    assert.deepEqual(await ids(`?q=${name.toUpperCase()}`), [two.user.id, one.user.id]);
    assert.deepEqual(await ids(`?q=${one.email.toUpperCase()}`), [one.user.id]);
    assert.deepEqual(await ids('?q=%25'), []);
    expect(await suspend(one.user.id), 200);
    assert.deepEqual(await ids(`?q=${name}&status=suspended`), [one.user.id]);
    assert.deepEqual(await ids(`?q=${name}&status=active`), [two.user.id]);
    assert.deepEqual(await ids('?role=admin'), [w.admin.user.id]);
    for (const query of ['?status=deleted', '?role=root', '?sort=name', '?limit=0', '?cursor=x']) expectProblem(await users(query), 422, 'validation_failed');
  });

  it('comes in pages', async () => {
    const name = unique('Page');
    const made = [];
    for (let i = 0; i < 5; i += 1) made.unshift((await register(w.anonymous, { name })).user.id);
    const got = [];
    for (let cursor = ''; cursor !== null;) {
      const page = expect(await users(`?q=${name}&limit=2${cursor && `&cursor=${cursor}`}`), 200);
      got.push(...page.data.map((u) => u.id));
      cursor = page.next_cursor;
    }
    assert.deepEqual(got, made);
  });

  it('is for administrators alone', async () => {
    const { key } = expect(await w.ada.client.post('/v1/api-keys', { name: 'k' }), 201);
    const id = w.bob.user.id;
    for (const client of [w.ada.client, w.anonymous.as({ apiKey: key }), browserOf(w.ada, w.server)]) {
      for (const reply of [await client.get('/v1/admin/users'), await client.get(`/v1/admin/users/${id}`), await change(id, { role: 'admin' }, client),
        await client.post(`/v1/admin/users/${id}/sign-out`), await client.post(`/v1/admin/users/${id}/reset-password`)]) expectProblem(reply, 403, 'forbidden');
    }
    expectProblem(await w.anonymous.get('/v1/admin/users'), 401);
  });

  it('gives no sight of what accounts have', async () => {
    const agent = await createFakeAgent(w.bob.client);
    expectProblem(await w.admin.client.get(`/v1/agents/${agent.id}`), 404, 'not_found');
  });

  it('knows nobody by another id', async () => {
    for (const id of [absentId(), w.bob.user.org_id, NIL]) {
      const replies = [await users(`/${id}`), await change(id, { status: 'active' }), await w.admin.client.post(`/v1/admin/users/${id}/sign-out`),
        await w.admin.client.post(`/v1/admin/users/${id}/reset-password`)];
      for (const reply of replies) expectProblem(reply, 404, 'not_found');
      assert.equal(new Set(replies.map(withoutRequestId)).size, 1);
    }
  });
});

describe('suspension', () => {
  it('closes every door at once, and opens them again', async () => {
    const account = await register(w.anonymous);
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201);
    const doors = { token: account.client, cookie: browserOf(account, w.server), bearer: w.anonymous.as({ token: key }), header: w.anonymous.as({ apiKey: key }) };
    for (const client of Object.values(doors)) expect(await client.get('/v1/auth/me'), 200);
    assert.equal(expect(await suspend(account.user.id), 200).status, 'suspended');
    for (const [door, client] of Object.entries(doors)) {
      expectProblem(await client.get('/v1/auth/me'), 403, 'forbidden');
      expectProblem(await client.post('/v1/ai/generate', {}), 403, 'forbidden');
      assert.ok(door);
    }
    expectProblem(await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD }), 403, 'forbidden');
    expectProblem(await w.anonymous.post('/v1/auth/login', { email: account.email, password: 'wrong password' }), 401, 'bad_credentials');
    expectProblem(await w.anonymous.post('/v1/auth/refresh', { refresh_token: account.refresh_token }), 403, 'forbidden');
    expect(await change(account.user.id, { status: 'active' }), 200);
    for (const client of Object.values(doors)) expect(await client.get('/v1/auth/me'), 200);
    expect(await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD }), 200);
  });

  it('closes what somebody keeps open without being there: keys and links of their own organisation', async () => {
    const account = await register(w.anonymous);
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'k', scopes: ['agents:read'], shared: true }), 201);
    const shared = w.anonymous.as({ apiKey: key });
    const agent = await createFakeAgent(account.client);
    const { public_id: slug } = expect(await account.client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'public' }), 200);
    const page = `/v1/public/agents/${slug}`;
    expect(await shared.get('/v1/agents'), 200);
    expect(await w.anonymous.get(page), 200);
    expect(await suspend(account.user.id), 200);
    expectProblem(await shared.get('/v1/agents'), 403, 'forbidden');
    expectProblem(await w.anonymous.get(page), 404, 'not_found');
    expectProblem(await w.anonymous.post(`${page}/generate`, { input_text: 'hi' }), 404, 'not_found');
    expect(await change(account.user.id, { status: 'active' }), 200);
    expect(await shared.get('/v1/agents'), 200);
    expect(await w.anonymous.get(page), 200);
  });

  it('is audited in the log of the server', async () => {
    const account = await register(w.anonymous);
    for (const body of [{ status: 'suspended' }, { status: 'suspended' }, { status: 'active', role: 'admin' }, { role: 'user' }, {}]) {
      expect(await change(account.user.id, body), 200);
    }
    const log = (await serverLog()).filter(([, details]) => details.includes(account.user.id)).map(([action]) => action);
    assert.deepEqual(log, ['user.suspended', 'user.resumed', 'user.promoted', 'user.demoted']);
  });

  it('refuses what is not there to be changed', async () => {
    for (const body of [{ status: 'deleted' }, { role: 'root' }, { status: null }, { name: 'x' }, { email: 'x@mail.test' }, { password_hash: 'x' }]) {
      expectProblem(await change(w.bob.user.id, body), 422, 'validation_failed', Object.keys(body));
    }
  });
});

describe('the last administrator', () => {
  it('cannot be taken away, nor an administrator by himself', async () => {
    const { server, first, anonymous } = await small();
    const self = (body) => change(first.user.id, body, first.client);
    for (const body of [{ status: 'suspended' }, { role: 'user' }]) expectProblem(await self(body), 409, 'conflict');
    const second = await register(anonymous);
    expect(await change(second.user.id, { role: 'admin' }, first.client), 200);
    for (const body of [{ status: 'suspended' }, { role: 'user' }]) expectProblem(await self(body), 409, 'conflict');
    assert.equal(expect(await self({ status: 'active', role: 'admin' }), 200).role, 'admin');
    expect(await change(first.user.id, { role: 'user' }, second.client), 200);
    expectProblem(await first.client.get('/v1/admin/users'), 403, 'forbidden');
    assert.equal(expect(await second.client.get(`/v1/admin/users/${second.user.id}`), 200).role, 'admin');
    assert.equal((await serverLog(server)).length, 2);
    anonymous.close();
  });

  it('is left over when two demote each other at once', async () => {
    const { first, anonymous } = await small();
    const second = await register(anonymous);
    expect(await change(second.user.id, { role: 'admin' }, first.client), 200);
    const replies = await Promise.all([change(second.user.id, { role: 'user' }, first.client), change(first.user.id, { role: 'user' }, second.client)]);
    const statuses = replies.map((r) => r.status).sort();
    assert.ok(['200,403', '200,409'].includes(statuses.join()), statuses.join());
    anonymous.close();
  });
});

describe('who else administers the server', () => {
  const longAgo = async ({ user }) => {
    await sql(w.server, `UPDATE sessions SET authenticated_at = '2020-01-01T00:00:00.000Z' WHERE user_id = '${user.id}'`);
    expect(await suspend((await register(w.anonymous)).user.id), 200); // empties what is remembered of credentials
  };
  async function second() {
    const account = await register(w.anonymous);
    expect(await change(account.user.id, { role: 'admin' }), 200);
    return account;
  }

  it('is decided with a recent sign-in, and with no key', async () => {
    const [admin, accomplice] = [await second(), await register(w.anonymous)];
    const keyOf = async (more) => w.anonymous.as({ apiKey: expect(await admin.client.post('/v1/api-keys', { name: 'k', ...more }), 201).key });
    const [ordinary, scoped] = [await keyOf({}), await keyOf({ scopes: ['admin:users', 'admin:settings', 'keys:write'] })];
    expectProblem(await ordinary.get('/v1/admin/users'), 403, 'forbidden');
    assert.ok(!expect(await ordinary.get('/v1/auth/me'), 200).permissions.some((name) => name.startsWith('admin:')));
    expect(await scoped.get('/v1/admin/users'), 200);
    for (const role of ['admin', 'user']) expectProblem(await change(accomplice.user.id, { role }, scoped), 403, 'forbidden');
    expectProblem(await scoped.patch('/v1/admin/settings', { registration: 'invited' }), 403, 'forbidden');
    expectProblem(await scoped.post('/v1/api-keys', { name: 'child', scopes: ['admin:users'] }), 403, 'forbidden');
    expect(await change(accomplice.user.id, { status: 'active' }, scoped), 200);

    await longAgo(admin);
    for (const reply of [await change(accomplice.user.id, { role: 'admin' }, admin.client), await admin.client.patch('/v1/admin/settings', { registration: 'invited' }),
      await admin.client.post('/v1/api-keys', { name: 'k', scopes: ['agents:read', 'admin:audit'] })]) expectProblem(reply, 403, 'reauthentication_required');
    expect(await change(accomplice.user.id, { status: 'active' }, admin.client), 200);
    expect(await admin.client.post('/v1/api-keys', { name: 'k', scopes: ['agents:read'] }), 201);
    assert.equal(expect(await users(`/${accomplice.user.id}`), 200).role, 'user');
    assert.equal((await admin.client.post('/v1/auth/reauthenticate', { password: PASSWORD })).status, 204);
    assert.equal(expect(await change(accomplice.user.id, { role: 'admin' }, admin.client), 200).role, 'admin');
    expect(await change(accomplice.user.id, { role: 'user' }), 200);
  });

  it('is not who was demoted, suspended or signed out while a request was on its way', async () => {
    const victim = await register(w.anonymous);
    const [[org]] = await sql(w.server, `SELECT org_id FROM users WHERE id = '${victim.user.id}'`);
    const block = expect(await w.admin.client.post('/v1/admin/blocked-ips', { address: '203.0.113.77', minutes: 5 }), 201);
    const acts = {
      promote: ({ client }) => change(victim.user.id, { role: 'admin' }, client),
      suspend: ({ client }) => change(victim.user.id, { status: 'suspended' }, client),
      delete: ({ client }) => client.delete(`/v1/admin/users/${victim.user.id}`),
      'sign out': ({ client }) => client.post(`/v1/admin/users/${victim.user.id}/sign-out`),
      'send a link': ({ client }) => client.post(`/v1/admin/users/${victim.user.id}/reset-password`),
      'change settings': ({ client }) => client.patch('/v1/admin/settings', { registration: 'invited' }),
      'give a plan': ({ client }) => client.patch(`/v1/admin/orgs/${org}`, { plan: 'premium' }),
      block: ({ client }) => client.post('/v1/admin/blocked-ips', { address: '203.0.113.78', minutes: 5 }),
      'lift a block': ({ client }) => client.delete(`/v1/admin/blocked-ips/${block.id}`),
    };
    const ends = { 'users SET role = \'user\' WHERE id': 403, 'users SET status = \'suspended\' WHERE id': 403, 'sessions SET revoked_at = \'2026-01-01T00:00:00.000Z\' WHERE user_id': 401 };
    for (const [what, status] of Object.entries(ends)) {
      const admin = await second();
      for (const [act, run] of Object.entries(acts)) {
        // Remembered as an administrator, for five seconds at most.
        await sql(w.server, `UPDATE users SET role = 'admin', status = 'active' WHERE id = '${admin.user.id}'`);
        await sql(w.server, `UPDATE sessions SET revoked_at = NULL WHERE user_id = '${admin.user.id}'`);
        await eventually(async () => (await admin.client.get('/v1/admin/users?limit=1')).status === 200, { ms: 8000, what: act });
        await sql(w.server, `UPDATE ${what} = '${admin.user.id}'`);
        expectProblem(await run(admin), status);
      }
    }
    assert.deepEqual(await sql(w.server, `SELECT role, status FROM users WHERE id = '${victim.user.id}'`), [['user', 'active']]);
    expect(await victim.client.get('/v1/auth/me'), 200);
    assert.equal((await w.admin.client.delete(`/v1/admin/blocked-ips/${block.id}`)).status, 204);
    assert.ok(!loggedMails(w.server, victim.email).some((mail) => mail.kind === 'reset'));
  });
});

describe('sessions and passwords of others', () => {
  it('are ended and set by a link', async () => {
    const account = await register(w.anonymous);
    expect(await account.client.get('/v1/auth/me'), 200);
    assert.equal((await w.admin.client.post(`/v1/admin/users/${account.user.id}/sign-out`)).status, 204);
    expectProblem(await account.client.get('/v1/auth/me'), 401);
    expectProblem(await w.anonymous.post('/v1/auth/refresh', { refresh_token: account.refresh_token }), 401);

    expect(await w.admin.client.post(`/v1/admin/users/${account.user.id}/reset-password`), 202);
    const token = await loggedToken(w.server, 'reset', account.email);
    assert.equal((await w.anonymous.post('/v1/auth/reset-password', { token, password: 'chosen by its owner' })).status, 204);
    const log = (await serverLog()).filter(([, details]) => details.includes(account.user.id)).map(([action]) => action);
    assert.deepEqual(log, ['user.signed_out', 'user.password_reset_sent']);
  });

  it('of somebody suspended get no link', async () => {
    const account = await register(w.anonymous);
    expect(await suspend(account.user.id), 200);
    expectProblem(await w.admin.client.post(`/v1/admin/users/${account.user.id}/reset-password`), 409, 'conflict');
    assert.ok(!loggedMails(w.server, account.email).some((mail) => mail.kind === 'reset'));
  });
});

if (DB_KIND === 'postgres') describe('another instance on the same database', () => {
  it('takes notice within five seconds', async () => {
    const other = await w.start({ JWT_SECRET: w.server.env.JWT_SECRET }, { databaseUrl: w.server.databaseUrl });
    const there = new Client(other.url);
    const ends = {
      suspended: (account) => suspend(account.user.id),
      'signed out': (account) => w.admin.client.post(`/v1/admin/users/${account.user.id}/sign-out`),
      'ended by hand': (account) => account.client.post('/v1/auth/logout'),
      'given a new password': async (account) => {
        expect(await w.anonymous.post('/v1/auth/forgot-password', { email: account.email }), 202);
        const token = await loggedToken(w.server, 'reset', account.email);
        return w.anonymous.post('/v1/auth/reset-password', { token, password: 'another horse battery' });
      },
      deleted: (account) => account.client.delete('/v1/auth/me'),
    };
    await Promise.all(Object.entries(ends).map(async ([what, end]) => {
      const account = await register(w.anonymous);
      const client = there.as({ token: account.token });
      expect(await client.get('/v1/auth/me'), 200);
      assert.ok((await end(account)).status < 300);
      const from = Date.now();
      await eventually(async () => [401, 403].includes((await client.get('/v1/auth/me')).status), { ms: 5500, what });
      assert.ok(Date.now() - from < 5500);
    }));
    there.close();
  });
});
