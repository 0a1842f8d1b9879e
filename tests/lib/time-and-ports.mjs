// Small things every helper needs.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** How much slower than usual the program under test is: 1, or more under sanitizers. */
export const SLOW = Number(process.env.AGENTGEN_TEST_SLOW ?? 1);

/** An upper limit of so many milliseconds on an unhurried machine. */
export const within = (ms) => ms * SLOW;

export const sleep = (ms) => delay(ms);

/** Tries until `test` returns something true, which is returned; throws after `ms`. */
export async function eventually(test, { ms = 5000, every = 20, what = 'the condition' } = {}) {
  const until = Date.now() + within(ms);
  for (;;) {
    const value = await test();
    if (value) return value;
    if (Date.now() > until) throw new Error(`${what} did not come true within ${within(ms)} ms`);
    await sleep(every);
  }
}

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}
