// What the tests say to the server and what it answers, one JSON line each, in a file per process
// under $AGENTGEN_TRAFFIC_DIR. check-traffic.mjs compares it with the OpenAPI document.
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';

const DIR = process.env.AGENTGEN_TRAFFIC_DIR;
const MAX_TEXT = 256 * 1024;

let file;

/** Appends {method, path, request: {type, text}, reply: {status, headers, text}}. */
export function recordTraffic({ method, target, request, reply }) {
  if (!DIR) return;
  if (!file) {
    mkdirSync(DIR, { recursive: true });
    file = path.join(DIR, `${process.pid}.jsonl`);
  }
  const cut = (text) => (text === undefined || text.length <= MAX_TEXT ? text : null);
  const line = {
    test: path.basename(process.argv[1] ?? ''),
    method,
    target,
    request: { ...request, text: cut(request.text) },
    reply: { ...reply, text: cut(reply.text) },
  };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** Which actions of the audit log a server has written; check-traffic.mjs compares them with docs/audit.md. */
export function recordActions(actions) {
  mkdirSync(DIR, { recursive: true });
  appendFileSync(path.join(DIR, `${process.pid}.actions`), actions.map((action) => `${action}\n`).join(''));
}

export const recordsTraffic = Boolean(DIR);
