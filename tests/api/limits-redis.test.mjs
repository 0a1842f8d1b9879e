// Limits beside a Redis: shared by two servers, and no worse when it goes and comes back.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { expect, expectProblem } from '../lib/expect.mjs';
import { Client, clientFrom } from '../lib/http.mjs';
import { startRedis } from '../lib/redis.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { eventually, sleep } from '../lib/time-and-ports.mjs';
import { createFakeAgent, PASSWORD, register, world } from '../lib/world.mjs';

let redis;
before(async () => { redis = await startRedis(); });
after(async () => {
  clients.forEach((client) => client.close());
  await redis.stop();
});
const clients = [];
const w = world({ accounts: false });

const many = (n, ask) => Promise.all(Array.from({ length: n }, (_, i) => ask(i)));
const count = (replies, status) => replies.filter((r) => r.status === status).length;

async function metrics(server) {
  const text = await fetch(`${server.url}/metrics`).then((r) => r.text());
  return (name) => Number(new RegExp(`^agentgen_${name} (\\S+)$`, 'm').exec(text)[1]);
}
const connected = (server, n) => eventually(async () => (await metrics(server))('redis_connections') === n, { ms: 10_000, what: `${n} connections to Redis` });

/** A server of these tests with its administrator, who is not limited. */
async function startOne({ env, ...options } = {}) {
  const server = await w.start({ AGENTGEN_RATE_LIMITS: true, REDIS_URL: redis.url, ...env }, options);
  const anonymous = new Client(server.url);
  clients.push(anonymous);
  return { server, anonymous };
}

async function withAdmin(one) {
  const admin = await register(one.anonymous);
  await sql(one.server, `UPDATE organizations SET requests_per_minute = 1000000 WHERE id = '${admin.user.org_id}'`);
  return admin;
}

describe('a server with a Redis', () => {
  let one;
  let admin;
  before(async () => {
    one = await startOne();
    admin = await withAdmin(one);
    await eventually(async () => (await admin.client.get('/v1/agents')).headers['ratelimit-limit'] === '1000000', { ms: 6000, what: 'the administrator\'s own limit' });
  });
  const plan = (account, n) => admin.client.patch(`/v1/admin/orgs/${account.user.org_id}`, { requests_per_minute: n }).then((r) => expect(r, 200));

  it('limits like one without', async () => {
    await connected(one.server, 2);
    for (const limit of [1, 5, 60, 300]) {
      const account = await register(one.anonymous);
      await plan(account, limit);
      const from = Date.now();
      const replies = await many(2 * limit + 10, () => account.client.get('/v1/agents'));
      const regained = Math.ceil((Date.now() - from) / 60_000 * limit);
      const allowed = count(replies, 200);
      assert.ok(allowed >= limit - 1 - limit / 20 && allowed <= limit + regained, `${allowed} of ${limit}`);
      assert.equal(allowed + count(replies, 429), replies.length);
      const refused = replies.find((r) => r.status === 429);
      expectProblem(refused, 429, 'rate_limited');
      assert.equal(refused.headers['ratelimit-limit'], String(limit));
      assert.ok(Number(refused.headers['retry-after']) >= 1);
    }
  });

  it('answers on while it is killed and started again, and signs nobody out', async () => {
    const account = await register(one.anonymous);
    const agent = await createFakeAgent(account.client);
    await plan(account, 1_000_000);
    await eventually(async () => (await account.client.get('/v1/agents')).headers['ratelimit-limit'] === '1000000', { ms: 6000 });
    let over = false;
    let asked = 0;
    let slowest = 0;
    const load = many(8, async (i) => {
      while (!over) {
        const reply = i % 4 === 0 ? await account.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'x' })
          : await account.client.get('/v1/auth/me');
        assert.equal(reply.status, 200, reply.text);
        slowest = Math.max(slowest, reply.ms);
        asked += 1;
      }
    });
    for (let i = 0; i < 4; i += 1) {
      await sleep(150);
      await redis.kill();
      await connected(one.server, 0);
      await sleep(150);
      await redis.start();
      await connected(one.server, 2);
    }
    redis.pause();
    await sleep(400);
    redis.goOn();
    await connected(one.server, 2);
    over = true;
    await load;
    assert.ok(asked > 100, asked);
    assert.ok(slowest < 2000, `${slowest} ms`);
    assert.equal((await metrics(one.server))('redis_lost_total') >= 8, true);
  });

  it('gives nobody a new burst because Redis went, or came back empty', async () => {
    const account = await register(one.anonymous);
    await plan(account, 30);
    const ask = (n) => many(n, () => account.client.get('/v1/agents')).then((replies) => count(replies, 200));
    let from = Date.now();
    /** What comes back in the time since the last look, one in two seconds. */
    const regained = () => {
      const ms = Date.now() - from;
      from += ms;
      return Math.ceil(ms / 2000);
    };
    assert.ok(await ask(25) >= 24);
    await redis.kill();
    await connected(one.server, 0);
    const alone = await ask(60);
    assert.ok(alone <= 6 + regained(), alone);
    await redis.start();
    await connected(one.server, 2);
    const again = await ask(60);
    assert.ok(again <= 2 + regained(), again);
  });

  it('starts without it, and shares once it is there', async () => {
    await redis.kill();
    const late = await startOne();
    const account = await register(late.anonymous);
    expect(await account.client.get('/v1/agents'), 200);
    assert.match(late.server.log, /warn redis_unreachable .*port=/);
    await redis.start();
    await connected(late.server, 2);
    expect(await account.client.get('/v1/agents'), 200);
    await late.server.terminate();
  });

  it('is told when its URL is none', async () => {
    await assert.rejects(startOne({ env: { REDIS_URL: 'rediss://localhost' } }), /TLS/);
  });
});

// SQLite has one process.
if (DB_KIND === 'postgres') describe('two servers that share a database and a Redis', () => {
  let one;
  let two;
  let admin;
  before(async () => {
    const env = { JWT_SECRET: randomBytes(48).toString('base64') };
    one = await startOne({ env });
    two = await startOne({ env, databaseUrl: one.server.databaseUrl });
    admin = await withAdmin(one);
    await connected(one.server, 2);
    await connected(two.server, 2);
  });
  const onTwo = (client) => { const same = client.as({ token: client.token, apiKey: client.apiKey }); same.base = two.server.url; return same; };
  const plan = (account, n) => admin.client.patch(`/v1/admin/orgs/${account.user.org_id}`, { requests_per_minute: n }).then((r) => expect(r, 200));
  const setTo = (client, limit) => eventually(async () => {
    const reply = await client.get('/v1/agents');
    return reply.headers['ratelimit-limit'] === String(limit);
  }, { ms: 6000, every: 200, what: `a limit of ${limit}` });

  /** How many of both servers' replies are let through in some seconds, and how many may be. */
  const burst = async (limit) => {
    const account = await register(one.anonymous);
    await plan(account, limit);
    const both = [account.client, onTwo(account.client)];
    const begun = Date.now();
    let allowed = 0;
    // Now here, now there.
    for (let round = 0; Date.now() - begun < 4000; round += 1) {
      const replies = await many(40, (i) => both[(i + (round % 3 === 0 ? 0 : round)) % 2].get('/v1/agents'));
      allowed += count(replies, 200);
      assert.equal(count(replies, 200) + count(replies, 429), 40);
      if (limit < 600) await sleep(100);
    }
    return { allowed, bound: limit + (Date.now() - begun) / 60_000 * limit };
  };
  const lost = async () => (await metrics(one.server))('redis_lost_total') + (await metrics(two.server))('redis_lost_total');

  it('let no more through than one, and a tenth', async () => {
    for (const limit of [5, 60, 600]) {
      let measured;
      // On a machine that has no time for Redis the two count apart, as they should: that is measured again.
      for (let tries = 0, known = -1; tries < 5 && known !== await lost(); tries += 1) {
        await Promise.all([connected(one.server, 2), connected(two.server, 2)]);
        known = await lost();
        measured = await burst(limit);
      }
      const { allowed, bound } = measured;
      assert.ok(allowed <= 1.1 * bound + 1, `${allowed} where ${bound} are allowed`);
      assert.ok(allowed >= 0.85 * limit, `${allowed} of ${limit}`);
    }
  });

  it('count apart while Redis is away, without an error, and together afterwards', async () => {
    const account = await register(one.anonymous);
    const both = [account.client, onTwo(account.client)];
    await setTo(both[1], 50);
    await redis.kill();
    await Promise.all([connected(one.server, 0), connected(two.server, 0)]);
    const apart = await many(200, (i) => both[i % 2].get('/v1/agents'));
    assert.ok(count(apart, 200) > 60 && count(apart, 200) <= 106, count(apart, 200));
    await redis.start();
    await Promise.all([connected(one.server, 2), connected(two.server, 2)]);
    const other = await register(one.anonymous);
    const together = await many(200, (i) => [other.client, onTwo(other.client)][i % 2].get('/v1/agents'));
    assert.ok(count(together, 200) <= 55, count(together, 200));
  });

  const alone = async () => (await metrics(one.server))('limit_alone_total') + (await metrics(two.server))('limit_alone_total');

  it('block together, and lift together', async () => {
    let email;
    const signIn = (where, password) => {
      const client = clientFrom(where.server.url, '127.4.0.1');
      clients.push(client);
      return client.post('/v1/auth/login', { email, password });
    };
    // Five in all, some here, some there. What Redis was too slow to hear of counts apart, as it should: then it is
    // tried with another account.
    for (let tries = 0, known = -1; tries < 5 && known !== await alone(); tries += 1) {
      known = await alone();
      ({ email } = await register(one.anonymous));
      for (const where of [one, two, one, two, one]) expectProblem(await signIn(where, 'wrong'), 401);
    }
    expectProblem(await signIn(one, PASSWORD), 429);
    await eventually(async () => (await signIn(two, PASSWORD)).status === 429, { ms: 6000, what: 'the block on the other server' });
    // Nobody waits for the record: until it stands, the counts refuse.
    const block = await eventually(async () => expect(await admin.client.get('/v1/admin/blocked-ips?kind=account&limit=100'), 200).data.find((b) => b.subject === email), { ms: 6000, what: 'the block in the list' });
    assert.equal((await admin.client.delete(`/v1/admin/blocked-ips/${block.id}`)).status, 204);
    expect(await signIn(one, PASSWORD), 200);
    await eventually(async () => (await signIn(two, PASSWORD)).status === 200, { ms: 6000, every: 100, what: 'the end of the block on the other server' });
  });

  it('give back what did not fail: many who sign in at one address are no guesser', async () => {
    const people = [];
    for (let i = 0; i < 6; i += 1) people.push(await register(one.anonymous));
    // A lease of either server is over before it is asked again.
    expect(await admin.client.patch('/v1/admin/settings', { login_failures_per_address: 3, login_window_s: 10 }), 200);
    try {
      await eventually(async () => (await onTwo(admin.client).get('/v1/admin/settings')).json.login_window_s === 10, { ms: 6000, every: 100, what: 'the settings on the other server' });
      const office = [one, two].map(({ server }) => clientFrom(server.url, '127.4.0.9'));
      clients.push(...office);
      for (let i = 0; i < 12; i += 1) {
        expect(await office[i % 2].post('/v1/auth/login', { email: people[i % 6].email, password: PASSWORD }), 200);
        await sleep(300);
      }
    } finally {
      expect(await admin.client.patch('/v1/admin/settings', { login_failures_per_address: 30, login_window_s: 900 }), 200);
    }
  });

  it('learn of settings, plans and blocked addresses from each other within five seconds', async () => {
    expect(await admin.client.patch('/v1/admin/settings', { public_per_minute: 77 }), 200);
    const there = onTwo(admin.client);
    await eventually(async () => (await there.get('/v1/admin/settings')).json.public_per_minute === 77, { ms: 5500, every: 100, what: 'the setting' });
    const account = await register(one.anonymous);
    await setTo(onTwo(account.client), 50);
    await plan(account, 44);
    await setTo(onTwo(account.client), 44);
    const stranger = clientFrom(two.server.url, '127.4.0.2');
    clients.push(stranger);
    expect(await stranger.get('/v1/auth/providers'), 200);
    expect(await admin.client.post('/v1/admin/blocked-ips', { address: '127.4.0.2', minutes: 5 }), 201);
    await eventually(async () => (await stranger.get('/v1/auth/providers')).status === 429, { ms: 5500, every: 100, what: 'the block' });
  });
});
