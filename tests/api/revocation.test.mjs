// Answers that take long end when what authorised them is revoked: with a last word where there can
// be one, and no sooner for anybody else.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { expect, expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { connect } from '../lib/raw.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { eventually, sleep, within } from '../lib/time-and-ports.mjs';
import {
  browserOf, createAgent, createFakeAgent, createOrganisation, createRole, join, PASSWORD, register, switchTo, unique, world,
} from '../lib/world.mjs';

const w = world();

const SILENT = '[[fault=silent_midstream after=1]] what was said until then';
const SAID = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].join(' ');
const GOES_ON = `[[chunks=10 delay=120]] ${SAID}`;

const textOf = (events) => events.filter((e) => e.event === 'delta').map((e) => e.data.text).join('');
const row = async (id) => (await sql(w.server, `SELECT status, coalesce(output_text, '') FROM runs WHERE id = '${id}'`))[0];
const keyOf = async (client, more = {}) => {
  const made = expect(await client.post('/v1/api-keys', { name: unique('key'), ...more }), 201);
  return { ...made, client: w.anonymous.as({ apiKey: made.key }) };
};
const signIn = async (account) => {
  const reply = await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD });
  const { token, refresh_token: refreshToken } = expect(reply, 200);
  const again = { ...account, reply, token, refreshToken, client: w.anonymous.as({ token }) };
  return { ...again, browser: browserOf(again, w.server) };
};
const logout = async ({ client }) => expect(await client.post('/v1/auth/logout'), 204);
const refresh = (refreshToken) => w.anonymous.post('/v1/auth/refresh', { refresh_token: refreshToken });

/** Begins a run of an agent of its own and waits until it has said something. */
async function begin(client, input, { owner = client, headers } = {}) {
  const model = unique('revoked');
  const agent = await createAgent(owner, { provider: 'openai', model });
  const body = { agent_id: agent.id, input_text: input, stream: true };
  const stream = await client.stream('/v1/ai/generate', body, headers ? { headers } : {});
  const { data } = await stream.until('run.started');
  const events = [await stream.until('delta')];
  return { stream, model, id: data.run_id, body, events };
}

async function follow(client, id, lastId) {
  const stream = await client.follow(`/v1/runs/${id}/events`, lastId === undefined ? {} : { headers: { 'last-event-id': lastId } });
  await stream.until('run.started');
  return { stream, id, events: [] };
}

/** The stream ends soon, with the reason as its last event, from which it could be read on. */
async function assertRevoked({ stream, events }, code, { from = performance.now(), ms = 1000 } = {}) {
  events.push(...await stream.all());
  const took = performance.now() - from;
  assert.ok(took < within(ms), `${took} ms`);
  const last = events.at(-1);
  assert.deepEqual([last.event, last.data.code, last.data.retryable], ['run.failed', code, false]);
  assert.match(last.data.message, /revoked/);
  assert.equal(Number(last.id), Buffer.byteLength(textOf(events)));
  assert.equal(stream.complete, true);
}

async function assertCancelled({ id, model, events }) {
  await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
  await eventually(async () => (await row(id))[0] === 'cancelled', { what: 'the run to be cancelled' });
  assert.equal((await row(id))[1], textOf(events));
}

/** An owner and a member of theirs, each acting in one organisation. */
async function pair(role = 'member') {
  const [owner, member] = [await register(w.anonymous), await register(w.anonymous)];
  const org = await createOrganisation(owner);
  await join(owner, member, typeof role === 'string' ? role : { role_id: (await createRole(owner, role)).id });
  return { owner, member, org };
}

/** Both ways to be somebody, beside the session that revokes. */
const carriers = async ({ client }) => [client, (await keyOf(client)).client];

/** Each resolves to the clients that lose, whose runs they follow, how they lose, and the code that each is told. */
const ways = {
  async 'signing out'() {
    const account = await register(w.anonymous);
    return { clients: [account.client], of: account, revoke: () => logout(account), code: 'unauthenticated' };
  },
  async 'ending the session from another one'() {
    const account = await register(w.anonymous);
    const [session] = expect(await account.client.get('/v1/auth/sessions'), 200).data;
    const other = await signIn(account);
    const revoke = async () => expect(await other.client.delete(`/v1/auth/sessions/${session.id}`), 204);
    return { clients: [account.client], of: account, revoke, code: 'unauthenticated' };
  },
  async 'an administrator who signs them out'() {
    const account = await register(w.anonymous);
    const revoke = async () => expect(await w.admin.client.post(`/v1/admin/users/${account.user.id}/sign-out`), 204);
    return { clients: [account.client], of: account, revoke, code: 'unauthenticated' };
  },
  async 'a refresh token that is used twice'() {
    const account = await register(w.anonymous);
    const reply = await refresh(account.refresh_token);
    expect(reply, 200);
    const revoke = async () => expectProblem(await refresh(account.refresh_token), 401);
    return { clients: [account.client], of: { ...account, reply }, revoke, code: 'unauthenticated' };
  },
  async 'revoking the key'() {
    const account = await register(w.anonymous);
    const key = await keyOf(account.client);
    const revoke = async () => expect(await account.client.delete(`/v1/api-keys/${key.id}`), 204);
    return { clients: [key.client], of: account, revoke, code: 'unauthenticated' };
  },
  async 'revoking the key that made the key'() {
    const account = await register(w.anonymous);
    const parent = await keyOf(account.client, { scopes: ['keys:write', 'ai:run', 'runs:read'] });
    const key = await keyOf(parent.client, { scopes: ['ai:run', 'runs:read'] });
    const revoke = async () => expect(await account.client.delete(`/v1/api-keys/${parent.id}`), 204);
    return { clients: [key.client], of: account, revoke, code: 'unauthenticated' };
  },
  async 'suspending the account'() {
    const account = await register(w.anonymous);
    const revoke = async () => expect(await w.admin.client.patch(`/v1/admin/users/${account.user.id}`, { status: 'suspended' }), 200);
    return { clients: await carriers(account), of: account, revoke, code: ['forbidden', 'forbidden'] };
  },
  async 'removing the member'() {
    const { owner, member } = await pair();
    const revoke = async () => expect(await owner.client.delete(`/v1/members/${member.user.id}`), 204);
    return { clients: await carriers(member), of: owner, revoke, code: ['forbidden', 'unauthenticated'] };
  },
  async 'a role that may no longer run or read'() {
    const { owner, member } = await pair(['agents:read', 'ai:run', 'runs:read', 'keys:write']);
    const me = expect(await member.client.get('/v1/auth/me'), 200);
    const revoke = async () => expect(await owner.client.put(`/v1/roles/${me.org.role_id}`, { name: 'Less', permissions: ['agents:read'] }), 200);
    return { clients: await carriers(member), of: owner, revoke, code: ['forbidden', 'forbidden'] };
  },
  async 'deleting the organisation'() {
    const { owner, member } = await pair();
    const revoke = async () => expect(await owner.client.delete('/v1/org'), 204);
    return { clients: await carriers(member), of: owner, revoke, code: ['forbidden', 'unauthenticated'], gone: true };
  },
  async 'deleting the account'() {
    const account = await register(w.anonymous);
    const revoke = async () => expect(await account.client.delete('/v1/auth/me'), 204);
    return { clients: await carriers(account), of: account, revoke, code: ['unauthenticated', 'unauthenticated'], gone: true };
  },
};

describe('a stream ends at once', { concurrency: 4 }, () => {
  for (const [what, make] of Object.entries(ways)) {
    it(`by ${what}`, async () => {
      const { clients, of, revoke, code, gone } = await make();
      const [owner, browser] = [of.client, browserOf(of, w.server)];
      const codes = [code].flat();
      const own = [];
      const followers = [];
      for (const client of clients) {
        own.push(await begin(client, SILENT, { owner }));
        const other = await begin(browser, GOES_ON, { owner });
        other.stream.close();
        followers.push(await follow(client, other.id));
      }
      await revoke();
      const from = performance.now();
      await Promise.all([own, followers].flatMap((streams) => streams.map((s, i) => assertRevoked(s, codes[i], { from }))));
      for (const run of own) {
        if (gone) await w.fake.waitFor(run.model, (c) => c.ended === 'client', within(2000));
        else await assertCancelled(run);
      }
    });
  }

  it('when the session or key expires', async () => {
    const account = await register(w.anonymous);
    const soon = new Date(Date.now() + 2500).toISOString();
    const key = await keyOf(account.client, { expires_at: soon });
    const run = await begin(key.client, SILENT, { owner: account.client });
    await assertRevoked(run, 'token_expired', { ms: 8000 });
    await assertCancelled(run);
  });
});

describe('a run that a browser began', () => {
  it('goes on, and can be read on after a new sign-in', async () => {
    const account = await register(w.anonymous);
    const run = await begin(browserOf(account, w.server), GOES_ON, { owner: account.client });
    await logout(account);
    await assertRevoked(run, 'unauthenticated');
    const again = await signIn(account);
    const rest = await (await follow(again.browser, run.id, run.events.at(-1).id)).stream.all();
    assert.equal(textOf(run.events) + textOf(rest), `You said: ${SAID}`);
    assert.ok(textOf(run.events).length > 0 && textOf(rest).length > 0);
    assert.equal(rest.at(-1).event, 'run.completed');
    assert.deepEqual(await row(run.id), ['completed', `You said: ${SAID}`]);
  });

  it('is kept under its Idempotency-Key', async () => {
    const account = await register(w.anonymous);
    const keyed = { 'idempotency-key': unique('key') };
    const run = await begin(browserOf(account, w.server), GOES_ON, { owner: account.client, headers: keyed });
    await logout(account);
    await assertRevoked(run, 'unauthenticated');
    const again = await signIn(account);
    const reply = await eventually(async () => {
      const got = await again.browser.post('/v1/ai/generate', run.body, { headers: keyed });
      return got.status === 200 && got;
    }, { what: 'the stored reply' });
    assert.deepEqual([reply.json.run_id, reply.json.response], [run.id, `You said: ${SAID}`]);
    assert.equal(w.fake.callsFor(run.model).length, 1);
  });
});

describe('what is answered in another way', { concurrency: 4 }, () => {
  async function someone() {
    const account = await register(w.anonymous);
    return { account, client: account.client, model: unique('other') };
  }

  it('whole: refused, and the Idempotency-Key is free again', async () => {
    const { account, client, model } = await someone();
    const agent = await createFakeAgent(client, model);
    w.fake.script(model, { fault: 'silent' });
    const body = { agent_id: agent.id, input_text: 'x' };
    const keyed = { headers: { 'idempotency-key': unique('key') } };
    const asked = client.post('/v1/ai/generate', body, keyed);
    await w.fake.waitFor(model);
    await logout(account);
    const from = performance.now();
    const reply = await asked;
    expectProblem(reply, 401, 'unauthenticated');
    assert.ok(performance.now() - from < within(1000));
    assert.equal(reply.headers.connection, 'close');
    await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
    const again = await signIn(account);
    expect(await again.client.post('/v1/ai/generate', body, keyed), 200);
    assert.equal(w.fake.callsFor(model).length, 2);
  });

  for (const [name, path, more] of [
    ['compare', '/v1/ai/compare', { config: {}, input_text: SILENT }],
    ['validate', '/v1/ai/validate', { prompt_text: 'Hello', input_text: SILENT, stream: true }],
  ]) {
    it(`${name}: its lanes are cancelled`, async () => {
      const { account, client, model } = await someone();
      const stream = await client.stream(path, { ...more, models: [`openai/${model}`, `openai/${model}`] });
      await stream.until('delta');
      await logout(account);
      const from = performance.now();
      const events = await stream.all();
      assert.ok(performance.now() - from < within(1000));
      assert.deepEqual(events.map((e) => e.event).filter((e) => e !== 'delta' && e !== 'run.started'), ['run.cancelled', 'run.cancelled', 'compare.completed']);
      await eventually(() => w.fake.callsFor(model).filter((c) => c.ended === 'client').length === 2, { what: 'both calls to end' });
    });
  }

  it('a proposal: as the stream of a run', async () => {
    const { account, client, model } = await someone();
    w.fake.script(model, { text: JSON.stringify({ name: 'x'.repeat(200) }), chunks: 4, fault: 'silent_midstream', after: 2 });
    const stream = await client.stream('/v1/agents/draft', { description: 'Answers questions about returns.', model: `openai/${model}`, stream: true });
    await stream.until('run.started');
    await w.fake.waitFor(model);
    await logout(account);
    const from = performance.now();
    const last = (await stream.all()).at(-1);
    assert.ok(performance.now() - from < within(1000));
    assert.deepEqual([last.event, last.data.code], ['run.failed', 'unauthenticated']);
    await w.fake.waitFor(model, (c) => c.ended === 'client', within(2000));
  });
});

describe('an export', () => {
  const RUNS = 1000;
  const TEXT_BYTES = 64 * 1024;

  /** Somebody of whom there is much to tell. */
  async function prolific() {
    const account = await register(w.anonymous);
    const { id, org_id: org } = account.user;
    const columns = 'org_id, id, kind, status, user_id, provider, model, boot_id, created_at, input_text, output_text';
    const postgres = DB_KIND === 'postgres';
    const uuid = postgres ? '::uuid' : '';
    const text = postgres ? `repeat('x', ${TEXT_BYTES})` : `printf('%.${TEXT_BYTES}c', 'x')`;
    const runId = postgres ? 'gen_random_uuid()' : "lower(printf('%s-%s-7%s-8%s-%s', hex(randomblob(4)), hex(randomblob(2)), substr(hex(randomblob(2)), 2), substr(hex(randomblob(2)), 2), hex(randomblob(6))))";
    const numbers = postgres ? `generate_series(1, ${RUNS}) n` : `(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${RUNS}) SELECT n FROM s)`;
    await sql(w.server, `INSERT INTO runs (${columns}) SELECT '${org}'${uuid}, ${runId}, 'preview', 'completed', '${id}'${uuid}, 'openai', 'echo', `
      + `'${id}'${uuid}, '2026-01-01T00:00:00.000Z'${postgres ? '::timestamptz' : ''}, 'q', ${text} FROM ${numbers}`);
    return account;
  }

  it('is cut short of its end, for a reader that is slow and one that is not', async () => {
    const account = await prolific();
    const ask = async (version, read) => {
      const connection = await connect(w.server.port);
      connection.write(`GET /v1/auth/export HTTP/${version}\r\nHost: x\r\nAuthorization: Bearer ${account.token}\r\n\r\n`);
      let tail = '';
      let bytes = 0;
      connection.socket.removeAllListeners('data');
      connection.socket.on('data', (data) => { tail = (tail + data.toString('latin1')).slice(-64); bytes += data.length; });
      await eventually(() => bytes > 0, { what: 'the export to begin' });
      if (!read) connection.socket.pause();
      return { connection, read, tail: () => tail, bytes: () => bytes };
    };
    const slow = [await ask('1.1', false), await ask('1.0', false)];
    await sleep(200); // until their connections are full
    const fast = [await ask('1.1', true), await ask('1.0', true)];
    await logout(account);
    const from = performance.now();
    for (const reader of [...fast, ...slow]) {
      reader.connection.socket.resume();
      assert.ok(await reader.connection.closes(within(3000)));
      if (reader.read) assert.ok(performance.now() - from < within(1500), `${performance.now() - from} ms`);
      assert.ok(reader.bytes() < RUNS * TEXT_BYTES, `${reader.bytes()} bytes`);
      assert.doesNotMatch(reader.tail(), /\r\n0\r\n\r\n$/);
    }
    // Without chunks only a reset tells that the end is missing.
  });
});

describe('a stream goes on', { concurrency: 4 }, () => {
  const completes = async ({ stream, events }) => {
    events.push(...await stream.all());
    assert.equal(events.at(-1).event, 'run.completed');
    assert.equal(textOf(events), `You said: ${SAID}`);
  };

  it('when its session is refreshed', async () => {
    const account = await register(w.anonymous);
    const runs = [await begin(account.client, GOES_ON), await begin(browserOf(account, w.server), GOES_ON, { owner: account.client })];
    expect(await refresh(account.refresh_token), 200);
    await Promise.all(runs.map(completes));
  });

  it('when its session goes to work in another organisation', async () => {
    const { member } = await pair();
    const runs = [await begin(member.client, GOES_ON), await begin(browserOf(member, w.server), GOES_ON, { owner: member.client })];
    await createOrganisation(member);
    await switchTo(member, { id: member.user.org_id });
    await Promise.all(runs.map(completes));
  });

  it('when somebody else signs out, or another session or key of theirs ends', async () => {
    const [account, other] = [await register(w.anonymous), await register(w.anonymous)];
    const [kept, gone, session] = [await keyOf(account.client), await keyOf(account.client), await signIn(account)];
    const runs = [await begin(account.client, GOES_ON), await begin(kept.client, GOES_ON)];
    await logout(other);
    await logout(session);
    expect(await account.client.delete(`/v1/api-keys/${gone.id}`), 204);
    await Promise.all(runs.map(completes));
  });
});

describe('fifty streams of one key', () => {
  it('cost the database next to nothing', async () => {
    const reads = async () => Number(/^agentgen_db_reads_total (\S+)$/m.exec((await w.anonymous.get('/metrics')).text)[1]);
    const account = await register(w.anonymous);
    const key = await keyOf(account.client);
    const browser = browserOf(account, w.server);
    const run = await begin(browser, SILENT, { owner: account.client });
    const followers = await Promise.all(Array.from({ length: 50 }, () => follow(key.client, run.id)));
    const before = await reads();
    await sleep(4500);
    const read = await reads() - before;
    // One look for each loop and credential in four seconds; on PostgreSQL the run looks at its row.
    assert.ok(read > 0 && read < 20, `${read} reads`);
    expect(await account.client.delete(`/v1/api-keys/${key.id}`), 204);
    await Promise.all(followers.map((follower) => assertRevokedFrom(follower, run)));
    expect(await account.client.post(`/v1/runs/${run.id}/cancel`), 200);
    assert.equal((await run.stream.all()).at(-1).event, 'run.cancelled');
  });
  const assertRevokedFrom = ({ stream, events }) => assertRevoked({ stream, events: [...stream.seen, ...events].filter((e) => e.event === 'delta') }, 'unauthenticated');
});

describe('a server that stops', () => {
  it('with streams open ends well', async () => {
    const { server, ...account } = await w.startWithAccount({ AGENTGEN_DRAIN_TIMEOUT_MS: 500 });
    const run = await begin(account.client, SILENT);
    const follower = await follow(account.client, run.id);
    server.signal('SIGTERM');
    assert.equal((await run.stream.all()).at(-1).event, 'run.cancelled');
    await follower.stream.all().catch(() => {});
    assert.equal((await server.ended()).code, 0);
    server.assertClean();
  });
});

if (DB_KIND === 'postgres') {
  describe('a database that is slow to say who somebody is', () => {
    it('keeps no stream from being looked after', async () => {
      const server = await w.start({ AGENTGEN_LOOPS: 1 });
      const there = new Client(server.url);
      const streams = [];
      for (let i = 0; i < 16; i += 1) {
        const account = await register(there);
        streams.push([account, await begin(account.client, SILENT)]);
      }
      const other = await register(there);
      await sql(server, 'ALTER TABLE roles RENAME TO roles_there_are; CREATE VIEW roles AS SELECT r.* '
        + 'FROM (SELECT pg_sleep(0.1) AS slow OFFSET 0) s LEFT JOIN roles_there_are r ON true');
      // Others lose something all the time, so that everybody is looked at again and again.
      let goes = true;
      const churn = (async () => {
        let token = other.refresh_token;
        while (goes) {
          token = expect(await there.post('/v1/auth/refresh', { refresh_token: token }), 200).refresh_token;
          await sleep(50);
        }
      })();
      // The first that began is the last in any order of theirs.
      const [account, run] = streams[0];
      await sql(server, `UPDATE sessions SET revoked_at = '2020-01-01T00:00:00.000Z' WHERE user_id = '${account.user.id}'`);
      await assertRevoked(run, 'unauthenticated', { ms: 5000 }).finally(() => { goes = false; });
      await churn;
      for (const [, { stream }] of streams) stream.close();
      there.close();
    });
  });

  describe('another instance', () => {
    it('notices within five seconds', async () => {
      const other = await w.start({ JWT_SECRET: w.server.env.JWT_SECRET }, { databaseUrl: w.server.databaseUrl });
      const there = new Client(other.url);
      const [account, owner] = [await register(w.anonymous), await register(w.anonymous)];
      const key = await keyOf(owner.client);
      const streams = [];
      for (const [client, by] of [[there.as({ token: account.token }), account], [there.as({ apiKey: key.key }), owner]]) {
        const run = await begin(client, SILENT, { owner: by.client });
        const here = await begin(browserOf(by, w.server), SILENT, { owner: by.client });
        here.stream.close();
        streams.push([run, await follow(client, here.id)]);
      }
      await logout(account);
      expect(await owner.client.delete(`/v1/api-keys/${key.id}`), 204);
      const from = performance.now();
      await Promise.all(streams.flat().map((s) => assertRevoked(s, 'unauthenticated', { from, ms: 5000 })));
      for (const [run] of streams) await assertCancelled(run);
      const again = await signIn(account);
      for (const [i, by] of [again, owner].entries()) expect(await by.client.post(`/v1/runs/${streams[i][1].id}/cancel`), 200);
      there.close();
    });
  });
}
