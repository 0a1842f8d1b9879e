// What an operator meets around the server: configuration, reload, a second start, a port in use.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';

import { expect } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { cli, DB_KIND, parseLogLine } from '../lib/server.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { register, world } from '../lib/world.mjs';

const w = world({ accounts: false });
const dir = mkdtempSync(path.join(tmpdir(), 'agserve-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function configFile(name, text) {
  const file = path.join(dir, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

describe('the first line of the log that matters', () => {
  it('says where it listens, on how many loops and on which database', async () => {
    const line = parseLogLine(await w.server.waitForLog(/^.* listening .*$/m));
    assert.equal(line.level, 'info');
    assert.equal(line.url, w.server.url);
    assert.equal(line.loops, '2');
    assert.equal(line.database, DB_KIND);
    assert.match(line.version, /^\d+\.\d+\.\d+$/);
  });
});

describe('a configuration file', () => {
  it('is read, and loses against the environment', async () => {
    const file = configFile('a.conf', '# of a test\nloops = 3\nport = 1\naccess_log = true\n');
    const server = await w.start({ AGENTGEN_CONFIG: file, AGENTGEN_LOOPS: undefined });
    assert.match(server.log, / listening .*loops=3 /);
    assert.notEqual(server.port, 1);
    expect(await new Client(server.url).get('/health'), 200);
    await server.waitForLog(/path=\/health/);
  });

  it('with a mistake is refused with 78 and the line it stands in', async () => {
    const file = configFile('b.conf', '\nprot = 1\n');
    const { code, err } = await cli(['check-config', '--config', file]);
    assert.equal(code, 78);
    assert.ok(err.includes(`${file}:2: there is no option "prot"; did you mean port?`), err);
  });

  it('is read again on SIGHUP', async () => {
    const file = configFile('c.conf', 'log_level = info\n');
    const server = await w.start({ AGENTGEN_CONFIG: file });

    configFile('c.conf', 'log_level = loud\n');
    server.signal('SIGHUP');
    await server.waitForLog(/ reload_failed /);
    assert.ok(server.log.includes(`${file}:1: log_level: "loud" is none of`), server.log);
    expect(await new Client(server.url).get('/ready'), 200);

    configFile('c.conf', 'log_level = info\nidle_timeout_ms = 1000\n');
    server.signal('SIGHUP');
    await server.waitForLog(/ reloaded$/m);
    assert.match(server.log, / warn restart_needed option=idle_timeout_ms$/m);

    configFile('c.conf', 'log_level = warn\nidle_timeout_ms = 1000\n');
    server.signal('SIGHUP');
    await eventually(() => server.log.match(/restart_needed/g).length === 2, { what: 'the second reload' });
    await server.terminate();
    assert.doesNotMatch(server.log, / draining| stopped/, 'what is less than a warning is not logged any more');
  });
});

describe('the environment', () => {
  it('with a name that means nothing is warned of', async () => {
    const { err, code } = await cli(['check-config'], { env: { AGENTGEN_LOPS: '1' } });
    assert.equal(code, 0);
    assert.match(err, / warn configuration text="AGENTGEN_LOPS in the environment means nothing; did you mean AGENTGEN_LOOPS\?"/);
  });
});

describe('the command line', () => {
  it('does not take secrets, which others could read there', async () => {
    const { code, err } = await cli(['serve', '--jwt-secret', 'x'.repeat(64)]);
    assert.equal(code, 64);
    assert.match(err, /JWT_SECRET/);
    assert.doesNotMatch(err, /xxxx/);
  });
});

describe('check-config', () => {
  it('shows what is in force and where it comes from, without secrets', async () => {
    const { code, out } = await cli(['check-config', '--port', '8080'], {
      env: { OPENAI_API_KEY: 'sk-canary', DATABASE_URL: 'postgres://ada:canary@db/agentgen' },
    });
    assert.equal(code, 0);
    assert.match(out, /^port = 8080 +# flag$/m);
    assert.match(out, /^openai_api_key = \*+ +# environment$/m);
    assert.match(out, /^database_url = postgres:\/\/\*+@db\/agentgen +# environment$/m);
    assert.match(out, /^host = 127\.0\.0\.1 +# default$/m);
    assert.doesNotMatch(out, /canary/);
  });
});

describe('a second server', () => {
  it('on the port of the first says so and ends with 1', async () => {
    const { code, err } = await cli(['serve', '--port', String(w.server.port)], { env: { AGENTGEN_DATA_DIR: path.join(dir, 'second') } });
    assert.equal(code, 1);
    assert.match(err, /already in use/i);
  });

  it('on the SQLite database of the first names its process and ends with 1', async () => {
    const data = path.join(dir, 'shared');
    const server = await w.start({ DATABASE_URL: undefined }, { kind: 'sqlite', dataDir: data });
    const { code, err } = await cli(['serve'], { env: { AGENTGEN_DATA_DIR: data, PORT: '0' } });
    assert.equal(code, 1);
    assert.ok(err.includes(`(process ${server.pid})`), err);
    expect(await new Client(server.url).get('/ready'), 200);
  });
});

describe('the first start', () => {
  it('makes a folder for its owner alone, and a secret that outlives the process', async () => {
    const data = path.join(dir, 'first', 'start');
    const server = await w.start({ JWT_SECRET: undefined }, { dataDir: data });
    assert.equal(statSync(data).mode & 0o777, 0o700);
    assert.equal(statSync(path.join(data, 'secrets')).mode & 0o777, 0o600);
    const account = await register(new Client(server.url));
    await server.restart();
    const again = new Client(server.url, { token: account.token });
    assert.equal(expect(await again.get('/v1/auth/me'), 200).email, account.email);
  });
});
