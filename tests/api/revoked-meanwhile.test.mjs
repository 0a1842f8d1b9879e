// What somebody revokes while a request is on its way, or while another server still knows it: nothing
// that lasts is begun with it. A row changed behind the server's back stands for that other server.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { expect, expectProblem } from '../lib/expect.mjs';
import { loggedToken } from '../lib/mail.mjs';
import { browserOf, join, organisationOf, PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world();
const LONG_AGO = "'2020-01-01T00:00:00.000Z'";
const count = async (from) => Number((await sql(w.server, `SELECT count(*) FROM ${from}`))[0][0]);
const login = (account, password = PASSWORD) => w.anonymous.post('/v1/auth/login', { email: account.email, password });
const refresh = (account) => w.anonymous.post('/v1/auth/refresh', { refresh_token: account.refresh_token });

/** The server has just seen the account, which is revoked now where it does not look. */
async function revokedElsewhere(account, client) {
  expect(await client.get('/v1/auth/me'), 200);
  await sql(w.server, `UPDATE sessions SET revoked_at = ${LONG_AGO} WHERE user_id = '${account.user.id}'`);
}

describe('a session that was revoked meanwhile', () => {
  const begun = {
    'another address': [(c) => c.post('/v1/auth/change-email', { email: `${unique('x')}@mail.test` }), (id) => `email_tokens WHERE user_id = '${id}' AND purpose = 'change'`],
    'a key': [(c) => c.post('/v1/api-keys', { name: 'k' }), (id) => `api_keys WHERE user_id = '${id}'`],
    'another name': [(c) => c.patch('/v1/auth/me', { name: 'Somebody Else' }), (id) => `users WHERE id = '${id}' AND name = 'Somebody Else'`],
    'another password': [(c) => c.patch('/v1/auth/me', { current_password: PASSWORD, new_password: 'another good password' }), (id) => `activity_logs WHERE user_id = '${id}' AND action = 'auth.password_changed'`],
    'a recent sign-in': [(c) => c.post('/v1/auth/reauthenticate', { password: PASSWORD }), (id) => `activity_logs WHERE user_id = '${id}' AND action = 'auth.reauthenticated'`],
    'an end of others': [(c) => c.delete('/v1/auth/sessions'), (id) => `activity_logs WHERE user_id = '${id}' AND action = 'auth.sessions_ended'`],
  };
  for (const [what, [ask, trace]] of Object.entries(begun)) {
    it(`begins no more: ${what}`, async () => {
      for (const carrier of ['token', 'cookie']) {
        const account = await register(w.anonymous);
        const client = carrier === 'token' ? account.client : browserOf(account, w.server);
        await revokedElsewhere(account, client);
        expectProblem(await ask(client), 401, 'unauthenticated');
        assert.equal(await count(trace(account.user.id)), 0);
      }
    });
  }
});

describe('who was suspended meanwhile', () => {
  it('makes no key', async () => {
    const account = await register(w.anonymous);
    expect(await account.client.get('/v1/auth/me'), 200);
    await sql(w.server, `UPDATE users SET status = 'suspended' WHERE id = '${account.user.id}'`);
    expectProblem(await account.client.post('/v1/api-keys', { name: 'k' }), 401, 'unauthenticated');
    assert.equal(await count(`api_keys WHERE user_id = '${account.user.id}'`), 0);
  });
});

describe('who left an organisation meanwhile', () => {
  it('makes no key there', async () => {
    const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
    const org = await organisationOf(owner, [member, 'member']);
    expect(await member.client.get('/v1/auth/me'), 200);
    await sql(w.server, `DELETE FROM memberships WHERE org_id = '${org.id}' AND user_id = '${member.user.id}'`);
    expectProblem(await member.client.post('/v1/api-keys', { name: 'k' }), 403, 'forbidden');
    assert.equal(await count(`api_keys WHERE user_id = '${member.user.id}'`), 0);
  });
});

describe('a change of address that was asked for', () => {
  const ends = {
    'another session is ended': async (account) => {
      const other = expect(await login(account), 200);
      const { data } = expect(await w.anonymous.as({ token: other.token }).get('/v1/auth/sessions'), 200);
      assert.equal((await w.anonymous.as({ token: other.token }).delete(`/v1/auth/sessions/${data.find((s) => !s.current).id}`)).status, 204);
    },
    'all others are ended': async (account) => {
      const other = expect(await login(account), 200);
      assert.equal((await w.anonymous.as({ token: other.token }).delete('/v1/auth/sessions')).status, 204);
    },
    'an administrator signs the account out': async (account) => assert.equal((await w.admin.client.post(`/v1/admin/users/${account.user.id}/sign-out`)).status, 204),
    'a refresh token is used twice': async (account) => {
      expect(await refresh(account), 200);
      expectProblem(await refresh(account), 401);
    },
  };
  for (const [when, end] of Object.entries(ends)) {
    it(`ends when ${when}`, async () => {
      const account = await register(w.anonymous);
      const email = `${unique('thief')}@mail.test`;
      expect(await account.client.post('/v1/auth/change-email', { email }), 202);
      const token = await loggedToken(w.server, 'change_confirm', email);
      await end(account);
      const problem = expectProblem(await w.anonymous.post('/v1/auth/verify-email', { token }), 422, 'validation_failed', ['token']);
      assert.equal(problem.errors[0].code, 'used');
      expect(await login(account), 200);
    });
  }
});

describe('a refresh', () => {
  it('of somebody suspended spends nothing: all goes on when they may come back', async () => {
    const account = await register(w.anonymous);
    const [token, cookie] = [account.client, browserOf(account, w.server)];
    const stand = async (status) => expect(await w.admin.client.patch(`/v1/admin/users/${account.user.id}`, { status }), 200);
    await stand('suspended');
    for (let i = 0; i < 2; i += 1) expectProblem(await refresh(account), 403, 'forbidden');
    await stand('active');
    for (const client of [token, cookie]) expect(await client.get('/v1/auth/me'), 200);
    expect(await refresh(account), 200);
    expect(await token.get('/v1/auth/me'), 200);
  });
});

describe('the log of one\'s own organisation', () => {
  it('has the sign-out and the wrong passwords of who works in another', async () => {
    const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
    await organisationOf(owner, [member, 'manager']);
    expectProblem(await member.client.patch('/v1/auth/me', { current_password: 'not the password', new_password: 'another good password' }), 422);
    assert.equal((await member.client.post('/v1/auth/logout')).status, 204);
    const again = w.anonymous.as({ token: expect(await login(member), 200).token });
    const own = expect(await again.get('/v1/activity?limit=100'), 200).data.map((e) => e.action);
    for (const action of ['auth.signed_out', 'auth.reauthentication_failed']) assert.ok(own.includes(action), `${action} in ${own}`);
    const shared = expect(await owner.client.get('/v1/activity?limit=100'), 200).data.map((e) => e.action);
    for (const action of ['auth.signed_out', 'auth.reauthentication_failed']) assert.ok(!shared.includes(action), action);
  });
});
