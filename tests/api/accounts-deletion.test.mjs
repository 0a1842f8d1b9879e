// The end of an account: what goes at once, what stays, what is purged, and who may not go.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { loggedMails, loggedToken } from '../lib/mail.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import {
  browserOf, createFakeAgent, createOrganisation, invite, join, PASSWORD, register, unique, world,
} from '../lib/world.mjs';

const w = world();

const deleteMe = (account) => account.client.delete('/v1/auth/me');
const login = (email, password = PASSWORD) => w.anonymous.post('/v1/auth/login', { email, password });
const count = async (server, table, where) => Number((await sql(server, `SELECT count(*) FROM ${table} WHERE ${where}`))[0][0]);
/** What housekeeping is still to purge of an organisation. */
const left = async (server, org) => {
  let rows = 0;
  for (const table of ['ai_agents', 'prompts', 'runs', 'api_keys', 'idempotency_keys', 'run_stats', 'client_errors', 'roles']) rows += await count(server, table, `org_id = '${org}'`);
  return rows;
};

/** Something of every kind in the personal organisation. */
async function furnish({ client }) {
  const agent = await createFakeAgent(client);
  expect(await client.post('/v1/prompts', { prompt_text: 'mine' }, { headers: { 'idempotency-key': unique('k') } }), 201);
  const run = expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'a secret question' }), 200);
  const { key } = expect(await client.post('/v1/api-keys', { name: 'k' }), 201);
  return { agent, run, key };
}

async function longAgo(account) {
  await sql(w.server, `UPDATE sessions SET authenticated_at = '2020-01-01T00:00:00.000Z' WHERE user_id = '${account.user.id}'`);
  const recent = async () => Date.parse(expect(await account.client.get('/v1/auth/me'), 200).recent_until) > Date.now();
  await eventually(async () => !(await recent()), { ms: 8000 });
}

if (DB_KIND === 'postgres') {
  describe('who stores something while their account ends', () => {
    it('and that end do not wait for each other', async () => {
      const owner = await register(w.anonymous);
      const org = await createOrganisation(owner);
      const members = [];
      for (let i = 0; i < 6; i += 1) members.push(await join(owner, await register(w.anonymous), 'member'));
      for (const member of members) {
        const ends = deleteMe(member);
        let over = false;
        const store = async (i) => {
          while (!over) {
            const reply = await member.client.post('/v1/agents', { name: 'Late', config: { provider: 'openai', model: 'echo' }, visibility: i % 2 ? 'private' : 'organization' });
            assert.ok([201, 401, 403].includes(reply.status), reply.text);
          }
        };
        const forget = async () => {
          while (!over) expect(await w.anonymous.post('/v1/auth/forgot-password', { email: member.email }), 202);
        };
        const move = async () => {
          while (!over) {
            for (const there of [member.user.org_id, org.id]) {
              const reply = await member.client.post(`/v1/orgs/${there}/switch`);
              assert.ok([200, 401, 404].includes(reply.status), reply.text);
            }
          }
        };
        const stores = [...[0, 1, 2].map(store), move(), move(), move()];
        const links = [0, 1].map(forget);
        assert.equal((await ends).status, 204);
        over = true;
        await Promise.all([...stores, ...links]);
        assert.equal(await count(w.server, 'ai_agents', `org_id = '${org.id}' AND user_id = '${member.user.id}' AND visibility = 'private'`), 0);
      }
      const [[deadlocks]] = await sql(w.server, 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
      assert.equal(Number(deadlocks), 0);
    });
  });
}

describe('one\'s own account', () => {
  it('goes at once, with every way in', async () => {
    const account = await register(w.anonymous, { name: 'Gone Tomorrow' });
    const { key } = await furnish(account);
    assert.equal((await w.anonymous.post('/v1/auth/verify-email', { token: await loggedToken(w.server, 'verify', account.email) })).status, 204);
    const other = expect(await login(account.email), 200);
    expect(await w.anonymous.post('/v1/auth/forgot-password', { email: account.email }), 202);
    const reset = await loggedToken(w.server, 'reset', account.email);
    const doors = { token: account.client, cookie: browserOf(account, w.server), other: w.anonymous.as({ token: other.token }), key: w.anonymous.as({ apiKey: key }) };
    for (const client of Object.values(doors)) expect(await client.get('/v1/auth/me'), 200);

    const reply = await deleteMe(account);
    assert.equal(reply.status, 204, reply.text);
    assert.match(reply.cookies.join(), /__Host-agentgen_session=; .*Max-Age=0/);
    for (const [door, client] of Object.entries(doors)) assert.ok([401, 403].includes((await client.get('/v1/auth/me')).status), door);
    expectProblem(await login(account.email), 401, 'bad_credentials');
    for (const { refresh_token } of [account, other]) expectProblem(await w.anonymous.post('/v1/auth/refresh', { refresh_token }), 401);
    expectProblem(await w.anonymous.post('/v1/auth/reset-password', { token: reset, password: 'a way back in' }), 422, 'validation_failed', ['token']);
    await eventually(() => loggedMails(w.server, account.email).some((mail) => mail.kind === 'account_deleted'));

    const id = account.user.id;
    assert.deepEqual(await sql(w.server, `SELECT name, email, password_hash IS NULL AND email_verified_at IS NULL AND deleted_at IS NOT NULL, status, role FROM users WHERE id = '${id}'`)
      .then(([[name, email, gone, status, role]]) => [name, email, ['1', 't'].includes(gone), status, role]),
    ['Deleted user', `deleted-${id}`, true, 'suspended', 'user']);
    for (const table of ['sessions', 'api_keys', 'identities', 'email_tokens', 'memberships']) assert.equal(await count(w.server, table, `user_id = '${id}'`), 0, table);
    expectProblem(await w.admin.client.get(`/v1/admin/users/${id}`), 404);
    assert.ok(await count(w.server, 'activity_logs', `user_id = '${id}'`) > 0, 'the audit log stays');
    assert.equal(await count(w.server, 'activity_logs', `action = 'user.deleted' AND user_id = '${id}'`), 1);
  });

  it('leaves the address to whoever registers it next, who gets nothing of it', async () => {
    const first = await register(w.anonymous);
    const { agent } = await furnish(first);
    assert.equal((await deleteMe(first)).status, 204);
    const second = await register(w.anonymous, { email: first.email });
    assert.notEqual(second.user.id, first.user.id);
    expectProblem(await second.client.get(`/v1/agents/${agent.id}`), 404);
    assert.deepEqual(expect(await second.client.get('/v1/agents'), 200).data, []);
  });

  it('cannot be kept from going by who registers what its row becomes', async () => {
    const account = await register(w.anonymous);
    const { id } = account.user;
    await register(w.anonymous, { email: `deleted-${id}@deleted.invalid` });
    const [[before]] = await sql(w.server, 'SELECT count(*) FROM users');
    expectProblem(await w.anonymous.post('/v1/auth/register', { name: 'x', email: `deleted-${id}`, password: PASSWORD }), 422, 'validation_failed', ['email']);
    assert.equal((await deleteMe(account)).status, 204);
    assert.deepEqual(await sql(w.server, 'SELECT count(*) FROM users'), [[before]]);
  });

  it('takes invitations to its address along only when that was proved', async () => {
    const owner = await register(w.anonymous);
    await createOrganisation(owner);
    for (const proved of [false, true]) {
      const account = await register(w.anonymous);
      await invite(owner, account.email);
      if (proved) assert.equal((await w.anonymous.post('/v1/auth/verify-email', { token: await loggedToken(w.server, 'verify', account.email) })).status, 204);
      assert.equal((await deleteMe(account)).status, 204);
      assert.equal(await count(w.server, 'invitations', `email = '${account.email}'`), proved ? 0 : 1);
    }
  });

  it('wants a recent sign-in, and a person', async () => {
    const account = await register(w.anonymous);
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201);
    expectProblem(await w.anonymous.as({ apiKey: key }).delete('/v1/auth/me'), 403, 'forbidden');
    expectProblem(await browserOf(account, w.server).delete('/v1/auth/me', { headers: { origin: 'https://evil.example' } }), 403, 'bad_origin');
    await longAgo(account);
    expectProblem(await deleteMe(account), 403, 'reauthentication_required');
    expect(await account.client.get('/v1/auth/me'), 200);
    assert.equal((await account.client.post('/v1/auth/reauthenticate', { password: PASSWORD })).status, 204);
    assert.equal((await deleteMe(account)).status, 204);
  });

  it('goes once, however often it is asked for at once', async () => {
    const account = await register(w.anonymous);
    const replies = await Promise.all([1, 2, 3, 4].map(() => deleteMe(account)));
    const statuses = replies.map((reply) => reply.status);
    assert.equal(statuses.filter((status) => status === 204).length, 1, statuses.join());
    assert.ok(statuses.every((status) => [204, 401, 403].includes(status)), statuses.join());
  });

  it('of the last administrator stays', async () => {
    const { client } = await w.startWithAccount();
    expectProblem(await client.delete('/v1/auth/me'), 409, 'conflict');
    const second = await register(client.as());
    expect(await client.patch(`/v1/admin/users/${second.user.id}`, { role: 'admin' }), 200);
    const replies = await Promise.all([client.delete('/v1/auth/me'), second.client.delete('/v1/auth/me')]);
    assert.deepEqual(replies.map((reply) => reply.status).sort(), [204, 409], replies.map((r) => r.text).join());
  });
});

describe('organisations', () => {
  it('with other members keep what was made there; the person is nobody in it', async () => {
    const [owner, member] = [await register(w.anonymous), await register(w.anonymous, { name: 'Made Things' })];
    const org = await createOrganisation(owner);
    await join(owner, member, 'member');
    const agent = await createFakeAgent(member.client);
    const prompt = expect(await member.client.post('/v1/prompts', { prompt_text: 'ours' }), 201);
    assert.equal((await deleteMe(member)).status, 204);
    expect(await owner.client.get(`/v1/agents/${agent.id}`), 200);
    expect(await owner.client.get(`/v1/prompts/${prompt.id}`), 200);
    assert.deepEqual(expect(await owner.client.get('/v1/members'), 200).data.map((m) => m.id), [owner.user.id]);
    const log = expect(await owner.client.get('/v1/activity?limit=100'), 200).data;
    assert.ok(log.some((entry) => entry.action === 'member.left' && entry.user_id === member.user.id));
    assert.ok(!JSON.stringify(log).includes(member.email));
  });

  it('with other members keep their last owner, in words', async () => {
    const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
    const org = await createOrganisation(owner, 'Needs Its Owner');
    await join(owner, member, 'admin');
    const refused = expectProblem(await deleteMe(owner), 409, 'conflict');
    assert.match(refused.detail, /Needs Its Owner/);
    expect(await owner.client.get('/v1/auth/me'), 200);
    assert.equal(await count(w.server, 'memberships', `user_id = '${owner.user.id}'`), 2, 'nothing was half done');
    expect(await owner.client.patch(`/v1/members/${member.user.id}`, { role: 'owner' }), 200);
    assert.equal((await deleteMe(owner)).status, 204);
    expect(await member.client.get('/v1/auth/me'), 200);
  });

  it('without other members go, too', async () => {
    const owner = await register(w.anonymous);
    const guest = await register(w.anonymous);
    const org = await createOrganisation(owner);
    const { key } = expect(await owner.client.post('/v1/api-keys', { name: 'shared', scopes: ['agents:read'], shared: true }), 201);
    const invitation = await invite(owner, guest.email);
    expect(await w.anonymous.as({ apiKey: key }).get('/v1/agents'), 200);
    assert.equal((await deleteMe(owner)).status, 204);
    expectProblem(await w.anonymous.as({ apiKey: key }).get('/v1/agents'), 401);
    assert.ok((await guest.client.post('/v1/invitations/accept', { token: invitation.token })).status >= 400);
    assert.equal(await count(w.server, 'organizations', `id = '${org.id}' AND deleted_at IS NULL`), 0);
  });

  if (DB_KIND === 'postgres') it('that go, or that the person is removed from, at that moment are in nobody\'s way', async () => {
    for (const end of ["UPDATE organizations SET deleted_at = now() WHERE id = '$org'", "DELETE FROM memberships WHERE org_id = '$org' AND user_id = '$user'"]) {
      const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
      const org = await createOrganisation(owner);
      await join(owner, member, 'member');
      // Whoever ends it has the organisation's lock until the deletion waits for that, too.
      const key = Buffer.from(org.id.replaceAll('-', ''), 'hex').readBigInt64LE(8) ^ 0x6f7267616e697a65n;
      const waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
      const ended = sql(w.server, `DO $$ BEGIN PERFORM pg_advisory_xact_lock(${key}); WHILE NOT EXISTS (${waits}) LOOP PERFORM pg_sleep(0.01); END LOOP; `
        + `${end.replace('$org', org.id).replace('$user', member.user.id)}; END $$`);
      await eventually(async () => (await sql(w.server, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted")).length > 0);
      const reply = await deleteMe(member);
      await ended;
      assert.equal(reply.status, 204, reply.text);
    }
  });

  it('are not joined by somebody whose account is going', async () => {
    const [owner, guest] = [await register(w.anonymous), await register(w.anonymous)];
    const org = await createOrganisation(owner);
    const invitation = await invite(owner, guest.email);
    const replies = await Promise.all([guest.client.post('/v1/invitations/accept', { token: invitation.token }), deleteMe(guest)]);
    assert.ok(replies.every((reply) => reply.status < 500), replies.map((r) => r.text).join());
    if (replies[1].status === 204) assert.equal(await count(w.server, 'memberships', `user_id = '${guest.user.id}'`), 0);
  });
});

describe('what was private', () => {
  it('is purged, in small steps', async () => {
    const { server, client } = await w.startWithAccount();
    const account = await register(client.as());
    await furnish(account);
    const org = account.user.org_id;
    assert.ok(await left(server, org) >= 5);
    assert.equal((await deleteMe(account)).status, 204);
    await server.restart(); // housekeeping begins a second after the start
    await eventually(async () => await left(server, org) === 0, { ms: 10_000, what: 'the purge' });
    assert.equal(await count(server, 'users', `id = '${account.user.id}'`), 1);
    assert.equal(await count(server, 'organizations', `id = '${org}' AND name = '(deleted)'`), 1);
    assert.ok(await count(server, 'activity_logs', `org_id = '${org}'`) > 0);
    const rest = await sql(server, `SELECT input_text FROM runs WHERE org_id = '${org}'`);
    assert.deepEqual(rest, []);
  });

  it('is purged by the next process when this one is killed', async () => {
    const { server, client } = await w.startWithAccount();
    const account = await register(client.as());
    await furnish(account);
    const org = account.user.org_id;
    // More than a step takes at once.
    const times = server.kind === 'postgres'
      ? `SELECT org_id, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, kind, status, user_id, provider, model, boot_id, created_at FROM runs, generate_series(1, 1800) n WHERE org_id = '${org}'`
      : `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1800) SELECT org_id, '00000000-0000-7000-8000-' || printf('%012d', n), kind, status, user_id, provider, model, boot_id, created_at FROM runs, s WHERE org_id = '${org}'`;
    await sql(server, `INSERT INTO runs (org_id, id, kind, status, user_id, provider, model, boot_id, created_at) ${times}`);
    assert.equal((await deleteMe(account)).status, 204);
    await server.kill9();
    await server.start();
    await eventually(async () => await left(server, org) < 1800, { ms: 10_000, what: 'a first step' });
    await server.kill9();
    await server.start();
    await eventually(async () => await left(server, org) === 0, { ms: 15_000, what: 'the rest' });
    expectProblem(await new Client(server.url).post('/v1/auth/login', { email: account.email, password: PASSWORD }), 401);
  });
});

describe('what nobody else could see in a shared organisation', () => {
  it('is purged; what others could see stays', async () => {
    const { server, client } = await w.startWithAccount();
    const [owner, member] = [await register(client.as()), await register(client.as())];
    const org = await createOrganisation(owner);
    await join(owner, member, 'member');
    const agent = await createFakeAgent(owner.client);
    const shared = expect(await member.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'ours' }), 200);
    const own = await createFakeAgent(member.client);
    expect(await member.client.put(`/v1/agents/${own.id}/visibility`, { visibility: 'private' }), 200);
    const secret = expect(await member.client.post('/v1/ai/generate', { agent_id: own.id, input_text: 'mine' }), 200);
    assert.equal((await deleteMe(member)).status, 204);
    await server.restart();
    await eventually(async () => await count(server, 'runs', `id = '${secret.run_id}'`) === 0, { ms: 10_000, what: 'the purge' });
    assert.equal(await count(server, 'runs', `id = '${shared.run_id}' AND org_id = '${org.id}'`), 1);
  });
});

describe('somebody else\'s account', () => {
  it('is deleted by an administrator of the server, in the same way', async () => {
    const account = await register(w.anonymous);
    const { key } = await furnish(account);
    const path = `/v1/admin/users/${account.user.id}`;
    expectProblem(await w.ada.client.delete(path), 403, 'forbidden');
    assert.equal((await w.admin.client.delete(path)).status, 204);
    for (const client of [account.client, w.anonymous.as({ apiKey: key })]) assert.ok([401, 403].includes((await client.get('/v1/auth/me')).status));
    expectProblem(await w.admin.client.delete(path), 404, 'not_found');
    const absent = await w.admin.client.delete(`/v1/admin/users/${absentId()}`);
    assert.equal(withoutRequestId(await w.admin.client.delete(path)), withoutRequestId(absent));
    expectProblem(await w.admin.client.delete(`/v1/admin/users/${w.admin.user.id}`), 409, 'conflict');
    const [[who]] = await sql(w.server, `SELECT user_id FROM activity_logs WHERE action = 'user.deleted' AND CAST(details AS TEXT) LIKE '%${account.user.id}%'`);
    assert.equal(who, w.admin.user.id);
  });

  it('leaves what was private there to the organisation, also when the administrator is in it', async () => {
    const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
    await createOrganisation(owner);
    await join(owner, member, 'member');
    const { server: { url } } = w;
    const agent = await createFakeAgent(member.client);
    expect(await member.client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'private' }), 200);
    const admin = expect(await new Client(url).post('/v1/auth/login', { email: w.admin.email, password: PASSWORD }), 200);
    const there = { ...w.admin, client: w.anonymous.as({ token: admin.token }) };
    await join(owner, there, 'viewer');
    assert.equal((await there.client.delete(`/v1/admin/users/${member.user.id}`)).status, 204);
    expectProblem(await there.client.get(`/v1/agents/${agent.id}`), 404, 'not_found');
    expect(await owner.client.get(`/v1/agents/${agent.id}`), 200);
  });

  it('is deleted suspended or not, but not the last owner of others', async () => {
    const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
    const org = await createOrganisation(owner);
    await join(owner, member, 'member');
    expect(await w.admin.client.patch(`/v1/admin/users/${owner.user.id}`, { status: 'suspended' }), 200);
    expectProblem(await w.admin.client.delete(`/v1/admin/users/${owner.user.id}`), 409, 'conflict');
    assert.equal((await w.admin.client.delete(`/v1/admin/users/${member.user.id}`)).status, 204);
    assert.equal((await w.admin.client.delete(`/v1/admin/users/${owner.user.id}`)).status, 204);
  });
});
