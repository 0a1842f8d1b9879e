// Before the first piece is passed on, a failed call is tried again, and then the next model.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { expect, expectProblem } from '../lib/expect.mjs';
import { within } from '../lib/time-and-ports.mjs';
import { createAgent, unique, world } from '../lib/world.mjs';

const w = world({ env: { AGENTGEN_UPSTREAM_RETRIES: 2 } });

/** Runs an agent whose model does as the scripts say, one call each. */
async function play(scripts, { provider = 'openai', config = {}, stream = false } = {}) {
  const model = unique('retry');
  w.fake.script(model, ...scripts);
  const agent = await createAgent(w.ada.client, { provider, model, ...config });
  const body = { agent_id: agent.id, input_text: 'hello' };
  const result = { model };
  if (stream) {
    result.events = await (await w.ada.client.stream('/v1/ai/generate', { ...body, stream: true })).all();
    result.last = result.events.at(-1);
  } else {
    result.reply = await w.ada.client.post('/v1/ai/generate', body);
  }
  result.calls = w.fake.callsFor(model);
  const { data } = expect(await w.ada.client.get(`/v1/runs?agent_id=${agent.id}`), 200);
  assert.equal(data.length, 1, 'retries are one run');
  result.run = expect(await w.ada.client.get(`/v1/runs/${data[0].id}`), 200);
  return result;
}

describe('retries', () => {
  for (const provider of ['openai', 'anthropic']) {
    for (const status of [408, 429, 500, 502, 503, 529]) {
      it(`mend two replies of ${status} (${provider})`, async () => {
        const { reply, calls, run } = await play([{ status }, { status }, { text: 'third time' }], { provider });
        assert.equal(expect(reply, 200).response, 'third time');
        assert.deepEqual(calls.map((c) => c.status), [status, status, 200]);
        assert.deepEqual([run.status, run.output_text], ['completed', 'third time']);
        assert.deepEqual(calls[2].json, calls[0].json);
      });
    }
  }

  it('mend a stream that has not begun', async () => {
    const { last, calls, events } = await play([{ status: 503 }, { text: 'good now' }], { stream: true });
    assert.equal(last.event, 'run.completed');
    assert.equal(events.filter((e) => e.event === 'delta').map((e) => e.data.text).join(''), 'good now');
    assert.equal(events.filter((e) => e.event === 'run.started').length, 1);
    assert.equal(calls.length, 2);
  });

  it('are two at most', async () => {
    const { reply, calls, run } = await play([{ status: 500 }, { status: 500 }, { status: 500 }, { text: 'too late' }]);
    expectProblem(reply, 502, 'upstream_error');
    assert.equal(calls.length, 3);
    assert.deepEqual([run.status, run.error_code], ['failed', 'upstream_error']);
  });

  it('leave some time between calls', async () => {
    const { calls } = await play([{ status: 500 }, { status: 500 }, { text: 'ok' }]);
    assert.ok(calls[2].at - calls[0].at >= 10, `${calls[2].at - calls[0].at} ms for two of them`);
  });

  for (const status of [400, 401, 403, 404, 413, 422]) {
    it(`are not made after ${status}, which will not change`, async () => {
      const { reply, calls } = await play([{ status }, { text: 'never asked' }]);
      assert.equal(reply.status, 502);
      assert.equal(calls.length, 1);
    });
  }

  for (const fault of ['truncated_json', 'reset_midstream', 'error_event', 'no_terminator']) {
    it(`are not made after ${fault} once something was passed on`, async () => {
      const { last, calls } = await play([{ fault, after: 2 }, { text: 'never said' }], { stream: true });
      assert.equal(last.event, 'run.failed');
      assert.equal(calls.length, 1);
    });
  }

  it('are not made after an answer that makes no sense', async () => {
    for (const stream of [false, true]) {
      const { calls, run } = await play([{ fault: 'html' }, { text: 'never asked' }], { stream });
      assert.deepEqual([run.status, run.error_code, calls.length], ['failed', 'upstream_invalid_response', 1]);
    }
  });

  it('wait as long as a short Retry-After says', async () => {
    for (const retryAfter of [() => '1', () => new Date(Date.now() + 3000).toUTCString()]) {
      const { reply, calls } = await play([{ status: 429, retry_after: retryAfter() }, { text: 'ok' }]);
      assert.equal(expect(reply, 200).response, 'ok');
      assert.ok(calls[1].at - calls[0].at >= 700, `${calls[1].at - calls[0].at} ms`);
    }
  });

  it('do not hold the client for a long Retry-After', async () => {
    const limited = { status: 429, retry_after: '3600' };
    const { reply } = await play([limited, limited, limited]);
    expectProblem(reply, 503, 'upstream_rate_limited');
    assert.equal(reply.headers['retry-after'], '3600');
    assert.ok(reply.ms < within(10_000), `${reply.ms} ms`);
  });

  it('take a Retry-After they cannot read for none', async () => {
    for (const value of ['soon', '-1', '', '1e9', 'Thu, 99 Foo 2099 00:00:00 GMT']) {
      const { reply } = await play([{ status: 429, retry_after: value }, { text: 'ok' }]);
      assert.equal(expect(reply, 200).response, 'ok');
      assert.ok(reply.ms < within(10_000), `${reply.ms} ms after '${value}'`);
    }
  });
});

describe('fallback models', () => {
  const failing = [{ status: 503 }, { status: 503 }, { status: 503 }];

  it('are asked when the first one has failed for good', async () => {
    const second = unique('second');
    const { reply, run, calls } = await play(failing, { config: { fallback_models: [`anthropic/${second}`] } });
    const got = expect(reply, 200);
    assert.equal(got.model, `anthropic/${second}`);
    assert.equal(got.response, 'You said: hello');
    assert.deepEqual([run.status, run.provider, run.model], ['completed', 'anthropic', second]);
    assert.equal(calls.length, 3);
    assert.equal(w.fake.callsFor(second).length, 1);
  });

  it('are asked in their order, until one answers', async () => {
    const [second, third] = [unique('second'), unique('third')];
    w.fake.script(second, ...failing);
    const { reply } = await play(failing, { config: { fallback_models: [`openai/${second}`, `anthropic/${third}`] } });
    assert.equal(expect(reply, 200).model, `anthropic/${third}`);
  });

  it('mend a stream that has not begun', async () => {
    const { last, events } = await play(failing, { stream: true, config: { fallback_models: ['anthropic/say-rescued'] } });
    assert.equal(last.event, 'run.completed');
    assert.equal(last.data.response, 'rescued');
    assert.equal(events.filter((e) => e.event.startsWith('run.') && e.event !== 'run.started').length, 1);
  });

  it('are not asked once something was passed on', async () => {
    const second = unique('second');
    const { last } = await play([{ fault: 'reset_midstream' }], { stream: true, config: { fallback_models: [`openai/${second}`] } });
    assert.deepEqual([last.event, last.data.code], ['run.failed', 'upstream_incomplete']);
    assert.equal(w.fake.callsFor(second).length, 0);
  });

  it('that fail too leave the error of the last', async () => {
    const second = unique('second');
    w.fake.script(second, { status: 401 });
    const { reply, run } = await play(failing, { config: { fallback_models: [`openai/${second}`] } });
    const { code } = expectProblem(reply, reply.status);
    assert.ok(['upstream_auth_failed', 'upstream_overloaded'].includes(code), code);
    assert.deepEqual([run.status, run.error_code], ['failed', code]);
  });
});
