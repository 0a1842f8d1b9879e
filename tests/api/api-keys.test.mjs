// API keys: made once, shown once, limited by scope and time, gone at once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, assertNow, assertOrderedId, assertTime, expect, expectProblem } from '../lib/expect.mjs';
import { eventually, sleep, within } from '../lib/time-and-ports.mjs';
import { unique, world } from '../lib/world.mjs';

const w = world();

async function createKey(more = {}, client = w.ada.client) {
  return expect(await client.post('/v1/api-keys', { name: unique('key'), ...more }), 201);
}
const using = (key) => w.anonymous.as({ apiKey: key });

describe('create', () => {
  it('shows the key this one time', async () => {
    const created = await createKey({ name: 'deploy' });
    assert.deepEqual(Object.keys(created).sort(),
      ['agent_ids', 'created_at', 'expires_at', 'id', 'key', 'last_used_at', 'name', 'prefix', 'requests_per_minute', 'scopes', 'shared',
        'user_id', 'user_name']);
    assertOrderedId(created.id);
    assertNow(created.created_at);
    assert.equal(created.name, 'deploy');
    assert.match(created.key, /^agk_[\w-]{43}$/);
    assert.ok(created.key.startsWith(created.prefix) && created.prefix.length < 16, created.prefix);
    assert.deepEqual([created.expires_at, created.last_used_at, created.requests_per_minute], [null, null, null]);
    assert.deepEqual([created.agent_ids, created.shared, created.user_id, created.user_name], [[], false, w.ada.user.id, w.ada.user.name]);

    const reply = await w.ada.client.get('/v1/api-keys?limit=100');
    const listed = expect(reply, 200).data.find((k) => k.id === created.id);
    assert.ok(!('key' in listed));
    assert.ok(!reply.text.includes(created.key.slice(created.prefix.length)));
    assert.equal(listed.prefix, created.prefix);
  });

  it('makes a different one each time, also for the same name', async () => {
    const [one, two] = await Promise.all([createKey({ name: 'same' }), createKey({ name: 'same' })]);
    assert.notEqual(one.key, two.key);
    assert.notEqual(one.id, two.id);
  });

  it('names every field that is wrong', async () => {
    const post = (body) => w.ada.client.post('/v1/api-keys', body);
    expectProblem(await post({}), 422, 'validation_failed', ['name']);
    expectProblem(await post({ name: '' }), 422, 'validation_failed', ['name']);
    expectProblem(await post({ name: 'x'.repeat(101) }), 422, 'validation_failed', ['name']);
    expectProblem(await post({ name: 'x', key: 'agk_mine' }), 422, 'validation_failed', ['key']);
    expectProblem(await post({ name: 'x', expires_at: 'tomorrow' }), 422, 'validation_failed', ['expires_at']);
    expectProblem(await post({ name: 'x', expires_at: '2020-01-01T00:00:00Z' }), 422, 'validation_failed', ['expires_at']);
    expectProblem(await post({ name: 'x', scopes: 'agents:read' }), 422, 'validation_failed', ['scopes']);
    const unknown = expectProblem(await post({ name: 'x', scopes: ['agents:read', 'everything'] }), 422, 'validation_failed');
    assert.match(unknown.errors[0].field, /^scopes/);
  });
});

describe('use', () => {
  it('works in x-api-key and as a bearer token', async () => {
    const { key } = await createKey();
    expect(await using(key).get('/v1/agents'), 200);
    expect(await w.anonymous.as({ token: key }).get('/v1/agents'), 200);
    assert.equal(expect(await using(key).get('/v1/auth/me'), 200).id, w.ada.user.id);
    expect(await using(key).post('/v1/agents', { name: unique('Agent'), config: {} }), 201);
  });

  it('does not work elsewhere, or damaged', async () => {
    const { key } = await createKey();
    const bad = [`${key}x`, key.slice(0, -1), key.replace('agk_', 'agx_'), key.toUpperCase(), key.slice(4), 'agk_',
      `agk_${'A'.repeat(43)}`, ` ${key.slice(1)}`, w.ada.token];
    for (const value of bad) expectProblem(await using(value).get('/v1/agents'), 401);
    expectProblem(await w.anonymous.get(`/v1/prompts?api_key=${key}`), 401);
    expectProblem(await w.anonymous.as({ cookie: `__Host-agentgen_session=${key}` }).get('/v1/agents'), 401);
    expectProblem(await w.anonymous.get('/v1/agents', { headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` } }), 401);
  });

  it('is noted', async () => {
    const { id, key } = await createKey();
    expect(await using(key).get('/v1/agents'), 200);
    const used = await eventually(async () => {
      const { data } = expect(await w.ada.client.get('/v1/api-keys?limit=100'), 200);
      return data.find((k) => k.id === id).last_used_at;
    }, { what: 'last_used_at' });
    assertNow(used);
  });

  it('needs no Origin, whatever the browser says', async () => {
    const { key } = await createKey();
    const options = { headers: { origin: 'http://evil.test' } };
    expect(await using(key).post('/v1/agents', { name: unique('Agent'), config: {} }, options), 201);
  });
});

describe('scopes', () => {
  it('limit what the key may do', async () => {
    const { key, scopes } = await createKey({ scopes: ['agents:read'] });
    assert.deepEqual(scopes, ['agents:read']);
    const client = using(key);
    expect(await client.get('/v1/agents'), 200);
    expectProblem(await client.post('/v1/agents', { name: 'x', config: {} }), 403, 'forbidden');
    expectProblem(await client.get('/v1/prompts'), 403, 'forbidden');
    expectProblem(await client.get('/v1/runs'), 403, 'forbidden');
    expectProblem(await client.get('/v1/api-keys'), 403, 'forbidden');
    expectProblem(await client.get('/v1/activity'), 403, 'forbidden');
    expectProblem(await client.post('/v1/api-keys', { name: 'more' }), 403, 'forbidden');
    expectProblem(await client.post('/v1/ai/generate', { agent_id: absentId(), input_text: 'hi' }), 403, 'forbidden');
  });

  it('of a key cannot grow by a key it makes', async () => {
    const { key } = await createKey({ scopes: ['keys:write', 'agents:read'] });
    for (const scopes of [['agents:write'], ['agents:read', 'prompts:read'], []]) {
      const reply = await using(key).post('/v1/api-keys', { name: 'child', scopes });
      if (reply.status === 201) {
        // What it made must be no stronger than itself.
        expectProblem(await using(reply.json.key).get('/v1/prompts'), 403, 'forbidden');
        expectProblem(await using(reply.json.key).post('/v1/agents', { name: 'x', config: {} }), 403, 'forbidden');
      } else {
        assert.ok([403, 422].includes(reply.status), reply.text);
      }
    }
    const absent = await using(key).post('/v1/api-keys', { name: 'child' });
    if (absent.status === 201) expectProblem(await using(absent.json.key).get('/v1/prompts'), 403, 'forbidden');
    else assert.ok([403, 422].includes(absent.status), absent.text);
  });

  it('cannot hold what their owner does not hold', async () => {
    const reply = await w.ada.client.post('/v1/api-keys', { name: 'x', scopes: ['admin:users'] });
    assert.ok([403, 422].includes(reply.status), reply.text);
    expectProblem(reply, reply.status);
    expect(await w.admin.client.post('/v1/api-keys', { name: 'x', scopes: ['admin:users'] }), 201);
  });
});

describe('end', () => {
  it('comes at its time', async () => {
    const at = new Date(Date.now() + within(2500)).toISOString();
    const { key, expires_at: expiresAt } = await createKey({ expires_at: at });
    assertTime(expiresAt);
    assert.equal(Date.parse(expiresAt), Date.parse(at));
    expect(await using(key).get('/v1/agents'), 200);
    await sleep(Date.parse(at) - Date.now() + 50);
    expectProblem(await using(key).get('/v1/agents'), 401);
  });

  it('takes a time in any zone', async () => {
    const { expires_at: expiresAt } = await createKey({ expires_at: '2099-06-01T12:00:00+02:00' });
    assert.equal(expiresAt, '2099-06-01T10:00:00.000Z');
  });

  it('comes at once when it is deleted', async () => {
    const { id, key } = await createKey();
    expect(await using(key).get('/v1/agents'), 200);
    const reply = await w.ada.client.delete(`/v1/api-keys/${id}`);
    assert.equal(reply.status, 204, reply.text);
    expectProblem(await using(key).get('/v1/agents'), 401);
    expectProblem(await w.ada.client.delete(`/v1/api-keys/${id}`), 404, 'not_found');
    const { data } = expect(await w.ada.client.get('/v1/api-keys?limit=100'), 200);
    assert.ok(!data.some((k) => k.id === id));
  });

  it('is up to its owner alone', async () => {
    const { id, key } = await createKey();
    for (const client of [w.bob.client, w.admin.client]) expectProblem(await client.delete(`/v1/api-keys/${id}`), 404, 'not_found');
    expect(await using(key).get('/v1/agents'), 200);
    const { data } = expect(await w.bob.client.get('/v1/api-keys?limit=100'), 200);
    assert.ok(!data.some((k) => k.id === id));
  });

  it('does not come with the logout of who made it', async () => {
    const { email, password } = w.ada;
    const session = expect(await w.anonymous.post('/v1/auth/login', { email, password }), 200);
    const client = w.anonymous.as({ token: session.token });
    const { key } = await createKey({}, client);
    assert.equal((await client.post('/v1/auth/logout')).status, 204);
    expect(await using(key).get('/v1/agents'), 200);
    expectProblem(await using(key).post('/v1/auth/logout'), 403);
  });
});

describe('a change', () => {
  it('takes effect at once and leaves the rest', async () => {
    const { id, key, ...before } = await createKey({ scopes: ['agents:read'], requests_per_minute: 60, expires_at: '2099-01-01T00:00:00.000Z' });
    const patch = (body) => w.ada.client.patch(`/v1/api-keys/${id}`, body);
    assert.deepEqual(expect(await patch({}), 200), { id, ...before });
    assert.deepEqual(expect(await patch({ name: 'renamed' }), 200), { id, ...before, name: 'renamed' });
    const cleared = expect(await patch({ requests_per_minute: null, expires_at: null }), 200);
    assert.deepEqual([cleared.requests_per_minute, cleared.expires_at], [null, null]);
    assert.equal(expect(await patch({ requests_per_minute: 5 }), 200).requests_per_minute, 5);
    expect(await using(key).get('/v1/agents'), 200);
    const end = new Date(Date.now() + within(1500)).toISOString();
    expect(await patch({ expires_at: end }), 200);
    await sleep(Date.parse(end) - Date.now() + 30);
    expectProblem(await using(key).get('/v1/agents'), 401, 'token_expired');
    expect(await patch({ expires_at: null }), 200);
    expect(await using(key).get('/v1/agents'), 200);
    for (const [body, field] of [[{ scopes: [] }, 'scopes'], [{ shared: true }, 'shared'], [{ name: '' }, 'name'], [{ name: null }, 'name'],
      [{ requests_per_minute: 0 }, 'requests_per_minute'], [{ requests_per_minute: 100001 }, 'requests_per_minute'],
      [{ expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'], [{ user_id: w.bob.user.id }, 'user_id']]) {
      expectProblem(await patch(body), 422, 'validation_failed', [field]);
    }
    expectProblem(await w.bob.client.patch(`/v1/api-keys/${id}`, { name: 'mine' }), 404, 'not_found');
    expectProblem(await using(key).patch(`/v1/api-keys/${id}`, { name: 'mine' }), 403, 'forbidden');
  });
});
