// The activity log: what was done, by whom, without secrets. And no secret anywhere in the log.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assertNow, assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { createFakeAgent, PASSWORD, register, world } from '../lib/world.mjs';

const w = world({ env: { AGENTGEN_LOG_LEVEL: 'debug', AGENTGEN_ACCESS_LOG: 'true' } });

const activityOf = async (client) => expect(await client.get('/v1/activity?limit=100'), 200).data;

describe('activity', () => {
  it('has a row for every step of an account', async () => {
    const account = await register(w.anonymous);
    const { client } = account;
    expectProblem(await w.anonymous.post('/v1/auth/login', { email: account.email, password: 'wrong password' }), 401);
    const second = expect(await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD }), 200);
    assert.equal((await w.anonymous.as({ token: second.token }).post('/v1/auth/logout')).status, 204);
    const agent = await createFakeAgent(client);
    expect(await client.put(`/v1/agents/${agent.id}`, { name: 'x', config: {} }), 200);
    assert.equal((await client.delete(`/v1/agents/${agent.id}`)).status, 204);
    const prompt = expect(await client.post('/v1/prompts', { prompt_text: 'p' }), 201);
    assert.equal((await client.delete(`/v1/prompts/${prompt.id}`)).status, 204);
    const key = expect(await client.post('/v1/api-keys', { name: 'k' }), 201);
    assert.equal((await client.delete(`/v1/api-keys/${key.id}`)).status, 204);

    const rows = await activityOf(client);
    for (const row of rows) {
      assert.deepEqual(Object.keys(row).sort(), ['action', 'created_at', 'credential', 'details', 'id', 'ip',
        'key_id', 'seq', 'user_id', 'user_name']);
      assertOrderedId(row.id);
      assertNow(row.created_at);
      assert.match(row.action, /^[a-z_]+(\.[a-z_]+)+$/);
      assert.equal(row.user_id, account.user.id);
    }
    const about = (what) => rows.filter((r) => r.action.startsWith(what)).length;
    assert.ok(about('auth.') >= 4, rows.map((r) => r.action).join(' '));
    assert.equal(about('agent.'), 3);
    assert.equal(about('prompt.'), 2);
    assert.equal(about('api_key.'), 2);
    assert.ok(rows.some((r) => JSON.stringify(r.details).includes(agent.id)));
  });

  it('holds no secret, and neither does the log of the server', async () => {
    const account = await register(w.anonymous);
    const { client } = account;
    const key = expect(await client.post('/v1/api-keys', { name: 'k' }), 201);
    expect(await w.anonymous.as({ apiKey: key.key }).get('/v1/agents'), 200);
    const agent = await createFakeAgent(client);
    expect(await client.post('/v1/ai/generate', { agent_id: agent.id, input_text: 'my private question' }), 200);
    expectProblem(await w.anonymous.as({ token: `${account.token}x` }).get(`/v1/agents?q=${'findme'}`), 401);
    const cookie = account.reply.cookies[0].split(';')[0].split('=')[1];
    const activity = await client.get('/v1/activity?limit=100');
    expect(activity, 200);
    const secrets = { password: PASSWORD, token: account.token, 'token signature': account.token.split('.')[2],
      'refresh token': account.refresh_token, cookie, key: key.key, 'provider key': 'canary-key', 'JWT secret': w.server.env.JWT_SECRET,
      'what was asked': 'my private question' };
    for (const [what, secret] of Object.entries(secrets)) {
      assert.ok(!w.server.log.includes(secret), `the ${what} is in the log`);
      assert.ok(!activity.text.includes(secret), `the ${what} is in the activity`);
    }
    if (w.server.databaseUrl) assert.ok(!w.server.log.includes(new URL(w.server.databaseUrl).password), 'the database password is in the log');
  });

  it('is the organisation\'s own', async () => {
    const account = await register(w.anonymous);
    const mine = await activityOf(account.client);
    assert.ok(mine.length >= 1);
    const theirs = await activityOf(w.bob.client);
    assert.ok(!theirs.some((r) => mine.some((m) => m.id === r.id)));
  });
});
