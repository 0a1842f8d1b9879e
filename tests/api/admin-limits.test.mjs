// What an administrator of the server sets: settings, plans, blocks. What they do is in limits.test.mjs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, assertNow, assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world();

const DEFAULTS = {
  registration: 'open',
  free_per_minute: 50,
  premium_per_minute: 500,
  address_per_minute: 300,
  public_per_minute: 60,
  login_failures_per_account: 5,
  login_failures_per_address: 30,
  login_window_s: 900,
  login_block_s: 900,
};

const logOf = async (action) => (await sql(w.server, `SELECT details, ip FROM activity_logs WHERE action = '${action}' ORDER BY id`))
  .map(([details, ip]) => ({ details: JSON.parse(details), ip }));

describe('settings', () => {
  it('begin with what the documents say, and change one by one', async () => {
    assert.deepEqual(expect(await w.admin.client.get('/v1/admin/settings'), 200), DEFAULTS);
    const changed = { ...DEFAULTS, free_per_minute: 60, registration: 'invited' };
    assert.deepEqual(expect(await w.admin.client.patch('/v1/admin/settings', { free_per_minute: 60, registration: 'invited' }), 200), changed);
    assert.deepEqual(expect(await w.admin.client.get('/v1/admin/settings'), 200), changed);
    assert.deepEqual(expect(await w.admin.client.patch('/v1/admin/settings', {}), 200), changed);
    assert.deepEqual(expect(await w.admin.client.patch('/v1/admin/settings', { free_per_minute: 50, registration: 'open' }), 200), DEFAULTS);
    const entries = (await logOf('settings.changed')).map((e) => e.details);
    assert.deepEqual(entries, [{ registration: 'invited', free_per_minute: 60 }, { registration: 'open', free_per_minute: 50 }]);
  });

  it('close registration, and say so to who comes', async () => {
    const { server, client } = await w.startWithAccount();
    const anonymous = client.as();
    expect(await client.patch('/v1/admin/settings', { registration: 'invited' }), 200);
    assert.equal(expect(await anonymous.get('/v1/auth/providers'), 200).registration, 'invited');
    const input = { name: 'Late Comer', email: `${unique('late')}@mail.test`, password: PASSWORD };
    expectProblem(await anonymous.post('/v1/auth/register', input), 403, 'forbidden');
    assert.deepEqual(await sql(server, `SELECT id FROM users WHERE email = '${input.email}'`), []);
    expect(await client.patch('/v1/admin/settings', { registration: 'open' }), 200);
    assert.equal(expect(await anonymous.get('/v1/auth/providers'), 200).registration, 'open');
    expect(await anonymous.post('/v1/auth/register', input), 201);
  });

  it('are in force on every connection at once', async () => {
    for (let i = 0; i < 5; i += 1) {
      expect(await w.admin.client.patch('/v1/admin/settings', { public_per_minute: 100 + i }), 200);
      const seen = await Promise.all(Array.from({ length: 16 }, () => w.admin.client.get('/v1/admin/settings')));
      assert.deepEqual([...new Set(seen.map((r) => r.json.public_per_minute))], [100 + i]);
    }
    expect(await w.admin.client.patch('/v1/admin/settings', { public_per_minute: 60 }), 200);
  });

  it('are checked, and nothing else is one', async () => {
    const fields = { free_per_minute: 0, premium_per_minute: -1, address_per_minute: 1.5, login_window_s: 1, login_block_s: null, registration: 'closed', more: 1 };
    for (const [field, value] of Object.entries(fields)) {
      expectProblem(await w.admin.client.patch('/v1/admin/settings', { [field]: value }), 422, 'validation_failed', [field]);
    }
    assert.deepEqual(expect(await w.admin.client.get('/v1/admin/settings'), 200), DEFAULTS);
  });

  it('that cannot be read are as if there were none, until they are set again', async () => {
    const { server, client } = await w.startWithAccount();
    await sql(server, "INSERT INTO settings (name, value, updated_at) VALUES ('server', '{\"free_per_minute\": \"many\"}', '2026-01-01T00:00:00.000Z')");
    await server.restart();
    const again = client.as({ token: client.token });
    again.base = server.url;
    assert.deepEqual(expect(await again.get('/v1/admin/settings'), 200), DEFAULTS);
    assert.equal(expect(await again.patch('/v1/admin/settings', { free_per_minute: 70 }), 200).free_per_minute, 70);
  });
});

describe('plans', () => {
  it('are set for each organisation, and found by name and owner', async () => {
    const name = unique('Plan');
    const { user, email } = await register(w.anonymous, { name });
    const found = expect(await w.admin.client.get(`/v1/admin/orgs?q=${email.toUpperCase()}`), 200).data;
    assert.equal(found.length, 1);
    const [org] = found;
    assert.deepEqual(org, { ...org, id: user.org_id, personal: true, plan: 'free', requests_per_minute: null, members: 1, owner_email: email });
    assertNow(org.created_at);
    const path = `/v1/admin/orgs/${org.id}`;
    assert.deepEqual(expect(await w.admin.client.patch(path, { plan: 'premium' }), 200), { ...org, plan: 'premium' });
    assert.deepEqual(expect(await w.admin.client.patch(path, { requests_per_minute: 7 }), 200), { ...org, plan: 'premium', requests_per_minute: 7 });
    assert.deepEqual(expect(await w.admin.client.patch(path, {}), 200), { ...org, plan: 'premium', requests_per_minute: 7 });
    assert.deepEqual(expect(await w.admin.client.patch(path, { requests_per_minute: null, plan: 'free' }), 200), org);
    const entries = (await logOf('org.plan_changed')).filter((e) => e.details.org_id === org.id);
    assert.equal(entries.length, 6, 'three changes, in the log of the server and in the organisation\'s');
    for (const field of ['plan', 'requests_per_minute']) {
      expectProblem(await w.admin.client.patch(path, { [field]: field === 'plan' ? 'gold' : 0 }), 422, 'validation_failed', [field]);
    }
    expectProblem(await w.admin.client.patch(`/v1/admin/orgs/${absentId()}`, { plan: 'premium' }), 404, 'not_found');
  });

  it('are listed page by page, the newest first', async () => {
    const ids = [];
    let cursor = '';
    for (let page = 0; page < 50; page += 1) {
      const reply = expect(await w.admin.client.get(`/v1/admin/orgs?limit=2${cursor}`), 200);
      ids.push(...reply.data.map((o) => o.id));
      if (!reply.next_cursor) break;
      cursor = `&cursor=${reply.next_cursor}`;
    }
    const [[count]] = await sql(w.server, 'SELECT count(*) FROM organizations');
    assert.equal(ids.length, Number(count));
    assert.deepEqual(ids, [...new Set(ids)].sort().reverse());
  });
});

describe('blocks', () => {
  const block = (input) => w.admin.client.post('/v1/admin/blocked-ips', input);

  it('are made, listed and lifted', async () => {
    const made = expect(await block({ address: '192.0.2.7', minutes: 10, reason: 'Scans us' }), 201);
    assertOrderedId(made.id);
    assert.deepEqual(made, {
      id: made.id, kind: 'address', subject: '192.0.2.7', reason: 'Scans us', failures: 0, created_by: w.admin.user.id, created_by_name: 'First Admin', created_at: made.created_at, expires_at: made.expires_at,
    });
    assert.equal(Date.parse(made.expires_at) - Date.parse(made.created_at), 600_000);
    const list = async (query = '') => expect(await w.admin.client.get(`/v1/admin/blocked-ips${query}`), 200).data;
    assert.deepEqual(await list(), [made]);
    assert.deepEqual(await list('?kind=address'), [made]);
    assert.deepEqual(await list('?kind=account'), []);
    assert.equal((await w.admin.client.delete(`/v1/admin/blocked-ips/${made.id}`)).status, 204);
    assert.deepEqual(await list(), []);
    expectProblem(await w.admin.client.delete(`/v1/admin/blocked-ips/${made.id}`), 404, 'not_found');
    const [created] = await logOf('block.created');
    assert.deepEqual(created.details, { block_id: made.id, kind: 'address', address: '192.0.2.7' });
    const [lifted] = await logOf('block.lifted');
    assert.deepEqual(lifted.details, created.details);
  });

  it('of one address are one, however it is spelt', async () => {
    const first = expect(await block({ address: '2001:db8::1', minutes: 10 }), 201);
    assert.equal(first.subject, '2001:db8::/64');
    assert.equal(first.reason, 'By an administrator');
    for (const address of ['2001:DB8:0:0:ffff::2', '2001:db8::/64', ' 2001:db8::9 ']) {
      const again = expect(await block({ address, minutes: 5 }), 201);
      assert.equal(again.id, first.id);
      assert.equal(again.subject, first.subject);
      assert.equal(Date.parse(again.expires_at) - Date.parse(again.created_at), 300_000, 'the last word counts');
    }
    assert.equal(expect(await block({ address: '::ffff:192.0.2.9', minutes: 1 }), 201).subject, '192.0.2.9');
    assert.equal(expect(await w.admin.client.get('/v1/admin/blocked-ips'), 200).data.length, 2);
  });

  it('are refused for what is no address, and for one\'s own', async () => {
    for (const address of ['', 'example.com', '192.0.2.0/24', '192.0.2.300', '::1%lo', '192.0.2.1/64', '127.0.0.1', '::ffff:127.0.0.1']) {
      expectProblem(await block({ address, minutes: 1 }), 422, 'validation_failed', ['address']);
    }
    for (const minutes of [0, -1, 525601, '5']) {
      expectProblem(await block({ address: '192.0.2.1', minutes }), 422, 'validation_failed', ['minutes']);
    }
  });

  it('end by themselves', async () => {
    const made = expect(await block({ address: '192.0.2.77', minutes: 1 }), 201);
    await sql(w.server, `UPDATE sign_in_blocks SET expires_at = '2026-01-01T00:00:00.000Z' WHERE id = '${made.id}'`);
    const { data } = expect(await w.admin.client.get('/v1/admin/blocked-ips?limit=100'), 200);
    assert.ok(data.every((b) => b.id !== made.id));
  });
});

describe('the administration', () => {
  it('is nobody else\'s', async () => {
    const calls = [['GET', 'settings'], ['PATCH', 'settings', { free_per_minute: 1_000_000 }], ['GET', 'orgs'], ['PATCH', `orgs/${w.ada.user.org_id}`, { plan: 'premium' }],
      ['GET', 'blocked-ips'], ['POST', 'blocked-ips', { address: '192.0.2.1', minutes: 1 }], ['DELETE', `blocked-ips/${absentId()}`]];
    for (const [method, path, json] of calls) {
      expectProblem(await w.anonymous.request(method, `/v1/admin/${path}`, { json }), 401, 'unauthenticated');
      expectProblem(await w.ada.client.request(method, `/v1/admin/${path}`, { json }), 403, 'forbidden');
    }
    assert.equal(expect(await w.ada.client.get('/v1/auth/me'), 200).org.plan, 'free');
  });
});
