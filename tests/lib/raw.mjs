// A client that writes bytes: for requests no HTTP library would send, and replies read as they are.
import { once } from 'node:events';
import net from 'node:net';
import { performance } from 'node:perf_hooks';

import { sleep, within } from './time-and-ports.mjs';

export class RawConnection {
  #buffer = Buffer.alloc(0);
  #waiting = new Set();

  constructor(port) {
    this.socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setNoDelay(true);
    this.ended = false; // the server has closed its side
    this.error = null;
    this.socket.on('data', (bytes) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      this.#wake();
    });
    this.socket.on('end', () => this.#over());
    this.socket.on('close', () => this.#over());
    this.socket.on('error', (e) => { this.error = e; this.#over(); });
  }

  #over() {
    this.ended = true;
    this.endedAt ??= performance.now();
    this.#wake();
  }

  #wake() {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #more(ms) {
    let timer;
    const woken = await new Promise((resolve) => {
      this.#waiting.add(() => resolve(true));
      timer = setTimeout(resolve, ms, false);
    });
    clearTimeout(timer);
    return woken;
  }

  write(bytes) {
    this.socket.write(bytes);
    return this;
  }

  /** Sends each byte by itself. */
  async trickle(bytes, everyMs = 0) {
    for (const byte of Buffer.from(bytes)) {
      if (this.ended) return;
      this.socket.write(Buffer.from([byte]));
      await (everyMs ? sleep(everyMs) : new Promise((resolve) => { setImmediate(resolve); }));
    }
  }

  /** What has arrived and was not read yet. */
  get unread() {
    return this.#buffer.toString('latin1');
  }

  async #fill(test, ms) {
    const until = performance.now() + ms;
    while (!test()) {
      if (this.ended) return test();
      const left = until - performance.now();
      if (left <= 0 || !await this.#more(left)) return test();
    }
    return true;
  }

  #take(n) {
    const taken = this.#buffer.subarray(0, n);
    this.#buffer = this.#buffer.subarray(n);
    return taken;
  }

  /** The next reply, read as RFC 9112 says; `head`: it answers a HEAD and so has no body. */
  async reply({ head = false, ms = within(10_000) } = {}) {
    if (!await this.#fill(() => this.#buffer.includes('\r\n\r\n'), ms)) {
      throw new Error(`no whole reply within ${ms} ms: ${JSON.stringify(this.unread)}${this.ended ? ', closed' : ''}`);
    }
    const raw = this.#take(this.#buffer.indexOf('\r\n\r\n') + 4).toString('latin1');
    const [first, ...lines] = raw.slice(0, -4).split('\r\n');
    const [, version, status, reason] = /^(HTTP\/\d\.\d) (\d{3}) ?(.*)$/.exec(first) ?? [];
    if (!status) throw new Error(`not a status line: ${JSON.stringify(first)}`);
    const headers = {};
    for (const line of lines) {
      const at = line.indexOf(':');
      headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
    }
    const reply = { version, status: Number(status), reason, headers, raw, body: Buffer.alloc(0) };
    const empty = head || reply.status < 200 || reply.status === 204 || reply.status === 304;
    if (!empty) reply.body = await this.#body(headers, ms);
    reply.text = reply.body.toString('utf8');
    return reply;
  }

  async #body(headers, ms) {
    if (headers['transfer-encoding'] === 'chunked') return this.#chunks(ms);
    if ('content-length' in headers) return this.#exactly(Number(headers['content-length']), ms);
    await this.#fill(() => this.ended, ms);
    return this.#take(this.#buffer.length);
  }

  async #exactly(n, ms) {
    if (!await this.#fill(() => this.#buffer.length >= n, ms)) {
      throw new Error(`${n} bytes were promised, ${this.#buffer.length} came`);
    }
    return this.#take(n);
  }

  async #chunks(ms) {
    const parts = [];
    for (;;) {
      await this.#fill(() => this.#buffer.includes('\r\n'), ms);
      const line = this.#take(this.#buffer.indexOf('\r\n') + 2).toString('latin1').trim();
      if (!/^[0-9a-fA-F]+$/.test(line)) throw new Error(`not a chunk size: ${JSON.stringify(line)}`);
      const data = await this.#exactly(parseInt(line, 16) + 2, ms);
      if (parseInt(line, 16) === 0) return Buffer.concat(parts);
      parts.push(data.subarray(0, -2));
    }
  }

  /** Whether the server closes within `ms`; whatever comes before that stays unread. */
  async closes(ms = within(5000)) {
    await this.#fill(() => this.ended, ms);
    return this.ended;
  }

  /** Whether nothing at all arrives for `ms`. */
  async silent(ms) {
    await this.#fill(() => this.#buffer.length > 0, ms);
    return this.#buffer.length === 0 && !this.ended;
  }

  /** Closes our side only. */
  half() {
    this.socket.end();
    return this;
  }

  destroy() {
    this.socket.destroy();
  }

  reset() {
    this.socket.resetAndDestroy();
  }
}

export async function connect(port) {
  const connection = new RawConnection(port);
  await once(connection.socket, 'connect');
  return connection;
}

/** Opens a connection, sends bytes, and closes the connection when `use` is done with it. */
export async function exchange(port, bytes, use) {
  const connection = await connect(port);
  try {
    if (bytes !== undefined) connection.write(bytes);
    return await use(connection);
  } finally {
    connection.destroy();
  }
}
