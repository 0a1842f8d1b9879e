// Providers: which there are, whether they answer, which models they offer.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { closedPort } from '../fakes/model-server.mjs';
import { expect, expectProblem } from '../lib/expect.mjs';
import { register, unique, world } from '../lib/world.mjs';

const w = world();

const providers = async (client) => {
  const { data, next_cursor: next } = expect(await client.get('/v1/providers'), 200);
  assert.equal(next, null);
  return Object.fromEntries(data.map((p) => [p.id, p]));
};
const test = (client, provider, body = {}, options) => client.post(`/v1/providers/${provider}/test`, body, options);
const idsOf = (list, provider) => list.data.filter((m) => m.owned_by === provider).map((m) => m.id);

describe('the list of providers', () => {
  it('says what is configured, and where, without the keys', async () => {
    const reply = await w.ada.client.get('/v1/providers');
    const { data } = expect(reply, 200);
    assert.deepEqual(data.map((p) => p.id), ['openai', 'anthropic', 'sandbox']);
    const [openai, anthropic, sandbox] = data;
    assert.deepEqual([openai.configured, openai.offline, openai.is_default, openai.default_model], [true, false, true, 'echo']);
    assert.equal(openai.base_url_host, new URL(w.fake.url).host);
    assert.deepEqual([openai.setting, anthropic.setting, sandbox.setting], ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', null]);
    assert.deepEqual([sandbox.configured, sandbox.offline, sandbox.is_default, sandbox.base_url_host], [true, true, false, null]);
    assert.ok(data.every((p) => p.models.length > 0 && p.title.length > 0));
    assert.ok(!reply.text.includes('canary'));
  });

  it('without any key has the sandbox as default', async () => {
    const env = { OPENAI_API_KEY: null, OPENAI_BASE_URL: null, ANTHROPIC_API_KEY: null, ANTHROPIC_BASE_URL: null, AGENTGEN_DEFAULT_MODEL: null };
    const { client } = await w.startWithAccount(env);
    const list = await providers(client);
    assert.deepEqual(Object.values(list).map((p) => [p.id, p.configured, p.is_default]),
      [['openai', false, false], ['anthropic', false, false], ['sandbox', true, true]]);
    assert.equal(list.openai.base_url_host, 'api.openai.com');
    const { ok, error, latency_ms: latency } = expect(await test(client, 'openai'), 200);
    assert.deepEqual([ok, error.code, error.retryable, latency], [false, 'model_unavailable', false, null]);
    const models = expect(await client.get('/v1/models'), 200);
    assert.deepEqual(models, { object: 'list', data: [{ id: 'sandbox/sandbox', object: 'model', created: 0, owned_by: 'sandbox' }], errors: [] });
    assert.equal(expect(await client.get('/v1/dashboard'), 200).setup.model_key, false);
  });
});

describe('testing a provider', () => {
  it('asks it for a word and keeps the run', async () => {
    const { client } = await register(w.anonymous);
    const model = unique('small');
    for (const provider of ['openai', 'anthropic']) {
      const got = expect(await test(client, provider, { model }), 200);
      assert.deepEqual([got.ok, got.model, got.error], [true, `${provider}/${model}`, null]);
      assert.ok(got.response.length > 0 && got.latency_ms >= got.ttft_ms && got.ttft_ms >= 0);
    }
    for (const { json } of w.fake.callsFor(model)) assert.equal(json.max_tokens, 16);
    assert.equal(expect(await test(client, 'openai'), 200).model, 'openai/echo');
    const { data } = expect(await client.get('/v1/runs'), 200);
    assert.deepEqual(data.map((r) => [r.kind, r.status]), Array(3).fill(['test', 'completed']));
    assert.equal(expect(await client.get('/v1/dashboard'), 200).setup.model_tested, true);
  });

  it('answers what went wrong as a result', async () => {
    const { client } = await register(w.anonymous);
    for (const [model, code, retryable] of [['fault-401', 'upstream_auth_failed', false], ['fault-404', 'upstream_not_found', false], ['fault-html', 'upstream_invalid_response', true]]) {
      const got = expect(await test(client, 'openai', { model }), 200);
      assert.deepEqual([got.ok, got.error.code, got.error.retryable, got.response], [false, code, retryable, null]);
      assert.ok(got.error.message.length > 0);
    }
    const { data } = expect(await client.get('/v1/errors?source=run'), 200);
    assert.deepEqual(data.map((e) => e.kind), ['test', 'test', 'test']);
  });

  it('works with the sandbox, and with nothing that is not there', async () => {
    const got = expect(await test(w.ada.client, 'sandbox'), 200);
    assert.deepEqual([got.ok, got.model], [true, 'sandbox/sandbox']);
    for (const name of ['nobody', 'OpenAI', '%00', 'x'.repeat(100), '..%2f']) {
      const { status } = await test(w.ada.client, name);
      assert.ok([400, 404].includes(status), `${name}: ${status}`);
    }
    expectProblem(await test(w.ada.client, 'nobody'), 404, 'not_found');
    expectProblem(await test(w.ada.client, 'openai', { model: '' }), 422, 'validation_failed', ['model']);
  });

  it('spends once for one Idempotency-Key', async () => {
    const model = unique('once');
    const headers = { 'idempotency-key': unique('key') };
    const [first, second] = [await test(w.ada.client, 'openai', { model }, { headers }), await test(w.ada.client, 'openai', { model }, { headers })];
    assert.equal(second.text, first.text);
    assert.equal(w.fake.callsFor(model).length, 1);
  });
});

describe('the list of models', () => {
  const models = async (client) => expect(await client.get('/v1/models'), 200);
  const asked = (fake) => fake.calls.filter((c) => c.method === 'GET' && c.path.includes('/models')).length;

  it('is what the providers say, kept for a while', async () => {
    const { client } = await w.startWithAccount({ AGENTGEN_LOOPS: 1 });
    w.fake.models = ['zeta', 'alpha/beta', 'bad name', ''];
    w.fake.reset();
    const lists = await Promise.all(Array.from({ length: 5 }, () => models(client)));
    for (const list of lists) assert.deepEqual(list, lists[0]);
    assert.deepEqual(idsOf(lists[0], 'openai'), ['openai/alpha/beta', 'openai/zeta']);
    assert.deepEqual(idsOf(lists[0], 'anthropic'), ['anthropic/alpha/beta', 'anthropic/zeta']);
    assert.deepEqual(idsOf(lists[0], 'sandbox'), ['sandbox/sandbox']);
    assert.deepEqual([lists[0].object, lists[0].errors], ['list', []]);
    assert.equal(asked(w.fake), 2);
    w.fake.models = ['echo', 'small', 'large'];
    assert.deepEqual(await models(client), lists[0]);
    assert.equal(asked(w.fake), 2);
  });

  it('is what is known where a provider fails, and says so', async () => {
    for (const script of [{ status: 500 }, { body: 'not a list' }, { body: { data: 'x' } }]) {
      const { client } = await w.startWithAccount({ AGENTGEN_LOOPS: 1 });
      w.fake.script('openai models', script);
      const list = await models(client);
      assert.deepEqual(list.errors.map((e) => e.provider), ['openai']);
      assert.match(list.errors[0].code, /^upstream_/);
      assert.ok(list.errors[0].message.length > 0 && !list.errors[0].message.includes('canary'));
      assert.ok(idsOf(list, 'openai').includes('openai/gpt-4o-mini'));
      assert.deepEqual(idsOf(list, 'anthropic'), ['anthropic/echo', 'anthropic/large', 'anthropic/small']);
    }
  });

  it('of a provider that refuses the key or the connection is not empty', async () => {
    const { client } = await w.startWithAccount({ OPENAI_API_KEY: 'sk-bad-canary-key', ANTHROPIC_BASE_URL: `http://127.0.0.1:${await closedPort()}` });
    const list = await models(client);
    assert.deepEqual(list.errors.map((e) => [e.provider, e.code]), [['openai', 'upstream_auth_failed'], ['anthropic', 'upstream_unreachable']]);
    assert.ok(!JSON.stringify(list).includes('canary'));
    for (const provider of ['openai', 'anthropic']) assert.ok(idsOf(list, provider).length > 0);
  });

  it('waits three seconds for a silent provider, not longer, and for all at once', async () => {
    const { client } = await w.startWithAccount({ AGENTGEN_LOOPS: 1 });
    w.fake.script('openai models', { delay: 10_000 });
    w.fake.script('anthropic models', { delay: 10_000 });
    const from = performance.now();
    const list = await models(client);
    const ms = performance.now() - from;
    assert.ok(ms > 2900 && ms < 4500, `${ms} ms`);
    assert.deepEqual(list.errors.map((e) => e.code), ['upstream_timeout', 'upstream_timeout']);
    assert.ok((await client.get('/v1/models')).ms < 1000);
  });

  it('goes on when the one who asked first has left', async () => {
    const { client } = await w.startWithAccount({ AGENTGEN_LOOPS: 1 });
    w.fake.script('openai models', { delay: 1000 });
    const controller = new AbortController();
    const left = client.get('/v1/models', { signal: controller.signal, agent: false }).catch(() => 'left');
    setTimeout(() => controller.abort(), 200);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    const list = await models(client);
    assert.equal(await left, 'left');
    assert.ok(idsOf(list, 'openai').length > 0);
    assert.deepEqual(idsOf(await models(client), 'openai'), ['openai/echo', 'openai/large', 'openai/small']);
  });
});
