// The audit log's chain: whatever is done to its rows behind the server's back is found, by the API
// and by the command line; what the server does itself leaves one unbroken chain, however parallel.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { followChain } from '../lib/chain.mjs';
import { sql } from '../lib/database.mjs';
import { expect, expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { cli, DB_KIND } from '../lib/server.mjs';
import { eventually, sleep } from '../lib/time-and-ports.mjs';
import { createAgent, PASSWORD, register, world } from '../lib/world.mjs';

const w = world();

const verifyCli = (server, ...args) => cli(['audit', 'verify', ...args], { env: { ...server.env, AGENTGEN_DATA_DIR: server.dataDir } });
const report = async (client) => expect(await client.get('/v1/activity/verify'), 200);
const exported = async (client) => (await client.get('/v1/activity/export?format=ndjson')).text.trimEnd().split('\n').map((line) => JSON.parse(line));

/** An organisation with six entries: registered, signed in, four agents. */
async function six() {
  const account = await register(w.anonymous);
  for (let i = 0; i < 4; i++) await createAgent(account.client);
  const rows = await sql(w.server, `SELECT id, seq FROM activity_logs WHERE org_id = '${account.user.org_id}' ORDER BY seq`);
  assert.deepEqual(rows.map((r) => Number(r[1])), [1, 2, 3, 4, 5, 6]);
  return { ...account, org: account.user.org_id, id: (seq) => rows[seq - 1][0] };
}

const json = (text) => (DB_KIND === 'postgres' ? `'${text}'::jsonb` : `'${text}'`);
const hash = (s, seq) => `(SELECT x.hash FROM activity_logs x WHERE x.org_id = '${s.org}' AND x.seq = ${seq})`;
const at = (s, seq) => `WHERE org_id = '${s.org}' AND seq = ${seq}`;
const UUID = '01900000-0000-7000-8000-00000000abcd';
const insert = (s, seq, id = UUID) => `INSERT INTO activity_logs (org_id, id, seq, action, details, created_at, hash)
  VALUES ('${s.org}', '${id}', ${seq}, 'agent.created', ${json('{}')}, '2026-01-01T00:00:00.000Z', ${hash(s, 1)})`;

// What is done, and where it is found: [title, statements, entry, reason].
const TAMPERINGS = [
  ['other details', (s) => `UPDATE activity_logs SET details = ${json('{"agent_id":"x"}')} ${at(s, 4)}`, 4, 'changed'],
  ['details with one name more', (s) => `UPDATE activity_logs SET details = ${json('{"a":1}')} ${at(s, 1)}`, 1, 'changed'],
  ['details that are no object', (s) => `UPDATE activity_logs SET details = ${json('[1.5]')} ${at(s, 2)}`, 2, 'changed'],
  ['details a thousand levels deep', (s) => `UPDATE activity_logs SET details = ${json('['.repeat(900) + ']'.repeat(900))} ${at(s, 2)}`, 2, 'changed'],
  ['another action', (s) => `UPDATE activity_logs SET action = 'agent.deleted' ${at(s, 5)}`, 5, 'changed'],
  ['another person', (s) => `UPDATE activity_logs SET user_id = '${w.bob.user.id}' ${at(s, 3)}`, 3, 'changed'],
  ['nobody', (s) => `UPDATE activity_logs SET user_id = NULL ${at(s, 6)}`, 6, 'changed'],
  ['another time', (s) => `UPDATE activity_logs SET created_at = '2026-01-01T00:00:00.000Z' ${at(s, 2)}`, 2, 'changed'],
  ['another address', (s) => `UPDATE activity_logs SET ip = '192.0.2.1' ${at(s, 2)}`, 2, 'changed'],
  ['no address', (s) => `UPDATE activity_logs SET ip = NULL ${at(s, 2)}`, 2, 'changed'],
  ['an empty credential', (s) => `UPDATE activity_logs SET credential = '' ${at(s, 1)}`, 1, 'changed'],
  ['another credential', (s) => `UPDATE activity_logs SET credential = 'key' ${at(s, 4)}`, 4, 'changed'],
  ['a key', (s) => `UPDATE activity_logs SET key_id = '${UUID}' ${at(s, 4)}`, 4, 'changed'],
  ['another id', (s) => `UPDATE activity_logs SET id = '${UUID}' ${at(s, 4)}`, 4, 'changed', UUID],
  ['another hash', (s) => `UPDATE activity_logs SET hash = ${hash(s, 1)} ${at(s, 4)}`, 4, 'changed'],
  ['no hash', (s) => `UPDATE activity_logs SET hash = NULL ${at(s, 4)}`, 4, 'changed'],
  ['a deleted first entry', (s) => `DELETE FROM activity_logs ${at(s, 1)}`, 1, 'missing', null],
  ['a deleted entry', (s) => `DELETE FROM activity_logs ${at(s, 3)}`, 3, 'missing', null],
  ['a deleted entry, its number taken over', (s) => `DELETE FROM activity_logs ${at(s, 3)};
    UPDATE activity_logs SET seq = 3 ${at(s, 4)}; UPDATE activity_logs SET seq = 4 ${at(s, 5)}`, 3, 'changed', (s) => s.id(4)],
  ['the end cut off', (s) => `DELETE FROM activity_logs WHERE org_id = '${s.org}' AND seq > 4`, 5, 'missing', null],
  ['everything deleted', (s) => `DELETE FROM activity_logs WHERE org_id = '${s.org}'`, 1, 'missing', null],
  ['the end cut off, and the head set back in number alone', (s) => `DELETE FROM activity_logs WHERE org_id = '${s.org}' AND seq > 4;
    UPDATE audit_heads SET seq = 4 WHERE org_id = '${s.org}'`, 4, 'head'],
  ['another head', (s) => `UPDATE audit_heads SET hash = ${hash(s, 2)} WHERE org_id = '${s.org}'`, 6, 'head'],
  ['no head', (s) => `DELETE FROM audit_heads WHERE org_id = '${s.org}'`, 1, 'head'],
  ['an inserted entry without a number', (s) => insert(s, 'NULL'), null, 'inserted', UUID],
  ['an inserted entry behind the end', (s) => insert(s, 7), 7, 'inserted', UUID],
  ['an inserted entry before the beginning', (s) => insert(s, 0), 0, 'inserted', UUID],
  ['an inserted entry before all numbers', (s) => insert(s, '-9223372036854775808'), -(2 ** 63), 'inserted', UUID],
  ['the whole log gone with its head', (s) => `DELETE FROM activity_logs WHERE org_id = '${s.org}'; DELETE FROM audit_heads WHERE org_id = '${s.org}'`, 1, 'missing', null],
  ['an inserted entry in the middle, the others moved', (s) => `UPDATE activity_logs SET seq = -seq WHERE org_id = '${s.org}' AND seq > 3;
    UPDATE activity_logs SET seq = 1 - seq WHERE org_id = '${s.org}' AND seq < 0; ${insert(s, 4)};
    UPDATE audit_heads SET seq = 7 WHERE org_id = '${s.org}'`, 4, 'changed', UUID],
  ['two entries with their numbers exchanged', (s) => `UPDATE activity_logs SET seq = 99 ${at(s, 3)};
    UPDATE activity_logs SET seq = 3 ${at(s, 4)}; UPDATE activity_logs SET seq = 4 ${at(s, 99)}`, 3, 'changed', (s) => s.id(4)],
  ['two entries with their details exchanged', (s) => `UPDATE activity_logs SET details = (SELECT x.details FROM activity_logs x
    WHERE x.org_id = '${s.org}' AND x.seq = 4) ${at(s, 3)}`, 3, 'changed'],
  ['an entry without a number any more', (s) => `UPDATE activity_logs SET seq = NULL, hash = NULL ${at(s, 3)}`, null, 'inserted', (s) => s.id(3)],
  ['an entry moved to another organisation', (s) => `UPDATE activity_logs SET org_id = '${UUID}' ${at(s, 6)}`, 6, 'missing', null],
  ['the number of entries from before the chain', (s) => `UPDATE audit_heads SET before_chain = 1 WHERE org_id = '${s.org}'`, null, 'missing', null],
];

describe('what is done behind the server\'s back', () => {
  const broken = [];
  for (const [title, statements, seq, reason, id] of TAMPERINGS) {
    it(`is found: ${title}`, async () => {
      const s = await six();
      const { head } = await report(s.client);
      await sql(w.server, statements(s));
      const { ok, first_bad: bad } = await report(s.client);
      const want = id === undefined ? (seq === null ? null : s.id(seq)) : typeof id === 'function' ? id(s) : id;
      // A row with seq 0 has no number to tell.
      assert.deepEqual([ok, bad], [false, { seq: seq === 0 ? null : seq, id: want, reason }]);
      assert.equal((await verifyCli(w.server, '--org', s.org)).code, 1);
      broken.push({ ...s, bad, head });
      if (title.includes('moved to another')) await sql(w.server, `DELETE FROM activity_logs WHERE org_id = '${UUID}'`);
    });
  }

  it('is named by the command line, log by log', async () => {
    const { code, out, err } = await verifyCli(w.server);
    assert.equal(code, 1, err);
    for (const { org, bad } of broken) {
      const line = new RegExp(`^${org} .*\\n  BAD${bad.seq ? ` entry ${BigInt(bad.seq)}` : ''}${bad.id ? ` ${bad.id}` : ''}: ${bad.reason}$`, 'm');
      assert.match(out, line);
    }
    const [, count, all] = /^(\d+) of (\d+) logs are not as they were written$/m.exec(out);
    assert.equal(Number(count), broken.length);
    assert.ok(Number(all) > broken.length);
    assert.match(out, /^server \d+ entries(, head \d+:[0-9a-f]{64})?$/m);
  });

  it('goes on being told of when the log goes on', async () => {
    const s = await six();
    await sql(w.server, `UPDATE activity_logs SET action = 'agent.deleted' ${at(s, 3)}`);
    await createAgent(s.client);
    const { ok, first_bad: bad, entries, verified } = await report(s.client);
    assert.deepEqual([ok, bad.seq, entries, verified], [false, 3, 7, 2]);
  });

  if (DB_KIND === 'sqlite') {
    it('is found where it cannot even be read', async () => {
      const s = await six();
      await sql(w.server, `UPDATE activity_logs SET user_id = 'somebody' ${at(s, 3)}`);
      const { ok, first_bad: bad, verified } = await report(s.client);
      assert.deepEqual([ok, verified, bad], [false, 2, { seq: 3, id: null, reason: 'unreadable' }]);
    });
  }
});

describe('a log that was rewritten as a whole', () => {
  it('holds by itself, and not against a head that was noted', async () => {
    const s = await six();
    const { head } = await report(s.client);
    const seen = `${head.seq}:${head.hash}`;
    const { out } = await verifyCli(w.server, '--org', s.org, '--seen', seen);
    assert.equal(out, `${s.org} 6 entries, head ${seen}\n`);
    // Cut off at an entry that was a head once.
    await sql(w.server, `UPDATE audit_heads SET seq = 4, hash = ${hash(s, 4)} WHERE org_id = '${s.org}';
      DELETE FROM activity_logs WHERE org_id = '${s.org}' AND seq > 4`);
    assert.equal((await report(s.client)).ok, true);
    const cut = await verifyCli(w.server, '--org', s.org, '--seen', seen);
    assert.equal(cut.code, 1);
    assert.match(cut.out, /BAD entry 5: missing/);
    for (let i = 0; i < 3; i++) await createAgent(s.client);
    assert.equal((await report(s.client)).ok, true);
    const other = await verifyCli(w.server, '--org', s.org, '--seen', seen);
    assert.match(other.out, /BAD entry 6 .*: changed/);
    assert.equal((await verifyCli(w.server, '--org', s.org, '--seen', `7:${(await report(s.client)).head.hash}`)).code, 0);
  });
});

describe('audit verify', () => {
  it('prints each log and its head, and says so when all is well', async () => {
    const { server, client, user } = await w.startWithAccount();
    await createAgent(client);
    const { head } = await report(client);
    const { code, out } = await verifyCli(server);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^${user.org_id} 3 entries, head 3:${head.hash}$`, 'm'));
    assert.equal((await verifyCli(server, '--org', 'server')).out, 'server 0 entries\n');
    await server.terminate();
    assert.equal((await verifyCli(server)).out, out);
  });

  it('tells how it is used', async () => {
    for (const args of [['--org', 'x'], ['--seen', '1:aa'], ['--org', UUID, '--seen', 'x'], ['--org', UUID, '--seen', `0:${'a'.repeat(64)}`]]) {
      const { code, err } = await verifyCli(w.server, ...args);
      assert.equal(code, 64, err);
      assert.match(err, /--(org|seen)/);
    }
    assert.deepEqual(await verifyCli(w.server, '--org', UUID).then(({ code, out }) => [code, out]), [0, `${UUID} 0 entries\n`]);
  });
});

describe('entries from before the chain', () => {
  it('are counted, and no others can be put beside them or taken away', async () => {
    const s = await six();
    // As an earlier version left them.
    await sql(w.server, `UPDATE activity_logs SET seq = NULL, hash = NULL, ip = NULL, credential = NULL WHERE org_id = '${s.org}';
      DELETE FROM audit_heads WHERE org_id = '${s.org}';
      UPDATE organizations SET created_at = '2020-01-01T00:00:00.000Z' WHERE id = '${s.org}'`);
    assert.deepEqual(await report(s.client), { ok: true, entries: 0, verified: 0, before_chain: 6, head: null });
    await createAgent(s.client);
    const entries = await exported(s.client);
    assert.deepEqual(entries.map((e) => e.seq), [null, null, null, null, null, null, 1, 2]);
    const head = followChain(entries, s.org, 6);
    assert.deepEqual(await report(s.client), { ok: true, entries: 2, verified: 2, before_chain: 6, head });
    assert.match((await verifyCli(w.server, '--org', s.org)).out, /2 entries, 6 from before the chain, head 2:/);
    await sql(w.server, insert(s, 'NULL'));
    assert.deepEqual((await report(s.client)).first_bad.reason, 'inserted');
    await sql(w.server, `DELETE FROM activity_logs WHERE org_id = '${s.org}' AND id = '${UUID}'`);
    assert.equal((await report(s.client)).ok, true);
    await sql(w.server, `DELETE FROM activity_logs WHERE org_id = '${s.org}' AND id = '${s.id(2)}'`);
    assert.deepEqual((await report(s.client)).first_bad, { seq: null, id: null, reason: 'missing' });
  });
});

describe('many writers at once', () => {
  it('leave one unbroken chain, from several instances where there can be', async () => {
    const s = await six();
    const servers = [w.server];
    if (DB_KIND === 'postgres') servers.push(await w.start({ JWT_SECRET: w.server.env.JWT_SECRET }, { databaseUrl: w.server.databaseUrl }));
    const clients = servers.map((server) => new Client(server.url, { token: s.token }));
    const work = [];
    for (let i = 0; i < 60; i++) work.push(createAgent(clients[i % clients.length]));
    for (let i = 0; i < 8; i++) {
      work.push(clients[i % clients.length].as().post('/v1/auth/login', { email: s.email, password: 'wrong password' }).then((r) => expectProblem(r, 401)));
      work.push(clients[i % clients.length].as().post('/v1/auth/login', { email: s.email, password: PASSWORD }).then((r) => expect(r, 200)));
    }
    for (let i = 0; i < 5; i++) work.push(report(clients[i % clients.length]).then((r) => assert.ok(r.ok, JSON.stringify(r))));
    await Promise.all(work);
    await eventually(async () => (await report(s.client)).entries === 6 + 60 + 16);
    const head = followChain(await exported(s.client), s.org);
    assert.equal(head.seq, 6 + 60 + 16 + 1);
    assert.deepEqual((await report(s.client)).head, head);
  });

  it('of two logs in one transaction do not keep each other waiting', async () => {
    const accounts = await Promise.all(Array.from({ length: 4 }, () => register(w.anonymous)));
    const from = performance.now();
    await Promise.all(Array.from({ length: 40 }, (_, i) => w.admin.client
      .patch(`/v1/admin/orgs/${accounts[i % 4].user.org_id}`, { requests_per_minute: 100 + i }).then((r) => expect(r, 200))));
    const ms = performance.now() - from;
    for (const { client } of accounts) assert.equal((await report(client)).ok, true);
    assert.equal(expect(await w.admin.client.get('/v1/admin/activity/verify'), 200).ok, true);
    assert.ok(ms < 20_000, `${ms} ms`);
  });

  it('that are killed leave a chain that goes on', async () => {
    const { server, client, user, token } = await w.startWithAccount();
    for (let round = 0; round < 3; round++) {
      const c = new Client(server.url, { token });
      let stop = false;
      const writers = Array.from({ length: 8 }, async () => {
        while (!stop) if ((await c.post('/v1/agents', { name: 'x', config: {} }).catch(() => null)) === null) return;
      });
      await sleep(200 + 150 * round);
      await server.kill9();
      stop = true;
      await Promise.all(writers);
      await server.start();
    }
    const c = new Client(server.url, { token });
    const result = await report(c);
    assert.equal(result.ok, true, JSON.stringify(result));
    const head = followChain(await exported(c), user.org_id);
    assert.ok(head.seq > 10);
    const agents = Number((await sql(server, `SELECT count(*) FROM ai_agents WHERE org_id = '${user.org_id}'`))[0][0]);
    const told = Number((await sql(server, `SELECT count(*) FROM activity_logs WHERE action = 'agent.created' AND org_id = '${user.org_id}'`))[0][0]);
    assert.equal(told, agents);
    client.close?.();
  });
});
