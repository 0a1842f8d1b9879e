// What most test files stand on: a server, a scripted model provider that it calls, and accounts.
import { after, before } from 'node:test';
import { randomBytes } from 'node:crypto';

import { startModelServer } from '../fakes/model-server.mjs';
import { expect } from './expect.mjs';
import { Client } from './http.mjs';
import { startServer, stopOwnCluster } from './server.mjs';

export const PASSWORD = 'correct horse battery staple';

/** A text that no other call of this function returns. */
export const unique = (prefix = 'x') => `${prefix}-${randomBytes(5).toString('hex')}`;

/** Registers an account: {client, user, token, refresh_token, ...}, the client signed in as it. */
export async function register(client, { name = 'Ada Lovelace', email = `${unique('ada')}@mail.test`, password = PASSWORD } = {}) {
  const reply = await client.as().post('/v1/auth/register', { name, email, password });
  const account = expect(reply, 201);
  return { ...account, email, password, reply, client: client.as({ token: account.token }) };
}

/** Settings of a server that calls `fake` for both providers. */
export const providersEnv = (fake) => ({
  OPENAI_API_KEY: 'sk-test-openai-canary-key',
  OPENAI_BASE_URL: fake.openaiBase,
  ANTHROPIC_API_KEY: 'sk-test-anthropic-canary-key',
  ANTHROPIC_BASE_URL: fake.anthropicBase,
  AGENTGEN_DEFAULT_MODEL: 'openai/echo',
});

export class World {
  constructor(options) {
    this.options = options;
    this.extra = [];
  }

  async open() {
    this.fake = await startModelServer();
    this.server = await this.start(this.options.env);
    this.anonymous = new Client(this.server.url);
    if (this.options.accounts === false) return this;
    this.admin = await register(this.anonymous, { name: 'First Admin' });
    this.ada = await register(this.anonymous, { name: 'Ada Lovelace' });
    this.bob = await register(this.anonymous, { name: 'Bob Babbage' });
    return this;
  }

  /** Another server that uses the same provider; it ends with this world. */
  async start(env = {}, options = {}) {
    const server = await startServer({ env: { ...providersEnv(this.fake), ...env }, ...options });
    this.extra.push(server);
    return server;
  }

  /** Another server, with its first account signed in. */
  async startWithAccount(env, options) {
    const server = await this.start(env, options);
    const account = await register(new Client(server.url));
    return { server, ...account };
  }

  /** Ends the servers beside the first, which hold connections to the database. */
  async stopOthers() {
    for (const server of this.extra.splice(1)) await server.stop();
  }

  async close() {
    this.anonymous?.close();
    await this.fake?.close();
    const failures = [];
    for (const server of this.extra) await server.stop().catch((e) => failures.push(e));
    await stopOwnCluster();
    if (failures.length) throw failures[0];
  }
}

/**
 * A world for all tests of the calling file, filled in before its first test runs. Options: `env` of
 * the server; `accounts: false` for none; `prepare(world)` for what else the tests stand on.
 */
export function world(options = {}) {
  const it = new World(options);
  before(async () => {
    await it.open();
    await options.prepare?.(it);
  });
  after(() => it.close());
  return it;
}

/** The same account as its browser: with the session's cookie, on the site's own pages. */
export function browserOf(account, server) {
  const cookie = account.reply.cookies[0].split(';')[0];
  return account.client.as({ cookie, headers: { origin: server.url } });
}

/** Creates an agent and returns it. */
export async function createAgent(client, config = {}, more = {}) {
  return expect(await client.post('/v1/agents', { name: unique('Agent'), config, ...more }), 201);
}

/** Creates an agent that asks a model of the scripted provider. */
export function createFakeAgent(client, model = 'echo', config = {}) {
  return createAgent(client, { provider: 'openai', model, ...config });
}

/** Makes an organisation; the session of `owner` acts in it from now on. */
export async function createOrganisation(owner, name = unique('Org')) {
  const org = expect(await owner.client.post('/v1/orgs', { name }), 201);
  await switchTo(owner, org);
  return org;
}

/** The session of `account` acts in `org` from now on; returns its Me. */
export const switchTo = async (account, org) => expect(await account.client.post(`/v1/orgs/${org.id}/switch`), 200);

/** An invitation of whoever `inviter` is, with its `token`; `role` is a name or {role_id}. */
export async function invite(inviter, email, role = 'member') {
  const body = { email, ...(typeof role === 'string' ? { role } : role) };
  const invitation = expect(await inviter.client.post('/v1/invitations', body), 201);
  return { ...invitation, token: invitation.accept_url.split('#token=')[1] };
}

/** `account` becomes a member where `inviter` acts, and its session acts there, too. */
export async function join(inviter, account, role) {
  const { token } = await invite(inviter, account.email, role);
  const org = expect(await account.client.post('/v1/invitations/accept', { token }), 200);
  await switchTo(account, org);
  return account;
}

/** A role that the organisation of `account` has of its own. */
export async function createRole(account, permissions, name = unique('Role')) {
  return expect(await account.client.post('/v1/roles', { name, permissions }), 201);
}

export const CUSTOM_PERMISSIONS = ['agents:read', 'agents:write', 'org:read', 'prompts:read'];

/**
 * An organisation with a member of each built-in role and one of a role of its own:
 * {org, role, owner, admin, manager, member, viewer, custom}, each with a client that acts in it.
 */
export async function organisation(w, { permissions = CUSTOM_PERMISSIONS } = {}) {
  const owner = await register(w.anonymous, { name: 'Olga Owner' });
  const org = await createOrganisation(owner);
  const role = await createRole(owner, permissions);
  const members = { admin: 'admin', manager: 'manager', member: 'member', viewer: 'viewer', custom: { role_id: role.id } };
  const accounts = await Promise.all(Object.entries(members).map(async ([name, as]) => {
    const account = await register(w.anonymous, { name: `${name} of ${org.name}`, email: `${unique(name)}@mail.test` });
    return [name, await join(owner, account, as)];
  }));
  return { org, role, owner, ...Object.fromEntries(accounts) };
}

/** An organisation that `owner` makes, of [account, role] beside; all of them act in it from now on. */
export async function organisationOf(owner, ...members) {
  const org = await createOrganisation(owner);
  for (const [account, role] of members) await join(owner, account, role);
  return org;
}
