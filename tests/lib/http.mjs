// The client the tests talk to the server with. It keeps connections, records its traffic, and reads
// server-sent events as they come.
import { once } from 'node:events';
import http from 'node:http';
import { performance } from 'node:perf_hooks';

import { within } from './time-and-ports.mjs';
import { recordTraffic } from './traffic.mjs';

const TIMEOUT_MS = 30_000;

/** A whole reply. */
export class Reply {
  constructor(res, body, ms) {
    this.status = res.statusCode;
    this.headers = res.headers;
    this.rawHeaders = res.rawHeaders;
    this.body = body;
    this.ms = ms;
  }

  get text() {
    return this.body.toString('utf8');
  }

  get type() {
    return (this.headers['content-type'] ?? '').split(';')[0].trim();
  }

  get json() {
    try {
      return JSON.parse(this.text);
    } catch {
      throw new Error(`status ${this.status}, and the body is no JSON: ${this.text.slice(0, 400)}`);
    }
  }

  get cookies() {
    return this.headers['set-cookie'] ?? [];
  }
}

/** One event of a stream; `comment` is set instead for a heartbeat. */
function parseEvent(block) {
  const event = { event: 'message', id: undefined, raw: block };
  const data = [];
  for (const line of block.split('\n')) {
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (line.startsWith(':')) event.comment = line.slice(1).trim();
    else if (name === 'data') data.push(value);
    else if (name === 'event') event.event = value;
    else if (name === 'id') event.id = value;
  }
  if (data.length === 0) return { comment: event.comment ?? '', raw: block };
  event.data = JSON.parse(data.join('\n'));
  return event;
}

/** A reply that goes on: iterate it for its events, comments among them. */
export class Stream {
  #res;
  #req;
  #text = '';
  #note;
  #events = this.#read();

  constructor(req, res, note) {
    this.#req = req;
    this.#res = res;
    this.#note = note;
    this.status = res.statusCode;
    this.headers = res.headers;
    this.seen = [];
    res.setEncoding('utf8');
  }

  /** Iterators share one position, and stopping early leaves the stream open. */
  [Symbol.asyncIterator]() {
    return { next: () => this.#events.next() };
  }

  async* #read() {
    for await (const chunk of this.#res) {
      this.#text += chunk;
      for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
        const event = { ...parseEvent(this.#text.slice(0, end)), at: performance.now() };
        this.#text = this.#text.slice(end + 2);
        this.seen.push(event);
        yield event;
      }
    }
    this.complete = this.#res.complete;
    this.rest = this.#text;
    this.#note(this.seen.map((e) => `${e.raw}\n\n`).join(''));
  }

  /** Reads to the end; the events without the comments. */
  async all() {
    const events = [];
    for await (const event of this) if (event.event) events.push(event);
    return events;
  }

  /** Reads until an event of this name has come, and returns it. */
  async until(name) {
    for await (const event of this) if (event.event === name) return event;
    throw new Error(`the stream ended before ${name}: ${this.seen.map((e) => e.event).join(' ')}`);
  }

  /** The client leaves. */
  close() {
    this.#req.destroy();
  }
}

export class Client {
  constructor(base, { token, apiKey, cookie, headers = {}, agent } = {}) {
    this.base = base;
    this.token = token;
    this.apiKey = apiKey;
    this.cookie = cookie;
    this.headers = headers;
    this.agent = agent ?? new http.Agent({ keepAlive: true, maxSockets: 64 });
  }

  /** The same server and connections, with other credentials: none of this client's are kept. */
  as(credentials = {}) {
    return new Client(this.base, { agent: this.agent, ...credentials });
  }

  #open(method, target, { json, body, headers = {}, signal, agent } = {}) {
    const payload = json === undefined ? body : JSON.stringify(json);
    const all = { ...this.headers };
    if (this.token) all.authorization = `Bearer ${this.token}`;
    if (this.apiKey) all['x-api-key'] = this.apiKey;
    if (this.cookie) all.cookie = this.cookie;
    if (json !== undefined) all['content-type'] = 'application/json';
    if (payload !== undefined) all['content-length'] = Buffer.byteLength(payload);
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) delete all[name];
      else all[name] = value;
    }
    const url = new URL(this.base);
    const req = http.request({
      host: url.hostname, port: url.port, method, path: target, headers: all, signal, agent: agent ?? this.agent,
    });
    req.setTimeout(within(TIMEOUT_MS), () => req.destroy(new Error(`${method} ${target}: nothing for ${TIMEOUT_MS} ms`)));
    req.end(payload);
    const sent = { type: all['content-type'], text: payload === undefined ? undefined : String(payload) };
    const note = (res, text) => recordTraffic({
      method,
      target,
      request: sent,
      reply: { status: res.statusCode, headers: res.headers, text },
    });
    return { req, note };
  }

  async request(method, target, options = {}) {
    const from = performance.now();
    const { req, note } = this.#open(method, target, options);
    const [res] = await once(req, 'response');
    const parts = [];
    for await (const part of res) parts.push(part);
    const reply = new Reply(res, Buffer.concat(parts), performance.now() - from);
    note(res, reply.text);
    return reply;
  }

  get(target, options) {
    return this.request('GET', target, options);
  }

  post(target, json, options) {
    return this.request('POST', target, { json, ...options });
  }

  put(target, json, options) {
    return this.request('PUT', target, { json, ...options });
  }

  patch(target, json, options) {
    return this.request('PATCH', target, { json, ...options });
  }

  delete(target, options) {
    return this.request('DELETE', target, options);
  }

  /** Posts, and returns as soon as the head of the reply is there. */
  async stream(target, json, options = {}) {
    return this.#begin('POST', target, { json, ...options });
  }

  /** The same with GET. */
  async follow(target, options = {}) {
    return this.#begin('GET', target, options);
  }

  async #begin(method, target, options) {
    const { req, note } = this.#open(method, target, { agent: false, ...options });
    const [res] = await once(req, 'response');
    // A client that leaves makes the reply end in an error nobody waits for.
    res.on('error', () => {});
    req.on('error', () => {});
    return new Stream(req, res, (text) => note(res, text));
  }

  close() {
    this.agent.destroy();
  }
}

/** A client that connects from an address of this machine's: any of 127.0.0.0/8. */
export const clientFrom = (base, localAddress) => new Client(base, {
  agent: new http.Agent({ keepAlive: true, maxSockets: 64, localAddress }),
});
