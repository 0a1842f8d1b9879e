// Idempotency-Key: a request that is sent again is not done again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, expectStatuses } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { createFakeAgent, unique, world } from '../lib/world.mjs';

const w = world();

const keyed = (key = unique('key')) => ({ headers: { 'idempotency-key': key } });
const count = async (path, test) => expect(await w.ada.client.get(`${path}?limit=100`), 200).data.filter(test).length;

function assertReplay(first, second) {
  assert.equal(second.status, first.status, second.text);
  assert.deepEqual(second.body, first.body);
  assert.equal(second.type, first.type);
  assert.equal(second.headers.etag, first.headers.etag);
}

describe('the same request again', () => {
  const routes = {
    '/v1/agents': () => ({ name: unique('Once'), config: {} }),
    '/v1/prompts': () => ({ prompt_text: unique('once') }),
  };
  for (const [path, body] of Object.entries(routes)) {
    it(`gets the stored reply of POST ${path}`, async () => {
      const [sent, options] = [body(), keyed()];
      const first = await w.ada.client.post(path, sent, options);
      const { id } = expect(first, 201);
      for (let i = 0; i < 2; i += 1) assertReplay(first, await w.ada.client.post(path, sent, options));
      assert.equal(await count(path, (row) => row.id === id), 1);
      assert.equal(await count(path, (row) => [row.name, row.prompt_text].includes(sent.name ?? sent.prompt_text)), 1);
    });
  }

  it('makes one API key, and does not show its secret a second time', async () => {
    const [body, options] = [{ name: unique('once') }, keyed()];
    const { key, ...rest } = expect(await w.ada.client.post('/v1/api-keys', body, options), 201);
    const again = expect(await w.ada.client.post('/v1/api-keys', body, options), 201);
    assert.deepEqual(again, rest);
    assert.equal(await count('/v1/api-keys', (row) => row.name === body.name), 1);
    expect(await w.anonymous.as({ apiKey: key }).get('/v1/agents'), 200);
  });

  it('does not ask the model again', async () => {
    const agent = await createFakeAgent(w.ada.client, 'once-generate');
    const [body, options] = [{ agent_id: agent.id, input_text: 'hello' }, keyed()];
    const first = await w.ada.client.post('/v1/ai/generate', body, options);
    expect(first, 200);
    assertReplay(first, await w.ada.client.post('/v1/ai/generate', body, options));
    assert.equal(w.fake.callsFor('once-generate').length, 1);
    assert.equal(await count('/v1/runs', (run) => run.agent_id === agent.id), 1);
  });

  it('does not preview or validate again', async () => {
    const preview = { config: { provider: 'openai', model: 'once-preview' }, input_text: 'hi' };
    const validate = { prompt_text: 'Say {{x}}', models: ['openai/once-validate'], input_text: 'hi', variables: { x: 'y' } };
    for (const [path, body] of [['/v1/ai/preview', preview], ['/v1/ai/validate', validate]]) {
      const options = keyed();
      const first = await w.ada.client.post(path, body, options);
      expect(first, 200);
      assertReplay(first, await w.ada.client.post(path, body, options));
    }
    assert.equal(w.fake.callsFor('once-preview').length, 1);
    assert.equal(w.fake.callsFor('once-validate').length, 1);
  });

  it('is remembered across a restart', async () => {
    const { server, client, token } = await w.startWithAccount();
    const [body, options] = [{ name: 'Kept', config: {} }, keyed()];
    const first = await client.post('/v1/agents', body, options);
    const { id } = expect(first, 201);
    await server.restart();
    const again = new Client(server.url, { token });
    assertReplay(first, await again.post('/v1/agents', body, options));
    assert.deepEqual(expect(await again.get('/v1/agents'), 200).data.map((a) => a.id), [id]);
    again.close();
  });

  it('that was refused may be mended and sent again', async () => {
    const options = keyed();
    const refused = await w.ada.client.post('/v1/agents', { name: '', config: {} }, options);
    expectProblem(refused, 422, 'validation_failed');
    const mended = await w.ada.client.post('/v1/agents', { name: 'Mended', config: {} }, options);
    // Either the refusal was stored with its body, or nothing was: never a silent success for another body.
    if (mended.status === 422) expectProblem(mended, 422);
    else expect(mended, 201);
  });

  it('after a failure upstream is tried again', async () => {
    w.fake.script('flaky-once', { status: 400 });
    const agent = await createFakeAgent(w.ada.client, 'flaky-once');
    const [body, options] = [{ agent_id: agent.id, input_text: 'hello' }, keyed()];
    expectProblem(await w.ada.client.post('/v1/ai/generate', body, options), 502, 'upstream_rejected');
    expect(await w.ada.client.post('/v1/ai/generate', body, options), 200);
    assert.equal(w.fake.callsFor('flaky-once').length, 2);
  });
});

describe('another request with the same key', () => {
  it('is refused', async () => {
    const options = keyed();
    expect(await w.ada.client.post('/v1/agents', { name: 'One', config: {} }, options), 201);
    const other = { name: 'Two', config: {} };
    expectProblem(await w.ada.client.post('/v1/agents', other, options), 422, 'idempotency_key_reused');
    expectProblem(await w.ada.client.post('/v1/prompts', { prompt_text: 'x' }, options), 422, 'idempotency_key_reused');
    assert.equal(await count('/v1/agents', (a) => a.name === 'Two'), 0);
  });

  it('of somebody else has nothing to do with it', async () => {
    const options = keyed();
    const body = { name: unique('Mine'), config: {} };
    const one = expect(await w.ada.client.post('/v1/agents', body, options), 201);
    const two = expect(await w.bob.client.post('/v1/agents', body, options), 201);
    assert.notEqual(one.id, two.id);
    assert.deepEqual([one.user_id, two.user_id], [w.ada.user.id, w.bob.user.id]);
  });
});

describe('the same request at the same time', () => {
  it('runs once: the others are told to wait', async () => {
    const agent = await createFakeAgent(w.ada.client, 'once-parallel');
    const [body, options] = [{ agent_id: agent.id, input_text: '[[first_delay=500]] hello' }, keyed()];
    const replies = await Promise.all([1, 2, 3, 4].map(() => w.ada.client.post('/v1/ai/generate', body, options)));
    expectStatuses(replies, { 200: 1, 409: 3 });
    for (const reply of replies.filter((r) => r.status === 409)) expectProblem(reply, 409, 'idempotency_in_progress');
    assert.equal(w.fake.callsFor('once-parallel').length, 1);
    assertReplay(replies.find((r) => r.status === 200), await w.ada.client.post('/v1/ai/generate', body, options));
  });

  it('creates one agent, whoever wins', async () => {
    const [body, options] = [{ name: unique('Race'), config: {} }, keyed()];
    const replies = await Promise.all(Array.from({ length: 6 }, () => w.ada.client.post('/v1/agents', body, options)));
    for (const reply of replies) assert.ok([201, 409].includes(reply.status), reply.text);
    assert.equal(await count('/v1/agents', (a) => a.name === body.name), 1);
    assert.equal(new Set(replies.filter((r) => r.status === 201).map((r) => r.json.id)).size, 1);
  });
});

describe('the key', () => {
  it('is up to 255 printable characters', async () => {
    const body = () => ({ name: unique('Key'), config: {} });
    expect(await w.ada.client.post('/v1/agents', body(), keyed('k'.repeat(255))), 201);
    for (const key of ['', 'k'.repeat(5000), 'käse']) {
      const reply = await w.ada.client.post('/v1/agents', body(), { headers: { 'idempotency-key': key } });
      assert.ok([400, 422].includes(reply.status), `${key.slice(0, 20)}: ${reply.status}`);
      expectProblem(reply, reply.status);
    }
  });

  it('changes nothing where it has no meaning', async () => {
    const options = keyed();
    expect(await w.ada.client.get('/v1/agents', options), 200);
    expect(await w.ada.client.get('/v1/prompts', options), 200);
  });
});

// On SQLite a transaction is alone.
if (DB_KIND === 'postgres') describe('a key that is given up while another request looks who has it', () => {
  it('is that request\'s', async () => {
    const key = unique('given-up');
    await sql(w.server, `INSERT INTO idempotency_keys (org_id, user_id, key, request_hash, resource_id, boot_id, created_at)
      VALUES ('${w.ada.user.org_id}', '${w.ada.user.id}', '${key}', '\\x00', '${absentId()}', '${absentId()}', now())`);
    // Behind the attempt to claim it, once.
    await sql(w.server, `CREATE SEQUENCE given_up;
      CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        IF nextval('given_up') = 1 THEN DELETE FROM idempotency_keys WHERE key = '${key}'; END IF; RETURN NULL; END $$;
      CREATE TRIGGER give_up AFTER INSERT ON idempotency_keys FOR EACH STATEMENT EXECUTE FUNCTION give_up();`);
    try {
      const body = { prompt_text: key };
      const { id } = expect(await w.ada.client.post('/v1/prompts', body, keyed(key)), 201);
      assert.equal(expect(await w.ada.client.post('/v1/prompts', body, keyed(key)), 201).id, id);
    } finally {
      await sql(w.server, 'DROP TRIGGER give_up ON idempotency_keys; DROP FUNCTION give_up; DROP SEQUENCE given_up');
    }
  });
});
