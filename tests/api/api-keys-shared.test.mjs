// Keys of an organisation: what they may hold, who makes, sees and ends them, and that they stay when people go.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, expectStatuses, withoutRequestId } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { cli, DB_KIND, startServer } from '../lib/server.mjs';
import { eventually, sleep } from '../lib/time-and-ports.mjs';
import { createFakeAgent, createOrganisation, join, organisation, register, switchTo, unique, world } from '../lib/world.mjs';

const w = world({ prepare });
let o; // an organisation with a member of each role

async function prepare() {
  o = await organisation(w);
}

const using = (key) => w.anonymous.as({ apiKey: key });
const post = (account, body) => (account.client ?? account).post('/v1/api-keys', { name: unique('key'), ...body });
async function make(account, body = {}) {
  const key = expect(await post(account, body), 201);
  return { ...key, client: using(key.key) };
}
const sharedKey = (account, scopes, more = {}) => make(account, { shared: true, scopes, ...more });
const list = async (client, query = '') => expect(await client.get(`/v1/api-keys?limit=100${query}`), 200).data;

describe('a key of the organisation', () => {
  it('is made with keys:manage, of listed scopes that its maker holds', async () => {
    const made = await sharedKey(o.admin, ['agents:read', 'ai:run'], { requests_per_minute: 100 });
    assert.deepEqual([made.shared, made.scopes, made.requests_per_minute, made.user_id], [true, ['agents:read', 'ai:run'], 100, o.admin.user.id]);
    expect(await made.client.get('/v1/agents'), 200);
    for (const account of [o.manager, o.member, o.viewer, o.custom]) {
      expectProblem(await post(account, { shared: true, scopes: ['agents:read'] }), 403, 'forbidden');
    }
    for (const scopes of [undefined, []]) expectProblem(await post(o.owner, { shared: true, ...(scopes && { scopes }) }), 422, 'validation_failed', ['scopes']);
    for (const scope of ['account:read', 'account:write', 'everything', 'public', 'unset']) {
      expectProblem(await post(o.owner, { shared: true, scopes: ['agents:read', scope] }), 422, 'validation_failed', ['scopes[1]']);
    }
    // An admin is no owner, and hands on no more than they hold.
    expectProblem(await post(o.admin, { shared: true, scopes: ['org:delete'] }), 422, 'validation_failed', ['scopes[0]']);
  });

  it('holds nothing of the server, even when its administrator makes it', async () => {
    await createOrganisation(w.admin);
    for (const scope of ['admin:users', 'admin:orgs', 'admin:settings', 'admin:blocks', 'admin:audit']) {
      expectProblem(await post(w.admin, { shared: true, scopes: [scope] }), 422, 'validation_failed', ['scopes[0]']);
    }
    const made = await sharedKey(w.admin, ['org:read']);
    await sql(w.server, `UPDATE api_keys SET scopes = '["admin:users","account:read","account:write","org:read"]' WHERE id = '${made.id}'`);
    for (const path of ['/v1/admin/users', '/v1/auth/me', '/v1/auth/sessions']) expectProblem(await made.client.get(path), 403, 'forbidden');
    expect(await made.client.get('/v1/org'), 200);
  });

  it('is no person', async () => {
    const made = await sharedKey(o.owner, ['agents:read', 'agents:write', 'keys:read', 'keys:write', 'org:read', 'members:write']);
    const personal = JSON.parse((await cli(['routes', '--json'])).out).filter((route) => route.permission.startsWith('account:'));
    assert.ok(personal.length >= 8, `${personal.length} routes`);
    for (const { method, path } of personal) {
      const json = ['PATCH', 'PUT', 'POST'].includes(method) ? {} : undefined;
      expectProblem(await made.client.request(method, path.replace('{id}', absentId()).replace(/\{\w+\}/, 'google'), { json }), 403, 'forbidden');
    }
    expectProblem(await made.client.post('/v1/org/leave'), 403, 'forbidden');
    // Nor does it see or end its maker's keys: it has none of its own.
    const makers = await make(o.owner);
    assert.deepEqual(await list(made.client), []);
    expectProblem(await made.client.delete(`/v1/api-keys/${makers.id}`), 404, 'not_found');
    expectProblem(await made.client.delete(`/v1/api-keys/${made.id}`), 404, 'not_found');
    // What its maker created is not its own.
    const agent = await createFakeAgent(o.owner.client);
    expectProblem(await made.client.delete(`/v1/agents/${agent.id}`), 403, 'forbidden');
  });

  it('does not share replies of an Idempotency-Key with its maker', async () => {
    const made = await sharedKey(o.owner, ['ai:run', 'agents:write']);
    const headers = { 'idempotency-key': unique('idem') };
    const ask = (client) => client.post('/v1/ai/preview', { config: { provider: 'openai', model: 'echo' }, input_text: 'secret of a person' }, { headers });
    const mine = expect(await ask(o.owner.client), 200);
    const reply = await ask(made.client);
    assert.equal(reply.headers['idempotency-replayed'], undefined);
    assert.notEqual(expect(reply, 200).run_id, mine.run_id);
    assert.equal((await ask(made.client)).headers['idempotency-replayed'], 'true');
  });

  it('goes on when its maker is demoted, suspended, leaves, or is no more', async () => {
    const owner = await register(w.anonymous);
    await createOrganisation(owner);
    const maker = await join(owner, await register(w.anonymous), 'admin');
    const shared = await sharedKey(maker, ['agents:read', 'agents:write', 'ai:run']);
    const personal = await make(maker);
    const works = async (what) => {
      await sleep(5200); // as long as anything is remembered
      assert.equal((await shared.client.get('/v1/agents')).status, 200, what);
    };
    expect(await owner.client.patch(`/v1/members/${maker.user.id}`, { role: 'viewer' }), 200);
    expect(await shared.client.get('/v1/agents'), 200);
    expectProblem(await personal.client.post('/v1/agents', { name: 'x', config: {} }), 403, 'forbidden');
    await sql(w.server, `UPDATE users SET status = 'suspended' WHERE id = '${maker.user.id}'`);
    await works('suspended');
    expectProblem(await personal.client.get('/v1/agents'), 403, 'forbidden');
    await sql(w.server, `UPDATE users SET status = 'active' WHERE id = '${maker.user.id}'`);
    assert.equal((await owner.client.delete(`/v1/members/${maker.user.id}`)).status, 204);
    expectProblem(await personal.client.get('/v1/agents'), 401);
    const agent = await createFakeAgent(shared.client);
    expect(await shared.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' }), 200);
    assert.equal((await maker.client.delete('/v1/auth/me')).status, 204);
    await works('deleted');
    const listed = (await list(owner.client)).find((k) => k.id === shared.id);
    assert.equal(listed.user_id, maker.user.id);
    assert.notEqual(listed.user_name, maker.user.name, 'who is gone has no name any more');
    assert.equal((await owner.client.delete(`/v1/api-keys/${shared.id}`)).status, 204);
    expectProblem(await shared.client.get('/v1/agents'), 401);
  });

  it('ends with its organisation', async () => {
    const owner = await register(w.anonymous);
    await createOrganisation(owner);
    const shared = await sharedKey(owner, ['agents:read']);
    expect(await shared.client.get('/v1/agents'), 200);
    assert.equal((await owner.client.delete('/v1/org')).status, 204);
    expectProblem(await shared.client.get('/v1/agents'), 401);
  });

  it('can be limited to agents that are there for more than one person', async () => {
    const agent = await createFakeAgent(o.owner.client);
    const other = await createFakeAgent(o.owner.client);
    const made = await sharedKey(o.owner, ['ai:run', 'agents:read'], { agent_ids: [agent.id] });
    expect(await made.client.get(`/v1/agents/${agent.id}`), 200);
    expectProblem(await made.client.get(`/v1/agents/${other.id}`), 404, 'not_found');
    expectProblem(await made.client.get('/v1/agents'), 403, 'forbidden');
    expect(await o.owner.client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'private' }), 200);
    expectProblem(await made.client.get(`/v1/agents/${agent.id}`), 404, 'not_found');
    expectProblem(await made.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'x' }), 404, 'not_found');
  });
});

describe('the keys of an organisation', () => {
  it('are seen and ended by who holds keys:manage, and by nobody else', async () => {
    const mine = await make(o.member, { name: 'of a member' });
    const shared = await sharedKey(o.owner, ['agents:read'], { name: 'of all' });
    for (const account of [o.owner, o.admin]) {
      const all = await list(account.client);
      assert.ok(all.some((k) => k.id === mine.id && k.user_name === o.member.user.name) && all.some((k) => k.id === shared.id));
      assert.ok((await list(account.client, '&shared=true')).every((k) => k.shared));
      assert.ok((await list(account.client, '&shared=false')).every((k) => !k.shared));
      assert.ok(!JSON.stringify(all).includes(mine.key.slice(12)));
    }
    for (const account of [o.manager, o.viewer, o.custom]) {
      if (account === o.custom) continue; // has no permission to list
      const own = await list(account.client);
      assert.ok(own.every((k) => k.user_id === account.user.id && !k.shared), JSON.stringify(own));
      for (const id of [mine.id, shared.id]) {
        assert.equal(withoutRequestId(await account.client.delete(`/v1/api-keys/${id}`)), withoutRequestId(await account.client.delete(`/v1/api-keys/${absentId()}`)));
        assert.equal(withoutRequestId(await account.client.patch(`/v1/api-keys/${id}`, { name: 'x' })), withoutRequestId(await account.client.patch(`/v1/api-keys/${absentId()}`, { name: 'x' })));
      }
    }
    assert.deepEqual((await list(o.member.client)).map((k) => k.id).includes(mine.id), true);
    expectProblem(await o.admin.client.patch(`/v1/api-keys/${mine.id}`, { name: 'x' }), 403, 'forbidden');
    expectProblem(await (await make(o.admin, { scopes: ['keys:read', 'keys:write'] })).client.delete(`/v1/api-keys/${mine.id}`), 404, 'not_found');
    expect(await mine.client.get('/v1/agents'), 200);
    assert.equal((await o.admin.client.delete(`/v1/api-keys/${mine.id}`)).status, 204);
    expectProblem(await mine.client.get('/v1/agents'), 401);
    const { data } = expect(await o.owner.client.get('/v1/activity?action=api_key.revoked&limit=5'), 200);
    assert.deepEqual([data[0].details.api_key_id, data[0].details.user_id, data[0].user_id], [mine.id, o.member.user.id, o.admin.user.id]);
    // Page by page, each once.
    const seen = [];
    let cursor = '';
    do {
      const page = expect(await o.owner.client.get(`/v1/api-keys?limit=2${cursor}`), 200);
      seen.push(...page.data.map((k) => k.id));
      cursor = page.next_cursor && `&cursor=${page.next_cursor}`;
    } while (cursor);
    assert.deepEqual(seen, (await list(o.owner.client)).map((k) => k.id));
  });

  it('of another organisation are not there', async () => {
    const shared = await sharedKey(o.owner, ['agents:read']);
    await createOrganisation(w.bob);
    for (const reply of [await w.bob.client.delete(`/v1/api-keys/${shared.id}`), await w.bob.client.patch(`/v1/api-keys/${shared.id}`, { name: 'x' })]) {
      expectProblem(reply, 404, 'not_found');
    }
    assert.deepEqual(await list(w.bob.client), []);
    // A person's keys of one organisation are not those of another.
    const here = await make(w.bob);
    await switchTo(w.bob, { id: w.bob.user.org_id });
    assert.ok(!(await list(w.bob.client)).some((k) => k.id === here.id));
    expectProblem(await w.bob.client.delete(`/v1/api-keys/${here.id}`), 404, 'not_found');
  });
});

describe('a key that makes keys', () => {
  const bred = (parent, body) => post(parent.client, body);

  it('hands on no more than it holds', async () => {
    const parent = await make(o.owner, { scopes: ['keys:write', 'agents:read'] });
    for (const body of [{}, { scopes: [] }, { scopes: ['agents:write'] }, { scopes: ['agents:read', 'ai:run'] }, { scopes: ['keys:manage'] }]) {
      expectProblem(await bred(parent, body), 422, 'validation_failed');
    }
    expectProblem(await bred(parent, { shared: true, scopes: ['agents:read'] }), 403, 'forbidden');
    expect(await bred(parent, { scopes: ['agents:read'] }), 201);
    const manager = await make(o.owner, { scopes: ['keys:write', 'keys:manage', 'agents:read'] });
    expectProblem(await bred(manager, { shared: true, scopes: ['agents:write'] }), 422, 'validation_failed', ['scopes[0]']);
    expect(await bred(manager, { shared: true, scopes: ['agents:read'] }), 201);
    const shared = await sharedKey(o.owner, ['keys:write', 'keys:manage', 'agents:read']);
    expectProblem(await bred(shared, { scopes: ['agents:read'] }), 403, 'forbidden');
    expectProblem(await bred(shared, { shared: true, scopes: ['ai:run'] }), 422, 'validation_failed', ['scopes[0]']);
    expect(await bred(shared, { shared: true, scopes: ['agents:read'] }), 201);
    const small = await sharedKey(o.owner, ['keys:write', 'agents:read']);
    expectProblem(await bred(small, { shared: true, scopes: ['agents:read'] }), 403, 'forbidden');
  });

  it('hands on no more time and no more speed', async () => {
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const later = new Date(Date.now() + 7_200_000).toISOString();
    const parent = await make(o.owner, { scopes: ['keys:write', 'keys:manage', 'agents:read'], expires_at: end, requests_per_minute: 50 });
    const good = { scopes: ['agents:read'], expires_at: end, requests_per_minute: 50 };
    for (const shared of [false, true]) {
      for (const [change, field] of [[{ expires_at: later }, 'expires_at'], [{ expires_at: null }, 'expires_at'], [{ expires_at: undefined }, 'expires_at'],
        [{ requests_per_minute: 51 }, 'requests_per_minute'], [{ requests_per_minute: null }, 'requests_per_minute'], [{ requests_per_minute: undefined }, 'requests_per_minute']]) {
        expectProblem(await bred(parent, { ...good, shared, ...change }), 422, 'validation_failed', [field]);
      }
      const child = expect(await bred(parent, { ...good, shared }), 201);
      expectProblem(await using(child.key).patch(`/v1/api-keys/${child.id}`, { expires_at: null }), 403, 'forbidden');
      expectProblem(await parent.client.patch(`/v1/api-keys/${child.id}`, { expires_at: null }), 403, 'forbidden');
      expectProblem(await parent.client.patch(`/v1/api-keys/${parent.id}`, { requests_per_minute: null }), 403, 'forbidden');
    }
  });

  it('takes what it made with it, and what that made, and nothing else', async () => {
    const root = await make(o.owner, { scopes: ['keys:write', 'keys:manage', 'agents:read'] });
    const child = await make(root.client, { scopes: ['keys:write', 'agents:read'] });
    const shared = await make(root.client, { shared: true, scopes: ['keys:write', 'keys:manage', 'agents:read'] });
    const grandchild = await make(child.client, { scopes: ['agents:read'] });
    const nephew = await make(shared.client, { shared: true, scopes: ['agents:read'] });
    const stranger = await make(o.owner, { scopes: ['agents:read'] });
    const all = { root, child, shared, grandchild, nephew };
    for (const key of Object.values(all)) expect(await key.client.get('/v1/agents'), 200);
    assert.equal((await o.owner.client.delete(`/v1/api-keys/${child.id}`)).status, 204);
    expectProblem(await grandchild.client.get('/v1/agents'), 401);
    expect(await nephew.client.get('/v1/agents'), 200);
    assert.equal((await root.client.delete(`/v1/api-keys/${root.id}`)).status, 204);
    for (const [what, key] of Object.entries(all)) assert.equal((await key.client.get('/v1/agents')).status, 401, what);
    expect(await stranger.client.get('/v1/agents'), 200);
    const { data } = expect(await o.owner.client.get('/v1/activity?action=api_key.revoked&limit=100'), 200);
    for (const key of Object.values(all)) assert.equal(data.filter((a) => a.details.api_key_id === key.id).length, 1);
  });

  it('leaves none behind that it makes while it is revoked', async () => {
    for (let round = 0; round < 5; round += 1) {
      const parent = await make(o.owner, { scopes: ['keys:write', 'agents:read'] });
      const makes = Array.from({ length: 12 }, () => bred(parent, { scopes: ['agents:read'] }));
      const [ended, ...made] = await Promise.all([o.owner.client.delete(`/v1/api-keys/${parent.id}`), ...makes]);
      assert.equal(ended.status, 204);
      for (const reply of made) {
        assert.ok([201, 401].includes(reply.status), reply.text);
        if (reply.status === 201) expectProblem(await using(reply.json.key).get('/v1/agents'), 401);
      }
    }
  });
});

describe('a shared key and the rights of its maker', () => {
  it('cannot be made with what is taken away at that moment', async () => {
    const owner = await register(w.anonymous);
    await createOrganisation(owner);
    for (let round = 0; round < 4; round += 1) {
      const maker = await join(owner, await register(w.anonymous), 'admin');
      expect(await maker.client.get('/v1/agents'), 200);
      const [demoted, ...made] = await Promise.all([
        owner.client.patch(`/v1/members/${maker.user.id}`, { role: 'viewer' }),
        ...Array.from({ length: 6 }, () => post(maker, { shared: true, scopes: ['agents:write'] })),
      ]);
      expect(demoted, 200);
      for (const reply of made) assert.ok([201, 403, 422].includes(reply.status), reply.text);
      // What was made was made before, as the log has it, to the millisecond.
      const { data } = expect(await owner.client.get('/v1/activity?limit=100'), 200);
      const change = data.find((a) => a.action === 'member.role_changed' && a.details.user_id === maker.user.id);
      const later = data.filter((a) => a.action === 'api_key.created' && a.user_id === maker.user.id && a.created_at > change.created_at);
      assert.deepEqual(later, []);
    }
  });

  it('is changed by who holds all that it may', async () => {
    const role = expect(await o.owner.client.post('/v1/roles', { name: unique('Keeper'), permissions: ['keys:manage', 'keys:read', 'keys:write', 'agents:read'] }), 201);
    const keeper = await join(o.owner, await register(w.anonymous), { role_id: role.id });
    const agent = await createFakeAgent(o.owner.client);
    const strong = await sharedKey(o.owner, ['agents:write'], { agent_ids: [agent.id] });
    const weak = await sharedKey(o.owner, ['agents:read']);
    expectProblem(await keeper.client.patch(`/v1/api-keys/${strong.id}`, { agent_ids: [] }), 403, 'forbidden');
    expect(await keeper.client.patch(`/v1/api-keys/${weak.id}`, { name: 'renamed' }), 200);
    expect(await o.admin.client.patch(`/v1/api-keys/${strong.id}`, { agent_ids: [] }), 200);
    assert.equal((await keeper.client.delete(`/v1/api-keys/${strong.id}`)).status, 204);
    const { data } = expect(await o.owner.client.get('/v1/activity?action=api_key.changed&limit=5'), 200);
    assert.deepEqual([data[0].details.api_key_id, data[0].details.changed], [strong.id, 'agent_ids']);
  });
});

describe('the number of keys', () => {
  const fill = async (user, count, shared) => {
    const now = new Date().toISOString();
    const row = (i) => `('${absentId(i)}', '${org(user)}', '${user.user.id}', 'filler', 'agk_filler', ${w.server.kind === 'postgres' ? `'\\x${hex(i)}'` : `x'${hex(i)}'`}, '[]', ${shared}, '${now}')`;
    await sql(w.server, `INSERT INTO api_keys (id, org_id, user_id, name, prefix, hash, scopes, shared, created_at) VALUES ${Array.from({ length: count }, (_, i) => row(i)).join(', ')}`);
  };
  const org = (account) => account.org ?? account.user.org_id;
  const hex = (i) => unique(`${i}`).replaceAll(/[^0-9a-f]/g, '').padStart(64, '0');

  it('has an end for each person, exactly, however many are made at once', async () => {
    const account = await register(w.anonymous);
    await fill(account, 195, w.server.kind === 'postgres' ? 'false' : '0');
    const replies = await Promise.all(Array.from({ length: 20 }, () => post(account, {})));
    expectStatuses(replies, { 201: 5, 409: 15 });
    const refused = replies.find((r) => r.status === 409);
    assert.match(expectProblem(refused, 409, 'conflict').detail, /200 API keys.*revoke one/);
    assert.equal((await sql(w.server, `SELECT count(*) FROM api_keys WHERE user_id = '${account.user.id}'`))[0][0], '200');
    const [some] = await list(account.client);
    assert.equal((await account.client.delete(`/v1/api-keys/${some.id}`)).status, 204);
    expect(await post(account, {}), 201);
    expectProblem(await post(account, {}), 409, 'conflict');
    // The organisation's own are counted apart, and so are those in another organisation.
    expect(await post(account, { shared: true, scopes: ['agents:read'] }), 201);
    await createOrganisation(account);
    expect(await post(account, {}), 201);
  });

  it('has an end for the organisation, whoever makes them', async () => {
    const owner = await register(w.anonymous);
    const { id } = await createOrganisation(owner);
    const admin = await join(owner, await register(w.anonymous), 'admin');
    await sql(w.server, `DELETE FROM api_keys WHERE name = 'filler'`);
    await fill({ ...owner, org: id }, 196, w.server.kind === 'postgres' ? 'true' : '1');
    const replies = await Promise.all(Array.from({ length: 12 }, (_, i) => post(i % 2 ? owner : admin, { shared: true, scopes: ['agents:read'] })));
    expectStatuses(replies, { 201: 4, 409: 8 });
    expect(await post(admin, {}), 201);
  });
});

describe('revocation', () => {
  it('lets no request in after its reply, however many are on their way', async () => {
    for (const shared of [false, true]) {
      const key = await make(o.owner, { scopes: ['agents:read'], shared });
      const clients = Array.from({ length: 4 }, () => new Client(w.server.url, { apiKey: key.key }));
      let revokedAt = Infinity;
      const late = [];
      let count = 0;
      const worker = async (client) => {
        while (performance.now() < revokedAt + 300) {
          const from = performance.now();
          const { status } = await client.get('/v1/agents?limit=1');
          count += 1;
          if (from > revokedAt && status !== 401) late.push(status);
          else assert.ok([200, 401].includes(status), `${status}`);
        }
      };
      const workers = clients.flatMap((client) => Array.from({ length: 4 }, () => worker(client)));
      await sleep(200);
      const reply = await o.owner.client.delete(`/v1/api-keys/${key.id}`);
      revokedAt = performance.now();
      assert.equal(reply.status, 204);
      await Promise.all(workers);
      assert.deepEqual(late, [], `of ${count}`);
      assert.ok(count > 16, `${count} requests`);
      for (const client of clients) client.close();
    }
  });

  // One process at a time has an SQLite file.
  if (DB_KIND === 'postgres') it('is noticed by another instance within five seconds', async () => {
    const second = await startServer({ env: w.server.env, databaseUrl: w.server.databaseUrl });
    try {
      const agent = await createFakeAgent(o.owner.client);
      const key = await make(o.owner);
      const there = new Client(second.url, { apiKey: key.key });
      const member = new Client(second.url, { token: o.member.token });
      expect(await there.get('/v1/agents'), 200);
      expect(await member.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' }), 200);
      const from = performance.now();
      assert.equal((await o.owner.client.delete(`/v1/api-keys/${key.id}`)).status, 204);
      expect(await o.owner.client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'private' }), 200);
      await eventually(async () => (await there.get('/v1/agents')).status === 401, { ms: 5500, every: 100, what: 'the end of the key' });
      await eventually(async () => (await member.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'hi' })).status === 404, { ms: 5500, every: 100, what: 'the agent to be private' });
      assert.ok(performance.now() - from < 6000);
      there.close();
      member.close();
    } finally {
      await second.stop();
    }
  });
});
