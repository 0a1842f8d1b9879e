#!/usr/bin/env node
// A model provider that does what it is told. It speaks OpenAI chat completions and Anthropic
// messages exactly, refuses what they refuse, and on request fails in every way an upstream can.
//
// What a call does is chosen by, first to last:
//   1. a script queued for its model:      fake.script('some-model', { fault: 'html' }, { text: 'ok' })
//   2. directives in the user's text:      [[fault=reset_midstream after=3]], [[text=Hello%20there]]
//   3. the model's name:                   fault-reset_midstream, fault-429, say-hello
//   4. otherwise an echo of the user's text in four pieces.
// Keys of a script are those of scriptDefaults in faults.mjs, and text, pieces (the text as it is cut), status,
// message (of that status), retry_after, location.
//
// GET /models lists fake.models; a script queued for 'openai models' or 'anthropic models' may say
// {status, delay, body} instead.
//
// From the command line: node tests/fakes/model-server.mjs [--port N] [--host H]
// GET /__calls lists the calls so far, POST /__script {model, scripts} queues, DELETE /__calls forgets.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { anthropic } from './anthropic-wire.mjs';
import { behaviours, scriptDefaults } from './faults.mjs';
import { openai } from './openai-wire.mjs';

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const DIRECTIVE = /\[\[([a-z_]+=[^\]]*)\]\]/g;
const NUMERIC = /^-?\d+(\.\d+)?$/;

/** The directives of a text as a script; values are percent-decoded, numbers become numbers. */
export function parseDirectives(text) {
  const script = {};
  for (const [, list] of text.matchAll(DIRECTIVE)) {
    for (const pair of list.trim().split(/\s+/)) {
      const [name, ...rest] = pair.split('=');
      const value = decodeURIComponent(rest.join('='));
      script[name] = NUMERIC.test(value) && !['text', 'retry_after'].includes(name) ? Number(value) : value;
    }
  }
  return script;
}

/** The script a model's name stands for: fault-<name>, fault-<status>, say-<text>. */
export function scriptOfModel(model) {
  const [, fault] = /^fault-([a-z0-9_]+)$/.exec(model) ?? [];
  if (fault) return /^\d+$/.test(fault) ? { fault: 'status', status: Number(fault) } : { fault };
  const [, said] = /^say-(.+)$/.exec(model) ?? [];
  return said ? { text: said.replaceAll('-', ' ') } : {};
}

/** Cuts a text into n pieces, never inside a code point. */
export function split(text, n) {
  const points = [...text];
  const size = Math.max(1, Math.ceil(points.length / n));
  const pieces = [];
  for (let i = 0; i < points.length; i += size) pieces.push(points.slice(i, i + size).join(''));
  return pieces.length ? pieces : [''];
}

/** A value that satisfies the simple parts of a JSON Schema. */
function sample(schema) {
  if (schema.enum) return schema.enum[0];
  const types = { string: 'text', number: 1.5, integer: 1, boolean: true, null: null };
  if (schema.type === 'array') return [sample(schema.items ?? {})];
  if (schema.type in types) return types[schema.type];
  return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([k, v]) => [k, sample(v)]));
}

/** About four characters a token, as the providers' rule of thumb has it. */
const tokens = (text) => Math.max(1, Math.ceil([...text].length / 4));

/** One request of a client and the reply to it, as the behaviours in faults.mjs see them. */
class Call {
  constructor({ req, res, wire, json, script, record }) {
    Object.assign(this, { res, socket: req.socket, wire, json, script, record, stream: json.stream === true });
    const text = this.text();
    this.pieces = script.pieces ?? split(text, script.chunks);
    const usage = { input: tokens(wire.promptText(json)), output: this.pieces.length };
    const reply = { json, text, pieces: this.pieces, finish: wire.finishReasons[script.finish] ?? script.finish, usage };
    this.body = () => JSON.stringify(wire.reply(reply));
    this.units = this.stream ? wire.frames(reply) : split(this.body(), 5).map((bytes) => ({ kind: 'delta', bytes }));
    Object.assign(record, { stream: this.stream, script, text, usage, pieces: this.pieces, ended: null });
    this.gone = this.socket.left.then(() => this.#left());
  }

  text() {
    if (this.script.pieces) return this.script.pieces.join('');
    if (this.script.text !== undefined) return String(this.script.text);
    const schema = this.wire.wantsJson(this.json);
    if (schema) return JSON.stringify(sample(schema));
    return `You said: ${this.wire.userText(this.json).replace(DIRECTIVE, '').trim()}`;
  }

  #left() {
    if (this.record.ended) return;
    this.record.ended = 'client';
    this.record.aborted_at = performance.now();
  }

  finish() {
    this.record.ended ??= 'server';
    this.record.finished_at ??= performance.now();
  }

  begin(status = 200, headers = {}) {
    const type = this.stream && status === 200 ? 'text/event-stream; charset=utf-8' : 'application/json';
    this.record.status = status;
    this.res.writeHead(status, { 'content-type': type, ...this.wire.headers(), ...headers });
  }

  /** Sends bytes at the pace the client reads; false when it has left. */
  async write(bytes) {
    return this.#pace(this.res, bytes);
  }

  /** Sends bytes past the HTTP server. */
  async raw(bytes) {
    return this.#pace(this.socket, bytes);
  }

  async #pace(sink, bytes) {
    if (this.record.ended || this.socket.destroyed) return false;
    const flowing = sink.write(bytes);
    this.record.bytes_out += Buffer.byteLength(bytes);
    if (!flowing) await Promise.race([once(sink, 'drain').catch(() => {}), this.gone]);
    return !this.record.ended && !this.socket.destroyed;
  }

  /** Waits; false when the client left meanwhile. */
  async sleep(ms) {
    if (ms > 0) {
      let timer;
      await Promise.race([new Promise((resolve) => { timer = setTimeout(resolve, ms); }), this.gone]);
      clearTimeout(timer);
    }
    return !this.record.ended && !this.socket.destroyed;
  }

  /** Lets the loop turn, so that writes before and after leave in different segments. */
  async turn() {
    await new Promise((resolve) => { setImmediate(resolve); });
    return !this.record.ended;
  }

  end(bytes) {
    this.finish();
    this.res.end(bytes);
  }

  reset() {
    this.finish();
    this.socket.resetAndDestroy();
  }
}

async function readBody(req) {
  const parts = [];
  let size = 0;
  for await (const part of req) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new Error('request body too large for the fake');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sendJson(res, status, body, headers = {}) {
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify(body));
}

export class ModelServer {
  #queues = new Map();
  #sockets = new Set();

  constructor() {
    /** Every call, oldest first; see #record for what one holds. */
    this.calls = [];
    this.connections = 0;
    this.models = ['echo', 'small', 'large'];
    this.server = http.createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 });
    this.server.on('request', (req, res) => this.#handle(req, res).catch((e) => res.destroy(e)));
    this.server.on('clientError', (e, socket) => socket.destroy());
    this.server.on('connection', (socket) => {
      this.connections += 1;
      socket.setNoDelay(true);
      socket.on('error', () => {});
      this.#sockets.add(socket);
      socket.left = once(socket, 'close').catch(() => {});
      socket.left.then(() => this.#sockets.delete(socket));
    });
  }

  async listen(port = 0, host = '127.0.0.1') {
    this.server.listen(port, host);
    await once(this.server, 'listening');
    this.port = this.server.address().port;
    this.url = `http://${host}:${this.port}`;
    /** What OPENAI_BASE_URL and ANTHROPIC_BASE_URL are set to. */
    this.openaiBase = `${this.url}/v1`;
    this.anthropicBase = this.url;
    return this;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    if (this.server.listening) await new Promise((resolve) => { this.server.close(resolve); });
  }

  /** Queues what the next calls for a model do, one script each. */
  script(model, ...scripts) {
    this.#queues.set(model, [...this.#queues.get(model) ?? [], ...scripts]);
  }

  reset() {
    this.calls.length = 0;
    this.#queues.clear();
  }

  /** The calls for one model, oldest first. */
  callsFor(model) {
    return this.calls.filter((c) => c.json?.model === model);
  }

  /** The first call for a model that satisfies `test`; waits for it up to `ms`. */
  async waitFor(model, test = () => true, ms = 5000) {
    const until = performance.now() + ms;
    for (;;) {
      const found = this.callsFor(model).find(test);
      if (found) return found;
      if (performance.now() > until) throw new Error(`no such call for ${model} within ${ms} ms`);
      await new Promise((resolve) => { setTimeout(resolve, 2); });
    }
  }

  #record(req, text) {
    const record = {
      n: this.calls.length + 1,
      at: performance.now(),
      method: req.method,
      path: req.url,
      headers: req.headers,
      raw_headers: req.rawHeaders,
      body: text,
      json: parse(text),
      status: null,
      ended: null, // 'server' or 'client': who ended the exchange
      aborted_at: null, // when the client left an unfinished reply
      finished_at: null,
      bytes_out: 0,
    };
    this.calls.push(record);
    return record;
  }

  async #handle(req, res) {
    const path = new URL(req.url, this.url).pathname;
    if (path.startsWith('/__')) return this.#control(req, res, path);
    const text = await readBody(req);
    const record = this.#record(req, text);
    const wire = 'x-api-key' in req.headers || 'anthropic-version' in req.headers ? anthropic : openai;
    if (path.endsWith('/models') && req.method === 'GET') return this.#list(req, res, wire);
    const api = [openai, anthropic].find((w) => path.endsWith(w.path));
    if (!api || req.method !== 'POST') {
      return sendJson(res, 404, wire.failure(404, `Unknown request URL: ${req.method} ${path}`));
    }
    return this.#play(req, res, api, record);
  }

  /** The list of models, to those with a key. */
  async #list(req, res, wire) {
    const refused = wire.checkCaller(req.headers);
    if (refused) return sendJson(res, refused.status, refused.body, wire.headers());
    const { status = 200, delay = 0, body } = this.#queues.get(`${wire.name} models`)?.shift() ?? {};
    if (delay) await Promise.race([req.socket.left, new Promise((resolve) => { setTimeout(resolve, delay).unref(); })]);
    const usual = status === 200 ? wire.models(this.models) : wire.failure(status);
    return sendJson(res, status, body ?? usual, wire.headers());
  }

  async #play(req, res, wire, record) {
    record.api = wire.name;
    const { json } = record;
    const refused = wire.checkRequest({ headers: req.headers, json });
    if (refused) {
      Object.assign(record, { status: refused.status, refused: refused.body, ended: 'server' });
      return sendJson(res, refused.status, refused.body, wire.headers());
    }
    const queued = this.#queues.get(json.model)?.shift();
    const chosen = queued ?? { ...scriptOfModel(json.model), ...parseDirectives(wire.userText(json)) };
    if (chosen.status && !chosen.fault) chosen.fault = 'status';
    const script = { ...scriptDefaults, ...chosen };
    const behaviour = behaviours[script.fault];
    if (!behaviour) return sendJson(res, 500, { error: { message: `the fake knows no fault '${script.fault}'` } });
    return behaviour(new Call({ req, res, wire, json, script, record }));
  }

  async #control(req, res, path) {
    if (path === '/__calls' && req.method === 'DELETE') this.reset();
    if (path === '/__script' && req.method === 'POST') {
      const { model, scripts } = JSON.parse(await readBody(req));
      this.script(model, ...scripts);
    }
    return sendJson(res, 200, path === '/__calls' ? this.calls : { status: 'OK' });
  }
}

export async function startModelServer({ port = 0, host = '127.0.0.1' } = {}) {
  return new ModelServer().listen(port, host);
}

/** A port of this machine that nothing listens on: what a provider that refuses looks like. */
export async function closedPort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

async function main(args) {
  const option = (name, fallback) => (args.includes(name) ? args[args.indexOf(name) + 1] : fallback);
  const fake = await startModelServer({ port: Number(option('--port', 0)), host: option('--host', '127.0.0.1') });
  process.stdout.write(`listening url=${fake.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => fake.close());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
