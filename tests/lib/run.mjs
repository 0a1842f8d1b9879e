#!/usr/bin/env node
// Runs the tests that are written in JavaScript.
//
//   node tests/lib/run.mjs [--db sqlite|postgres|both|this|that] [--concurrency N] [--quiet]
//                          [--no-self] [--no-traffic] [name-part...]
//
// tests/api/*.test.mjs run against the binary ($AGENTGEN_BIN, build/agentgen) once for each kind of
// database; with `this` and `that` each file runs with one of them, in turn, so that the two runs
// together are one with both. The tests of the test tools themselves run once (--no-self leaves them
// out). With name parts, only files whose name holds one of them run. After a whole run the recorded
// traffic is compared with the OpenAPI document (--no-traffic leaves that out). The last line is
// `N passed, N failed`; the exit status is 0 only when nothing failed.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startPostgres } from './postgres.mjs';
import { BIN, ROOT } from './server.mjs';
import { within } from './time-and-ports.mjs';

const FILE_LIMIT_MS = within(300_000);
const TESTS = path.join(ROOT, 'tests');

function parse(args) {
  const options = { db: 'both', concurrency: 2, quiet: false, self: true, traffic: true, parts: [] };
  const rest = [...args];
  while (rest.length) {
    const arg = rest.shift();
    if (arg === '--db') options.db = rest.shift();
    else if (arg === '--concurrency') options.concurrency = Number(rest.shift());
    else if (arg === '--quiet') options.quiet = true;
    else if (arg === '--no-self') options.self = false;
    else if (arg === '--no-traffic') options.traffic = false;
    else if (arg.startsWith('-')) throw new Error(`unknown option ${arg}`);
    else options.parts.push(arg);
  }
  const both = ['sqlite', 'postgres'];
  const turns = { this: both, that: both.toReversed() }[options.db];
  const kinds = turns ?? { sqlite: ['sqlite'], postgres: ['postgres'], both }[options.db];
  if (!kinds) throw new Error('--db is sqlite, postgres, both, this or that');
  if (!(options.concurrency >= 1)) throw new Error('--concurrency is a number from 1');
  return { ...options, kinds, inTurn: turns !== undefined };
}

function testFiles(folder, parts) {
  const dir = path.join(TESTS, folder);
  return readdirSync(dir).filter((name) => name.endsWith('.test.mjs'))
    .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
    .sort().map((name) => path.join(dir, name));
}

/** Runs one file in a process of its own; resolves to {title, passed, failed, out}. */
function runFile({ file, kind, env }) {
  const title = `${path.relative(ROOT, file)}${kind ? ` (${kind})` : ''}`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--test-reporter', path.join(TESTS, 'lib/reporter.mjs'),
      '--test-reporter-destination', 'stdout', file], {
      env: { ...process.env, AGENTGEN_BIN: BIN, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const pipe of [child.stdout, child.stderr]) pipe.setEncoding('utf8').on('data', (text) => { out += text; });
    const timer = setTimeout(() => { out += `\nstopped after ${FILE_LIMIT_MS} ms\n`; child.kill('SIGTERM'); }, FILE_LIMIT_MS);
    child.on('close', (code) => {
      clearTimeout(timer);
      const line = out.match(/^\{"passed":\d+,"failed":\d+\}$/m)?.[0];
      const totals = line ? JSON.parse(line) : { passed: 0, failed: 1 };
      if (code !== 0 && totals.failed === 0) totals.failed = 1;
      if (totals.passed + totals.failed === 0) totals.failed = 1;
      resolve({ title, ...totals, out: line ? out.replace(line, '') : `${out}\nended with ${code} before its totals\n` });
    });
  });
}

function print({ title, passed, failed, out }, quiet, ms) {
  const state = failed ? 'FAILED' : 'passed';
  process.stdout.write(`== ${title}: ${state}, ${passed} ok, ${failed} not, ${(ms / 1000).toFixed(1)} s\n`);
  if (failed || !quiet) process.stdout.write(`${out.trimEnd()}\n`);
}

async function runAll(jobs, { concurrency, quiet }) {
  const totals = { passed: 0, failed: 0, files: [] };
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const from = performance.now();
      const result = await runFile(job);
      print(result, quiet, performance.now() - from);
      totals.passed += result.passed;
      totals.failed += result.failed;
      if (result.failed) totals.files.push(result.title);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return totals;
}

async function main(args) {
  const options = parse(args);
  const api = testFiles('api', options.parts);
  const self = options.self ? ['fakes', 'lib'].flatMap((folder) => testFiles(folder, options.parts)) : [];
  if (api.length && !existsSync(BIN)) throw new Error(`${BIN} is not there: build it first, or set AGENTGEN_BIN`);
  if (api.length + self.length === 0) throw new Error('no test file has such a name');

  const traffic = mkdtempSync(path.join(tmpdir(), 'agtraffic-'));
  const postgres = api.length && options.kinds.includes('postgres') ? await startPostgres() : null;
  try {
    const apiEnv = (kind) => ({
      AGENTGEN_TEST_DB: kind, AGENTGEN_TEST_PG: postgres?.describe() ?? '', AGENTGEN_TRAFFIC_DIR: traffic,
    });
    const job = (file, kind) => ({ file, kind, env: apiEnv(kind) });
    const apiJobs = options.inTurn ? api.map((file, i) => job(file, options.kinds[i % 2]))
      : options.kinds.flatMap((kind) => api.map((file) => job(file, kind)));
    const jobs = [...self.map((file) => ({ file, env: {} })), ...apiJobs];
    const totals = await runAll(jobs, options);
    if (options.traffic && api.length && options.parts.length === 0) {
      const check = { file: path.join(TESTS, 'lib/check-traffic.mjs'), env: { AGENTGEN_TRAFFIC_DIR: traffic } };
      const { passed, failed, files } = await runAll([check], { concurrency: 1, quiet: false });
      totals.passed += passed;
      totals.failed += failed;
      totals.files.push(...files);
    }
    for (const file of totals.files) process.stdout.write(`failed: ${file}\n`);
    process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`);
    process.exitCode = totals.failed ? 1 : 0;
  } finally {
    await postgres?.stop();
    rmSync(traffic, { recursive: true, force: true });
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
await main(process.argv.slice(2)).catch((e) => {
  process.stderr.write(`run.mjs: ${e.message}\n`);
  process.exitCode = 2;
});
