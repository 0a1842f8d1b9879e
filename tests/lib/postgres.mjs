// A private PostgreSQL from Debian's package, in a temporary folder and on a free port: one cluster
// for a run of the tests, one database for each server they start.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync, chownSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freePort, sleep, within } from './time-and-ports.mjs';
import { endWithin, run, start } from './process.mjs';

const USER = 'agentgen';
/** What servers connect as: it owns their databases and is nothing more, so that row-level security holds for it. */
const APP = 'agentgen_app';
const FAST = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // Eight test files at once have had 170 open, a server of theirs 20.
  max_connections: '1000',
  shared_buffers: '64MB',
  log_min_messages: 'warning',
  autovacuum: 'off',
  timezone: 'UTC',
};

/** Where Debian puts the programs of the newest server that is installed. */
function binaries() {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((v) => path.join(root, v, 'bin')).find((dir) => existsSync(path.join(dir, 'initdb')));
  if (!found) throw new Error('PostgreSQL is not installed: run `make deps`, or install the package postgresql');
  return found;
}

/** PostgreSQL refuses to run as root; its package brings an account for it. */
async function account() {
  if (process.getuid() !== 0) return undefined;
  const id = async (flag) => Number((await run('id', [flag, 'postgres'])).trim());
  return { uid: await id('-u'), gid: await id('-g') };
}

export class Postgres {
  #bin = binaries();
  #user;
  #child;
  #password = randomBytes(12).toString('hex');

  /** `fsync: true` makes it as durable as it is by default, and slower. */
  async open({ fsync = false, settings = {} } = {}) {
    this.#user = await account();
    this.dir = mkdtempSync(path.join(tmpdir(), 'agpg-'));
    this.port = await freePort();
    this.settings = { ...SETTINGS, ...(fsync ? {} : FAST), ...settings };
    const secret = path.join(this.dir, 'password');
    writeFileSync(secret, this.#password, { mode: 0o600 });
    if (this.#user) for (const file of [this.dir, secret]) chownSync(file, this.#user.uid, this.#user.gid);
    await run(path.join(this.#bin, 'initdb'), ['-D', this.data, '-U', USER, '-A', 'scram-sha-256',
      `--pwfile=${secret}`, '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions'], { user: this.#user, cwd: this.dir });
    return this.start();
  }

  get data() {
    return path.join(this.dir, 'data');
  }

  async start() {
    const settings = Object.entries(this.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#child = start(path.join(this.#bin, 'postgres'), ['-D', this.data, '-k', this.dir, '-p', String(this.port),
      ...settings], { user: this.#user, cwd: this.dir });
    const until = Date.now() + within(30_000);
    for (;;) {
      const ready = await start(path.join(this.#bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(this.port)]).ended;
      if (ready.code === 0) return this.#makeAppRole();
      if (this.#child.exitCode !== null || Date.now() > until) throw new Error(`PostgreSQL does not start\n${this.#child.err}`);
      await sleep(30);
    }
  }

  async #makeAppRole() {
    await query(this.url(), `DO $$ BEGIN CREATE ROLE ${APP} LOGIN PASSWORD '${this.#password}'; `
      + 'EXCEPTION WHEN duplicate_object THEN NULL; END $$');
    return this;
  }

  /** As the cluster's superuser. */
  url(database = 'postgres') {
    return `postgres://${USER}:${this.#password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Everything another process needs to use this cluster. */
  describe() {
    return this.url('%');
  }

  /** SIGINT is the fast shutdown, SIGQUIT the one that leaves recovery to the next start. */
  async halt(signal = 'SIGINT') {
    this.#child.kill(signal);
    await endWithin(this.#child, within(30_000), 'PostgreSQL');
  }

  async stop() {
    if (this.#child?.exitCode === null) await this.halt();
    if (this.dir) rmSync(this.dir, { recursive: true, force: true });
  }
}

export async function startPostgres(options) {
  const postgres = new Postgres();
  try {
    return await postgres.open(options);
  } catch (e) {
    await postgres.stop();
    throw e;
  }
}

const onDatabase = (described, database) => described.replace('%', database);
const asUser = (url, user) => Object.assign(new URL(url), { username: user }).href;

/** Runs SQL; each row as the list of its columns' text. Of tenants' tables it meets the rows of `org`, '*' for all. */
export async function query(url, sql, { org } = {}) {
  const options = org === undefined ? {} : { env: { ...process.env, PGOPTIONS: `-c agentgen.org=${org}` } };
  const out = await run('psql', ['-X', '-A', '-t', '-q', '-F', '\x1f', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', sql],
    options);
  return out.split('\n').filter((line) => line !== '').map((line) => line.split('\x1f'));
}

/** A new empty database in a described cluster; returns its URL, as its owner, which is an ordinary role. */
export async function createDatabase(described) {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await query(onDatabase(described, 'postgres'), `CREATE DATABASE ${name} TEMPLATE template0 OWNER ${APP}`);
  return asUser(onDatabase(described, name), APP);
}

/** The same database as the cluster's superuser, for whom row-level security does not hold. */
export const asSuperuser = (url) => asUser(url, USER);

export async function dropDatabase(url) {
  const { pathname } = new URL(url);
  await query(asSuperuser(url).replace(pathname, '/postgres'), `DROP DATABASE IF EXISTS ${pathname.slice(1)} WITH (FORCE)`);
}
