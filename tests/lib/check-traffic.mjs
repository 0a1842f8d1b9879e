#!/usr/bin/env node
// Compares what the tests recorded (traffic.mjs) with the OpenAPI document: each reply has a status,
// a media type and a body the document declares, each accepted request body fits its schema, and
// every operation was reached with a success. Every action of docs/audit.md was written to an audit
// log. Prints what does not fit and the totals as JSON.
//
//   node tests/lib/check-traffic.mjs [--traffic FOLDER] [--openapi FILE]
//
// FOLDER is $AGENTGEN_TRAFFIC_DIR; without FILE the binary prints the document.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { openapiDocument, ROOT } from './server.mjs';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'];
const MAX_SHOWN = 40;
const FILES = /^(?!\/v1(\/|$))/; // the web pages: files, not operations

const pointer = (...parts) => parts.map((p) => `/${String(p).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Every operation of the document, with a pattern that recognises its paths. */
function operations(document) {
  const prefix = new URL(document.servers?.[0]?.url ?? '/', 'http://server').pathname.replace(/\/$/, '');
  return Object.entries(document.paths).flatMap(([template, item]) => METHODS.filter((m) => item[m]).map((method) => ({
    id: item[method].operationId ?? `${method} ${template}`,
    method: method.toUpperCase(),
    template,
    at: ['paths', template, method],
    operation: item[method],
    // Literal elements win over parameters, so fewer parameters go first.
    parameters: (template.match(/\{/g) ?? []).length,
    pattern: new RegExp(`^${prefix}${template.split('/').map((part) => (part.startsWith('{') ? '[^/]+'
      : part.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&'))).join('/')}$`),
  }))).sort((a, b) => a.parameters - b.parameters);
}

/** The path of a request's target, as the server's router sees it. */
function pathOf(target) {
  const { pathname } = new URL(target, 'http://server');
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** Follows a local reference. */
function resolve(document, node, at) {
  if (!node?.$ref) return { node, at };
  const parts = node.$ref.replace(/^#\//, '').split('/').map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { node: parts.reduce((value, part) => value?.[part], document), at: parts };
}

export class TrafficCheck {
  #validators = new Map();

  constructor(document) {
    this.document = document;
    this.operations = operations(document);
    this.reached = new Map();
    this.problems = [];
    this.replies = 0;
    this.ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
    addFormats(this.ajv);
    this.ajv.addSchema({ ...document, $id: 'https://document/' });
  }

  #validate(at, value) {
    const ref = `https://document/#${pointer(...at)}`;
    if (!this.#validators.has(ref)) this.#validators.set(ref, this.ajv.compile({ $ref: ref }));
    const validate = this.#validators.get(ref);
    if (validate(value)) return null;
    return validate.errors.slice(0, 3).map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`).join('; ');
  }

  #complain(entry, what) {
    this.problems.push(`${entry.test}: ${entry.method} ${entry.target} -> ${entry.reply.status}: ${what}`);
  }

  find(method, pathname) {
    const all = this.operations.filter((o) => o.pattern.test(pathname));
    // The nearest path alone counts, as for the router: what it lacks is not another path's.
    const here = all.filter((o) => o.template === all[0].template);
    return here.find((o) => o.method === method) ?? (method === 'HEAD' ? here.find((o) => o.method === 'GET') : undefined);
  }

  add(entry) {
    this.replies += 1;
    const pathname = pathOf(entry.target);
    const found = this.find(entry.method, pathname);
    if (!found) {
      if (FILES.test(pathname)) return;
      if (![400, 401, 404, 405, 501].includes(entry.reply.status)) this.#complain(entry, 'the document has no such operation');
      return;
    }
    const { status } = entry.reply;
    const seen = this.reached.get(found.id) ?? new Set();
    this.reached.set(found.id, seen.add(status));
    const { responses } = found.operation;
    const key = [String(status), `${String(status)[0]}XX`, 'default'].find((k) => k in responses);
    if (!key) return this.#complain(entry, `status not declared (${Object.keys(responses).join(' ')})`);
    const { node, at } = resolve(this.document, responses[key], [...found.at, 'responses', key]);
    this.#checkHeaders(entry, node);
    this.#checkBody(entry, node, at);
    if (status < 300) this.#checkRequest(entry, found);
  }

  #checkHeaders(entry, response) {
    for (const [name, declared] of Object.entries(response.headers ?? {})) {
      const { node } = resolve(this.document, declared, []);
      if (node.required && !(name.toLowerCase() in entry.reply.headers)) this.#complain(entry, `header ${name} is missing`);
    }
  }

  #checkBody(entry, response, at) {
    const type = (entry.reply.headers['content-type'] ?? '').split(';')[0].trim();
    const declared = Object.keys(response.content ?? {});
    if (entry.method === 'HEAD' || !type) {
      if (declared.length && entry.method !== 'HEAD') this.#complain(entry, `a body of ${declared.join(' or ')} is declared`);
      return;
    }
    if (!declared.includes(type)) return this.#complain(entry, `media type ${type} is not declared (${declared.join(' ')})`);
    const { schema } = response.content[type];
    if (!schema || !/[/+]json$/.test(type) || entry.reply.text === null) return;
    const wrong = this.#validate([...at, 'content', type, 'schema'], JSON.parse(entry.reply.text));
    if (wrong) this.#complain(entry, `the body does not fit: ${wrong}`);
  }

  #checkRequest(entry, found) {
    const { node, at } = resolve(this.document, found.operation.requestBody, [...found.at, 'requestBody']);
    if (!entry.request.text || !node) return;
    const wrong = this.#validate([...at, 'content', 'application/json', 'schema'], JSON.parse(entry.request.text));
    if (wrong) this.#complain(entry, `accepted, but the request does not fit: ${wrong}`);
  }

  /** Operations that no test has called with success. */
  get missed() {
    const success = (id) => [...this.reached.get(id) ?? []].some((status) => status < 400);
    return this.operations.filter((o) => !success(o.id));
  }
}

export function readTraffic(dir) {
  return readdirSync(dir).filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(path.join(dir, name), 'utf8').trim().split('\n').map((line) => JSON.parse(line)));
}

/** The actions that docs/audit.md lists and no test has brought about. */
function missedActions(dir) {
  const declared = [...readFileSync(path.join(ROOT, 'docs/audit.md'), 'utf8').matchAll(/^\| `(\S+)` \|/gm)].map((m) => m[1]);
  const written = new Set(readdirSync(dir).filter((name) => name.endsWith('.actions'))
    .flatMap((name) => readFileSync(path.join(dir, name), 'utf8').split('\n')));
  return declared.filter((action) => !written.has(action));
}

async function main(args) {
  const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const file = option('--openapi');
  const check = new TrafficCheck(file ? JSON.parse(readFileSync(file, 'utf8')) : await openapiDocument());
  const dir = option('--traffic') ?? process.env.AGENTGEN_TRAFFIC_DIR;
  for (const entry of readTraffic(dir)) check.add(entry);
  const problems = [...new Set(check.problems.map((p) => p.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')))];
  const unwritten = missedActions(dir).map((action) => `no test wrote ${action} to an audit log`);
  const missed = [...check.missed.map((o) => `no test reached ${o.method} ${o.template} (${o.id})`), ...unwritten];
  for (const line of [...problems.slice(0, MAX_SHOWN), ...missed]) process.stdout.write(`NOT OK ${line}\n`);
  if (problems.length > MAX_SHOWN) process.stdout.write(`and ${problems.length - MAX_SHOWN} more\n`);
  process.stdout.write(`${check.replies} replies compared, ${check.operations.length - check.missed.length} of ${check.operations.length} operations reached\n`);
  const failed = problems.length + missed.length;
  process.stdout.write(`${JSON.stringify({ passed: failed ? 0 : 1, failed })}\n`);
  process.exitCode = failed ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
