// Everybody who may come to a route, and what they may do there by the permission table.
import { sql } from './database.mjs';
import { expect } from './expect.mjs';
import { browserOf, createFakeAgent, createOrganisation, join, organisation, register, unique } from './world.mjs';

const OLD = '2026-01-01T00:00:00.000Z';
/** What every role of an organisation's own includes. */
const IMPLIED = ['account:read', 'account:write'];
/** A role that no built-in one is like. */
const CUSTOM = ['agents:read', 'ai:run', 'keys:write', 'prompts:write', 'runs:read'];
const SHARED_SCOPES = ['agents:read', 'agents:write', 'ai:run', 'runs:read', 'org:read'];

async function key(account, more = {}) {
  return expect(await account.client.post('/v1/api-keys', { name: unique('key'), ...more }), 201).key;
}

const bearer = (w, secret) => w.anonymous.as({ token: secret });
const header = (w, secret) => w.anonymous.as({ apiKey: secret });

/** The ways an account may show who it is; each with the credential's kind and what it may do, with an ordinary key `keyed`. */
async function carriers(w, account, permissions, keyed = permissions) {
  const secret = await key(account);
  const browser = browserOf(account, w.server);
  return [
    { name: 'token', credential: 'token', client: account.client, permissions },
    { name: 'cookie', credential: 'cookie', client: browser, permissions },
    { name: 'key as bearer', credential: 'api_key', client: bearer(w, secret), permissions: keyed },
    { name: 'key in x-api-key', credential: 'api_key', client: header(w, secret), permissions: keyed },
  ];
}

/** Keys that may do less than whoever made them. */
async function limitedKeys(w, owner) {
  const agent = await createFakeAgent(owner.client);
  const scoped = await key(owner, { scopes: ['agents:read'] });
  const shared = await key(owner, { shared: true, scopes: SHARED_SCOPES });
  const narrow = await key(owner, { agent_ids: [agent.id] });
  return { agent, scoped, shared, narrow };
}

function rolePermissions(table) {
  const held = (role) => new Set(table.filter((row) => row.roles.includes(role)).map((row) => row.name));
  const owner = held('owner');
  const system = new Set([...owner, ...table.map((row) => row.name).filter((name) => name.startsWith('admin:'))]);
  return { owner, admin: held('admin'), manager: held('manager'), member: held('member'), viewer: held('viewer'), system,
    custom: new Set([...CUSTOM, ...IMPLIED]) };
}

/** Sessions that signed in long ago: what wants a recent sign-in says so and does nothing. */
async function age(w, anyone) {
  await sql(w.server, `UPDATE sessions SET authenticated_at = '${OLD}'`);
  // A revocation empties what this process remembers of credentials.
  const { id } = expect(await anyone.client.post('/v1/api-keys', { name: 'gone' }), 201);
  await anyone.client.delete(`/v1/api-keys/${id}`);
}

/**
 * {org, other, people}: an organisation and somebody else's, and a list of {name, account, carriers}.
 * `acts` is who makes what a principal of that organisation cannot make; `ended` principals may do nothing.
 */
export async function principals(w) {
  const org = await organisation(w, { permissions: CUSTOM });
  const stranger = await register(w.anonymous, { name: 'Stella Stranger' });
  const other = await createOrganisation(stranger);
  const removed = await join(org.owner, await register(w.anonymous, { name: 'Rita Removed' }), 'admin');
  const suspended = await join(org.owner, await register(w.anonymous, { name: 'Sam Suspended' }), 'admin');

  const held = rolePermissions(expect(await org.owner.client.get('/v1/permissions'), 200).data);
  const people = [{ name: 'nobody', carriers: [{ name: 'nothing', client: w.anonymous, permissions: new Set() }] }];
  for (const role of ['owner', 'admin', 'manager', 'member', 'viewer', 'custom']) {
    people.push({ name: role, account: org[role], org: org.org, carriers: await carriers(w, org[role], held[role]) });
  }
  const keys = await limitedKeys(w, org.owner);
  const keyCarrier = (name, secret, permissions, more) => ({ name, credential: 'api_key', client: bearer(w, secret), permissions: new Set(permissions), ...more });
  people.push({ name: 'keys', account: org.owner, org: org.org, carriers: [
    keyCarrier('a key with one scope', keys.scoped, ['agents:read']),
    keyCarrier('a key of the organisation', keys.shared, SHARED_SCOPES, { shared: true }),
    keyCarrier('a key for one agent', keys.narrow, held.owner, { agent: keys.agent }),
  ] });
  // What administers the server is in no key that does not say so.
  const server = [...held.system].filter((name) => name.startsWith('admin:'));
  people.push({ name: 'system', account: w.admin, carriers: [...await carriers(w, w.admin, held.system, held.owner),
    keyCarrier('a key that administers', await key(w.admin, { scopes: server }), server)] });
  people.push({ name: 'outsider', account: w.bob, carriers: await carriers(w, w.bob, held.owner) });

  const gone = [await carriers(w, removed, held.owner), await carriers(w, suspended, held.admin)];
  expect(await org.owner.client.delete(`/v1/members/${removed.user.id}`), 204);
  // A key of the organisation that was left is dead; the person is themselves, elsewhere.
  people.push({ name: 'removed', account: removed, carriers: gone[0].filter((c) => c.credential !== 'api_key') });
  people.push({ name: 'removed, with their keys', account: removed, ended: true, carriers: gone[0].filter((c) => c.credential === 'api_key') });
  expect(await w.admin.client.patch(`/v1/admin/users/${suspended.user.id}`, { status: 'suspended' }), 200);
  people.push({ name: 'suspended', account: suspended, ended: true, carriers: gone[1] });
  await age(w, w.admin);
  return { org, stranger, other, people };
}
