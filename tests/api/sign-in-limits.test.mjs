// Sign-ins that fail: how many may, of an account and from an address, and what follows.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { clientFrom } from '../lib/http.mjs';
import { cli } from '../lib/server.mjs';
import { eventually, SLOW } from '../lib/time-and-ports.mjs';
import { PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world({ env: { AGENTGEN_RATE_LIMITS: true }, prepare });

async function prepare() {
  await sql(w.server, `UPDATE organizations SET requests_per_minute = 1000000 WHERE id = '${w.admin.user.org_id}'`);
  await w.server.restart();
  for (const account of [w.admin, w.ada, w.bob]) account.client.base = w.server.url;
  w.anonymous.base = w.server.url;
  expect(await w.admin.client.patch('/v1/admin/settings', { address_per_minute: 100_000 }), 200);
}

const clients = new Map();
/** From an address of its own, so that what one test fails is no other's. */
function from(address, base = w.server.url) {
  const client = clientFrom(base, address);
  clients.set(client, client);
  return client;
}
after(() => clients.forEach((client) => client.close()));
let network = 0;
const somewhere = () => { network += 1; return from(`127.1.${network >> 8}.${network & 255}`); };

const many = (n, ask) => Promise.all(Array.from({ length: n }, (_, i) => ask(i)));
const count = (replies, status) => replies.filter((r) => r.status === status).length;
const signIn = (client, email, password = 'not the password') => client.as().post('/v1/auth/login', { email, password });
const blocks = async (kind) => expect(await w.admin.client.get(`/v1/admin/blocked-ips?limit=100&kind=${kind}`), 200).data;
const blockOf = (kind, subject) => eventually(async () => (await blocks(kind)).find((b) => b.subject === subject), { what: `a block of ${subject}` });

describe('an account', () => {
  it('is blocked after five failed sign-ins, and the right password does not help then', async () => {
    const { email, client } = await register(somewhere());
    const who = somewhere();
    for (let i = 0; i < 5; i += 1) expectProblem(await signIn(who, i % 2 ? email.toUpperCase() : ` ${email} `), 401, 'bad_credentials');
    const block = await blockOf('account', email);
    assert.deepEqual({ ...block, id: 0, created_at: 0, expires_at: 0 }, {
      id: 0, kind: 'account', subject: email, reason: 'Too many failed sign-ins', failures: 5, created_by: null, created_by_name: null, created_at: 0, expires_at: 0,
    });
    assert.equal(Date.parse(block.expires_at) - Date.parse(block.created_at), 900_000);
    for (const password of ['not the password', PASSWORD]) {
      const refused = await signIn(from('127.2.0.1'), email, password);
      expectProblem(refused, 429, 'rate_limited');
      const wait = Number(refused.headers['retry-after']);
      assert.ok(wait > 850 && wait <= 900, wait);
    }
    // Who is signed in stays so.
    expect(await client.get('/v1/auth/me'), 200);
    // And all others may.
    expect(await signIn(who, w.ada.email, PASSWORD), 200);
    const [created] = await sql(w.server, `SELECT details FROM activity_logs WHERE action = 'block.created' AND CAST(details AS TEXT) LIKE '%${block.id}%'`);
    assert.deepEqual(JSON.parse(created[0]), { block_id: block.id, kind: 'account', failures: 5 });
  });

  it('that does not exist behaves the same', async () => {
    const { email } = await register(somewhere());
    const tries = async (address) => {
      const who = somewhere();
      const replies = [];
      for (let i = 0; i < 7; i += 1) {
        replies.push(await signIn(who, address));
        if (i === 4) await blockOf('account', address);
      }
      return replies.map((r) => [r.status, withoutRequestId(r).replace(/\d+ minutes/, 'n minutes'), Object.keys(r.headers).sort().join(' ')]);
    };
    assert.deepEqual(await tries(email), await tries(`${unique('nobody')}@mail.test`));
  });

  it('can sign in again at once when an administrator lifts the block', async () => {
    const { email } = await register(somewhere());
    const who = somewhere();
    for (let i = 0; i < 5; i += 1) await signIn(who, email);
    const block = await blockOf('account', email);
    assert.equal((await w.admin.client.delete(`/v1/admin/blocked-ips/${block.id}`)).status, 204);
    expect(await signIn(who, email, PASSWORD), 200);
    // What had been counted is forgotten, too: five more may fail.
    for (let i = 0; i < 5; i += 1) expectProblem(await signIn(who, email), 401);
    await blockOf('account', email);
    expectProblem(await signIn(who, email), 429);
  });

  it('begins anew after a sign-in that succeeds', async () => {
    const { email } = await register(somewhere());
    const who = somewhere();
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 4; i += 1) expectProblem(await signIn(who, email), 401);
      expect(await signIn(who, email, PASSWORD), 200);
    }
    assert.ok((await blocks('account')).every((b) => b.subject !== email));
  });

  it('gives no more guesses to who tries many at the same time', async () => {
    const { email } = await register(somewhere());
    const replies = await many(60, () => signIn(somewhere(), email));
    assert.equal(count(replies, 401), 5, [...new Set(replies.map((r) => r.status))].join(' '));
    assert.equal(count(replies, 401) + count(replies, 429) + count(replies, 503), 60);
    await blockOf('account', email);
  });

  it('counts guesses of its password by whatever door', async () => {
    const { email, client } = await register(somewhere());
    expectProblem(await client.post('/v1/auth/reauthenticate', { password: 'wrong' }), 422);
    expectProblem(await client.patch('/v1/auth/me', { current_password: 'wrong', new_password: 'another good password' }), 422);
    expectProblem(await client.post('/v1/auth/reauthenticate', { password: 'wrong' }), 422);
    for (let i = 0; i < 2; i += 1) expectProblem(await signIn(somewhere(), email), 401);
    await blockOf('account', email);
    for (const reply of [
      await client.post('/v1/auth/reauthenticate', { password: PASSWORD }),
      await client.patch('/v1/auth/me', { current_password: PASSWORD, new_password: 'another good password' }),
      await signIn(somewhere(), email, PASSWORD),
    ]) {
      expectProblem(reply, 429, 'rate_limited');
      assert.ok(Number(reply.headers['retry-after']) > 850);
    }
    expect(await client.get('/v1/auth/me'), 200);
  });

  it('is unblocked by the operator on the command line', async () => {
    const { email } = await register(somewhere());
    for (let i = 0; i < 5; i += 1) await signIn(somewhere(), email);
    await blockOf('account', email);
    // The server knows it, too: what it counted alone would end after three minutes.
    await eventually(async () => Number((await signIn(somewhere(), email)).headers['retry-after']) > 200, { what: 'the block' });
    const env = { AGENTGEN_DATA_DIR: w.server.dataDir, DATABASE_URL: w.server.databaseUrl, JWT_SECRET: w.server.env.JWT_SECRET };
    const end = await cli(['unblock', email.toUpperCase()], { env });
    assert.equal(end.code, 0, end.err);
    assert.equal(end.out, `${email} may sign in again\n`);
    await eventually(async () => (await signIn(somewhere(), email, PASSWORD)).status === 200, { ms: 6000, every: 100, what: 'the end of the block' });
    const again = await cli(['unblock', email], { env });
    assert.notEqual(again.code, 0);
    assert.match(again.err, /there is no block of/);
  });

  it('is blocked for as long, and after as many, as the settings say', async () => {
    const { email } = await register(somewhere());
    expect(await w.admin.client.patch('/v1/admin/settings', { login_failures_per_account: 2, login_block_s: 10, login_window_s: 10 }), 200);
    try {
      for (let i = 0; i < 2; i += 1) expectProblem(await signIn(somewhere(), email), 401);
      const { created_at: since, expires_at: until } = await blockOf('account', email);
      assert.equal(Date.parse(until) - Date.parse(since), 10_000);
      assert.ok(Number((await signIn(somewhere(), email, PASSWORD)).headers['retry-after']) <= 10);
      // It ends by itself.
      await eventually(async () => (await signIn(somewhere(), email, PASSWORD)).status === 200, { ms: 12_000, every: 200, what: 'the end of the block' });
    } finally {
      expect(await w.admin.client.patch('/v1/admin/settings', { login_failures_per_account: 5, login_block_s: 900, login_window_s: 900 }), 200);
    }
  });
});

describe('an address', () => {
  it('is blocked after thirty failed sign-ins of whomever, and from signing in alone', async () => {
    const { email } = await register(somewhere());
    const who = from('127.3.0.1');
    const { token, refresh_token: refresh } = expect(await signIn(who, email, PASSWORD), 200);
    for (let i = 0; i < 30; i += 1) expectProblem(await signIn(who, `${unique('guess')}@mail.test`), 401);
    const block = await blockOf('address', '127.3.0.1');
    assert.equal(block.failures, 30);
    for (const [path, body] of [['login', { email, password: PASSWORD }], ['register', { name: 'x', email: `${unique('x')}@mail.test`, password: PASSWORD }]]) {
      expectProblem(await who.post(`/v1/auth/${path}`, body), 429, 'rate_limited');
    }
    // Neighbours behind the same address go on, with and without a session.
    expect(await who.post('/v1/auth/refresh', { refresh_token: refresh }), 200);
    expect(await who.post('/v1/auth/forgot-password', { email }), 202);
    expectProblem(await who.post('/v1/auth/reset-password', { token: 'x'.repeat(43), password: PASSWORD }), 422);
    expectProblem(await who.post('/v1/public/agents/nowhere/generate', { input_text: 'x' }), 404);
    expect(await who.as({ token }).get('/v1/auth/me'), 200);
    expect(await who.get('/v1/auth/providers'), 200);
    expect(await signIn(from('127.3.0.2'), email, PASSWORD), 200);
    assert.equal((await w.admin.client.delete(`/v1/admin/blocked-ips/${block.id}`)).status, 204);
    expect(await signIn(who, email, PASSWORD), 200);
    for (let i = 0; i < 3; i += 1) expectProblem(await signIn(who, `${unique('guess')}@mail.test`), 401);
  });

  it('of a proxy that nobody named is not blocked: it is that of many', async () => {
    const { email } = await register(somewhere());
    const proxy = from('127.3.0.20');
    const through = (header, ip, body) => proxy.as().post('/v1/auth/login', body, { headers: { [header]: header === 'forwarded' ? `for=${ip}` : ip } });
    for (let i = 0; i < 40; i += 1) {
      const reply = await through(i % 2 ? 'forwarded' : 'x-forwarded-for', '203.0.113.9', { email: `${unique('guess')}@mail.test`, password: 'not the password' });
      expectProblem(reply, 401, 'bad_credentials');
    }
    expect(await through('x-forwarded-for', '203.0.113.10', { email, password: PASSWORD }), 200);
    // An account is, whoever asks.
    for (let i = 0; i < 5; i += 1) expectProblem(await through('x-forwarded-for', '203.0.113.9', { email, password: 'not the password' }), 401);
    await blockOf('account', email);
    expectProblem(await through('x-forwarded-for', '203.0.113.10', { email, password: PASSWORD }), 429);
    assert.ok((await blocks('address')).every((b) => b.subject !== '127.3.0.20'));
    const told = w.server.log.split('\n').filter((line) => line.includes('proxy_not_trusted'));
    assert.equal(told.length, 1, told.join('\n'));
    assert.match(told[0], /127\.3\.0\.20.*AGENTGEN_TRUSTED_PROXIES/);
  });

  it('where many sign in at the same moment is not taken for one that guesses', async () => {
    const people = [];
    for (let i = 0; i < 12; i += 1) people.push(await register(somewhere()));
    const office = from('127.3.0.9');
    for (let round = 0; round < 4; round += 1) {
      const replies = await many(12, (i) => signIn(office, people[i].email, PASSWORD));
      assert.equal(count(replies, 200), 12, [...new Set(replies.map((r) => r.status))].join(' '));
      expectProblem(await signIn(office, people[0].email), 401);
    }
    assert.ok((await blocks('address')).every((b) => b.subject !== '127.3.0.9'));
  });
});

describe('two hundred sign-ins at the same time', () => {
  it('are answered, with bounded memory and with the server at hand for others', async () => {
    const rss = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${w.server.pid}/status`, 'utf8'))[1]) / 1024;
    const people = [];
    for (let i = 0; i < 8; i += 1) people.push(await register(somewhere()));
    await many(8, (i) => signIn(somewhere(), people[i].email, PASSWORD));
    const before = rss();
    let most = before;
    let over = false;
    const watching = (async () => {
      while (!over) {
        most = Math.max(most, rss());
        const reply = await w.ada.client.get('/health');
        assert.equal(reply.status, 200);
        assert.ok(reply.ms < 1000 * SLOW, reply.ms);
      }
    })();
    const from200 = Array.from({ length: 200 }, () => somewhere());
    const replies = await many(200, (i) => signIn(from200[i], i % 4 ? people[i % 8].email : `${unique('no')}@mail.test`, i % 3 ? PASSWORD : 'wrong'));
    over = true;
    await watching;
    const statuses = new Set(replies.map((r) => r.status));
    assert.deepEqual([...statuses].filter((s) => ![200, 401, 429, 503].includes(s)), []);
    assert.ok(count(replies, 200) > 0);
    for (const reply of replies.filter((r) => [429, 503].includes(r.status))) assert.ok(Number(reply.headers['retry-after']) >= 1);
    // A hash takes 19 MiB; as many run at once as there are threads for it, and all else is small.
    if (SLOW === 1) assert.ok(most - before < 120, `${before} MiB, then ${most} MiB`);
  });
});
