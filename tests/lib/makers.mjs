// For each kind of thing that a path's {id} may name (`resource` of the route): one that the
// principal's organisation has, and one of somebody else.
import { sql } from './database.mjs';
import { expect } from './expect.mjs';
import { createFakeAgent, invite, join, PASSWORD, register, unique } from './world.mjs';

let identities = 0;

/** Makers over a world, an organisation's owner and a stranger: {resource: {own(who), foreign()}}. */
export function makers(w, { org, stranger, other }) {
  // Who may not make a thing gets one of their organisation's owner.
  const maker = (who, permission) => {
    const able = who.carriers[0].permissions.has(permission) && !who.carriers[0].agent && who.name !== 'keys';
    return able ? who.account : org.owner;
  };
  const theirs = {};
  const once = (name, make) => async () => { theirs[name] ??= await make(); return theirs[name]; };

  const prompt = async ({ client }) => expect(await client.post('/v1/prompts', { prompt_text: unique('x') }), 201).id;
  const agent = async ({ client }) => (await createFakeAgent(client)).id;
  const run = async ({ client }) => expect(await client.post('/v1/ai/generate', { agent_id: (await createFakeAgent(client)).id, input_text: 'x' }), 200).run_id;
  const apiKey = async ({ client }) => expect(await client.post('/v1/api-keys', { name: unique('k') }), 201).id;
  const role = async ({ client }) => expect(await client.post('/v1/roles', { name: unique('Role'), permissions: ['agents:read'] }), 201).id;
  const invitation = async (account) => (await invite(account, `${unique('guest')}@mail.test`)).id;
  const member = async (account) => (await join(account, await register(w.anonymous), 'viewer')).user.id;
  const session = async ({ email, user }) => {
    expect(await w.anonymous.post('/v1/auth/login', { email, password: PASSWORD }), 200);
    return (await sql(w.server, `SELECT id FROM sessions WHERE user_id = '${user.id}' ORDER BY id DESC LIMIT 1`))[0][0];
  };
  const identity = async ({ user }) => {
    identities += 1;
    const id = `00000000-0000-7000-8000-1${String(identities).padStart(11, '0')}`;
    await sql(w.server, 'INSERT INTO identities (id, user_id, provider, issuer, subject, created_at) '
      + `VALUES ('${id}', '${user.id}', 'google', 'https://accounts.test', '${identities}', '2026-01-01T00:00:00.000Z')`);
    return id;
  };
  const block = async () => expect(await w.admin.client.post('/v1/admin/blocked-ips', { address: `203.0.113.${identities++ % 250}`, minutes: 5 }), 201).id;

  return {
    agent: { own: (who) => agent(maker(who, 'agents:write')), foreign: once('agent', () => agent(stranger)) },
    prompt: { own: (who) => prompt(maker(who, 'prompts:write')), foreign: once('prompt', () => prompt(stranger)) },
    run: { own: (who) => run(maker(who, 'agents:write')), foreign: once('run', () => run(stranger)) },
    api_key: { own: (who) => apiKey(who.account), foreign: once('api_key', () => apiKey(stranger)) },
    role: { own: (who) => role(maker(who, 'roles:write')), foreign: once('role', () => role(stranger)) },
    invitation: { own: (who) => (who.org ? invitation(maker(who, 'members:write')) : undefined), foreign: once('invitation', () => invitation(stranger)) },
    member: { own: (who) => (who.org ? member(maker(who, 'members:write')) : undefined), foreign: once('member', () => member(stranger)) },
    org: { own: (who) => who.org?.id ?? who.account.user.org_id, foreign: () => other.id },
    session: { own: (who) => session(who.account), foreign: once('session', () => session(stranger)) },
    identity: { own: (who) => identity(who.account), foreign: once('identity', () => identity(stranger)) },
    // What the administrator of the server sees has no owner.
    user: { own: async () => (await register(w.anonymous)).user.id },
    organization: { own: () => other.id },
    block: { own: block },
  };
}
