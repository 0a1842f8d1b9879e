// What somebody revokes while a request is on its way, or while another server still knows it: nothing
// that lasts is begun with it. A row changed behind the server's back stands for that other server.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem } from '../lib/expect.mjs';
import { loggedToken } from '../lib/mail.mjs';
import { exchange } from '../lib/raw.mjs';
import { browserOf, createFakeAgent, createRole, invite, join, organisationOf, PASSWORD, register, unique, world } from '../lib/world.mjs';

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
    'the end of the account': [(c) => c.delete('/v1/auth/me'), (id) => `users WHERE id = '${id}' AND deleted_at IS NOT NULL`],
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

  it('gives a key no longer life', async () => {
    const account = await register(w.anonymous);
    const { id } = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201);
    await revokedElsewhere(account, account.client);
    expectProblem(await account.client.patch(`/v1/api-keys/${id}`, { expires_at: '2099-01-01T00:00:00Z' }), 401, 'unauthenticated');
    assert.equal(await count(`api_keys WHERE id = '${id}' AND expires_at IS NULL`), 1);
  });
});

describe('an organisation whose owner or administrator was revoked meanwhile', () => {
  const rolesOf = async (org) => (await sql(w.server, `SELECT user_id, role FROM memberships WHERE org_id = '${org.id}' ORDER BY user_id`)).join(' ');
  const stateOf = async (org) => [await rolesOf(org), await count(`invitations WHERE org_id = '${org.id}' AND accepted_at IS NULL`), await count(`roles WHERE org_id = '${org.id}'`),
    await count(`organizations WHERE id = '${org.id}' AND deleted_at IS NULL AND name = '${org.name}'`), await count(`api_keys WHERE org_id = '${org.id}' AND name = 'kept' AND revoked_at IS NULL`),
    await count(`ai_agents WHERE org_id = '${org.id}' AND public_id IS NULL`)];

  /** What an accomplice would be left with, or the owner would miss; of one who may do it but for that. */
  async function scene() {
    const [owner, member, leaver] = [await register(w.anonymous), await register(w.anonymous), await register(w.anonymous)];
    const org = await organisationOf(owner, [member, 'member'], [leaver, 'manager']);
    const role = await createRole(owner, ['agents:read']);
    const invitation = await invite(owner, `${unique('new')}@mail.test`);
    const agent = await createFakeAgent(owner.client);
    const key = expect(await owner.client.post('/v1/api-keys', { name: 'kept' }), 201);
    const as = (client) => [
      ['an invitation', () => client.post('/v1/invitations', { email: `${unique('thief')}@mail.test`, role: 'admin' })],
      ['an invitation sent again', () => client.post(`/v1/invitations/${invitation.id}/resend`)],
      ['an invitation taken back', () => client.delete(`/v1/invitations/${invitation.id}`)],
      ['a role', () => client.post('/v1/roles', { name: unique('Role'), permissions: ['members:write'] })],
      ['another role', () => client.put(`/v1/roles/${role.id}`, { name: 'More', permissions: ['members:write'] })],
      ['no role', () => client.delete(`/v1/roles/${role.id}`)],
      ['a member of another role', () => client.patch(`/v1/members/${member.user.id}`, { role: 'admin' })],
      ['a member less', () => client.delete(`/v1/members/${member.user.id}`)],
      ['another name', () => client.patch('/v1/org', { name: 'Other' })],
      ['a public link', () => client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'public' })],
      ['no key', () => client.delete(`/v1/api-keys/${key.id}`)],
    ];
    return { owner, member, leaver, org, as };
  }

  it('is left as it is by a session', async () => {
    for (const carrier of ['token', 'cookie']) {
      const { owner, member, leaver, org, as } = await scene();
      const clientOf = (account) => (carrier === 'token' ? account.client : browserOf(account, w.server));
      const before = await stateOf(org);
      for (const account of [owner, leaver]) await revokedElsewhere(account, clientOf(account));
      const client = clientOf(owner);
      const others = [['another owner', () => client.post('/v1/org/transfer', { user_id: member.user.id })], ['no end', () => client.delete('/v1/org')],
        ['who left', () => clientOf(leaver).post('/v1/org/leave')]];
      for (const [what, ask] of [...as(client), ...others]) {
        const reply = await ask();
        assert.deepEqual([what, reply.status], [what, 401], reply.text);
      }
      assert.deepEqual(await stateOf(org), before);
    }
  });

  it('is left as it is by a key, of a person or its own', async () => {
    for (const shared of [false, true]) {
      const { owner, org, as } = await scene();
      const scopes = ['org:read', 'org:write', 'members:write', 'roles:write', 'agents:read', 'agents:write', 'agents:delete', 'agents:share', 'keys:write', 'keys:manage', 'ai:run'];
      const made = expect(await owner.client.post('/v1/api-keys', { name: 'k', scopes, shared }), 201);
      const client = w.anonymous.as({ apiKey: made.key });
      const before = await stateOf(org);
      expect(await client.get('/v1/org'), 200);
      await sql(w.server, `UPDATE api_keys SET revoked_at = ${LONG_AGO} WHERE id = '${made.id}'`);
      for (const [what, ask] of as(client)) {
        const reply = await ask();
        assert.deepEqual([what, reply.status], [what, 401], reply.text);
      }
      assert.deepEqual(await stateOf(org), before);
    }
  });

  it('is neither made nor joined', async () => {
    const [owner, invited] = [await register(w.anonymous), await register(w.anonymous)];
    const org = await organisationOf(owner);
    const { token } = await invite(owner, invited.email);
    await revokedElsewhere(invited, invited.client);
    expectProblem(await invited.client.post('/v1/orgs', { name: 'Never' }), 401, 'unauthenticated');
    expectProblem(await invited.client.post('/v1/invitations/accept', { token }), 401, 'unauthenticated');
    assert.equal(await count(`memberships WHERE user_id = '${invited.user.id}'`), 1);
    assert.equal(await count(`invitations WHERE org_id = '${org.id}' AND accepted_at IS NULL`), 1);
  });
});

/** Sends a request but for its last byte; once the server has let it in, `meanwhile` happens, and then comes that byte. */
async function late(method, path, body, credential, meanwhile) {
  const text = JSON.stringify(body);
  const head = [`${method} ${path} HTTP/1.1`, 'Host: x', ...credential, 'Content-Type: application/json', `Content-Length: ${text.length}`, 'Expect: 100-continue'];
  return exchange(w.server.port, `${head.join('\r\n')}\r\n\r\n`, async (raw) => {
    // It says this to whom it has let in, before it waits for the first byte.
    assert.equal((await raw.reply()).status, 100);
    raw.write(text.slice(0, -1));
    await meanwhile();
    raw.write(text.slice(-1));
    return raw.reply();
  });
}

function expectLate(reply, status, code) {
  assert.equal(reply.status, status, reply.text);
  assert.equal(JSON.parse(reply.text).code, code);
  assert.equal('www-authenticate' in reply.headers, status === 401);
}

describe('a request whose last byte is late', () => {
  const bearer = (secret) => [`Authorization: Bearer ${secret}`];
  const cookieOf = (account) => [`Cookie: ${account.reply.cookies[0].split(';')[0]}`, 'Origin: http://x'];
  const key = async (client, more = {}) => expect(await client.post('/v1/api-keys', { name: 'k', ...more }), 201);
  const agentNamed = (name) => count(`ai_agents WHERE name = '${name}'`);
  const agent = () => ({ name: unique('Late'), config: { model: 'fake/echo' } });

  it('is answered when nothing was taken away', async () => {
    const account = await register(w.anonymous);
    const other = await register(w.anonymous);
    for (const credential of [bearer(account.token), cookieOf(account), bearer((await key(account.client)).key)]) {
      // That others lose something, or the cookie's secret is exchanged, is no reason.
      const meanwhile = async () => assert.equal((await other.client.delete('/v1/auth/sessions')).status, 204);
      const reply = await late('PATCH', '/v1/auth/me', { name: 'Late But Here' }, credential, meanwhile);
      assert.equal(reply.status, 200, reply.text);
      assert.equal(JSON.parse(reply.text).name, 'Late But Here');
    }
    const reply = await late('PATCH', '/v1/auth/me', { name: 'Refreshed' }, cookieOf(account), async () => expect(await refresh(account), 200));
    assert.equal(reply.status, 200, reply.text);
  });

  it('changes no address after the owner has reset the password', async () => {
    for (const carrier of ['token', 'cookie']) {
      const account = await register(w.anonymous);
      const email = `${unique('thief')}@mail.test`;
      const reply = await late('POST', '/v1/auth/change-email', { email }, carrier === 'token' ? bearer(account.token) : cookieOf(account), async () => {
        expect(await w.anonymous.post('/v1/auth/forgot-password', { email: account.email }), 202);
        const token = await loggedToken(w.server, 'reset', account.email);
        assert.equal((await w.anonymous.post('/v1/auth/reset-password', { token, password: 'another good password' })).status, 204);
      });
      expectLate(reply, 401, 'unauthenticated');
      assert.equal(await count(`email_tokens WHERE user_id = '${account.user.id}' AND purpose = 'change'`), 0);
      expect(await login(account, 'another good password'), 200);
    }
  });

  it('does nothing with a key that was revoked', async () => {
    const account = await register(w.anonymous);
    const made = await key(account.client);
    const body = agent();
    const reply = await late('POST', '/v1/agents', body, [`X-Api-Key: ${made.key}`], async () => assert.equal((await account.client.delete(`/v1/api-keys/${made.id}`)).status, 204));
    expectLate(reply, 401, 'unauthenticated');
    assert.equal(await agentNamed(body.name), 0);
  });

  it('does nothing for who was suspended, or has no account any more', async () => {
    const [suspended, gone] = [await register(w.anonymous), await register(w.anonymous)];
    const rename = (account, meanwhile) => late('PATCH', '/v1/auth/me', { name: 'Still Here' }, bearer(account.token), meanwhile);
    expectLate(await rename(suspended, async () => expect(await w.admin.client.patch(`/v1/admin/users/${suspended.user.id}`, { status: 'suspended' }), 200)), 403, 'forbidden');
    expectLate(await rename(gone, async () => assert.equal((await gone.client.delete('/v1/auth/me')).status, 204)), 401, 'unauthenticated');
    assert.equal(await count("users WHERE name = 'Still Here'"), 0);
  });

  it('does nothing for an administrator who is none any more', async () => {
    const [former, victim] = [await register(w.anonymous), await register(w.anonymous)];
    const stand = async (role) => expect(await w.admin.client.patch(`/v1/admin/users/${former.user.id}`, { role }), 200);
    await stand('admin');
    const reply = await late('PATCH', `/v1/admin/users/${victim.user.id}`, { status: 'suspended' }, bearer(former.token), () => stand('user'));
    expectLate(reply, 403, 'forbidden');
    assert.equal(await count(`users WHERE id = '${victim.user.id}' AND status = 'active'`), 1);
  });

  it('does nothing for a member who has another role now, or has been removed', async () => {
    const [owner, lesser, former] = [await register(w.anonymous), await register(w.anonymous), await register(w.anonymous)];
    await organisationOf(owner, [lesser, 'member'], [former, 'member']);
    const bodies = [agent(), agent()];
    expectLate(await late('POST', '/v1/agents', bodies[0], bearer(lesser.token), async () => expect(await owner.client.patch(`/v1/members/${lesser.user.id}`, { role: 'viewer' }), 200)), 403, 'forbidden');
    expectLate(await late('POST', '/v1/agents', bodies[1], bearer(former.token), async () => assert.equal((await owner.client.delete(`/v1/members/${former.user.id}`)).status, 204)), 403, 'forbidden');
    for (const { name } of bodies) assert.equal(await agentNamed(name), 0);
  });

  it('asks again for a recent sign-in, and which agents a key is for', async () => {
    const account = await register(w.anonymous);
    const others = async () => assert.equal((await account.client.delete('/v1/auth/sessions')).status, 204);
    const reply = await late('POST', '/v1/auth/change-email', { email: `${unique('x')}@mail.test` }, bearer(account.token), async () => {
      await sql(w.server, `UPDATE sessions SET authenticated_at = ${LONG_AGO} WHERE user_id = '${account.user.id}'`);
      await others();
    });
    expectLate(reply, 403, 'reauthentication_required');
    const [one, two] = [await createFakeAgent(account.client), await createFakeAgent(account.client)];
    const made = await key(account.client);
    const limit = async () => expect(await account.client.patch(`/v1/api-keys/${made.id}`, { agent_ids: [two.id] }), 200);
    expectLate(await late('POST', '/v1/agents', agent(), bearer(made.key), limit), 403, 'forbidden');
    const limited = await key(account.client, { agent_ids: [one.id] });
    const move = async () => expect(await account.client.patch(`/v1/api-keys/${limited.id}`, { agent_ids: [two.id] }), 200);
    expectLate(await late('POST', '/v1/ai/generate', { agent_id: one.id, input_text: 'hi' }, bearer(limited.key), move), 404, 'not_found');
  });

  it('has not long to be late where it takes little', async () => {
    const account = await register(w.anonymous);
    const long = 'x'.repeat(16 * 1024);
    const { client } = account;
    const replies = [await client.post('/v1/api-keys', { name: long }), await client.patch(`/v1/api-keys/${absentId()}`, { name: long }), await client.post('/v1/orgs', { name: long }),
      await client.patch('/v1/org', { name: long }), await client.post('/v1/org/transfer', { user_id: long }), await client.patch(`/v1/members/${account.user.id}`, { role: long }),
      await client.post('/v1/invitations', { email: long }), await client.post('/v1/roles', { name: long }), await client.put(`/v1/roles/${absentId()}`, { name: long }),
      await browserOf(account, w.server).post('/v1/auth/oauth/none/link', { next: long }), await client.put(`/v1/agents/${absentId()}/visibility`, { visibility: long }),
      await w.admin.client.patch(`/v1/admin/users/${account.user.id}`, { status: long }), await w.admin.client.patch('/v1/admin/settings', { registration: long }),
      await w.admin.client.patch(`/v1/admin/orgs/${account.user.org_id}`, { plan: long }), await w.admin.client.post('/v1/admin/blocked-ips', { address: long })];
    for (const reply of replies) expectProblem(reply, 413, 'payload_too_large');
  });
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
