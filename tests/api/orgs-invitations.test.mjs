// Invitations: to whom they open an organisation, how long, and for whom they do not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { loggedLink } from '../lib/mail.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { browserOf, createRole, invite, join, organisation, organisationOf, PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world();
const me = async ({ client }) => expect(await client.get('/v1/auth/me'), 200);
const address = () => `${unique('guest')}@mail.test`;
const lookup = (token) => w.anonymous.post('/v1/invitations/lookup', { token });
const accept = ({ client }, token) => client.post('/v1/invitations/accept', { token });
const signUp = (email, invitation) => w.anonymous.post('/v1/auth/register', { name: 'New', email, password: PASSWORD, ...(invitation ? { invitation } : {}) });
const listed = async ({ client }) => expect(await client.get('/v1/invitations?limit=100'), 200).data.map((i) => i.id);
const NOBODYS = `agi_${'A'.repeat(43)}`;

/** Every door that a token opens is closed, as if it had never been. */
async function assertVoid(token, guest, email = guest.email) {
  const [given, never] = [await lookup(token), await lookup(NOBODYS)];
  expectProblem(given, 404, 'not_found');
  assert.equal(withoutRequestId(given), withoutRequestId(never));
  const accepted = await accept(guest, token);
  expectProblem(accepted, 404, 'not_found');
  assert.equal(withoutRequestId(accepted), withoutRequestId(await accept(guest, NOBODYS)));
  expectProblem(await signUp(`x-${email}`, token), 422, 'validation_failed', ['invitation']);
}

describe('a link', () => {
  it('goes by mail, and is told once', async () => {
    const { owner } = await organisation(w);
    const email = address();
    const body = { email, role: 'member' };
    const headers = { 'idempotency-key': unique('key') };
    const first = expect(await owner.client.post('/v1/invitations', body, { headers }), 201);
    assert.equal(await loggedLink(w.server, 'invitation', email), first.accept_url);
    const again = expect(await owner.client.post('/v1/invitations', body, { headers }), 201);
    const { accept_url: url, ...rest } = first;
    assert.deepEqual(again, rest);
    const token = url.split('#token=')[1];
    expect(await lookup(token), 200);
    const stored = JSON.stringify(await sql(w.server, 'SELECT * FROM invitations')) + JSON.stringify(await sql(w.server, 'SELECT * FROM activity_logs'))
      + JSON.stringify(await sql(w.server, 'SELECT * FROM idempotency_keys'));
    assert.ok(!stored.includes(token));
    const log = (await owner.client.get('/v1/activity?limit=100')).text;
    assert.ok(log.includes('invitation.created') && !log.includes(email) && !log.includes('agi_'));
  });

  it('is for the account with its e-mail alone, and opens nothing else', async () => {
    const { org, owner, member } = await organisation(w);
    const [guest, stranger] = [await register(w.anonymous), await register(w.anonymous)];
    const { token } = await invite(owner, guest.email, 'admin');
    for (const account of [stranger, member, owner]) {
      assert.match(expectProblem(await accept(account, token), 403, 'forbidden').detail, /another e-mail/);
    }
    assert.equal((await me(member)).org.role, 'member');
    const { key } = expect(await guest.client.post('/v1/api-keys', { name: 'k' }), 201);
    expectProblem(await accept({ client: w.anonymous.as({ apiKey: key }) }, token), 403, 'forbidden');
    expectProblem(await accept({ client: w.anonymous }, token), 401);
    const joined = expect(await accept({ client: browserOf(guest, w.server) }, token), 200);
    assert.deepEqual([joined.id, joined.role], [org.id, 'admin']);
    assert.deepEqual([(await me(guest)).email_verified, (await me(guest)).org.id], [false, guest.user.org_id]);
  });

  it('ends after seven days, and a new one of the same invitation does not', async () => {
    const { owner } = await organisation(w);
    const guest = await register(w.anonymous);
    const { id, token, created_at: from, expires_at: to } = await invite(owner, guest.email);
    assert.ok(Math.abs(Date.parse(to) - Date.parse(from) - 7 * 86_400_000) < 60_000);
    await sql(w.server, `UPDATE invitations SET expires_at = created_at WHERE id = '${id}'`);
    await assertVoid(token, guest);
    assert.deepEqual(await listed(owner), [id]);
    const fresh = expect(await owner.client.post(`/v1/invitations/${id}/resend`), 200);
    expect(await accept(guest, fresh.accept_url.split('#token=')[1]), 200);
    await assertVoid(token, await register(w.anonymous));
  });

  it('is void once a new one of the same e-mail is made, in any case', async () => {
    const { owner } = await organisation(w);
    const guest = await register(w.anonymous);
    const [first, second] = [await invite(owner, guest.email), await invite(owner, guest.email.toUpperCase(), 'manager')];
    await assertVoid(first.token, guest);
    assert.deepEqual(await listed(owner), [second.id]);
    const noted = expect(await owner.client.get('/v1/activity?action=invitation.revoked'), 200).data;
    assert.deepEqual(noted.map((a) => a.details), [{ invitation_id: first.id, role: 'member' }]);
    assert.equal(expect(await accept(guest, second.token), 200).role, 'manager');
  });

  it('lets nobody in twice', async () => {
    const { owner } = await organisation(w);
    const guest = await register(w.anonymous);
    const { token } = await invite(owner, guest.email, 'manager');
    expect(await accept(guest, token), 200);
    expect(await owner.client.patch(`/v1/members/${guest.user.id}`, { role: 'viewer' }), 200);
    assert.equal(expect(await accept(guest, token), 200).role, 'viewer');
    assert.equal((await owner.client.delete(`/v1/members/${guest.user.id}`)).status, 204);
    await assertVoid(token, guest);
  });

  it('is not made for a member', async () => {
    const { owner, viewer } = await organisation(w);
    expectProblem(await owner.client.post('/v1/invitations', { email: viewer.email.toUpperCase(), role: 'admin' }), 409, 'conflict');
    const guest = await register(w.anonymous);
    const { id } = await invite(owner, guest.email);
    await sql(w.server, `INSERT INTO memberships (org_id, user_id, role, created_at)
      SELECT org_id, '${guest.user.id}', 'viewer', created_at FROM invitations WHERE id = '${id}'`);
    expectProblem(await owner.client.post(`/v1/invitations/${id}/resend`), 409, 'conflict');
  });

  it('is refused for what is no address or no role', async () => {
    const { owner, role } = await organisation(w);
    expectProblem(await owner.client.post('/v1/invitations', { email: 'nobody', role: 'viewer' }), 422, 'validation_failed', ['email']);
    for (const more of [{}, { role: 'viewer', role_id: role.id }, { role: 'system' }, { role: '' }]) {
      expectProblem(await owner.client.post('/v1/invitations', { email: address(), ...more }), 422, 'validation_failed', ['role']);
    }
    expectProblem(await w.anonymous.get(`/v1/invitations/lookup?token=${NOBODYS}`), 405); // an address is logged on its way
    expectProblem(await w.anonymous.post('/v1/invitations/lookup', {}), 422, 'validation_failed', ['token']);
    for (const token of ['x', 'agi_', '\0', 'a'.repeat(200), "' OR 1=1 --"]) {
      assert.ok([400, 404, 422].includes((await lookup(token)).status), token);
    }
  });
});

describe('mails to one address', () => {
  it('are few, whoever sends them', async () => {
    const { client } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    const org = expect(await client.post('/v1/orgs', { name: 'Eager' }), 201);
    expect(await client.post(`/v1/orgs/${org.id}/switch`), 200);
    const email = address();
    const { id } = await invite({ client }, email);
    for (let i = 0; i < 2; i++) expect(await client.post(`/v1/invitations/${id}/resend`), 200);
    expectProblem(await client.post(`/v1/invitations/${id}/resend`), 429, 'rate_limited');
    expectProblem(await client.post('/v1/invitations', { email, role: 'viewer' }), 429, 'rate_limited');
    await invite({ client }, address());
    expectProblem(await client.post(`/v1/invitations/${absentId()}/resend`), 404);
  });

  it('are 500 a day from one organisation, whoever of it sends them', async () => {
    const server = await w.start({ AGENTGEN_RATE_LIMITS: true });
    const anonymous = new Client(server.url);
    const [owner, ...admins] = await Promise.all(Array.from({ length: 10 }, () => register(anonymous)));
    const org = await organisationOf(owner, ...admins.map((admin) => [admin, 'admin']));
    await sql(server, `UPDATE organizations SET requests_per_minute = 1000000 WHERE id = '${org.id}'`);
    await eventually(async () => (await owner.client.get('/v1/org')).headers['ratelimit-limit'] === '1000000', { ms: 6000, what: 'a limit that is not in the way' });
    for (const admin of admins.slice(0, 9)) {
      await Promise.all(Array.from({ length: 54 }, () => invite(admin, address())));
      await sql(server, 'DELETE FROM invitations');
    }
    // Nine have joined, 486 more were invited, five are left.
    for (let i = 0; i < 5; i += 1) await invite(owner, address());
    const refused = await owner.client.post('/v1/invitations', { email: address(), role: 'viewer' });
    assert.match(expectProblem(refused, 429, 'rate_limited').detail, /at most 500 invitations/);
    // One comes back every 173 s.
    assert.ok(Number(refused.headers['retry-after']) > 100, refused.headers['retry-after']);
    anonymous.close();
  });
});

describe('an invitation is void when its inviter', () => {
  const ends = {
    'was demoted': async ({ owner, admin }) => expect(await owner.client.patch(`/v1/members/${admin.user.id}`, { role: 'manager' }), 200),
    'was removed': async ({ owner, admin }) => assert.equal((await owner.client.delete(`/v1/members/${admin.user.id}`)).status, 204),
    left: async ({ admin }) => assert.equal((await admin.client.post('/v1/org/leave')).status, 204),
  };
  for (const [what, end] of Object.entries(ends)) {
    it(what, async () => {
      const all = await organisation(w);
      const [guest, other] = [await register(w.anonymous), await register(w.anonymous)];
      const gone = await invite(all.admin, guest.email, 'viewer');
      const kept = await invite(all.owner, other.email, 'admin');
      expect(await lookup(gone.token), 200);
      await end(all);
      await assertVoid(gone.token, guest);
      assert.deepEqual(await listed(all.owner), [kept.id]);
      expect(await accept(other, kept.token), 200);
      const log = expect(await all.owner.client.get('/v1/activity?action=invitation.voided'), 200).data;
      assert.deepEqual(log.map((e) => e.details.invitation_id), [gone.id]);
    });
  }

  it('is suspended, for as long as that lasts', async () => {
    const { admin } = await organisation(w);
    const guest = await register(w.anonymous);
    const { token } = await invite(admin, guest.email);
    expect(await w.admin.client.patch(`/v1/admin/users/${admin.user.id}`, { status: 'suspended' }), 200);
    await assertVoid(token, guest);
    expect(await w.admin.client.patch(`/v1/admin/users/${admin.user.id}`, { status: 'active' }), 200);
    expect(await accept(guest, token), 200);
  });

  it('holds a role that can do less now, or invites to one that can do more', async () => {
    const permissions = ['members:write', 'agents:read', 'agents:write', 'org:read'];
    const { owner, custom, role } = await organisation(w, { permissions });
    const small = await createRole(owner, ['agents:read']);
    const big = await createRole(owner, ['agents:write']);
    const guests = await Promise.all([1, 2, 3].map(() => register(w.anonymous)));
    const [toSmall, toBig] = [await invite(custom, guests[0].email, { role_id: small.id }), await invite(custom, guests[1].email, { role_id: big.id })];
    expect(await owner.client.put(`/v1/roles/${role.id}`, { name: role.name, permissions: permissions.filter((p) => p !== 'agents:write') }), 200);
    await assertVoid(toBig.token, guests[1]);
    expect(await lookup(toSmall.token), 200);
    expect(await owner.client.put(`/v1/roles/${small.id}`, { name: small.name, permissions: ['agents:read', 'ai:run'] }), 200);
    await assertVoid(toSmall.token, guests[0]);
    const last = await invite(owner, guests[2].email, { role_id: small.id });
    assert.match(expectProblem(await owner.client.delete(`/v1/roles/${small.id}`), 409, 'conflict').detail, /1 open invitation/);
    assert.equal((await owner.client.delete(`/v1/invitations/${last.id}`)).status, 204);
    assert.equal((await owner.client.delete(`/v1/roles/${small.id}`)).status, 204);
  });

  it('made it with a key of the organisation and left', async () => {
    const { owner, admin } = await organisation(w);
    const scopes = ['org:read', 'members:write', 'agents:read', 'prompts:read', 'runs:read', 'keys:read', 'keys:write', 'errors:report'];
    const { key } = expect(await admin.client.post('/v1/api-keys', { name: 'k', shared: true, scopes }), 201);
    const robot = { client: w.anonymous.as({ apiKey: key }) };
    const guest = await register(w.anonymous);
    const { token } = await invite(robot, guest.email, 'viewer');
    expect(await lookup(token), 200);
    assert.equal((await owner.client.delete(`/v1/members/${admin.user.id}`)).status, 204);
    await assertVoid(token, guest);
    assert.match(expectProblem(await robot.client.post('/v1/invitations', { email: address(), role: 'viewer' }), 403, 'forbidden').detail, /left/);
    assert.equal(expect(await robot.client.get('/v1/org'), 200).role_name, 'API key');
  });

  it('has gone together with the organisation', async () => {
    const owner = await register(w.anonymous);
    await organisationOf(owner);
    const guest = await register(w.anonymous);
    const { token } = await invite(owner, guest.email);
    assert.equal((await owner.client.delete('/v1/org')).status, 204);
    await assertVoid(token, guest);
  });
});

describe('registering with an invitation', () => {
  it('joins its organisation, or makes no account', async () => {
    const { org, owner } = await organisation(w);
    const email = address();
    const { token } = await invite(owner, email, 'manager');
    for (const [who, invitation] of [[`other-${email}`, token], [email, NOBODYS]]) {
      expectProblem(await signUp(who, invitation), 422, 'validation_failed', ['invitation']);
      expectProblem(await w.anonymous.post('/v1/auth/login', { email: who, password: PASSWORD }), 401, 'bad_credentials');
    }
    const { token: jwt, user } = expect(await signUp(email.toUpperCase(), token), 201);
    const account = { client: w.anonymous.as({ token: jwt }) };
    assert.deepEqual([user.email, user.email_verified, (await me(account)).org.id], [email, false, user.org_id]);
    assert.equal(expect(await account.client.post(`/v1/orgs/${org.id}/switch`), 200).org.role, 'manager');
    expectProblem(await signUp(email, token), 409, 'email_taken');
  });

  it('is what lets one in where accounts are made by invitation', async () => {
    const { server, client } = await w.startWithAccount();
    const anonymous = client.as();
    expect(await client.patch('/v1/admin/settings', { registration: 'invited' }), 200);
    const post = (body) => anonymous.post('/v1/auth/register', { name: 'New', password: PASSWORD, ...body });
    expectProblem(await post({ email: address() }), 403, 'forbidden');
    const org = expect(await client.post('/v1/orgs', { name: 'Inviting' }), 201);
    expect(await client.post(`/v1/orgs/${org.id}/switch`), 200);
    const email = address();
    const { token } = await invite({ client }, email);
    expectProblem(await post({ email: address(), invitation: token }), 422, 'validation_failed', ['invitation']);
    expectProblem(await post({ email, invitation: NOBODYS }), 422, 'validation_failed', ['invitation']);
    expectProblem(await post({ email, invitation: '' }), 422);
    expect(await post({ email, invitation: token }), 201);
    assert.ok(server.running);
  });
});

describe('the list', () => {
  it('is page by page, of what nobody has accepted', async () => {
    const { owner } = await organisation(w);
    const made = [];
    for (let i = 0; i < 5; i++) made.unshift((await invite(owner, address())).id);
    const guest = await register(w.anonymous);
    await join(owner, guest, 'viewer');
    const first = expect(await owner.client.get('/v1/invitations?limit=3'), 200);
    const rest = expect(await owner.client.get(`/v1/invitations?limit=3&cursor=${first.next_cursor}`), 200);
    assert.deepEqual([...first.data, ...rest.data].map((i) => i.id), made);
    assert.equal(rest.next_cursor, null);
  });

  it('forgets what is long over', async () => {
    const { server, client } = await w.startWithAccount();
    const org = expect(await client.post('/v1/orgs', { name: 'Old' }), 201);
    expect(await client.post(`/v1/orgs/${org.id}/switch`), 200);
    const [old, expired, open] = [await invite({ client }, address()), await invite({ client }, address()), await invite({ client }, address())];
    const days = (n) => new Date(Date.now() - n * 86_400_000).toISOString();
    await sql(server, `UPDATE invitations SET expires_at = '${days(31)}' WHERE id = '${old.id}'`);
    await sql(server, `UPDATE invitations SET expires_at = '${days(1)}' WHERE id = '${expired.id}'`);
    await server.restart();
    const ids = async () => (await sql(server, 'SELECT id FROM invitations ORDER BY id')).map(([id]) => id);
    await eventually(async () => (await ids()).length === 2, { ms: 6000, what: 'the end of the old invitation' });
    assert.deepEqual(await ids(), [expired.id, open.id].sort());
  });
});
