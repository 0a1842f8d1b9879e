// A private Redis from Debian's package, without a file and on a free port.
import net from 'node:net';
import { once } from 'node:events';

import { endWithin, start } from './process.mjs';
import { freePort, sleep, within } from './time-and-ports.mjs';

async function answers(port) {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export class Redis {
  #child;

  /** Starts it, the first time or again: on the same port, and empty. */
  async start() {
    this.port ??= await freePort();
    this.#child = start('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no',
      '--logfile', '/dev/null']);
    const until = Date.now() + within(10_000);
    while (!await answers(this.port)) {
      if (this.#child.exitCode !== null || Date.now() > until) throw new Error(`Redis does not start: \`make deps\` installs it\n${this.#child.err}`);
      await sleep(10);
    }
    return this;
  }

  /** What REDIS_URL is set to. */
  get url() {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** Without a farewell; what it held is gone. */
  async kill() {
    this.#child.kill('SIGKILL');
    await endWithin(this.#child, within(10_000), 'Redis');
  }

  /** Stops answering, with its connections open, until it goes on. */
  pause() {
    this.#child.kill('SIGSTOP');
  }

  goOn() {
    this.#child.kill('SIGCONT');
  }

  async stop() {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.kill();
  }
}

export const startRedis = () => new Redis().start();
