// What is left of a deleted organisation: nothing at once that anybody can reach, nothing later that
// was its, and the log of who deleted it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import {
  createFakeAgent, createOrganisation, createRole, invite, organisation, organisationOf, register, switchTo, world,
} from '../lib/world.mjs';

const w = world({ prepare });
let tables; // of what belongs to an organisation
const KEPT = ['activity_logs', 'audit_heads', 'users'];

async function prepare({ server }) {
  const columns = server.kind === 'postgres'
    ? "SELECT table_name FROM information_schema.columns WHERE column_name = 'org_id' AND table_schema = 'public'"
    : "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'org_id'";
  tables = (await sql(server, columns)).map(([name]) => name).filter((name) => !KEPT.includes(name));
  assert.ok(tables.length >= 8);
}

/** How many rows each table has of an organisation. */
async function contents(server, org) {
  const [row] = await sql(server, `SELECT ${tables.map((t) => `(SELECT count(*) FROM ${t} WHERE org_id = '${org}')`).join(', ')}`);
  return Object.fromEntries(tables.map((table, i) => [table, Number(row[i])]));
}
const total = async (server, org) => Object.values(await contents(server, org)).reduce((a, b) => a + b, 0);

/** Something of each kind, in the organisation that `account` acts in. */
async function fill(account, keys = new Client(account.client.base)) {
  const { client } = account;
  const agent = await createFakeAgent(client);
  expect(await client.post('/v1/prompts', { prompt_text: 'x' }, { headers: { 'idempotency-key': randomUUID() } }), 201);
  expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'x' }), 200);
  const { public_id: publicId } = expect(await client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'public' }), 200);
  const key = expect(await client.post('/v1/api-keys', { name: 'k' }), 201).key;
  const lasting = expect(await client.post('/v1/api-keys', { name: 'k', shared: true, scopes: ['agents:read'] }), 201).key;
  await createRole(account, ['agents:read']);
  await invite(account, `${randomUUID()}@mail.test`);
  return { agent, publicId, keys: [key, lasting].map((apiKey) => keys.as({ apiKey })) };
}

/** Many more, behind the server's back: what is purged in more than one step. */
async function fillMore(server, org, user, n = 2600) {
  const now = new Date().toISOString();
  for (let i = 0; i < n; i += 260) {
    const rows = Array.from({ length: 260 }, () => `('${randomUUID()}', '${org}', '${user}', 'x', '{}', 1, '${now}', '${now}')`);
    await sql(server, `INSERT INTO prompts (id, org_id, user_id, prompt_text, metadata, version, created_at, updated_at) VALUES ${rows.join(', ')}`);
  }
}

describe('a deleted organisation', () => {
  it('is closed at once, by every door', async () => {
    const all = await organisation(w);
    const { keys, agent, publicId } = await fill(all.owner);
    const { token } = await invite(all.owner, w.ada.email);
    for (const key of keys) expect(await key.get('/v1/agents'), 200);
    const visit = (id) => w.anonymous.get(`/v1/public/agents/${id}`);
    expect(await visit(publicId), 200);
    assert.equal((await all.owner.client.delete('/v1/org')).status, 204);

    for (const key of keys) expectProblem(await key.get('/v1/agents'), 401);
    for (const account of [all.owner, all.admin, all.manager, all.member, all.viewer, all.custom]) {
      const { org } = expect(await account.client.get('/v1/auth/me'), 200);
      assert.deepEqual([org.id, org.role], [account.user.org_id, 'owner']);
      expectProblem(await account.client.get(`/v1/agents/${agent.id}`), 404);
      assert.deepEqual(expect(await account.client.get('/v1/orgs'), 200).data.map((o) => o.id), [account.user.org_id]);
    }
    const [gone, never] = [await visit(publicId), await visit([...publicId].reverse().join(''))];
    expectProblem(gone, 404);
    assert.equal(withoutRequestId(gone), withoutRequestId(never));
    expectProblem(await w.anonymous.post(`/v1/public/agents/${publicId}/generate`, { input_text: 'x' }), 404);
    expectProblem(await w.anonymous.post('/v1/invitations/lookup', { token }), 404);
    for (const door of [
      () => all.owner.client.post(`/v1/orgs/${all.org.id}/switch`), () => w.ada.client.post('/v1/invitations/accept', { token }),
    ]) expectProblem(await door(), 404);
    const entries = await sql(w.server, `SELECT details FROM activity_logs WHERE org_id = '${all.org.id}' AND action = 'organization.deleted'`);
    assert.deepEqual(entries.map(([details]) => JSON.parse(details)), [{ api_keys: 2 }]);
  });

  it('is deleted once, whoever else tries', async () => {
    const [owner, second] = [await register(w.anonymous), await register(w.anonymous)];
    await organisationOf(owner, [second, 'owner']);
    const replies = await Promise.all([owner.client.delete('/v1/org'), second.client.delete('/v1/org')]);
    const statuses = replies.map((r) => r.status).sort();
    // The other one finds it gone, or acts in its own already.
    assert.ok(statuses[0] === 204 && [403, 404, 409].includes(statuses[1]), `${statuses}`);
  });

  it('is purged in steps, killed between them, and leaves its log', async () => {
    const { server, client, ...account } = await w.startWithAccount();
    const owner = { ...account, client };
    const kept = await createOrganisation(owner, 'Kept');
    await fill(owner);
    const org = await createOrganisation(owner, 'Doomed');
    await fill(owner);
    await fillMore(server, org.id, owner.user.id);
    const before = await contents(server, kept.id);
    const all = await total(server, org.id);
    assert.ok(all > 2600);
    assert.equal((await client.delete('/v1/org')).status, 204);

    // Housekeeping begins a second after the start. This process dies after its first step; in a build
    // that can be told to be slow, for sure before its last one.
    await server.kill9();
    const slow = await server.start({ AGENTGEN_FAULTS: 'slow_commit=-1' }).then(() => true, () => false);
    if (!slow) await server.start({ AGENTGEN_FAULTS: null });
    await eventually(async () => (await total(server, org.id)) < all - 300, { ms: 15_000, every: 1, what: 'the first step' });
    await server.kill9();
    if (slow) assert.ok(await total(server, org.id) > 0);
    await server.start({ AGENTGEN_FAULTS: null });
    await eventually(async () => (await total(server, org.id)) === 0, { ms: 15_000, every: 50, what: 'the end of the purge' });
    assert.deepEqual(await contents(server, kept.id), before);
    assert.deepEqual(Object.values(before).filter((n) => n === 0).length, 2, JSON.stringify(before)); // client_errors, run_stats
    const log = (await sql(server, `SELECT action FROM activity_logs WHERE org_id = '${org.id}'`)).map(([a]) => a);
    for (const action of ['organization.created', 'agent.created', 'organization.deleted']) assert.ok(log.includes(action), action);

    // What was still running may write once more: it is looked for until that cannot be any longer.
    const mark = async () => (await sql(server, `SELECT name, purged_at IS NOT NULL FROM organizations WHERE id = '${org.id}'`))[0];
    assert.equal((await mark())[0], 'Doomed');
    await fillMore(server, org.id, owner.user.id, 260);
    await sql(server, `UPDATE organizations SET deleted_at = '2020-01-01T00:00:00.000Z' WHERE id = '${org.id}'`);
    await server.restart();
    await eventually(async () => (await mark())[0] === '(deleted)', { ms: 15_000, every: 50, what: 'the mark of the purge' });
    assert.equal(await total(server, org.id), 0);
    const there = { client: new Client(server.url).as({ token: account.token }) };
    await switchTo(there, kept);
    assert.equal(expect(await there.client.get('/v1/agents'), 200).data.length, 1);
    expectProblem(await there.client.post(`/v1/orgs/${absentId()}/switch`), 404);
  });
});
