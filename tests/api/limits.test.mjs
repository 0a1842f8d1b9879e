// How often one may ask: by plan, key and address, exactly and whatever is in the request.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem } from '../lib/expect.mjs';
import { clientFrom } from '../lib/http.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { browserOf, createFakeAgent, createOrganisation, PASSWORD, register, unique, world } from '../lib/world.mjs';

const PROXIES = '127.0.0.0/29, 10.0.0.0/8, 2001:db8:ffff::/48';
const w = world({ env: { AGENTGEN_RATE_LIMITS: true } });

const settings = (input, admin = w.admin.client) => admin.patch('/v1/admin/settings', input).then((reply) => expect(reply, 200));
const plan = (account, input, admin = w.admin.client) => admin.patch(`/v1/admin/orgs/${account.user.org_id}`, input).then((reply) => expect(reply, 200));
const many = (n, ask) => Promise.all(Array.from({ length: n }, (_, i) => ask(i)));
const count = (replies, status) => replies.filter((r) => r.status === status).length;
// The administrator of a test asks for nothing that counts.
const wide = (server, account) => sql(server, `UPDATE organizations SET requests_per_minute = 1000000 WHERE id = '${account.user.org_id}'`);

const clients = [];
const from = (address, base = w.server.url) => {
  const client = clientFrom(base, address);
  clients.push(client);
  return client;
};
after(() => clients.forEach((client) => client.close()));

async function metric(server, name) {
  const text = await fetch(`${server.url}/metrics`).then((r) => r.text());
  return Number(new RegExp(`^agentgen_${name} (\\S+)$`, 'm').exec(text)[1]);
}

describe('a plan', () => {
  it('lets exactly so many through at once, and says how many are left', async () => {
    await plan(w.admin, { requests_per_minute: 1_000_000 });
    const account = await register(w.anonymous);
    const first = await account.client.get('/v1/agents');
    expect(first, 200);
    assert.equal(first.headers['ratelimit-limit'], '50');
    assert.equal(first.headers['ratelimit-remaining'], '49');
    assert.equal(first.headers['ratelimit-reset'], '2');
    const replies = await many(150, () => account.client.get('/v1/agents'));
    const allowed = count(replies, 200);
    // Two come back while they are asked: one every 1.2 s.
    assert.ok(allowed >= 49 && allowed <= 51, allowed);
    assert.equal(count(replies, 429), 150 - allowed);
    const refused = await account.client.get('/v1/auth/me');
    expectProblem(refused, 429, 'rate_limited');
    assert.ok([1, 2].includes(Number(refused.headers['retry-after'])), refused.headers['retry-after']);
    assert.equal(refused.headers['ratelimit-remaining'], '0');
    assert.ok(Number(refused.headers['ratelimit-reset']) >= 57);
    // Nobody else is concerned.
    expect(await w.ada.client.get('/v1/agents'), 200);
  });

  it('is the organisation\'s: premium, or a number of its own, in force at once', async () => {
    const account = await register(w.anonymous);
    const limit = async () => Number((await account.client.get('/v1/agents')).headers['ratelimit-limit']);
    assert.equal(await limit(), 50);
    await plan(account, { plan: 'premium' });
    assert.equal(await limit(), 500);
    await plan(account, { requests_per_minute: 3 });
    assert.equal(await limit(), 3);
    const replies = await many(10, () => account.client.get('/v1/agents'));
    assert.ok(count(replies, 200) <= 3);
    await plan(account, { requests_per_minute: null, plan: 'free' });
    assert.equal(await limit(), 50);
    await settings({ free_per_minute: 7 });
    assert.equal(await limit(), 7);
    await settings({ free_per_minute: 50 });
  });

  it('counts a token and a key of one person together, refused requests not at all', async () => {
    const account = await register(w.anonymous);
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201);
    await plan(account, { requests_per_minute: 10 });
    const both = [account.client, w.anonymous.as({ apiKey: key }), w.anonymous.as({ token: key })];
    const replies = await many(60, (i) => both[i % 3].get('/v1/agents'));
    assert.ok(count(replies, 200) >= 8 && count(replies, 200) <= 11, count(replies, 200));
    for (let i = 0; i < 20; i += 1) expectProblem(await account.client.get('/v1/agents'), 429);
    // One comes back in six seconds, however often it was tried.
    const wait = Number((await account.client.get('/v1/agents')).headers['retry-after']);
    assert.ok(wait <= 6, wait);
  });

  it('counts what is malformed, forbidden or not there', async () => {
    const account = await register(w.anonymous);
    await plan(account, { requests_per_minute: 6 });
    const calls = [['GET', '/v1/agents/nothing'], ['GET', '/v1/agents?limit=0'], ['GET', '/v1/admin/settings'], ['POST', '/v1/agents']];
    const statuses = [];
    for (let i = 0; i < 3; i += 1) for (const [method, path] of calls) statuses.push((await account.client.request(method, path)).status);
    assert.equal(statuses.filter((s) => s === 429).length, 6, statuses.join(' '));
  });

  it('of a browser counts what it spends, and leaves its pages alone', async () => {
    const account = await register(w.anonymous);
    const agent = await createFakeAgent(account.client);
    const browser = browserOf(account, w.server);
    await plan(account, { requests_per_minute: 5 });
    const pages = await many(60, () => browser.get('/v1/agents'));
    assert.equal(count(pages, 200), 60);
    assert.equal(pages[0].headers['ratelimit-limit'], '1000');
    const runs = await many(12, () => browser.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'x' }));
    assert.ok(count(runs, 200) >= 4 && count(runs, 200) <= 6, count(runs, 200));
    assert.equal(count(runs, 200) + count(runs, 429), 12);
    // The same bucket as a token's, whatever runs a model.
    expectProblem(await account.client.get('/v1/agents'), 429);
    for (const path of ['/v1/agents/draft', '/v1/ai/preview', '/v1/ai/compare', '/v1/ai/validate', '/v1/providers/sandbox/test']) {
      expectProblem(await browser.post(path, {}), 429, 'rate_limited');
    }
    // Ending a run costs nothing.
    expectProblem(await browser.post(`/v1/runs/${absentId()}/cancel`), 404);
    expect(await browser.get('/v1/agents'), 200);
  });
});

describe('a key', () => {
  it('counts where it is refused because a person has to ask', async () => {
    const account = await register(w.anonymous);
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'asks', requests_per_minute: 4 }), 201);
    const client = w.anonymous.as({ apiKey: key });
    const replies = await many(12, () => client.post('/v1/orgs', { name: 'x' }));
    assert.ok(count(replies, 403) >= 4 && count(replies, 403) <= 5, count(replies, 403));
    assert.equal(count(replies, 403) + count(replies, 429), 12);
  });

  it('has a rate of its own below its owner\'s', async () => {
    const account = await register(w.anonymous);
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'slow', requests_per_minute: 4 }), 201);
    const client = w.anonymous.as({ apiKey: key });
    const replies = await many(20, () => client.get('/v1/agents'));
    assert.ok(count(replies, 200) >= 4 && count(replies, 200) <= 5, count(replies, 200));
    assert.equal(replies.find((r) => r.status === 200).headers['ratelimit-limit'], '4');
    // What the key was refused is not taken from the person.
    const left = Number((await account.client.get('/v1/agents')).headers['ratelimit-remaining']);
    assert.ok(left >= 40, left);
  });
});

describe('keys of an organisation', () => {
  it('count together, beside its members, and as oneself in one\'s own', async () => {
    const owner = await register(w.anonymous);
    const make = async () => {
      const { key } = expect(await owner.client.post('/v1/api-keys', { name: unique('k'), scopes: ['agents:read'], shared: true }), 201);
      return w.anonymous.as({ apiKey: key });
    };
    const left = async (client) => {
      const reply = await client.get('/v1/agents');
      expect(reply, 200);
      return Number(reply.headers['ratelimit-remaining']);
    };
    const own = await make();
    const mine = await left(owner.client);
    assert.ok(await left(own) < mine, 'a key of a personal organisation is its person\'s');
    await createOrganisation(owner);
    const [one, two] = [await make(), await make()];
    assert.equal(await left(one), 49);
    await many(10, () => one.get('/v1/agents'));
    assert.ok(await left(two) <= 40, 'a second key is no second plan');
    // Nor is one of another organisation, for who makes them all.
    await createOrganisation(owner);
    const elsewhere = await make();
    assert.ok(await left(elsewhere) <= 41, 'a second organisation is no second plan');
    await many(60, () => elsewhere.get('/v1/agents'));
    expectProblem(await two.get('/v1/agents'), 429, 'rate_limited');
    assert.ok(await left(owner.client) >= 30, 'its maker is concerned no more than another member');
  });

  it('of one that has a plan of its own count by that alone', async () => {
    const owner = await register(w.anonymous);
    const make = async () => {
      const org = await createOrganisation(owner);
      const { key } = expect(await owner.client.post('/v1/api-keys', { name: unique('k'), scopes: ['agents:read'], shared: true }), 201);
      return { org, client: w.anonymous.as({ apiKey: key }) };
    };
    const [free, paid] = [await make(), await make()];
    expect(await w.admin.client.patch(`/v1/admin/orgs/${paid.org.id}`, { plan: 'premium' }), 200);
    await many(60, () => free.client.get('/v1/agents'));
    expectProblem(await free.client.get('/v1/agents'), 429, 'rate_limited');
    const reply = await paid.client.get('/v1/agents');
    expect(reply, 200);
    assert.equal(reply.headers['ratelimit-limit'], '500');
    assert.equal(reply.headers['ratelimit-remaining'], '499');
  });
});

describe('an address', () => {
  it('has so many requests without valid credentials, and who has some goes on', async () => {
    const { server, client: admin, ...account } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    await wide(server, account);
    await settings({ address_per_minute: 12 }, admin);
    const stranger = from('127.0.0.2', server.url);
    const known = stranger.as({ token: admin.token });
    expect(await known.get('/v1/agents'), 200);
    const replies = await many(30, (i) => [
      () => stranger.get('/v1/auth/providers'),
      () => stranger.get('/v1/agents'),
      () => stranger.as({ token: unique('made-up') }).get('/v1/agents'),
    ][i % 3]());
    const passed = replies.filter((r) => r.status !== 429);
    assert.ok(passed.length >= 11 && passed.length <= 13, passed.length);
    const refused = replies.find((r) => r.status === 429);
    expectProblem(refused, 429, 'rate_limited');
    assert.equal(refused.headers['ratelimit-limit'], '12');
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    for (let i = 0; i < 5; i += 1) expect(await known.get('/v1/agents'), 200);
    expect(await from('127.0.0.3', server.url).get('/v1/auth/providers'), 200);
    // What is no part of the API is no part of this.
    for (const path of ['/health', '/ready', '/openapi.json']) expect(await stranger.get(path), 200);
  });

  it('that makes up credentials does not reach the database with each', async () => {
    const { server, client: admin, ...account } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    await wide(server, account);
    await settings({ address_per_minute: 10 }, admin);
    const stranger = from('127.0.0.4', server.url);
    const before = await metric(server, 'db_reads_total');
    const replies = await many(300, () => stranger.as({ apiKey: `agk_${'x'.repeat(30)}${unique('y')}` }).get('/v1/agents'));
    assert.ok(count(replies, 401) <= 11, count(replies, 401));
    // Each loop also looks at the settings now and then.
    const reads = await metric(server, 'db_reads_total') - before;
    assert.ok(reads <= 11 + 10, reads);
  });

  it('is given back what turns out to be valid', async () => {
    const { server, client: admin, ...account } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    await wide(server, account);
    await settings({ address_per_minute: 5 }, admin);
    const client = from('127.0.0.5', server.url);
    // Ten sessions, each of them unknown at first.
    for (let i = 0; i < 10; i += 1) {
      const { token } = expect(await from(`127.0.1.${i + 1}`, server.url).post('/v1/auth/login', { email: account.email, password: PASSWORD }), 200);
      expect(await client.as({ token }).get('/v1/agents'), 200);
    }
  });

  it('asks public agents so often, whosever they are', async () => {
    const { server, client: admin, ...account } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    await wide(server, account);
    await settings({ public_per_minute: 4 }, admin);
    const visitor = from('127.0.0.9', server.url);
    const slugs = [];
    for (let i = 0; i < 2; i += 1) {
      const { client } = await register(from('127.0.0.10', server.url));
      const agent = await createFakeAgent(client);
      slugs.push(expect(await client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'public' }), 200).public_id);
    }
    const ask = (who, i) => who.post(`/v1/public/agents/${slugs[i % 2]}/generate`, { input_text: 'x' });
    const replies = await many(12, (i) => ask(visitor, i));
    assert.ok(count(replies, 200) >= 4 && count(replies, 200) <= 5, count(replies, 200));
    assert.equal(replies.find((r) => r.status === 429).headers['ratelimit-limit'], '4');
    expect(await visitor.get(`/v1/public/agents/${slugs[0]}`), 200);
    expect(await ask(from('127.0.0.11', server.url), 0), 200);
  });

  it('is told of the limit that refused it, the visitors\' too', async () => {
    const { server, client: admin, ...account } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    await wide(server, account);
    const owner = await register(from('127.0.0.10', server.url));
    const agent = await createFakeAgent(owner.client);
    const { public_id: slug } = expect(await owner.client.put(`/v1/agents/${agent.id}/visibility`, { visibility: 'public' }), 200);
    await plan(owner, { requests_per_minute: 3 }, admin);
    const headers = (reply) => ['limit', 'remaining'].map((name) => reply.headers[`ratelimit-${name}`]).join(' ');
    const ask = (i) => from(`127.0.2.${i}`, server.url).post(`/v1/public/agents/${slug}/generate`, { input_text: 'x' });
    const replies = [];
    for (let i = 1; i <= 4; i += 1) replies.push(await ask(i));
    for (const reply of replies.slice(0, 3)) expect(reply, 200);
    assert.deepEqual(replies.map(headers), ['3 2', '3 1', '3 0', '3 0']);
    expectProblem(replies[3], 429, 'rate_limited');
    assert.ok(Number(replies[3].headers['retry-after']) >= 1);
    // One that got no further was told of the address's own.
    const malformed = await from('127.0.2.9', server.url).post(`/v1/public/agents/${slug}/generate`, {});
    expectProblem(malformed, 422);
    assert.equal(headers(malformed), '60 59');
  });

  it('is the peer\'s, whatever its headers say', async () => {
    const { server, client: admin, ...account } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    await wide(server, account);
    await settings({ address_per_minute: 8 }, admin);
    const liar = from('127.0.0.6', server.url);
    const names = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'cf-connecting-ip', 'true-client-ip', 'x-client-ip'];
    const replies = await many(40, (i) => liar.get('/v1/auth/providers', {
      headers: Object.fromEntries(names.map((name) => [name, name === 'forwarded' ? `for=10.1.2.${i}` : `10.1.2.${i}`])),
    }));
    assert.ok(count(replies, 200) <= 9, count(replies, 200));
    const failed = await liar.post('/v1/auth/login', { email: account.email, password: 'not the password' }, { headers: { 'x-forwarded-for': '10.9.9.9' } });
    assert.equal(failed.status, 429);
  });
});

describe('behind trusted proxies', () => {
  let server;
  let admin;
  const ipOf = async (peer, header) => {
    const email = `${unique('ip')}@mail.test`;
    const client = from(peer, server.url);
    const headers = { ...(header === undefined ? {} : { 'x-forwarded-for': header }), 'x-real-ip': '9.9.9.9', forwarded: 'for=9.9.9.9' };
    expect(await client.post('/v1/auth/register', { name: 'x', email, password: PASSWORD }, { headers }), 201);
    const [[ip]] = await sql(server, `SELECT s.ip FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = '${email}'`);
    return ip;
  };

  it('the address is the last one that none of them vouches for', async () => {
    ({ server, client: admin } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true, AGENTGEN_TRUSTED_PROXIES: PROXIES }));
    for (const [peer, header, ip] of [
      ['127.0.0.1', undefined, '127.0.0.1'],
      ['127.0.0.1', '198.51.100.7', '198.51.100.7'],
      ['127.0.0.1', '203.0.113.9, 198.51.100.7', '198.51.100.7'], // the left one is whatever the client sent
      ['127.0.0.1', '198.51.100.7, 10.1.2.3', '198.51.100.7'],
      ['127.0.0.1', '203.0.113.9, 198.51.100.7 , 10.1.2.3,10.255.0.1', '198.51.100.7'],
      ['127.0.0.1', '10.1.2.3', '10.1.2.3'],
      ['127.0.0.1', '198.51.100.7:4711', '198.51.100.7'],
      ['127.0.0.1', '2001:db8::1', '2001:db8::1'],
      ['127.0.0.1', '[2001:DB8::1]:443, 2001:db8:ffff::1', '2001:db8::1'],
      ['127.0.0.1', '::ffff:198.51.100.7', '198.51.100.7'],
      ['127.0.0.1', '198.51.100.7, unknown', '127.0.0.1'],
      ['127.0.0.1', '198.51.100.7, , 10.1.2.3', '10.1.2.3'],
      ['127.0.0.1', '198.51.100.7, 10.1.2.3, nonsense, 10.1.2.4', '10.1.2.4'],
      ['127.0.0.1', '', '127.0.0.1'],
      ['127.0.0.1', Array.from({ length: 40 }, () => '10.0.0.1').join(','), '10.0.0.1'],
      ['127.0.0.1', ['198.51.100.8', '10.1.2.3'], '198.51.100.8'], // two fields are one list
      ['127.0.0.9', '198.51.100.7', '127.0.0.9'], // not one of them
    ]) assert.equal(await ipOf(peer, header), ip, `${peer} with ${header}`);
  });

  it('each client has its own limit, a network of IPv6 one', async () => {
    await settings({ address_per_minute: 6 }, admin);
    const proxy = from('127.0.0.2', server.url);
    const ask = (ip) => proxy.get('/v1/auth/providers', { headers: { 'x-forwarded-for': ip } });
    assert.ok(count(await many(20, () => ask('198.51.100.21')), 200) <= 7);
    expect(await ask('198.51.100.22'), 200);
    const six = await many(20, (i) => ask(`2001:db8:1:2:${i}::1`));
    assert.ok(count(six, 200) <= 7, count(six, 200));
    expect(await ask('2001:db8:1:3::1'), 200);
    // The client cannot choose: what it sends stands left of what the proxy adds.
    const spoofed = await many(20, (i) => ask(`203.0.113.${i}, 198.51.100.23`));
    assert.ok(count(spoofed, 200) <= 7, count(spoofed, 200));
  });
});

describe('an address that an administrator blocks', () => {
  it('is refused everything, with whatever credentials, until that is lifted', async () => {
    const { server, client: admin, ...account } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    await wide(server, account);
    const other = from('127.0.0.8', server.url);
    const person = await register(other);
    const browser = browserOf(person, server);
    const block = expect(await admin.post('/v1/admin/blocked-ips', { address: '127.0.0.8', minutes: 30 }), 201);
    for (const client of [other, person.client, browser]) {
      const reply = await client.get('/v1/auth/me');
      expectProblem(reply, 429, 'rate_limited');
      assert.ok(Number(reply.headers['retry-after']) > 1700);
    }
    expectProblem(await other.get('/v1/auth/providers'), 429);
    expect(await other.get('/health'), 200);
    expect(await from('127.0.0.7', server.url).as({ token: person.token }).get('/v1/auth/me'), 200);
    assert.equal((await admin.delete(`/v1/admin/blocked-ips/${block.id}`)).status, 204);
    expect(await person.client.get('/v1/auth/me'), 200);
  });
});

describe('more blocks than are looked at', () => {
  it('leave out none that an administrator made, and forget no failures of those left out', async () => {
    const { server, client: admin, ...account } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    await wide(server, account);
    expect(await admin.post('/v1/admin/blocked-ips', { address: '127.0.0.12', minutes: 30 }), 201);
    const guesser = from('127.0.0.14', server.url);
    const signIn = (password) => guesser.post('/v1/auth/login', { email: account.email, password });
    for (let i = 0; i < 5; i += 1) expectProblem(await signIn('not the password'), 401);
    await eventually(async () => (await sql(server, "SELECT 1 FROM sign_in_blocks WHERE kind = 'account'")).length === 1, { what: 'the block of the account' });
    expectProblem(await signIn(PASSWORD), 429);
    const pg = server.kind === 'postgres';
    const id = pg ? "('ffffffff-ffff-7000-8000-' || lpad(n::text, 12, '0'))::uuid" : "printf('ffffffff-ffff-7000-8000-%012d', n)";
    const at = (text) => (pg ? `timestamptz '${text}'` : `'${text}'`);
    await sql(server, `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 5000)
      INSERT INTO sign_in_blocks (id, kind, subject, reason, failures, created_at, expires_at)
      SELECT ${id}, 'account', 'a' || n || '@mail.test', 'x', 5, ${at('2026-01-01T00:00:00.000Z')}, ${at('2099-01-01T00:00:00.000Z')} FROM s`);
    // The settings and blocks are read anew.
    await settings({ public_per_minute: 61 }, admin);
    expectProblem(await from('127.0.0.12', server.url).get('/v1/auth/providers'), 429, 'rate_limited');
    expect(await from('127.0.0.13', server.url).get('/v1/auth/providers'), 200);
    expectProblem(await signIn(PASSWORD), 429, 'rate_limited');
  });
});

describe('limits that are switched off', () => {
  it('are off', async () => {
    const { client } = await w.startWithAccount();
    const replies = await many(120, () => client.get('/v1/agents'));
    assert.equal(count(replies, 200), 120);
    assert.equal(replies[0].headers['ratelimit-limit'], undefined);
  });
});
