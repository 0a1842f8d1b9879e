// The audit log: who did what from where, found again, exported, and its chain.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, it } from 'node:test';

import { followChain, parseCsv } from '../lib/chain.mjs';
import { sql } from '../lib/database.mjs';
import { assertNow, expect, expectProblem } from '../lib/expect.mjs';
import { eventually, sleep } from '../lib/time-and-ports.mjs';
import { createAgent, createOrganisation, createRole, PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world();
const NOBODY = '00000000-0000-0000-0000-000000000000';

const list = async (client, query = '', path = '/v1/activity') => expect(await client.get(`${path}?limit=100${query}`), 200).data;
const lines = (reply) => reply.text.trimEnd().split('\n').map((line) => JSON.parse(line));
const actions = (entries) => entries.map((e) => e.action);

describe('an entry', () => {
  it('tells who did what, from where and with what, and has a number', async () => {
    const account = await register(w.anonymous, { name: 'Augusta Ada' });
    const key = expect(await account.client.post('/v1/api-keys', { name: 'ci' }), 201);
    const agent = await createAgent(w.anonymous.as({ apiKey: key.key }));
    const entries = await list(account.client);
    assert.deepEqual(entries.map((e) => e.seq), entries.map((e, i) => entries.length - i));
    const [made] = entries;
    assert.deepEqual(Object.keys(made).sort(), ['action', 'created_at', 'credential', 'details', 'id', 'ip', 'key_id', 'seq', 'user_id', 'user_name']);
    assert.deepEqual({ ...made, id: undefined, created_at: undefined, seq: undefined }, {
      action: 'agent.created', details: { agent_id: agent.id }, user_id: account.user.id, user_name: 'Augusta Ada',
      ip: '127.0.0.1', credential: 'key', key_id: key.id, id: undefined, created_at: undefined, seq: undefined,
    });
    assertNow(made.created_at);
    const keyed = entries.find((e) => e.action === 'api_key.created');
    assert.deepEqual([keyed.credential, keyed.key_id], ['token', null]);
    const registered = entries.find((e) => e.action === 'auth.registered');
    assert.deepEqual([registered.credential, registered.key_id, registered.seq], [null, null, 1]);
  });

  it('says what a role and a key may do', async () => {
    const account = await register(w.anonymous);
    await createOrganisation(account);
    const agent = await createAgent(account.client);
    const role = await createRole(account, ['agents:read', 'ai:run']);
    expect(await account.client.put(`/v1/roles/${role.id}`, { name: 'Other', permissions: ['org:write'] }), 200);
    assert.equal((await account.client.delete(`/v1/roles/${role.id}`)).status, 204);
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const key = expect(await account.client.post('/v1/api-keys', { name: 'k', shared: true, scopes: ['ai:run', 'agents:read'], agent_ids: [agent.id], expires_at: until }), 201);
    expect(await account.client.patch(`/v1/api-keys/${key.id}`, { expires_at: null, agent_ids: [] }), 200);
    const about = { role_id: role.id, name: 'Other', permissions: ['org:write'] };
    const of = { api_key_id: key.id, prefix: key.prefix, shared: true, user_id: account.user.id, scopes: key.scopes };
    assert.deepEqual((await list(account.client)).slice(0, 5).map((e) => [e.action, e.details]), [
      ['api_key.changed', { ...of, agent_ids: [], expires_at: null, changed: 'expires_at agent_ids' }],
      ['api_key.created', { ...of, agent_ids: [agent.id], expires_at: until }],
      ['role.deleted', about],
      ['role.changed', about],
      ['role.created', { role_id: role.id, name: role.name, permissions: ['agents:read', 'ai:run'] }],
    ]);
  });

  it('tells a name of any letters as a whole', async () => {
    const { client } = await register(w.anonymous);
    for (const name of ['🚀'.repeat(100), `a${'語'.repeat(99)}`, `a${'🚀'.repeat(99)}`]) {
      expect(await client.patch('/v1/org', { name }), 200);
      assert.equal((await list(client))[0].details.name, name);
    }
  });

  it('stays when its account has gone', async () => {
    const account = await register(w.anonymous, { name: 'Soon Gone' });
    const org = account.user.org_id;
    await createAgent(account.client);
    const before = Number((await sql(w.server, `SELECT count(*) FROM activity_logs WHERE org_id = '${org}'`))[0][0]);
    await sql(w.server, `DELETE FROM users WHERE id = '${account.user.id}'`).catch(() => {});
    assert.equal(Number((await sql(w.server, `SELECT count(*) FROM activity_logs WHERE org_id = '${org}'`))[0][0]), before);
  });
});

describe('filters', () => {
  it('are of the action or a group of them, the person, the time and any text', async () => {
    const account = await register(w.anonymous, { name: 'Filter Fan' });
    const { client } = account;
    const agent = await createAgent(client);
    await sleep(5);
    const middle = new Date().toISOString();
    await sleep(5);
    const prompt = expect(await client.post('/v1/prompts', { prompt_text: 'p' }), 201);

    assert.deepEqual(actions(await list(client, '&action=agent.created')), ['agent.created']);
    assert.deepEqual(actions(await list(client, '&action=auth.')), ['auth.signed_in', 'auth.registered']);
    assert.deepEqual(actions(await list(client, '&action=auth')), []);
    assert.deepEqual(actions(await list(client, '&action=agent_created')), []);
    assert.deepEqual(actions(await list(client, '&action=%25')), []);
    assert.deepEqual(actions(await list(client, `&from=${middle}`)), ['prompt.created']);
    assert.deepEqual(actions(await list(client, `&to=${middle}`)), ['agent.created', 'auth.signed_in', 'auth.registered']);
    assert.deepEqual(actions(await list(client, `&from=${middle}&to=${middle}`)), []);
    assert.equal((await list(client, `&user_id=${account.user.id}`)).length, 4);
    assert.deepEqual(await list(client, `&user_id=${w.bob.user.id}`), []);
    assert.deepEqual(actions(await list(client, `&q=${agent.id}`)), ['agent.created']);
    assert.deepEqual(actions(await list(client, `&q=${prompt.id.slice(5, 20)}`)), ['prompt.created']);
    assert.equal((await list(client, '&q=FILTER%20f')).length, 4);
    assert.equal((await list(client, '&q=127.0.0.1')).length, 4);
    assert.deepEqual(actions(await list(client, '&q=signed_')), ['auth.signed_in']);
    assert.deepEqual(await list(client, '&q=%25%25'), []);
    assert.deepEqual(actions(await list(client, `&action=auth.&q=regist&user_id=${account.user.id}&to=${middle}`)), ['auth.registered']);
    for (const long of ['1970-01-01T00:00:00Z', '1969-12-31T23:59:59Z']) {
      assert.deepEqual(await list(client, `&to=${long}`), [], long);
      assert.equal((await list(client, `&from=${long}&to=${middle}`)).length, 3);
      assert.equal((await client.get(`/v1/activity/export?format=ndjson&to=${long}`)).text, '');
    }
  });

  it('hold across pages', async () => {
    const { client } = await register(w.anonymous);
    for (let i = 0; i < 7; i++) await createAgent(client);
    expect(await client.post('/v1/prompts', { prompt_text: 'p' }), 201);
    const found = [];
    let cursor = '';
    do {
      const page = expect(await client.get(`/v1/activity?limit=3&action=agent.${cursor}`), 200);
      found.push(...page.data);
      cursor = page.next_cursor && `&cursor=${page.next_cursor}`;
    } while (cursor);
    assert.deepEqual(actions(found), Array(7).fill('agent.created'));
    assert.deepEqual(found.map((e) => e.seq), [9, 8, 7, 6, 5, 4, 3]);
  });

  it('that make no sense are 422', async () => {
    const bad = ['user_id=x', 'from=yesterday', 'to=1', 'action=', 'q=', `q=${'x'.repeat(201)}`, 'limit=101', 'sort=id'];
    for (const query of bad) expectProblem(await w.ada.client.get(`/v1/activity?${query}`), 422);
    for (const query of ['format=xml', 'limit=3', 'cursor=x']) expectProblem(await w.ada.client.get(`/v1/activity/export?${query}`), 422);
  });

  it('find what is rare in a long log without holding anybody up', async () => {
    const { client, user } = await register(w.anonymous, { name: unique('Rare') });
    await fill(user.org_id, 20_000);
    const first = expect(await client.get('/v1/activity?q=nowhere-to-be-found'), 200);
    assert.deepEqual(first.data, []);
    assert.ok(first.next_cursor);
    let pages = 1;
    for (let page = first; page.next_cursor; pages++) page = expect(await client.get(`/v1/activity?q=nowhere-to-be-found&cursor=${page.next_cursor}`), 200);
    assert.equal(pages, 11);
    assert.deepEqual(actions((await client.get('/v1/activity?limit=3')).json.data).length, 3);
  });
});

/** Old entries of an organisation, as an earlier version wrote them. */
async function fill(org, count) {
  const uuid = `'00000000-0000-7000-8000-' || ${w.server.kind === 'postgres' ? "lpad(to_hex(n), 12, '0')" : "printf('%012x', n)"}`;
  const id = w.server.kind === 'postgres' ? `(${uuid})::uuid` : uuid;
  const detail = w.server.kind === 'postgres' ? `jsonb_build_object('filler', repeat('x', 200), 'n', n)` : `json_object('filler', printf('%.200c', 'x'), 'n', n)`;
  await sql(w.server, `WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${count})
    INSERT INTO activity_logs (org_id, id, action, details, created_at)
    SELECT '${org}', ${id}, 'agent.updated', ${detail}, '2020-01-01T00:00:00.000Z' FROM c`);
}

describe('an export', () => {
  it('as NDJSON holds everything that the hashes are made of, oldest first', async () => {
    const account = await register(w.anonymous, { name: 'Ünïcode "quoted" \\ \u2028 \u{1F980}' });
    const { client } = account;
    expect(await client.post('/v1/api-keys', { name: 'k' }), 201);
    await createAgent(client);
    const reply = await client.get('/v1/activity/export?format=ndjson');
    assert.equal(reply.status, 200);
    assert.equal(reply.type, 'application/x-ndjson');
    assert.match(reply.headers['content-disposition'], /^attachment; filename="activity-\d{4}-\d\d-\d\d\.ndjson"$/);
    assert.equal(reply.headers['cache-control'], 'no-store');
    const entries = lines(reply);
    assert.deepEqual(actions(entries), ['auth.registered', 'auth.signed_in', 'api_key.created', 'agent.created', 'activity.exported']);
    assert.ok(entries.every((e) => e.org_id === account.user.org_id && e.user_name === account.user.name));
    const head = followChain(entries, account.user.org_id);
    const report = expect(await client.get('/v1/activity/verify'), 200);
    assert.deepEqual(report, { ok: true, entries: 5, verified: 5, before_chain: 0, head });
  });

  it('as CSV is safe to open', async () => {
    const name = '=HYPERLINK("http://evil.example","click, ""me""")';
    const account = await register(w.anonymous, { name });
    await createAgent(account.client);
    const reply = await account.client.get('/v1/activity/export');
    assert.equal(reply.headers['content-type'], 'text/csv; charset=utf-8');
    assert.match(reply.headers['content-disposition'], /^attachment; filename="activity-.*\.csv"$/);
    const [head, ...rows] = parseCsv(reply.text);
    assert.deepEqual(head, ['seq', 'id', 'created_at', 'action', 'user_id', 'user_name', 'ip', 'credential', 'key_id', 'details', 'hash']);
    assert.deepEqual(rows.map((r) => r[3]), ['auth.registered', 'auth.signed_in', 'agent.created', 'activity.exported']);
    for (const row of rows) {
      assert.equal(row.length, head.length);
      assert.equal(row[5], `'${name}`);
      assert.match(row[10], /^[0-9a-f]{64}$/);
    }
    for (const start of ['+1', '-1', '@SUM(1)', '\t=1']) {
      const other = await register(w.anonymous, { name: `${start}x`.trim() });
      const [, row] = parseCsv((await other.client.get('/v1/activity/export')).text);
      assert.match(row[5], /^'/, start);
    }
  });

  it('takes the filters of the list, and holds nobody else\'s', async () => {
    const account = await register(w.anonymous);
    const agent = await createAgent(account.client);
    const found = lines(await account.client.get(`/v1/activity/export?format=ndjson&action=agent.&q=${agent.id}`));
    assert.deepEqual(actions(found), ['agent.created']);
    const theirs = lines(await w.bob.client.get('/v1/activity/export?format=ndjson'));
    assert.ok(!theirs.some((e) => e.org_id !== w.bob.user.org_id));
    assert.equal((await account.client.get('/v1/activity/export?format=ndjson&action=nothing.')).text, '');
    const head = await account.client.request('HEAD', '/v1/activity/export');
    assert.deepEqual([head.status, head.text], [200, '']);
  });

  it('of a long log comes whole to a slow client, in little memory', async () => {
    const { client, user, token } = await register(w.anonymous);
    const count = 40_000;
    await fill(user.org_id, count);
    const rss = () => Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${w.server.pid}/status`, 'utf8'))[1]) / 1024;
    const before = rss();
    const quick = await client.get('/v1/activity/export?format=ndjson');
    assert.equal(lines(quick).length, count + 3);
    assert.ok(quick.body.length > 15e6);
    const slow = net.connect(w.server.port, '127.0.0.1').pause();
    slow.write(`GET /v1/activity/export?format=ndjson HTTP/1.0\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await sleep(300);
    const grown = rss() - before;
    if (!/SAN_OPTIONS/.test(Object.keys(process.env).join())) assert.ok(grown < 12, `${grown} MiB`);
    let text = '';
    slow.setEncoding('latin1').on('data', (data) => {
      text += data;
      slow.pause();
      setTimeout(() => slow.resume(), 1);
    });
    slow.resume();
    await once(slow, 'end');
    slow.destroy();
    assert.equal(text.match(/"action":/g).length, count + 4);
    assert.match(text, /"activity.exported".*}\n$/s);
  });
});

describe('the log of the server', () => {
  it('is for who may see it, and holds what belongs to no organisation', async () => {
    const name = unique('Suspended');
    const account = await register(w.anonymous, { name });
    expect(await w.admin.client.patch(`/v1/admin/users/${account.user.id}`, { status: 'suspended' }), 200);
    const entries = await list(w.admin.client, '&action=user.', '/v1/admin/activity');
    assert.equal(entries[0].action, 'user.suspended');
    assert.equal(entries[0].user_id, w.admin.user.id);
    assert.ok(!(await list(w.admin.client, '&action=user.')).some((e) => e.id === entries[0].id));
    const exported = lines(await w.admin.client.get('/v1/admin/activity/export?format=ndjson'));
    assert.ok(exported.every((e) => e.org_id === NOBODY));
    const head = followChain(exported, NOBODY);
    const report = expect(await w.admin.client.get('/v1/admin/activity/verify'), 200);
    assert.deepEqual([report.ok, report.head], [true, head]);
    for (const path of ['', '/export', '/verify']) {
      expectProblem(await w.ada.client.get(`/v1/admin/activity${path}`), 403);
      expectProblem(await w.anonymous.get(`/v1/activity${path}`), 401);
    }
  });

  it('tells of failed sign-ins in the account\'s own, or in the server\'s when nobody has the address', async () => {
    const account = await register(w.anonymous);
    const attempt = (email, password, status) => w.anonymous.post('/v1/auth/login', { email, password }).then((r) => expectProblem(r, status));
    const entryOf = (client, path, reason) => eventually(async () => (await list(client, `&action=auth.sign_in_failed&q=${reason}`, path))[0]);
    await attempt(account.email, 'wrong password', 401);
    const failed = await entryOf(account.client, '/v1/activity', 'password');
    assert.deepEqual([failed.user_id, failed.ip, failed.credential, failed.details], [account.user.id, '127.0.0.1', null, { reason: 'password' }]);
    const address = `${unique('nobody')}@mail.test`;
    await attempt(address, PASSWORD, 401);
    const unknown = await entryOf(w.admin.client, '/v1/admin/activity', 'unknown');
    assert.deepEqual([unknown.user_id, unknown.ip, unknown.details], [null, '127.0.0.1', { reason: 'unknown' }]);
    assert.ok(!JSON.stringify(unknown).includes(address));
    expect(await w.admin.client.patch(`/v1/admin/users/${account.user.id}`, { status: 'suspended' }), 200);
    await attempt(account.email, PASSWORD, 403);
    expect(await w.admin.client.patch(`/v1/admin/users/${account.user.id}`, { status: 'active' }), 200);
    const { token } = expect(await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD }), 200);
    const client = w.anonymous.as({ token });
    await entryOf(client, '/v1/activity', 'suspended');
    assert.equal(expect(await client.get('/v1/activity/verify'), 200).ok, true);
  });
});
