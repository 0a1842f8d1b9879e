// What the tests expect again and again.
import assert from 'node:assert/strict';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A UUID of the form nobody was ever given: 00000000-0000-7000-8000-0000000000nn. */
export const absentId = (n = 1) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

export function assertId(value, what = 'id') {
  assert.match(value, UUID, what);
}

/** Ids of stored things grow with time: UUID version 7. */
export function assertOrderedId(value, what = 'id') {
  assert.match(value, UUID_V7, what);
}

/** RFC 3339 UTC with milliseconds, and about now. */
export function assertNow(value, what = 'time') {
  assertTime(value, what);
  assert.ok(Math.abs(Date.parse(value) - Date.now()) < 120_000, `${what} ${value} is not now`);
}

export function assertTime(value, what = 'time') {
  assert.match(value, TIME, what);
}

const describe = (reply) => `${reply.status} ${reply.text.slice(0, 600)}`;

/** The reply has this status; returns its JSON, or undefined when there is none. */
export function expect(reply, status) {
  assert.equal(reply.status, status, describe(reply));
  return reply.type === 'application/json' ? reply.json : undefined;
}

/** The reply is a problem document (RFC 9457) of this status and code; returns it. */
export function expectProblem(reply, status, code, fields = []) {
  assert.equal(reply.status, status, describe(reply));
  assert.equal(reply.type, 'application/problem+json', describe(reply));
  const problem = reply.json;
  const names = ['type', 'title', 'status', 'detail', 'code', 'request_id'];
  for (const name of names) assert.ok(name in problem, `'${name}' is missing in ${reply.text}`);
  assert.deepEqual(Object.keys(problem).filter((n) => ![...names, 'errors'].includes(n)), [], reply.text);
  assert.equal(problem.status, status);
  assert.equal(problem.request_id, reply.headers['x-request-id']);
  assert.match(problem.code, /^[a-z][a-z0-9_]*$/);
  for (const name of ['type', 'title', 'detail']) assert.ok(problem[name].length > 0, `'${name}' is empty`);
  if (code) assert.equal(problem.code, code, reply.text);
  if (status === 401) assert.match(reply.headers['www-authenticate'] ?? '', /^Bearer\b/i);
  if (fields.length) {
    const named = (problem.errors ?? []).map((e) => e.field);
    for (const field of fields) assert.ok(named.includes(field), `no error at '${field}': ${reply.text}`);
  }
  for (const error of problem.errors ?? []) {
    assert.deepEqual(Object.keys(error).sort(), ['code', 'field', 'message'], reply.text);
    assert.ok(error.message.length > 0, reply.text);
  }
  return problem;
}

/** Several replies of which each has one of these statuses, e.g. {200: 1, 409: 1}. */
export function expectStatuses(replies, counts) {
  const got = {};
  for (const { status } of replies) got[status] = (got[status] ?? 0) + 1;
  assert.deepEqual(got, counts, replies.map(describe).join('\n'));
}

/** The body with the one thing that differs between two replies taken out. */
export const withoutRequestId = (reply) => reply.text.replace(reply.headers['x-request-id'], '*');
