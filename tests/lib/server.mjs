// The real binary, started for a test: its own data folder, its own database, a free port.
//
//   AGENTGEN_BIN           the binary (build/agentgen)
//   AGENTGEN_TEST_DB       sqlite (the default) or postgres
//   AGENTGEN_TEST_PG       a PostgreSQL cluster to make databases in; without it one is started
//   AGENTGEN_TEST_WRAPPER  a command to run the binary under, e.g. "valgrind -q"
//   AGENTGEN_TEST_LOGS     a folder to keep each server's log in
//   AGENTGEN_TEST_SLOW     how much slower than usual it is (1)
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { sql } from './database.mjs';
import { createDatabase, dropDatabase, startPostgres } from './postgres.mjs';
import { endWithin, run, start } from './process.mjs';
import { sleep, within } from './time-and-ports.mjs';
import { recordActions, recordsTraffic } from './traffic.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const BIN = path.resolve(ROOT, process.env.AGENTGEN_BIN ?? 'build/agentgen');
export const DB_KIND = process.env.AGENTGEN_TEST_DB ?? 'sqlite';

const INHERITED = /^(PATH|LANG|TZ|TMPDIR|LD_LIBRARY_PATH|LLVM_PROFILE_FILE|[A-Z]+SAN_OPTIONS|[A-Z]+SAN_SYMBOLIZER_PATH)$/;
const REPORTS = /ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:|impossible state at|==\d+== (Invalid|Conditional)/;

let ownCluster;

/** The cluster the databases of this process are made in. */
async function cluster() {
  if (process.env.AGENTGEN_TEST_PG) return process.env.AGENTGEN_TEST_PG;
  ownCluster ??= startPostgres();
  return (await ownCluster).describe();
}

/** Ends the cluster this process started, if it did. */
export async function stopOwnCluster() {
  if (ownCluster) await (await ownCluster).stop();
  ownCluster = undefined;
}

function environment(extra) {
  const inherited = Object.entries(process.env).filter(([name]) => INHERITED.test(name));
  const env = { ...Object.fromEntries(inherited), ...extra };
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === null) delete env[name];
    else env[name] = String(value);
  }
  return env;
}

/** Starts the binary with arguments, `under` being a command to run it under. */
export function launch(args, { env = {}, input, under = [] } = {}) {
  const wrapper = (process.env.AGENTGEN_TEST_WRAPPER ?? '').split(' ').filter(Boolean);
  const [command, ...before] = [...under, ...wrapper, BIN];
  return start(command, [...before, ...args], { env: environment(env), cwd: tmpdir(), input });
}

/** Runs a command of the binary to its end: {code, signal, out, err}. */
export async function cli(args, options) {
  return endWithin(launch(args, options), within(30_000), `agentgen ${args.join(' ')}`);
}

/** The pairs of a log line: `time level event key=value ...`. */
export function parseLogLine(line) {
  const [, time, level, event, rest = ''] = /^(\S+) (\S+) (\S+)(?: (.*))?$/.exec(line) ?? [];
  const pairs = [...rest.matchAll(/([A-Za-z0-9_.]+)=("(?:[^"\\]|\\.)*"|\S*)/g)]
    .map(([, key, value]) => [key, value.startsWith('"') ? JSON.parse(value) : value]);
  return { time, level, event, ...Object.fromEntries(pairs) };
}

export class Server {
  #child;
  #asked = false; // whether a test has asked the process to end
  #owned = [];

  constructor({ env = {}, args = [], under, dataDir, databaseUrl, kind = DB_KIND } = {}) {
    this.kind = kind;
    this.under = under;
    this.args = args;
    this.env = env;
    this.dataDir = dataDir;
    this.databaseUrl = databaseUrl;
    this.log = '';
  }

  async prepare() {
    if (!this.dataDir) {
      this.dataDir = mkdtempSync(path.join(tmpdir(), 'agdata-'));
      this.#owned.push(() => rmSync(this.dataDir, { recursive: true, force: true }));
    }
    if (this.kind === 'postgres' && this.databaseUrl === undefined) {
      this.databaseUrl = await createDatabase(await cluster());
      this.#owned.push(() => dropDatabase(this.databaseUrl));
    }
    this.env = {
      JWT_SECRET: randomBytes(48).toString('base64'),
      DATABASE_URL: this.databaseUrl,
      AGENTGEN_LOOPS: 2,
      // Tests come faster than people; those of the limits say true.
      AGENTGEN_RATE_LIMITS: false,
      ...this.env,
    };
    return this;
  }

  /** Starts the process and waits until it says where it listens. */
  async start(env = {}) {
    this.env = { ...this.env, ...env };
    this.startedAt = performance.now();
    this.#child = launch(['serve', ...this.args], {
      env: { AGENTGEN_DATA_DIR: this.dataDir, PORT: 0, AGENTGEN_HOST: '127.0.0.1', ...this.env },
      under: this.under,
    });
    const child = this.#child;
    this.#asked = false;
    child.stderr.on('data', (text) => { this.log += text; });
    const line = await this.waitForLog(/^\S+ \S+ listening .*url=.*$/m, within(30_000), child)
      .catch((e) => {
        this.#asked = true; // what is wrong is told here, not once more when the test ends
        throw e;
      });
    this.url = parseLogLine(line).url;
    this.port = Number(new URL(this.url).port);
    return this;
  }

  get pid() {
    return this.#child.pid;
  }

  /** CPU time, user and system, that the process has used so far; in steps of 10 ms. Another's load does not add to it. */
  get cpuMs() {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  get running() {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The first text in this process's log that matches; waits for it. */
  async waitForLog(pattern, ms = within(5000), child = this.#child) {
    const until = Date.now() + ms;
    for (;;) {
      const [found] = pattern.exec(child.err) ?? [];
      if (found) return found;
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`agentgen ended with ${child.signalCode ?? child.exitCode}\n${child.err.slice(-4000)}`);
      }
      if (Date.now() > until) throw new Error(`no ${pattern} in the log within ${ms} ms\n${child.err.slice(-4000)}`);
      await sleep(5);
    }
  }

  signal(name) {
    this.#asked = true;
    this.#child.kill(name);
  }

  /** The end of the process: {code, signal}. */
  async ended(ms = within(35_000)) {
    const end = await endWithin(this.#child, ms, 'agentgen');
    if (process.env.AGENTGEN_TEST_LOGS) {
      mkdirSync(process.env.AGENTGEN_TEST_LOGS, { recursive: true });
      const file = `${path.basename(process.argv[1] ?? 'test')}.${this.kind}.${this.#child.pid}.log`;
      appendFileSync(path.join(process.env.AGENTGEN_TEST_LOGS, file), this.#child.err);
    }
    return end;
  }

  /** SIGTERM; asserts that it ends with 0 and that no checker complained. */
  async terminate(ms) {
    if (!this.running) {
      const { code, signal } = this.#child ? await this.ended() : { code: 0, signal: null };
      assert.ok(this.#asked || code === 0, `agentgen ended by itself with ${signal ?? code}\n${this.log.slice(-6000)}`);
      return;
    }
    this.signal('SIGTERM');
    const { code, signal } = await this.ended(ms);
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `agentgen did not end well\n${this.log.slice(-6000)}`);
    this.assertClean();
  }

  assertClean() {
    const at = this.log.search(REPORTS);
    assert.equal(at, -1, `the server reported:\n${this.log.slice(Math.max(0, at), at + 6000)}`);
  }

  /** Ends the process as a power cut would: no handler runs. */
  async kill9() {
    this.signal('SIGKILL');
    const { signal } = await this.ended();
    assert.equal(signal, 'SIGKILL');
  }

  /** The same data folder and database again, with a new process and a new port. */
  async restart(env) {
    await this.terminate();
    return this.start(env);
  }

  /** Notes what it has written into its audit log, where there is a database to ask. */
  async #recordActions() {
    if (!recordsTraffic) return;
    const rows = await sql(this, 'SELECT DISTINCT action FROM activity_logs').catch(() => []);
    recordActions(rows.map(([action]) => action));
  }

  /** Ends everything: the process, its data, its database. */
  async stop() {
    try {
      await this.terminate();
    } finally {
      if (this.running) this.signal('SIGKILL');
      await this.#recordActions();
      for (const undo of this.#owned.splice(0).reverse()) await undo();
    }
  }
}

/** A server that runs and answers; stop() ends it. */
export async function startServer(options) {
  const server = await new Server(options).prepare();
  try {
    return await server.start();
  } catch (e) {
    if (server.running) server.signal('SIGKILL');
    throw e;
  }
}

/** The OpenAPI document, from the binary itself. */
export async function openapiDocument() {
  return JSON.parse(await run(BIN, ['openapi'], { env: environment({}), cwd: tmpdir() }));
}
