// Who may do what in an organisation, and that nobody gets to do more by giving it to themselves.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import {
  createOrganisation, createRole, invite, join, organisation, register, switchTo, unique, world,
} from '../lib/world.mjs';

const w = world();
const me = async ({ client }) => expect(await client.get('/v1/auth/me'), 200);
const email = () => `${unique('guest')}@mail.test`;
const ROLES = ['owner', 'admin', 'manager', 'member', 'viewer', 'custom'];

/** What each operation sends; all of it is refused for another reason than the right, or harmless. */
const operations = {
  getOrganization: [(c) => c.get('/v1/org'), ROLES],
  listMembers: [(c) => c.get('/v1/members'), ROLES],
  listRoles: [(c) => c.get('/v1/roles'), ROLES],
  listPermissions: [(c) => c.get('/v1/permissions'), ROLES],
  updateOrganization: [(c) => c.patch('/v1/org', { name: 'Same' }), ['owner', 'admin']],
  updateMember: [(c) => c.patch(`/v1/members/${absentId()}`, { role: 'member' }), ['owner', 'admin']],
  removeMember: [(c) => c.delete(`/v1/members/${absentId()}`), ['owner', 'admin']],
  listInvitations: [(c) => c.get('/v1/invitations'), ['owner', 'admin']],
  createInvitation: [(c) => c.post('/v1/invitations', { email: email(), role: 'viewer' }), ['owner', 'admin']],
  resendInvitation: [(c) => c.post(`/v1/invitations/${absentId()}/resend`), ['owner', 'admin']],
  deleteInvitation: [(c) => c.delete(`/v1/invitations/${absentId()}`), ['owner', 'admin']],
  createRole: [(c) => c.post('/v1/roles', { name: unique('r'), permissions: [] }), ['owner', 'admin']],
  replaceRole: [(c) => c.put(`/v1/roles/${absentId()}`, { name: unique('r'), permissions: [] }), ['owner', 'admin']],
  deleteRole: [(c) => c.delete(`/v1/roles/${absentId()}`), ['owner', 'admin']],
  transferOrganization: [(c) => c.post('/v1/org/transfer', { user_id: absentId() }), ['owner']],
};

describe('each role', () => {
  let all;
  before(async () => { all = await organisation(w); });

  for (const [name, [call, may]] of Object.entries(operations)) {
    it(`${name}: ${may.join(', ')}`, async () => {
      for (const role of ROLES) {
        const reply = await call(all[role].client);
        if (may.includes(role)) assert.ok([200, 201, 404, 422].includes(reply.status), `${role}: ${reply.text}`);
        else expectProblem(reply, 403, 'forbidden');
      }
    });
  }

  it('is of no use in another organisation, to administrators of the server neither', async () => {
    const member = all.member.user.id;
    for (const { client } of [(await organisation(w)).owner, w.admin]) {
      for (const [foreign, absent] of [
        [await client.patch(`/v1/members/${member}`, { role: 'viewer' }), await client.patch(`/v1/members/${absentId()}`, { role: 'viewer' })],
        [await client.delete(`/v1/members/${member}`), await client.delete(`/v1/members/${absentId()}`)],
        [await client.put(`/v1/roles/${all.role.id}`, { name: 'x', permissions: [] }), await client.put(`/v1/roles/${absentId()}`, { name: 'x', permissions: [] })],
        [await client.delete(`/v1/roles/${all.role.id}`), await client.delete(`/v1/roles/${absentId()}`)],
        [await client.post(`/v1/orgs/${all.org.id}/switch`), await client.post(`/v1/orgs/${absentId()}/switch`)],
      ]) {
        expectProblem(foreign, 404, 'not_found');
        assert.equal(withoutRequestId(foreign), withoutRequestId(absent));
      }
    }
  });

  it('of another organisation cannot be named in a body', async () => {
    const { owner, viewer } = await organisation(w);
    for (const send of [
      (roleId) => owner.client.patch(`/v1/members/${viewer.user.id}`, { role_id: roleId }),
      (roleId) => owner.client.post('/v1/invitations', { email: 'x@mail.test', role_id: roleId }),
    ]) {
      const [foreign, absent] = [await send(all.role.id), await send(absentId())];
      expectProblem(foreign, 422, 'validation_failed', ['role_id']);
      assert.equal(withoutRequestId(foreign), withoutRequestId(absent));
    }
    const transfers = [all.viewer.user.id, absentId()].map((id) => owner.client.post('/v1/org/transfer', { user_id: id }));
    const [foreign, absent] = await Promise.all(transfers);
    expectProblem(foreign, 422, 'validation_failed', ['user_id']);
    assert.equal(withoutRequestId(foreign), withoutRequestId(absent));
  });
});

describe('nobody gives more than they hold', () => {
  it('admins do not make owners, and do not touch them', async () => {
    const { owner, admin, member } = await organisation(w);
    for (const reply of [
      await admin.client.patch(`/v1/members/${admin.user.id}`, { role: 'owner' }),
      await admin.client.patch(`/v1/members/${member.user.id}`, { role: 'owner' }),
      await admin.client.patch(`/v1/members/${owner.user.id}`, { role: 'viewer' }),
      await admin.client.delete(`/v1/members/${owner.user.id}`),
      await admin.client.post('/v1/invitations', { email: email(), role: 'owner' }),
    ]) expectProblem(reply, 403, 'forbidden');
    const { id, email: invited } = await invite(owner, email(), 'owner');
    expectProblem(await admin.client.delete(`/v1/invitations/${id}`), 403, 'forbidden');
    expectProblem(await admin.client.post('/v1/invitations', { email: invited, role: 'viewer' }), 403, 'forbidden');
    assert.deepEqual(expect(await owner.client.get('/v1/invitations'), 200).data.map((i) => [i.id, i.role]), [[id, 'owner']]);
    expectProblem(await admin.client.post(`/v1/invitations/${id}/resend`), 403, 'forbidden');
    assert.equal(expect(await owner.client.patch(`/v1/members/${member.user.id}`, { role: 'owner' }), 200).role, 'owner');
  });

  it('nor does a key touch whoever made it, where they may do more than it', async () => {
    const { owner, admin, custom } = await organisation(w);
    expect(await owner.client.patch(`/v1/members/${admin.user.id}`, { role: 'owner' }), 200);
    for (const shared of [true, false]) {
      const scopes = ['members:write', 'org:read'];
      const { key } = expect(await owner.client.post('/v1/api-keys', { name: unique('k'), scopes, shared }), 201);
      const client = w.anonymous.as({ apiKey: key });
      for (const reply of [
        await client.patch(`/v1/members/${owner.user.id}`, { role: 'viewer' }),
        await client.delete(`/v1/members/${owner.user.id}`),
        await client.delete(`/v1/members/${custom.user.id}`),
      ]) expectProblem(reply, 403, 'forbidden');
    }
    assert.equal((await me(owner)).org.role, 'owner');
    // Nor does a key that may do as much decide who is an owner.
    const { key } = expect(await owner.client.post('/v1/api-keys', { name: unique('k') }), 201);
    expectProblem(await w.anonymous.as({ apiKey: key }).delete(`/v1/members/${owner.user.id}`), 403, 'forbidden');
    assert.equal((await owner.client.delete(`/v1/members/${owner.user.id}`)).status, 204);
  });

  it('nor do members of a role with members:write', async () => {
    const { owner, custom, viewer, member, admin } = await organisation(w, { permissions: ['members:write', 'org:read', 'agents:read'] });
    const small = await createRole(owner, ['agents:read']);
    for (const role of ['owner', 'admin', 'manager', 'member', 'viewer']) {
      expectProblem(await custom.client.post('/v1/invitations', { email: email(), role }), 403, 'forbidden');
      expectProblem(await custom.client.patch(`/v1/members/${custom.user.id}`, { role }), 403, 'forbidden');
    }
    for (const other of [viewer, member, admin, owner]) {
      expectProblem(await custom.client.delete(`/v1/members/${other.user.id}`), 403, 'forbidden');
      expectProblem(await custom.client.patch(`/v1/members/${other.user.id}`, { role_id: small.id }), 403, 'forbidden');
    }
    const guest = await register(w.anonymous);
    await join(custom, guest, { role_id: small.id });
    assert.deepEqual((await me(guest)).permissions, ['account:read', 'account:write', 'agents:read']);
    assert.equal((await custom.client.delete(`/v1/members/${guest.user.id}`)).status, 204);
  });

  it('nor do members of a role with roles:write', async () => {
    const { owner, custom, role } = await organisation(w, { permissions: ['roles:write', 'org:read'] });
    const bigger = await createRole(owner, ['agents:write']);
    expectProblem(await custom.client.post('/v1/roles', { name: unique('r'), permissions: ['org:read', 'agents:write'] }), 422, 'validation_failed', ['permissions[1]']);
    expectProblem(await custom.client.put(`/v1/roles/${role.id}`, { name: role.name, permissions: ['roles:write', 'members:write'] }), 422, 'validation_failed', ['permissions[1]']);
    expectProblem(await custom.client.put(`/v1/roles/${bigger.id}`, { name: bigger.name, permissions: [] }), 403, 'forbidden');
    expectProblem(await custom.client.delete(`/v1/roles/${bigger.id}`), 403, 'forbidden');
    assert.deepEqual((await me(custom)).permissions, ['account:read', 'account:write', 'org:read', 'roles:write']);
    const own = expect(await custom.client.post('/v1/roles', { name: unique('r'), permissions: ['roles:write'] }), 201);
    assert.equal((await custom.client.delete(`/v1/roles/${own.id}`)).status, 204);
  });

  it('and some is in no role of an organisation\'s own', async () => {
    const { owner } = await organisation(w);
    const never = expect(await owner.client.get('/v1/permissions'), 200).data.filter((p) => p.own_roles === 'never').map((p) => p.name);
    assert.ok(never.includes('org:delete') && never.includes('admin:users'));
    for (const permission of [...never, 'public', 'unset', 'system', '*', 'agents:*', 'AGENTS:READ']) {
      const reply = await owner.client.post('/v1/roles', { name: unique('r'), permissions: ['agents:read', permission] });
      expectProblem(reply, 422, 'validation_failed', ['permissions[1]']);
    }
    // An administrator of the server is no exception.
    await createOrganisation(w.admin);
    expectProblem(await w.admin.client.post('/v1/roles', { name: unique('r'), permissions: ['admin:users'] }), 422, 'validation_failed', ['permissions[0]']);
    await switchTo(w.admin, { id: w.admin.user.org_id });
  });

  it('nor has it when the database says so', async () => {
    const { custom, role } = await organisation(w);
    await sql(w.server, `UPDATE roles SET permissions = '["admin:users","org:delete","agents:read"]' WHERE id = '${role.id}'`);
    await switchTo(custom, { id: custom.user.org_id });
    await switchTo(custom, { id: (await custom.client.get('/v1/orgs')).json.data.find((o) => !o.personal).id });
    assert.deepEqual((await me(custom)).permissions, ['account:read', 'account:write', 'agents:read']);
    expectProblem(await custom.client.get('/v1/admin/users'), 403, 'forbidden');
    expectProblem(await custom.client.delete('/v1/org'), 403, 'forbidden');
  });

  it('keys give no more than their scopes', async () => {
    const { owner, admin, viewer } = await organisation(w);
    const keyOf = async (account, scopes, more) => {
      const { key } = expect(await account.client.post('/v1/api-keys', { name: unique('k'), scopes, ...more }), 201);
      return w.anonymous.as({ apiKey: key });
    };
    const keys = [await keyOf(admin, ['members:write', 'roles:write']), await keyOf(owner, ['members:write', 'roles:write'], { shared: true })];
    for (const key of keys) {
      expectProblem(await key.post('/v1/invitations', { email: email(), role: 'viewer' }), 403, 'forbidden');
      expectProblem(await key.patch(`/v1/members/${viewer.user.id}`, { role: 'member' }), 403, 'forbidden');
      expectProblem(await key.delete(`/v1/members/${viewer.user.id}`), 403, 'forbidden');
      expectProblem(await key.post('/v1/roles', { name: unique('r'), permissions: ['agents:read'] }), 422, 'validation_failed', ['permissions[0]']);
    }
    const whole = await keyOf(owner, []);
    expect(await whole.post('/v1/invitations', { email: email(), role: 'admin' }), 201);
    expectProblem(await whole.post('/v1/invitations', { email: email(), role: 'owner' }), 403, 'forbidden');
    expectProblem(await whole.patch(`/v1/members/${viewer.user.id}`, { role: 'owner' }), 403, 'forbidden');
    for (const [method, path] of [['GET', '/v1/orgs'], ['POST', '/v1/orgs'], ['POST', `/v1/orgs/${owner.user.org_id}/switch`], ['POST', '/v1/org/leave'],
      ['POST', '/v1/invitations/accept'], ['DELETE', '/v1/org'], ['POST', '/v1/org/transfer']]) {
      expectProblem(await whole.request(method, path, { json: method === 'POST' ? {} : undefined }), 403, 'forbidden');
    }
  });
});

describe('what a body may not say', () => {
  it('is refused field by field', async () => {
    const { owner, viewer, role } = await organisation(w);
    const bodies = [
      ['POST', '/v1/orgs', { name: 'x' }, { id: absentId(), personal: true, plan: 'premium', role: 'owner', requests_per_minute: 9, created_by: absentId() }],
      ['PATCH', '/v1/org', { name: 'x' }, { personal: true, plan: 'premium', deleted_at: null, id: absentId() }],
      ['PATCH', `/v1/members/${viewer.user.id}`, { role: 'member' }, { email: 'x@mail.test', permissions: ['org:delete'], user_id: absentId(), org_id: absentId() }],
      ['POST', '/v1/invitations', { email: 'x@mail.test', role: 'viewer' }, { invited_by: absentId(), expires_at: '2099-01-01T00:00:00.000Z', accepted_at: null, org_id: absentId(), token: 'x' }],
      ['POST', '/v1/roles', { name: unique('r'), permissions: [] }, { built_in: true, org_id: absentId(), id: absentId(), members: 3 }],
      ['PUT', `/v1/roles/${role.id}`, { name: unique('r'), permissions: [] }, { built_in: true, org_id: absentId() }],
      ['POST', '/v1/org/transfer', { user_id: viewer.user.id }, { role: 'owner', org_id: absentId() }],
    ];
    for (const [method, path, body, more] of bodies) {
      const reply = await owner.client.request(method, path, { json: { ...body, ...more } });
      expectProblem(reply, 422, 'validation_failed', Object.keys(more));
    }
    assert.equal((await me(owner)).org.plan, 'free');
    assert.equal((await me(viewer)).org.role, 'viewer');
  });
});

describe('who is owner', () => {
  /** The session of `account` in `org` signed in long ago. */
  async function forgetLogin(account, org) {
    await sql(w.server, `UPDATE sessions SET authenticated_at = '2020-01-01T00:00:00.000Z' WHERE user_id = '${account.user.id}'`);
    await switchTo(account, { id: account.user.org_id });
    await switchTo(account, org);
  }

  it('changes with a recent sign-in alone', async () => {
    const { org, owner, admin, member } = await organisation(w);
    expect(await owner.client.patch(`/v1/members/${admin.user.id}`, { role: 'owner' }), 200);
    const { id } = await invite(owner, email(), 'owner');
    await forgetLogin(owner, org);
    for (const reply of [
      await owner.client.delete('/v1/org'),
      await owner.client.post('/v1/org/transfer', { user_id: member.user.id }),
      await owner.client.patch(`/v1/members/${member.user.id}`, { role: 'owner' }),
      await owner.client.patch(`/v1/members/${admin.user.id}`, { role: 'viewer' }),
      await owner.client.delete(`/v1/members/${admin.user.id}`),
      await owner.client.post('/v1/invitations', { email: email(), role: 'owner' }),
      await owner.client.post(`/v1/invitations/${id}/resend`),
    ]) expectProblem(reply, 403, 'reauthentication_required');
    assert.equal(expect(await owner.client.patch(`/v1/members/${member.user.id}`, { role: 'admin' }), 200).role, 'admin');
    assert.equal((await owner.client.post('/v1/auth/reauthenticate', { password: owner.password })).status, 204);
    assert.equal((await owner.client.delete(`/v1/members/${admin.user.id}`)).status, 204);
  });

  it('is kept: the last one cannot be demoted, removed or leave', async () => {
    const { owner, admin } = await organisation(w);
    const own = `/v1/members/${owner.user.id}`;
    for (const reply of [
      await owner.client.patch(own, { role: 'admin' }), await owner.client.delete(own), await owner.client.post('/v1/org/leave'),
    ]) assert.match(expectProblem(reply, 409, 'conflict').detail, /keeps an owner/);
    expect(await owner.client.patch(own, { role: 'owner' }), 200);
    expect(await owner.client.patch(`/v1/members/${admin.user.id}`, { role: 'owner' }), 200);
    assert.equal(expect(await owner.client.patch(own, { role: 'viewer' }), 200).role, 'viewer');
    expectProblem(await owner.client.patch(own, { role: 'owner' }), 403, 'forbidden');
  });
});

describe('a personal organisation', () => {
  it('has one member for ever', async () => {
    const account = await register(w.anonymous);
    for (const reply of [
      await account.client.post('/v1/invitations', { email: email(), role: 'viewer' }), await account.client.delete('/v1/org'),
      await account.client.post('/v1/org/leave'), await account.client.delete(`/v1/members/${account.user.id}`),
      await account.client.patch(`/v1/members/${account.user.id}`, { role: 'viewer' }),
    ]) expectProblem(reply, 409, 'conflict');
    assert.equal((await me(account)).org.role, 'owner');
  });
});
