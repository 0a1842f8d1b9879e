// Everything there is of a person, as one document.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { expect, expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { eventually, sleep, SLOW } from '../lib/time-and-ports.mjs';
import { createFakeAgent, createOrganisation, createRole, join, PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world();

async function exported(account) {
  const reply = await account.client.get('/v1/auth/export');
  assert.match(reply.headers['content-disposition'] ?? '', /^attachment; filename="agentgen-account\.json"$/);
  assert.equal(reply.headers['cache-control'], 'no-store');
  return { ...expect(reply, 200), text: reply.text };
}
const ask = async ({ client }, agent, text) => expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: text }), 200).run_id;
const ids = (items) => items.map((item) => item.id);

describe('the document', () => {
  it('holds what a person has, and no secret', async () => {
    const account = await register(w.anonymous, { name: 'Ada “Quotes” Lovelace' });
    const agent = await createFakeAgent(account.client, 'echo', { instructions: 'be brief' });
    const prompt = expect(await account.client.post('/v1/prompts', { prompt_text: 'a prompt of mine' }), 201);
    const run = await ask(account, agent, 'a question of mine');
    const { key, id: keyId } = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201);
    const other = expect(await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD }), 200);

    const { text, ...document } = await exported(account);
    assert.deepEqual(Object.keys(document), ['exported_at', 'account', 'identities', 'sessions', 'organizations']);
    assert.deepEqual([document.account.id, document.account.email, document.account.name], [account.user.id, account.email, 'Ada “Quotes” Lovelace']);
    assert.equal(document.sessions.length, 2);
    assert.equal(document.sessions.filter((session) => session.current).length, 1);
    assert.equal(document.organizations.length, 1);
    const [own] = document.organizations;
    assert.deepEqual([own.organization.id, own.organization.personal, own.organization.role, own.organization.current], [account.user.org_id, true, 'owner', true]);
    assert.deepEqual([ids(own.agents), ids(own.prompts), ids(own.runs), ids(own.api_keys)], [[agent.id], [prompt.id], [run], [keyId]]);
    assert.equal(own.agents[0].config.instructions, 'be brief');
    assert.equal(own.prompts[0].prompt_text, 'a prompt of mine');
    assert.equal(own.runs[0].input_text, 'a question of mine');
    assert.ok(own.runs[0].output_text.length > 0);
    const actions = own.activity.map((entry) => entry.action);
    for (const action of ['auth.registered', 'auth.signed_in', 'agent.created', 'prompt.created', 'api_key.created', 'auth.data_exported']) assert.ok(actions.includes(action), action);

    const [[hash]] = await sql(w.server, `SELECT password_hash FROM users WHERE id = '${account.user.id}'`);
    for (const secret of [PASSWORD, hash, key, account.token, account.refresh_token, other.token, account.reply.cookies[0].split(/[=;]/)[1]]) assert.ok(!text.includes(secret), secret.slice(0, 12));
  });

  it('holds what they made in organisations of others, and nobody else\'s', async () => {
    const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
    await createOrganisation(owner, 'Shared');
    await join(owner, member, 'member');
    const [theirs, mine] = [await createFakeAgent(owner.client), await createFakeAgent(member.client)];
    const theirRun = await ask(owner, theirs, 'what the owner asked');
    const myRun = await ask(member, theirs, 'what the member asked');
    await createFakeAgent(w.bob.client);
    const document = await exported(member);
    assert.equal(document.organizations.length, 2);
    const shared = document.organizations.find((org) => !org.organization.personal);
    assert.deepEqual([shared.organization.name, shared.organization.role, shared.organization.current], ['Shared', 'member', true]);
    assert.deepEqual([ids(shared.agents), ids(shared.runs)], [[mine.id], [myRun]]);
    assert.ok(shared.activity.length > 0);
    for (const text of [owner.email, theirRun, 'what the owner asked', owner.user.org_id]) assert.ok(!document.text.includes(text), text);
    assert.equal(expect(await member.client.get('/v1/auth/me'), 200).org.id, shared.organization.id, 'the session acts where it did');
  });

  it('holds nothing that others asked by a link, or by a key of the organisation, that they made', async () => {
    const account = await register(w.anonymous);
    const agent = await createFakeAgent(account.client);
    const keyOf = async (more) => w.anonymous.as({ apiKey: expect(await account.client.post('/v1/api-keys', { name: 'k', scopes: ['ai:run', 'agents:read', 'agents:write'], ...more }), 201).key });
    const [shared, own] = [await keyOf({ shared: true }), await keyOf({})];
    const { public_id: slug } = expect(await account.client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'public' }), 200);
    expect(await w.anonymous.post(`/v1/public/agents/${slug}/generate`, { input_text: 'what a visitor asked' }), 200);
    await ask({ client: shared }, agent, 'what a colleague asked');
    const mine = [await ask({ client: own }, agent, 'what my key asked'), await ask(account, agent, 'what I asked')];
    const copies = [];
    for (const client of [shared, own]) copies.push(expect(await client.post(`/v1/agents/${agent.id}/duplicate`), 201).id);
    const { text, organizations: [{ runs, activity }] } = await exported(account);
    const made = activity.filter((entry) => entry.action === 'agent.created').map((entry) => entry.details.agent_id);
    assert.deepEqual(made, [agent.id, copies[1]]);
    assert.deepEqual(ids(runs), mine);
    for (const other of ['what a visitor asked', 'what a colleague asked']) assert.ok(!text.includes(other), other);
  });

  it('leaves out what a role may not read', async () => {
    const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
    await createOrganisation(owner);
    await join(owner, member, 'member');
    await createFakeAgent(member.client);
    const run = await ask(member, await createFakeAgent(owner.client), 'x');
    const role = await createRole(owner, ['runs:read']);
    expect(await owner.client.patch(`/v1/members/${member.user.id}`, { role_id: role.id }), 200);
    const { organizations } = await exported(member);
    const shared = organizations.find((org) => !org.organization.personal);
    assert.deepEqual([shared.agents, ids(shared.runs)], [[], [run]]);
  });

  it('does without an organisation that was left', async () => {
    const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
    await createOrganisation(owner);
    await join(owner, member, 'member');
    const agent = await createFakeAgent(member.client);
    assert.equal((await member.client.post('/v1/org/leave')).status, 204);
    const document = await exported(member);
    assert.equal(document.organizations.length, 1);
    assert.ok(!document.text.includes(`"id":"${agent.id}"`));
  });
});

describe('who gets it', () => {
  it('is a person who signed in lately', async () => {
    const account = await register(w.anonymous);
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201);
    expectProblem(await w.anonymous.as({ apiKey: key }).get('/v1/auth/export'), 403, 'forbidden');
    expectProblem(await w.anonymous.get('/v1/auth/export'), 401);
    await sql(w.server, `UPDATE sessions SET authenticated_at = '2020-01-01T00:00:00.000Z' WHERE user_id = '${account.user.id}'`);
    await eventually(async () => (await account.client.get('/v1/auth/export')).status === 403, { ms: 8000 });
    expectProblem(await account.client.get('/v1/auth/export'), 403, 'reauthentication_required');
  });
});

describe('a large one', () => {
  // So many runs with so much text: more than the server may hold of a request.
  const RUNS = 500;
  const TEXT_BYTES = 64 * 1024;

  async function furnish(server, { user }) {
    const text = `${'x'.repeat(TEXT_BYTES - 2)}é`;
    const columns = 'org_id, id, kind, status, user_id, provider, model, boot_id, created_at, input_text, output_text';
    const values = (id) => `'${user.org_id}', ${id}, 'preview', 'completed', '${user.id}', 'openai', 'echo', '${user.id}', '2026-01-01T00:00:00.000Z', 'q', '${text}'`;
    const rows = server.kind === 'postgres'
      ? `SELECT ${values("('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid")} FROM generate_series(1, ${RUNS}) n`
        .replaceAll(`'${user.org_id}'`, `'${user.org_id}'::uuid`).replaceAll(`'${user.id}'`, `'${user.id}'::uuid`).replace("'2026-01-01T00:00:00.000Z'", "timestamptz '2026-01-01'")
      : `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${RUNS}) SELECT ${values("'00000000-0000-7000-8000-' || printf('%012d', n)")} FROM s`;
    await sql(server, `INSERT INTO runs (${columns}) ${rows}`);
  }

  // Past the client of the tests, which keeps a record of every reply.
  async function download(server, { token }, signal) {
    const reply = await fetch(`${server.url}/v1/auth/export`, { headers: { authorization: `Bearer ${token}` }, signal });
    assert.equal(reply.status, 200);
    const text = await reply.text();
    return { ...JSON.parse(text), text };
  }

  const resident = async (client) => Number(/^agentgen_resident_memory_bytes (\S+)$/m.exec((await client.get('/metrics')).text)[1]);

  it('is written in bounded memory, while others write', async () => {
    const { server, ...account } = await w.startWithAccount();
    await furnish(server, account);
    const anonymous = new Client(server.url);
    await download(server, account); // what the database keeps of its file in memory is no growth
    const before = await resident(anonymous);
    let busy = true;
    const made = [];
    const writer = (async () => {
      while (busy) made.push(expect(await account.client.post('/v1/prompts', { prompt_text: unique('while') }), 201).id);
    })();
    const watched = [];
    const watcher = (async () => {
      while (busy) {
        watched.push(await resident(anonymous));
        await sleep(20);
      }
    })();
    const document = await download(server, account);
    busy = false;
    await Promise.all([writer, watcher]);
    const [own] = document.organizations;
    assert.ok(document.text.length > RUNS * TEXT_BYTES);
    assert.equal(own.runs.length, RUNS);
    assert.ok(own.runs.every((run) => run.output_text.length === TEXT_BYTES - 1));
    assert.equal(new Set(ids(own.prompts)).size, own.prompts.length);
    assert.ok(made.length > 0 && own.prompts.every(({ id }) => made.includes(id)));
    const most = Math.max(...watched);
    // A sanitizer keeps what was freed.
    if (SLOW === 1) assert.ok(most - before < 15e6, `${before} grew to ${most} for ${document.text.length} bytes`);
    anonymous.close();
  });

  it('ends with its client, and harms nobody', async () => {
    const { server, ...account } = await w.startWithAccount();
    await furnish(server, account);
    for (let i = 0; i < 3; i += 1) {
      const control = new AbortController();
      const gone = download(server, account, control.signal).catch((e) => e.name);
      await sleep(5);
      control.abort();
      assert.equal(await gone, 'AbortError');
    }
    assert.equal((await download(server, account)).organizations[0].runs.length, RUNS);
  });
});
