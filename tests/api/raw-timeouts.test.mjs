// Time limits of connections: slow header sections, slow bodies, idle connections, too many of them.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';

import { expect } from '../lib/expect.mjs';
import { connect, exchange } from '../lib/raw.mjs';
import { eventually, sleep, within } from '../lib/time-and-ports.mjs';
import { unique, world } from '../lib/world.mjs';

const LIMITS = { header: 1000, idle: 1200 };
const GRACE_MS = 5000; // before the least rate of a body counts
const w = world({
  env: {
    AGENTGEN_LOOPS: 1,
    AGENTGEN_HEADER_TIMEOUT_MS: within(LIMITS.header),
    AGENTGEN_IDLE_TIMEOUT_MS: within(LIMITS.idle),
    AGENTGEN_BODY_MIN_RATE: 10_000,
  },
});

/** Waits for the connection to close; how long it took, and the statuses that came before. */
async function untilClosed(c, from, ms) {
  const closed = await c.closes(within(ms));
  assert.ok(closed, `still open after ${ms} ms`);
  return { ms: c.endedAt - from, statuses: [...c.unread.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, s]) => Number(s)) };
}

describe('a header section', () => {
  it('that never ends is given up at the limit', async () => {
    await exchange(w.server.port, 'GET /health HTTP/1.1\r\nHost: x\r\nX-A: ', async (c) => {
      const { ms, statuses } = await untilClosed(c, performance.now(), LIMITS.header + 2000);
      assert.ok(ms >= within(LIMITS.header) * 0.8, `${ms} ms`);
      assert.ok(statuses.every((s) => s === 408), statuses.join());
    });
  });

  it('that trickles is given up at the limit all the same', async () => {
    await exchange(w.server.port, undefined, async (c) => {
      const from = performance.now();
      const trickling = c.trickle(`GET /health HTTP/1.1\r\nHost: x\r\nX-A: ${'y'.repeat(500)}`, 50);
      const { ms } = await untilClosed(c, from, LIMITS.header + 2000);
      assert.ok(ms >= within(LIMITS.header) * 0.8, `${ms} ms`);
      await trickling;
    });
  });

  it('may take its time within the limit', async () => {
    await exchange(w.server.port, undefined, async (c) => {
      await c.trickle('GET /health HTTP/1.1\r\nHost: x\r\n\r\n', Math.floor(LIMITS.header / 80));
      assert.equal((await c.reply()).status, 200);
    });
  });
});

describe('a body', () => {
  const head = (length) => `POST /v1/agents HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${w.ada.token}\r\nContent-Length: ${length}\r\n\r\n`;

  it('that stops coming is given up', async () => {
    await exchange(w.server.port, `${head(1000)}{"name"`, async (c) => {
      const { statuses } = await untilClosed(c, performance.now(), GRACE_MS + 4000);
      assert.ok(statuses.length === 0 || statuses[0] === 408, statuses.join());
    });
  });

  it('that comes slower than the least rate is given up', async () => {
    await exchange(w.server.port, head(100_000), async (c) => {
      const trickling = c.trickle('x'.repeat(2000), 20);
      const { statuses } = await untilClosed(c, performance.now(), GRACE_MS + 6000);
      assert.ok(statuses.length === 0 || statuses[0] === 408, statuses.join());
      await trickling;
    });
  });

  it('that comes in good time is taken, however it is cut', async () => {
    const body = JSON.stringify({ name: unique('Slow'), config: { instructions: 'x'.repeat(60_000) } });
    await exchange(w.server.port, head(body.length), async (c) => {
      for (let at = 0; at < body.length; at += 10_000) {
        c.write(body.slice(at, at + 10_000));
        await sleep(100);
      }
      assert.equal((await c.reply()).status, 201);
    });
  });
});

describe('an idle connection', () => {
  it('is closed at the limit, without a word', async () => {
    await exchange(w.server.port, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n', async (c) => {
      assert.equal((await c.reply()).status, 200);
      const { ms, statuses } = await untilClosed(c, performance.now(), LIMITS.idle + 2000);
      assert.ok(ms >= within(LIMITS.idle) * 0.7, `${ms} ms`);
      assert.deepEqual(statuses, []);
    });
  });

  it('that never said anything is closed as well', async () => {
    await exchange(w.server.port, undefined, async (c) => {
      const { statuses } = await untilClosed(c, performance.now(), Math.max(LIMITS.idle, LIMITS.header) + 2000);
      assert.ok(statuses.every((s) => s === 408), statuses.join());
    });
  });

  it('does not count while the server works on an answer', async () => {
    const agent = expect(await w.ada.client.post('/v1/agents', { name: 'slow', config: { provider: 'openai', model: 'echo' } }), 201);
    const reply = await w.ada.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: '[[first_delay=2500]] x' });
    assert.equal(expect(reply, 200).response, 'You said: x');
  });
});

describe('too many connections', () => {
  it('are refused with 503, and the others go on', async () => {
    const { server, client } = await w.startWithAccount({ AGENTGEN_MAX_CONNECTIONS: 10, AGENTGEN_IDLE_TIMEOUT_MS: 60_000, AGENTGEN_HEADER_TIMEOUT_MS: 60_000 });
    client.close();
    const get = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';
    const open = [];
    const refused = [];
    for (let i = 0; i < 14; i += 1) {
      const c = await connect(server.port);
      c.write(get);
      const reply = await c.reply({ ms: within(3000) }).catch(() => null);
      if (reply?.status === 200) open.push(c);
      else refused.push(reply?.status ?? 'closed');
    }
    assert.ok(open.length >= 8 && open.length <= 10, `${open.length} were served`);
    assert.ok(refused.length >= 4 && refused.every((s) => s === 503 || s === 'closed'), refused.join());
    for (const c of open) {
      c.write(get);
      assert.equal((await c.reply()).status, 200);
    }
    open.pop().destroy();
    await eventually(async () => exchange(server.port, get, async (c) => (await c.reply({ ms: 1000 }).catch(() => null))?.status === 200), { what: 'a free place' });
    for (const c of open) c.destroy();
  });
});

describe('no descriptors left', () => {
  const get = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';
  const LIMIT = 128;

  it('refuses new connections, keeps the old ones, does not spin, and recovers', async () => {
    const env = { AGENTGEN_LOOPS: 1, AGENTGEN_IDLE_TIMEOUT_MS: 60_000, AGENTGEN_HEADER_TIMEOUT_MS: 60_000 };
    const server = await w.start(env, { under: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`] });
    const first = await connect(server.port);
    const others = await Promise.all(Array.from({ length: LIMIT + 40 }, () => connect(server.port).catch(() => null)));
    await sleep(300);
    const before = server.cpuMs;
    await sleep(1000);
    const used = server.cpuMs - before;
    assert.ok(used < 500, `${used} ms of CPU time in an idle second`);
    first.write(get);
    assert.equal((await first.reply()).status, 200);
    for (const c of others) c?.destroy();
    await eventually(async () => exchange(server.port, get, async (c) => (await c.reply({ ms: 1000 }).catch(() => null))?.status === 200), { what: 'an answer' });
    first.destroy();
  });
});
