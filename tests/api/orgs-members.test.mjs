// What ends with a membership, at once and on another instance; and what holds when many things happen
// at the same moment.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { expect, expectProblem, expectStatuses } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import {
  browserOf, createAgent, createOrganisation, createRole, invite, join, organisation, organisationOf, PASSWORD, register, switchTo, unique, world,
} from '../lib/world.mjs';

const w = world();
const me = async ({ client }) => expect(await client.get('/v1/auth/me'), 200);
const people = (n) => Promise.all(Array.from({ length: n }, () => register(w.anonymous)));
const keyOf = async (account, more = {}) => w.anonymous.as({
  apiKey: expect(await account.client.post('/v1/api-keys', { name: unique('k'), ...more }), 201).key,
});
const actions = async ({ client }, action) => expect(await client.get(`/v1/activity?action=${action}&limit=100`), 200).data;

/** A private agent, as its creator sees it. */
async function secretAgent(account) {
  const agent = await createAgent(account.client);
  expect(await account.client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'private' }), 200);
  return agent.id;
}

/** Everything that acts for a member: a second sign-in, its browser, a key, a key of the organisation. */
async function trailOf(account, org) {
  const reply = await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD });
  const second = { client: w.anonymous.as({ token: expect(reply, 200).token }) };
  await switchTo(second, org);
  return { second, browser: { client: browserOf(account, w.server) }, key: await keyOf(account), agent: await secretAgent(account) };
}

describe('a member who is removed', () => {
  it('is out at once, with every session and key, and leaves nothing behind', async () => {
    const { org, owner, admin, member } = await organisation(w);
    const trail = await trailOf(member, org);
    const shared = await createAgent(member.client);
    expect(await owner.client.patch(`/v1/members/${member.user.id}`, { role: 'admin' }), 200);
    const lasting = await keyOf(member, { shared: true, scopes: ['agents:read'] });
    expectProblem(await admin.client.get(`/v1/agents/${trail.agent}`), 404);
    expect(await trail.key.get('/v1/agents'), 200);

    assert.equal((await admin.client.delete(`/v1/members/${member.user.id}`)).status, 204);
    for (const session of [member, trail.second, trail.browser]) {
      assert.equal((await me(session)).org.id, member.user.org_id);
      expectProblem(await session.client.get(`/v1/agents/${shared.id}`), 404);
    }
    expectProblem(await trail.key.get('/v1/agents'), 401);
    expect(await lasting.get('/v1/agents'), 200);
    expect(await admin.client.get(`/v1/agents/${trail.agent}`), 200);
    expectProblem(await owner.client.get(`/v1/agents/${trail.agent}`), 404);
    assert.equal(expect(await owner.client.get(`/v1/agents/${shared.id}`), 200).user_id, member.user.id);

    const [entry] = await actions(owner, 'member.removed');
    assert.deepEqual([entry.user_id, entry.details], [admin.user.id, { user_id: member.user.id, private_agents: 1, heir_id: admin.user.id }]);
    const [{ details: { api_key_ids: ids, ...ended } }] = await actions(owner, 'api_key.revoked');
    assert.deepEqual(ended, { because: 'member.removed', user_id: member.user.id, count: 1 });
    assert.deepEqual(await sql(w.server, `SELECT user_id, shared FROM api_keys WHERE id = '${ids[0]}'`), [[member.user.id, w.server.kind === 'postgres' ? 'f' : '0']]);
    assert.ok(!JSON.stringify(await actions(owner, 'member.joined')).includes('@'));
  });

  it('who leaves hands what is theirs to the oldest owner', async () => {
    const { org, owner, admin, member } = await organisation(w);
    expect(await owner.client.patch(`/v1/members/${admin.user.id}`, { role: 'owner' }), 200);
    const trail = await trailOf(member, org);
    assert.equal((await trail.second.client.post('/v1/org/leave')).status, 204);
    expectProblem(await trail.key.get('/v1/agents'), 401);
    assert.equal((await me(member)).org.id, member.user.org_id);
    expect(await owner.client.get(`/v1/agents/${trail.agent}`), 200);
    expectProblem(await admin.client.get(`/v1/agents/${trail.agent}`), 404);
    const left = await actions(owner, 'member.left');
    assert.deepEqual(left.map((a) => a.details), [{ user_id: member.user.id, private_agents: 1, heir_id: owner.user.id }]);
    assert.deepEqual((await actions(owner, 'api_key.revoked')).map((a) => [a.details.because, a.details.count]), [['member.left', 1]]);
  });

  it('by a key of the organisation leaves it to an owner', async () => {
    const { owner, admin, viewer, custom } = await organisation(w, { permissions: ['agents:read', 'agents:write', 'org:read'] });
    const agent = await secretAgent(custom);
    const scopes = ['members:write', 'agents:read', 'agents:write', 'org:read'];
    const key = await keyOf(admin, { shared: true, scopes });
    expectProblem(await key.delete(`/v1/members/${viewer.user.id}`), 403, 'forbidden');
    assert.equal((await key.delete(`/v1/members/${custom.user.id}`)).status, 204);
    expect(await owner.client.get(`/v1/agents/${agent}`), 200);
  });

  it('can come back, and finds no old key working', async () => {
    const { org, owner, member } = await organisation(w);
    const { key } = await trailOf(member, org);
    assert.equal((await owner.client.delete(`/v1/members/${member.user.id}`)).status, 204);
    await join(owner, member, 'viewer');
    assert.equal((await me(member)).org.role, 'viewer');
    expectProblem(await key.get('/v1/agents'), 401);
  });
});

describe('a role that changes', () => {
  it('is in force at once, for sessions and keys', async () => {
    const { owner, custom, role, member } = await organisation(w, { permissions: ['agents:read', 'agents:write', 'keys:write'] });
    const [key, memberKey] = [await keyOf(custom), await keyOf(member)];
    expect(await key.post('/v1/agents', { name: 'x', config: {} }), 201);
    expect(await owner.client.put(`/v1/roles/${role.id}`, { name: role.name, permissions: ['agents:read'] }), 200);
    for (const client of [key, custom.client]) {
      expectProblem(await client.post('/v1/agents', { name: 'x', config: {} }), 403, 'forbidden');
      expect(await client.get('/v1/agents'), 200);
    }
    expect(await owner.client.patch(`/v1/members/${member.user.id}`, { role: 'viewer' }), 200);
    for (const client of [memberKey, member.client]) expectProblem(await client.post('/v1/agents', { name: 'x', config: {} }), 403, 'forbidden');
  });
});

if (DB_KIND === 'postgres') describe('another instance on the same database', () => {
  it('takes notice within five seconds', async () => {
    const other = await w.start({ JWT_SECRET: w.server.env.JWT_SECRET }, { databaseUrl: w.server.databaseUrl });
    const there = new Client(other.url);
    const { org, owner, admin, manager, member, viewer, custom, role } = await organisation(w);
    const key = there.as({ apiKey: (await keyOf(manager)).apiKey });
    const on = (account) => there.as({ token: account.token });
    const acts = async (client) => expect(await client.get('/v1/auth/me'), 200).org.id;
    const may = async (client, permission) => expect(await client.get('/v1/auth/me'), 200).permissions.includes(permission);
    for (const account of [owner, admin, manager, member, viewer, custom]) assert.equal(await acts(on(account)), org.id);
    expect(await key.get('/v1/agents'), 200);

    const from = Date.now();
    assert.equal((await owner.client.delete(`/v1/members/${manager.user.id}`)).status, 204);
    assert.equal((await viewer.client.post('/v1/org/leave')).status, 204);
    expect(await owner.client.patch(`/v1/members/${member.user.id}`, { role: 'viewer' }), 200);
    expect(await owner.client.put(`/v1/roles/${role.id}`, { name: role.name, permissions: [] }), 200);
    await switchTo(admin, { id: admin.user.org_id });
    const limit = { ms: 5500 };
    await Promise.all([
      eventually(async () => (await key.get('/v1/agents')).status === 401, limit),
      eventually(async () => (await acts(on(manager))) === manager.user.org_id, limit),
      eventually(async () => (await acts(on(viewer))) === viewer.user.org_id, limit),
      eventually(async () => !(await may(on(member), 'agents:write')), limit),
      eventually(async () => !(await may(on(custom), 'agents:write')), limit),
      eventually(async () => (await acts(on(admin))) === admin.user.org_id, limit),
    ]);
    assert.ok(Date.now() - from < 5500);
    assert.equal((await owner.client.delete('/v1/org')).status, 204);
    await eventually(async () => (await acts(on(member))) === member.user.org_id, limit);
    there.close();
  });
});

describe('at the same moment', () => {
  const ownersLeft = async (org) => (await sql(w.server, `SELECT user_id FROM memberships WHERE org_id = '${org.id}' AND role = 'owner'`)).length;

  it('owners who all leave leave one behind', async () => {
    for (let round = 0; round < 4; round++) {
      const [first, ...others] = await people(6);
      const org = await organisationOf(first, ...others.map((account) => [account, 'owner']));
      const replies = await Promise.all([first, ...others].map(({ client }) => client.post('/v1/org/leave')));
      expectStatuses(replies, { 204: 5, 409: 1 });
      assert.equal(await ownersLeft(org), 1);
    }
  });

  it('owners who demote and remove each other leave one behind', async () => {
    for (let round = 0; round < 4; round++) {
      const [a, b, c] = await people(3);
      const org = await organisationOf(a, [b, 'owner'], [c, 'owner']);
      const replies = await Promise.all([
        a.client.patch(`/v1/members/${b.user.id}`, { role: 'viewer' }), b.client.delete(`/v1/members/${c.user.id}`),
        c.client.patch(`/v1/members/${a.user.id}`, { role: 'member' }), a.client.delete(`/v1/members/${a.user.id}`),
        b.client.patch(`/v1/members/${b.user.id}`, { role: 'admin' }), c.client.post('/v1/org/transfer', { user_id: b.user.id }),
      ]);
      assert.ok(replies.every(({ status }) => [200, 204, 403, 404, 409, 422].includes(status)), replies.map((r) => r.text).join('\n'));
      assert.ok(await ownersLeft(org) >= 1);
    }
  });

  it('who was demoted a moment ago promotes nobody', async () => {
    for (let round = 0; round < 4; round++) {
      const [owner, a, b] = await people(3);
      await organisationOf(owner, [a, 'admin'], [b, 'viewer']);
      const [down, up] = await Promise.all([
        owner.client.patch(`/v1/members/${a.user.id}`, { role: 'viewer' }),
        a.client.patch(`/v1/members/${b.user.id}`, { role: 'admin' }),
      ]);
      expect(down, 200);
      // Before the demotion it was right; behind it, it is not.
      assert.ok([200, 403].includes(up.status), up.text);
      expectProblem(await a.client.patch(`/v1/members/${a.user.id}`, { role: 'admin' }), 403, 'forbidden');
    }
  });

  it('an invitation that is accepted many times makes one member', async () => {
    const [owner, guest] = await people(2);
    const org = await organisationOf(owner);
    const { token } = await invite(owner, guest.email, 'admin');
    const replies = await Promise.all(Array.from({ length: 12 }, () => guest.client.post('/v1/invitations/accept', { token })));
    expectStatuses(replies, { 200: 12 });
    assert.equal(expect(await owner.client.get('/v1/members'), 200).data.length, 2);
    assert.equal((await sql(w.server, `SELECT id FROM activity_logs WHERE org_id = '${org.id}' AND action = 'member.joined'`)).length, 1);
  });

  it('a switch into an organisation that one is removed from ends the session in no other one', async () => {
    for (let round = 0; round < 6; round++) {
      const [owner, guest] = await people(2);
      const org = await organisationOf(owner, [guest, 'member']);
      await switchTo(guest, { id: guest.user.org_id });
      const [, removed] = await Promise.all([
        guest.client.post(`/v1/orgs/${org.id}/switch`), owner.client.delete(`/v1/members/${guest.user.id}`),
      ]);
      assert.equal(removed.status, 204);
      assert.equal((await me(guest)).org.id, guest.user.org_id);
    }
  });

  it('one invitation of an e-mail is open', async () => {
    const [owner] = await people(1);
    await organisationOf(owner);
    const email = `${unique('g')}@mail.test`;
    const replies = await Promise.all(Array.from({ length: 8 }, () => owner.client.post('/v1/invitations', { email, role: 'viewer' })));
    expectStatuses(replies, { 201: 8 });
    assert.equal(expect(await owner.client.get('/v1/invitations'), 200).data.length, 1);
    const valid = await Promise.all(replies.map((r) => w.anonymous.post('/v1/invitations/lookup', { token: r.json.accept_url.split('=')[1] })));
    expectStatuses(valid, { 200: 1, 404: 7 });
  });
});

describe('what one can have', () => {
  const many = (n, call) => Promise.all(Array.from({ length: n }, (_, i) => call(i)));

  it('ends at 50 organisations of one\'s own, made at once', async () => {
    const [account] = await people(1);
    const replies = await many(60, (i) => account.client.post('/v1/orgs', { name: `Org ${i}` }));
    expectStatuses(replies, { 201: 50, 409: 10 });
    assert.match(replies.find((r) => r.status === 409).json.detail, /at most 50 organisations/);
    const first = expect(await account.client.get('/v1/orgs?limit=30'), 200);
    const rest = expect(await account.client.get(`/v1/orgs?limit=100&cursor=${first.next_cursor}`), 200);
    assert.equal(new Set([...first.data, ...rest.data].map((o) => o.id)).size, 51);
    assert.equal(rest.next_cursor, null);

    // Nobody else makes them one more.
    const [owner] = await people(1);
    await organisationOf(owner, [account, 'admin']);
    for (const reply of [
      await owner.client.post('/v1/org/transfer', { user_id: account.user.id }),
      await owner.client.patch(`/v1/members/${account.user.id}`, { role: 'owner' }),
    ]) assert.match(expectProblem(reply, 409, 'conflict').detail, /at most 50 organisations/);
    await organisationOf(owner);
    const { token } = await invite(owner, account.email, 'owner');
    expectProblem(await account.client.post('/v1/invitations/accept', { token }), 409, 'conflict');
    await sql(w.server, `UPDATE memberships SET role = 'admin' WHERE user_id = '${account.user.id}' AND org_id = '${first.data.find((o) => !o.personal).id}'`);
    expect(await account.client.post('/v1/invitations/accept', { token }), 200);
  });

  it('ends at 100 roles and 200 invitations of an organisation', async () => {
    const [account] = await people(1);
    await createOrganisation(account);
    const roles = await many(104, (i) => account.client.post('/v1/roles', { name: `Role ${i}`, permissions: [] }));
    expectStatuses(roles, { 201: 100, 409: 4 });
    const invitations = await many(204, (i) => account.client.post('/v1/invitations', { email: `g${i}@mail.test`, role: 'viewer' }));
    expectStatuses(invitations, { 201: 200, 409: 4 });
    assert.match(invitations.find((r) => r.status === 409).json.detail, /at most 200 invitations/);
    // Another one for an e-mail that has one is no more than there were.
    expect(await account.client.post('/v1/invitations', { email: invitations.find((r) => r.status === 201).json.email, role: 'viewer' }), 201);
  });

  it('ends at 1,000 members of an organisation and 100 organisations of a member', async () => {
    const [owner, guest] = await people(2);
    const org = await organisationOf(owner);
    const now = new Date().toISOString();
    const uuid = () => randomBytes(16).toString('hex').replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-7$3-8$4-$5').replace(/(-8...)(.*)$/, '$1$2');
    const ids = Array.from({ length: 999 }, () => uuid());
    const insert = async (into, of, row) => {
      for (let i = 0; i < of.length; i += 250) await sql(w.server, `INSERT INTO ${into} VALUES ${of.slice(i, i + 250).map(row).join(', ')}`);
    };
    await insert('users (id, name, email, role, org_id, created_at, updated_at)', ids,
      (id) => `('${id}', 'Extra', '${id}@mail.test', 'user', '${owner.user.org_id}', '${now}', '${now}')`);
    await insert('memberships (org_id, user_id, role, created_at)', ids, (id) => `('${org.id}', '${id}', 'viewer', '${now}')`);
    const { token } = await invite(owner, guest.email);
    assert.match(expectProblem(await guest.client.post('/v1/invitations/accept', { token }), 409, 'conflict').detail, /at most 1000 members/);
    await sql(w.server, `DELETE FROM memberships WHERE org_id = '${org.id}' AND user_id = '${ids[0]}'`);
    const orgs = ids.slice(0, 100);
    await insert('organizations (id, name, created_at, updated_at)', orgs, (id) => `('${id}', 'Extra', '${now}', '${now}')`);
    await insert('memberships (org_id, user_id, role, created_at)', orgs, (id) => `('${id}', '${guest.user.id}', 'viewer', '${now}')`);
    assert.match(expectProblem(await guest.client.post('/v1/invitations/accept', { token }), 409, 'conflict').detail, /at most 100 organisations/);
    expectProblem(await guest.client.post('/v1/orgs', { name: 'One more' }), 409, 'conflict');
    await sql(w.server, `DELETE FROM memberships WHERE org_id = '${orgs[0]}'`);
    expect(await guest.client.post('/v1/invitations/accept', { token }), 200);
  });
});

describe('what one person owns', () => {
  it('is no more than 50, whoever makes them an owner at once', async () => {
    const [person, ...owners] = await people(7);
    const now = new Date().toISOString();
    for (const owner of owners) await organisationOf(owner, [person, 'viewer']);
    await sql(w.server, Array.from({ length: 48 }, (_, i) => {
      const id = person.user.id.replace(/^......../, (i + 1).toString(16).padStart(8, '0'));
      return `INSERT INTO organizations (id, name, created_at, updated_at) VALUES ('${id}', 'Extra', '${now}', '${now}');
        INSERT INTO memberships (org_id, user_id, role, created_at) VALUES ('${id}', '${person.user.id}', 'owner', '${now}');`;
    }).join(''));
    const replies = await Promise.all(owners.map(({ client }, i) => (i % 2
      ? client.patch(`/v1/members/${person.user.id}`, { role: 'owner' }) : client.post('/v1/org/transfer', { user_id: person.user.id }))));
    assert.deepEqual(replies.map((r) => (r.status < 300 ? 200 : r.status)).sort(), [200, 200, 409, 409, 409, 409]);
    const [[owned]] = await sql(w.server, `SELECT count(*) FROM memberships m JOIN organizations o ON o.id = m.org_id
      WHERE m.user_id = '${person.user.id}' AND m.role = 'owner' AND NOT o.personal`);
    assert.equal(Number(owned), 50);
  });
});

describe('members', () => {
  it('were last active when they last did something there', async () => {
    const { owner, viewer, role } = await organisation(w);
    await sql(w.server, `UPDATE sessions SET last_used_at = NULL WHERE user_id = '${viewer.user.id}'`);
    await createRole(owner, ['agents:read']);
    await owner.client.put(`/v1/roles/${role.id}`, { name: role.name, permissions: [] });
    await me(viewer);
    const shown = async () => expect(await owner.client.get('/v1/members?limit=100'), 200).data.find((m) => m.id === viewer.user.id);
    await eventually(async () => (await shown()).last_active_at !== null, { what: 'a time of activity' });
    assert.ok(Math.abs(Date.parse((await shown()).last_active_at) - Date.now()) < 120_000);
  });
});
