// A ledger of acknowledged writes: what the server said is done, to be compared with what it has
// after its process was killed.
import { Client } from './http.mjs';

/** Writes that go on from several connections until the server is gone; each 2xx is in `entries`. */
export class Ledger {
  constructor() {
    this.entries = [];
    this.errors = [];
  }

  /** Runs `writers` loops of `write(client, n)`, which returns an entry or null; stops with the server. */
  async fill(url, token, writers, write) {
    this.stopped = false;
    const loop = async (i) => {
      const client = new Client(url, { token });
      for (let n = 0; !this.stopped; n += 1) {
        try {
          const entry = await write(client, `${i}-${n}`);
          if (entry) this.entries.push(entry);
        } catch (e) {
          if (!['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'aborted'].includes(e.code ?? e.message)) this.errors.push(e);
          this.stopped = true;
        }
      }
      client.close();
    };
    await Promise.all(Array.from({ length: writers }, (_, i) => loop(i)));
    if (this.errors.length) throw this.errors[0];
  }

  stop() {
    this.stopped = true;
  }

  /** The entries that `look(entry)` does not find: acknowledged and lost. */
  async lost(look) {
    const lost = [];
    const queue = [...this.entries];
    const worker = async () => {
      for (let entry = queue.pop(); entry; entry = queue.pop()) if (!await look(entry)) lost.push(entry);
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    return lost;
  }
}
