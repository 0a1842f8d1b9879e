// The audit log's hashes, computed from its description in docs/internals/audit.md and not from the server's code.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** RFC 8785, for values whose numbers are integers. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/** What stands before a log's first entry. */
export const firstHash = (org, before = 0) => sha256(canonical({ before_chain: before, org_id: org }));

/** Follows the chain through the lines of an NDJSON export, in whatever order they came; returns the last hash. */
export function followChain(entries, org, before = 0) {
  let hash = firstHash(org, before);
  let seq = 0;
  const chained = entries.filter((e) => e.seq !== null).sort((a, b) => a.seq - b.seq);
  for (const { hash: have, user_name: name, ...record } of chained) {
    assert.equal(record.seq, ++seq);
    hash = sha256(hash, canonical(record));
    assert.equal(have, hash.toString('hex'), `entry ${seq} of ${name}`);
  }
  return { seq, hash: hash.toString('hex') };
}

/** The cells of a CSV document (RFC 4180). */
export function parseCsv(text) {
  const rows = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  let row = [];
  for (let m; pattern.lastIndex < text.length;) {
    m = pattern.exec(text);
    assert.ok(m, 'the CSV is malformed');
    row.push(m[1] === undefined ? m[2] : m[1].replaceAll('""', '"'));
    if (m[3] === '\r\n') {
      rows.push(row);
      row = [];
    }
  }
  assert.deepEqual(row, []);
  return rows;
}
