// Accounts and sessions: register, log in, who am I, log out, refresh.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assertId, assertNow, assertTime, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world();

const newAccount = (more = {}) => ({ name: 'Grace Hopper', email: `${unique('grace')}@mail.test`, password: PASSWORD, ...more });
const login = (email, password = PASSWORD) => w.anonymous.post('/v1/auth/login', { email, password });
const refresh = (token) => w.anonymous.post('/v1/auth/refresh', { refresh_token: token });
const me = (token) => w.anonymous.as({ token }).get('/v1/auth/me');

function assertAccount(account, { name, email, role = 'user' }) {
  assert.deepEqual(Object.keys(account).sort(), ['expires_at', 'refresh_expires_at', 'refresh_token', 'token', 'user']);
  assert.match(account.token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assertTime(account.expires_at);
  assertTime(account.refresh_expires_at);
  assert.ok(Math.abs(Date.parse(account.expires_at) - Date.now() - 3_600_000) < 60_000, account.expires_at);
  assert.ok(Math.abs(Date.parse(account.refresh_expires_at) - Date.now() - 2_592_000_000) < 60_000, account.refresh_expires_at);
  assert.deepEqual(Object.keys(account.user).sort(), ['created_at', 'email', 'email_verified', 'id', 'name', 'org_id', 'role']);
  assertId(account.user.id);
  assertId(account.user.org_id);
  assertNow(account.user.created_at);
  assert.deepEqual([account.user.name, account.user.email, account.user.role], [name, email, role]);
}

function assertSessionCookie(reply) {
  const cookie = reply.cookies.find((c) => c.startsWith('__Host-agentgen_session='));
  assert.ok(cookie, `no session cookie in ${JSON.stringify(reply.cookies)}`);
  const attributes = cookie.split(';').slice(1).map((a) => a.trim().toLowerCase());
  for (const wanted of ['path=/', 'secure', 'httponly']) assert.ok(attributes.includes(wanted), `${wanted} is missing in ${cookie}`);
  assert.ok(attributes.some((a) => a === 'samesite=lax' || a === 'samesite=strict'), cookie);
  assert.ok(!attributes.some((a) => a.startsWith('domain=')), 'a __Host- cookie has no Domain');
}

describe('register', () => {
  it('creates the account, signs it in and sets the cookie', async () => {
    const account = newAccount();
    const reply = await w.anonymous.post('/v1/auth/register', account);
    const created = expect(reply, 201);
    assertAccount(created, account);
    assertSessionCookie(reply);
    assert.equal(reply.headers['cache-control'], 'no-store');
    assert.equal(expect(await me(created.token), 200).id, created.user.id);
  });

  it('makes the first account the administrator, and no later one', async () => {
    assert.equal(w.admin.user.role, 'admin');
    assert.equal(w.ada.user.role, 'user');
    assert.equal(w.bob.user.role, 'user');
    assert.notEqual(w.ada.user.org_id, w.bob.user.org_id);
  });

  it('makes one administrator when the first accounts come at once', async () => {
    const server = await w.start();
    const client = new Client(server.url);
    const replies = await Promise.all([1, 2, 3].map(() => client.post('/v1/auth/register', newAccount())));
    for (const reply of replies) assert.ok([201, 503].includes(reply.status), reply.text);
    const roles = replies.filter((r) => r.status === 201).map((r) => r.json.user.role).sort();
    assert.equal(roles.filter((role) => role === 'admin').length, 1, roles.join());
    client.close();
  });

  it('refuses an e-mail that has an account, in any case', async () => {
    const account = newAccount();
    expect(await w.anonymous.post('/v1/auth/register', account), 201);
    for (const email of [account.email, account.email.toUpperCase()]) {
      expectProblem(await w.anonymous.post('/v1/auth/register', { ...account, email }), 409, 'email_taken');
    }
  });

  it('lets one of two equal registrations at once through', async () => {
    const account = newAccount();
    const replies = await Promise.all([1, 2].map(() => w.anonymous.post('/v1/auth/register', account)));
    assert.deepEqual(replies.map((r) => r.status).sort(), [201, 409]);
  });

  it('names every field that is wrong', async () => {
    const post = (body) => w.anonymous.post('/v1/auth/register', body);
    expectProblem(await post({}), 422, 'validation_failed', ['name', 'email', 'password']);
    expectProblem(await post(newAccount({ email: 'nobody' })), 422, 'validation_failed', ['email']);
    expectProblem(await post(newAccount({ email: 'a@b@c.test' })), 422, 'validation_failed', ['email']);
    expectProblem(await post(newAccount({ email: `${'a'.repeat(250)}@mail.test` })), 422, 'validation_failed', ['email']);
    expectProblem(await post(newAccount({ name: '' })), 422, 'validation_failed', ['name']);
    expectProblem(await post(newAccount({ name: 'n'.repeat(101) })), 422, 'validation_failed', ['name']);
    expectProblem(await post(newAccount({ name: 7, email: null })), 422, 'validation_failed', ['name', 'email']);
    expectProblem(await post(newAccount({ role: 'admin' })), 422, 'validation_failed', ['role']);
  });

  it('refuses short, endless and common passwords', async () => {
    for (const password of ['', 'short7!', 'x'.repeat(1025), '12345678', 'password', 'PASSWORD', 'qwertyuiop', 'iloveyou1']) {
      const reply = await w.anonymous.post('/v1/auth/register', newAccount({ password }));
      expectProblem(reply, 422, 'validation_failed', ['password']);
      if (!/^(password)?$/i.test(password)) assert.ok(!reply.text.includes(password), 'the password itself is not repeated');
    }
  });

  it('takes passwords of 8 and of 1024 characters, of any script, byte for byte', async () => {
    for (const password of ['kv7#pQ2z', '一二三四五六七八', 'größe-Ωμ'.repeat(128), '  two words  ']) {
      const account = newAccount({ password });
      expect(await w.anonymous.post('/v1/auth/register', account), 201);
      expect(await login(account.email, password), 200);
      const other = password.trim() === password ? password.slice(1) : password.trim();
      expectProblem(await login(account.email, other), 401, 'bad_credentials');
    }
  });
});

describe('login', () => {
  it('answers as registration does, with status 200', async () => {
    const reply = await login(w.ada.email);
    assertAccount(expect(reply, 200), { name: 'Ada Lovelace', email: w.ada.email });
    assertSessionCookie(reply);
    assert.deepEqual(reply.json.user, w.ada.user);
  });

  it('takes the e-mail in any case', async () => {
    expect(await login(w.ada.email.toUpperCase()), 200);
  });

  it('answers a wrong password and an unknown e-mail alike', async () => {
    const wrong = await login(w.ada.email, 'not the password');
    const unknown = await login(`${unique('nobody')}@mail.test`, 'not the password');
    expectProblem(wrong, 401, 'bad_credentials');
    expectProblem(unknown, 401, 'bad_credentials');
    assert.equal(withoutRequestId(wrong), withoutRequestId(unknown));
    assert.deepEqual(wrong.cookies, []);
  });

  it('takes as long for an unknown e-mail as for a wrong password', async () => {
    // The time is that of the hash, so it is measured as the work of the processor.
    const work = async (attempts) => {
      const from = w.server.cpuMs;
      for (const email of attempts) expectProblem(await login(email, 'not the password'), 401, 'bad_credentials');
      return w.server.cpuMs - from;
    };
    const known = await work(Array(10).fill(w.ada.email));
    const unknown = await work(Array.from({ length: 10 }, () => `${unique('nobody')}@mail.test`));
    assert.ok(known >= 50 && unknown >= 50, `${known} ms known, ${unknown} ms unknown: too short for a hash`);
    assert.ok(unknown > known / 2 && unknown < known * 2, `${known} ms known, ${unknown} ms unknown`);
  });

  it('names missing fields', async () => {
    expectProblem(await w.anonymous.post('/v1/auth/login', {}), 422, 'validation_failed', ['email', 'password']);
    expectProblem(await w.anonymous.post('/v1/auth/login', { email: w.ada.email, password: PASSWORD, otp: '1' }), 422,
      'validation_failed', ['otp']);
  });
});

describe('me', () => {
  it('is the account of the token', async () => {
    for (const account of [w.ada, w.admin]) {
      const { has_password, org, permissions, recent_until, ...user } = expect(await account.client.get('/v1/auth/me'), 200);
      assert.deepEqual(user, account.user);
      assert.equal(has_password, true);
      assert.deepEqual([org.id, org.personal, org.role, org.role_id, org.plan], [user.org_id, true, 'owner', null, 'free']);
      assert.ok(permissions.includes('org:delete'));
      assert.equal(permissions.includes('admin:users'), user.role === 'admin');
      assert.ok(Date.parse(recent_until) > Date.now());
    }
  });

  it('is nobody without credentials', async () => {
    expectProblem(await w.anonymous.get('/v1/auth/me'), 401, 'unauthenticated');
  });
});

describe('logout', () => {
  it('ends the session at once: token, refresh token and cookie', async () => {
    const reply = await login(w.ada.email);
    const { token, refresh_token: refreshToken } = expect(reply, 200);
    const cookie = reply.cookies[0].split(';')[0];
    expect(await me(token), 200);
    const out = await w.anonymous.as({ token }).post('/v1/auth/logout');
    assert.equal(out.status, 204, out.text);
    assert.equal(out.body.length, 0);
    expectProblem(await me(token), 401);
    expectProblem(await refresh(refreshToken), 401);
    expectProblem(await w.anonymous.as({ cookie }).get('/v1/auth/me'), 401);
    expectProblem(await w.anonymous.as({ token }).post('/v1/auth/logout'), 401);
  });

  it('leaves the other sessions of the account alone', async () => {
    const [one, two] = [expect(await login(w.ada.email), 200), expect(await login(w.ada.email), 200)];
    assert.equal((await w.anonymous.as({ token: one.token }).post('/v1/auth/logout')).status, 204);
    expect(await me(two.token), 200);
    expect(await me(w.ada.token), 200);
  });

  it('is seen by every connection and loop at once', async () => {
    const { token } = expect(await login(w.ada.email), 200);
    const clients = Array.from({ length: 8 }, () => new Client(w.server.url, { token }));
    for (const client of clients) expect(await client.get('/v1/auth/me'), 200);
    assert.equal((await clients[0].post('/v1/auth/logout')).status, 204);
    for (const client of clients) {
      expectProblem(await client.get('/v1/auth/me'), 401);
      client.close();
    }
  });
});

describe('refresh', () => {
  it('gives new tokens for the same session', async () => {
    const first = expect(await login(w.ada.email), 200);
    const reply = await refresh(first.refresh_token);
    const second = expect(reply, 200);
    assertAccount(second, { name: 'Ada Lovelace', email: w.ada.email });
    assertSessionCookie(reply);
    assert.notEqual(second.refresh_token, first.refresh_token);
    expect(await me(second.token), 200);
    expect(await refresh(second.refresh_token), 200);
  });

  it('revokes the whole family when a used refresh token comes again', async () => {
    const first = expect(await login(w.ada.email), 200);
    const other = expect(await login(w.ada.email), 200);
    const second = expect(await refresh(first.refresh_token), 200);
    expectProblem(await refresh(first.refresh_token), 401);
    const log = expect(await w.ada.client.get('/v1/activity?limit=5'), 200).data;
    assert.ok(log.some((entry) => entry.action === 'auth.refresh_reused' && entry.user_id === w.ada.user.id));
    expectProblem(await refresh(second.refresh_token), 401);
    expectProblem(await me(second.token), 401);
    expectProblem(await me(first.token), 401);
    expect(await me(other.token), 200);
    expect(await refresh(other.refresh_token), 200);
  });

  it('lets one of two uses at once through', async () => {
    const first = expect(await login(w.ada.email), 200);
    const replies = await Promise.all([1, 2, 3].map(() => refresh(first.refresh_token)));
    const statuses = replies.map((r) => r.status).sort();
    assert.ok(statuses.filter((s) => s === 200).length <= 1, statuses.join());
    assert.ok(statuses.every((s) => s === 200 || s === 401), statuses.join());
  });

  it('refuses what is no refresh token', async () => {
    for (const token of ['x', w.ada.token.slice(0, 100), `${w.ada.refresh_token}x`, w.ada.refresh_token.slice(0, -1)]) {
      expectProblem(await refresh(token), 401);
    }
    expectProblem(await w.anonymous.post('/v1/auth/refresh', {}), 422, 'validation_failed', ['refresh_token']);
    expectProblem(await w.anonymous.as({ token: w.ada.refresh_token }).get('/v1/auth/me'), 401);
  });
});

describe('sessions', () => {
  it('outlive a restart of the server, and so does a logout', async () => {
    const { server, token, client, email } = await w.startWithAccount();
    const other = expect(await client.as().post('/v1/auth/login', { email, password: PASSWORD }), 200);
    assert.equal((await client.post('/v1/auth/logout')).status, 204);
    await server.restart();
    const again = new Client(server.url);
    expect(await again.as({ token: other.token }).get('/v1/auth/me'), 200);
    expectProblem(await again.as({ token }).get('/v1/auth/me'), 401);
    again.close();
  });

  it('of one account never show another', async () => {
    const many = await Promise.all([1, 2].map(() => register(w.anonymous)));
    for (const account of many) assert.equal(expect(await account.client.get('/v1/auth/me'), 200).id, account.user.id);
  });
});
