// Organisations: made, switched to, named, handed over, left and deleted.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, assertNow, assertOrderedId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import {
  browserOf, createAgent, createOrganisation, createRole, invite, join, organisation, register, switchTo, unique, world,
} from '../lib/world.mjs';

const w = world();

const me = async ({ client }) => expect(await client.get('/v1/auth/me'), 200);
const orgsOf = async ({ client }) => expect(await client.get('/v1/orgs?limit=100'), 200).data;

describe('an organisation', () => {
  it('is made by anybody, who owns it and goes on where they are', async () => {
    const account = await register(w.anonymous);
    const name = unique('Org');
    const org = expect(await account.client.post('/v1/orgs', { name }), 201);
    assertOrderedId(org.id);
    assertNow(org.created_at);
    assert.deepEqual({ ...org, id: 0, created_at: 0 }, {
      id: 0, name, personal: false, plan: 'free', role: 'owner', role_id: null, role_name: 'owner', created_at: 0,
    });
    assert.equal((await me(account)).org.id, account.user.org_id);
    const orgs = await orgsOf(account);
    assert.deepEqual(orgs.map((o) => [o.id, o.current, o.members, o.personal]), [
      [org.id, false, 1, false], [account.user.org_id, true, 1, true],
    ]);
  });

  it('is switched to by the session, token and cookie alike', async () => {
    const account = await register(w.anonymous);
    const browser = browserOf(account, w.server);
    const org = expect(await account.client.post('/v1/orgs', { name: 'Elsewhere' }), 201);
    const agent = await createAgent(account.client);
    const there = await switchTo(account, org);
    assert.equal(there.org.id, org.id);
    assert.equal(there.org_id, account.user.org_id);
    for (const client of [account.client, browser]) {
      assert.equal((await me({ client })).org.id, org.id);
      expectProblem(await client.get(`/v1/agents/${agent.id}`), 404);
      assert.deepEqual((await orgsOf({ client })).map((o) => o.current), [true, false]);
    }
    assert.equal((await switchTo(account, org)).org.id, org.id);
    const back = expect(await browser.post(`/v1/orgs/${account.user.org_id}/switch`), 200);
    assert.equal(back.org.id, account.user.org_id);
    expect(await account.client.get(`/v1/agents/${agent.id}`), 200);
  });

  it('is renamed, a personal one too', async () => {
    const { owner } = await organisation(w);
    assert.equal(expect(await owner.client.patch('/v1/org', { name: 'Other name' }), 200).name, 'Other name');
    assert.equal(expect(await owner.client.get('/v1/org'), 200).name, 'Other name');
    const account = await register(w.anonymous);
    assert.equal(expect(await account.client.patch('/v1/org', { name: 'My own' }), 200).name, 'My own');
    assert.equal((await me(account)).org.name, 'My own');
    expectProblem(await owner.client.patch('/v1/org', { name: '   ' }), 422, 'validation_failed', ['name']);
    expectProblem(await owner.client.patch('/v1/org', { name: 'x', plan: 'premium' }), 422, 'validation_failed', ['plan']);
  });

  it('is made once, however often one asks with one key', async () => {
    const account = await register(w.anonymous);
    const send = (path, body) => account.client.post(path, body, { headers: { 'idempotency-key': `once-${path}` } });
    for (const [path, body] of [['/v1/orgs', { name: 'Once' }], ['/v1/roles', { name: 'Once', permissions: ['agents:read'] }]]) {
      const [first, again] = [await send(path, body), await send(path, body)];
      expect(first, 201);
      assert.deepEqual([again.text, again.headers['idempotency-replayed']], [first.text, 'true']);
    }
    assert.equal((await orgsOf(account)).length, 2);
  });

  it('is seen and renamed by a key of its own, which is no member', async () => {
    const { org, owner, admin } = await organisation(w);
    const { key } = expect(await admin.client.post('/v1/api-keys', { name: 'k', shared: true, scopes: ['org:read', 'org:write'] }), 201);
    const robot = w.anonymous.as({ apiKey: key });
    assert.equal((await owner.client.delete(`/v1/members/${admin.user.id}`)).status, 204);
    const seen = expect(await robot.get('/v1/org'), 200);
    assert.deepEqual([seen.id, seen.role, seen.role_name], [org.id, 'viewer', 'API key']);
    assert.equal(expect(await robot.patch('/v1/org', { name: 'By a key' }), 200).name, 'By a key');
    assert.equal(expect(await robot.get('/v1/members'), 200).data.length, 5);
  });

  it('is handed over to a member', async () => {
    const { owner, member } = await organisation(w);
    const stranger = await register(w.anonymous);
    expectProblem(await owner.client.post('/v1/org/transfer', { user_id: stranger.user.id }), 422, 'validation_failed', ['user_id']);
    expectProblem(await owner.client.post('/v1/org/transfer', { user_id: owner.user.id }), 409, 'conflict');
    assert.equal((await owner.client.post('/v1/org/transfer', { user_id: member.user.id })).status, 204);
    assert.equal((await me(owner)).org.role, 'admin');
    assert.equal((await me(member)).org.role, 'owner');
    expectProblem(await owner.client.post('/v1/org/transfer', { user_id: owner.user.id }), 403, 'forbidden');
  });

  it('is left by who is not its last owner', async () => {
    const { org, owner, viewer } = await organisation(w);
    assert.equal((await viewer.client.post('/v1/org/leave')).status, 204);
    assert.equal((await me(viewer)).org.id, viewer.user.org_id);
    assert.ok(!(await orgsOf(viewer)).some((o) => o.id === org.id));
    expectProblem(await owner.client.post('/v1/org/leave'), 409, 'conflict');
    expectProblem(await viewer.client.post('/v1/org/leave'), 409, 'conflict');
  });

  it('is deleted, and its members are where they were', async () => {
    const { org, owner, admin, member } = await organisation(w);
    expectProblem(await admin.client.delete('/v1/org'), 403, 'forbidden');
    assert.equal((await owner.client.delete('/v1/org')).status, 204);
    for (const account of [owner, admin, member]) {
      assert.equal((await me(account)).org.id, account.user.org_id);
      const [absent, gone] = [await account.client.post(`/v1/orgs/${absentId()}/switch`), await account.client.post(`/v1/orgs/${org.id}/switch`)];
      expectProblem(gone, 404);
      assert.equal(withoutRequestId(gone), withoutRequestId(absent));
    }
    expectProblem(await owner.client.delete('/v1/org'), 409, 'conflict');
  });
});

describe('members', () => {
  it('are listed by name, page by page, and searched', async () => {
    const { owner, admin, custom, role } = await organisation(w);
    const all = expect(await owner.client.get('/v1/members'), 200).data;
    assert.equal(all.length, 6);
    assert.deepEqual(all.map((m) => m.name.toLowerCase()), all.map((m) => m.name.toLowerCase()).sort());
    const paged = [];
    for (let cursor = ''; cursor !== null;) {
      const page = expect(await owner.client.get(`/v1/members?limit=2${cursor && `&cursor=${cursor}`}`), 200);
      paged.push(...page.data);
      cursor = page.next_cursor;
    }
    assert.deepEqual(paged, all);
    const found = expect(await owner.client.get(`/v1/members?q=${encodeURIComponent(admin.email.toUpperCase())}`), 200).data;
    assert.deepEqual(found.map((m) => [m.id, m.email, m.role, m.role_name]), [[admin.user.id, admin.email, 'admin', 'admin']]);
    const own = all.find((m) => m.id === custom.user.id);
    assert.deepEqual([own.role, own.role_id, own.role_name], ['viewer', role.id, role.name]);
    assertNow(own.joined_at);
  });

  it('get another role, built-in or own', async () => {
    const { owner, member, role } = await organisation(w);
    const path = `/v1/members/${member.user.id}`;
    assert.equal(expect(await owner.client.patch(path, { role: 'manager' }), 200).role, 'manager');
    assert.equal((await me(member)).org.role, 'manager');
    const own = expect(await owner.client.patch(path, { role_id: role.id }), 200);
    assert.deepEqual([own.role, own.role_id, own.role_name], ['viewer', role.id, role.name]);
    assert.deepEqual((await me(member)).permissions, ['account:read', 'account:write', 'org:read', 'agents:read', 'agents:write', 'prompts:read']);
    assert.equal(expect(await owner.client.patch(path, { role: 'member' }), 200).role_id, null);
    for (const body of [{}, { role: 'member', role_id: role.id }]) {
      expectProblem(await owner.client.patch(path, body), 422, 'validation_failed', ['role']);
    }
    expectProblem(await owner.client.patch(path, { role_id: absentId() }), 422, 'validation_failed', ['role_id']);
    expectProblem(await owner.client.patch(`/v1/members/${absentId()}`, { role: 'member' }), 404);
  });

  it('are removed', async () => {
    const { org, owner, member } = await organisation(w);
    assert.equal((await owner.client.delete(`/v1/members/${member.user.id}`)).status, 204);
    assert.equal((await me(member)).org.id, member.user.org_id);
    expectProblem(await member.client.post(`/v1/orgs/${org.id}/switch`), 404);
    expectProblem(await owner.client.delete(`/v1/members/${member.user.id}`), 404);
    expectProblem(await owner.client.delete(`/v1/members/${owner.user.id}`), 409, 'conflict');
  });
});

describe('roles', () => {
  it('are listed with what they hold, built-in ones first', async () => {
    const { owner, role } = await organisation(w);
    const { data, next_cursor } = expect(await owner.client.get('/v1/roles'), 200);
    assert.equal(next_cursor, null);
    assert.deepEqual(data.map((r) => [r.name, r.built_in, r.members]), [
      ['owner', true, 1], ['admin', true, 1], ['manager', true, 1], ['member', true, 1], ['viewer', true, 1], [role.name, false, 1],
    ]);
    assert.deepEqual(data.at(-1), { ...role, members: 1 });
    const permissions = expect(await owner.client.get('/v1/permissions'), 200).data;
    for (const built of data.slice(0, 5)) {
      assert.deepEqual(permissions.filter((p) => p.roles.includes(built.name)).map((p) => p.name).sort(), [...built.permissions].sort());
    }
    const of = (kind) => permissions.filter((p) => p.own_roles === kind);
    assert.deepEqual(of('always').map((p) => p.name), ['account:read', 'account:write']);
    assert.ok(of('never').every((p) => p.name.startsWith('admin:') || p.name === 'org:delete'));
    assert.ok(of('optional').some((p) => p.name === 'members:write' && p.group === 'members'));
  });

  it('are made, changed and deleted', async () => {
    const { owner, custom, role } = await organisation(w);
    const path = `/v1/roles/${role.id}`;
    const changed = expect(await owner.client.put(path, { name: 'Editors', description: 'They edit', permissions: ['prompts:write'] }), 200);
    assert.deepEqual([changed.name, changed.description, changed.members], ['Editors', 'They edit', 1]);
    assert.deepEqual(changed.permissions, ['account:read', 'account:write', 'prompts:write']);
    assert.deepEqual((await me(custom)).permissions, changed.permissions);
    assert.match(expectProblem(await owner.client.delete(path), 409, 'conflict').detail, /^1 member/);
    expectProblem(await owner.client.post('/v1/roles', { name: 'eDITORS', permissions: [] }), 409, 'conflict');
    const other = await createRole(owner, []);
    expectProblem(await owner.client.put(`/v1/roles/${other.id}`, { name: 'EDITORS', permissions: [] }), 409, 'conflict');
    assert.equal((await owner.client.delete(`/v1/roles/${other.id}`)).status, 204);
    expectProblem(await owner.client.delete(`/v1/roles/${other.id}`), 404);
    for (const name of ['owner', 'Viewer', 'SYSTEM', '', 'x'.repeat(51)]) {
      expectProblem(await owner.client.post('/v1/roles', { name, permissions: [] }), 422, 'validation_failed', ['name']);
    }
  });
});

describe('an invitation', () => {
  it('is sent, looked up and accepted', async () => {
    const { org, owner } = await organisation(w);
    const guest = await register(w.anonymous);
    const invitation = await invite(owner, guest.email.toUpperCase(), 'manager');
    assert.equal(invitation.email, guest.email);
    assert.match(invitation.accept_url, /^http:\/\/localhost:\d+\/invitation#token=agi_[\w-]{43}$/);
    const shown = expect(await w.anonymous.post('/v1/invitations/lookup', { token: invitation.token }), 200);
    assert.deepEqual(shown, {
      org_name: org.name, inviter_name: 'Olga Owner', email: guest.email, role_name: 'manager', expires_at: invitation.expires_at,
    });
    const { accept_url: url, token, ...listed } = invitation;
    assert.deepEqual(expect(await owner.client.get('/v1/invitations'), 200).data, [listed]);
    const joined = expect(await guest.client.post('/v1/invitations/accept', { token }), 200);
    assert.deepEqual([joined.id, joined.role], [org.id, 'manager']);
    assert.equal((await me(guest)).org.id, guest.user.org_id);
    assert.deepEqual(expect(await owner.client.get('/v1/invitations'), 200).data, []);
    expectProblem(await w.anonymous.post('/v1/invitations/lookup', { token }), 404);
    assert.deepEqual(expect(await guest.client.post('/v1/invitations/accept', { token }), 200), joined);
  });

  it('is sent again with another link, or taken back', async () => {
    const { owner } = await organisation(w);
    const first = await invite(owner, `${unique('g')}@mail.test`);
    const again = expect(await owner.client.post(`/v1/invitations/${first.id}/resend`), 200);
    assert.equal(again.id, first.id);
    expectProblem(await w.anonymous.post('/v1/invitations/lookup', { token: first.token }), 404);
    const token = again.accept_url.split('#token=')[1];
    expect(await w.anonymous.post('/v1/invitations/lookup', { token }), 200);
    assert.equal((await owner.client.delete(`/v1/invitations/${first.id}`)).status, 204);
    expectProblem(await w.anonymous.post('/v1/invitations/lookup', { token }), 404);
    expectProblem(await owner.client.delete(`/v1/invitations/${first.id}`), 404);
    expectProblem(await owner.client.post(`/v1/invitations/${first.id}/resend`), 404);
  });

  it('lets somebody register and join at once', async () => {
    const { org, owner } = await organisation(w);
    const email = `${unique('new')}@mail.test`;
    const { token } = await invite(owner, email);
    const reply = await w.anonymous.post('/v1/auth/register', { name: 'New', email, password: 'correct horse battery staple', invitation: token });
    const { token: jwt, user } = expect(reply, 201);
    assert.equal(user.email_verified, false);
    const account = { client: w.anonymous.as({ token: jwt }) };
    assert.deepEqual((await orgsOf(account)).map((o) => [o.id, o.role]).sort(), [[org.id, 'member'], [user.org_id, 'owner']].sort());
  });
});
