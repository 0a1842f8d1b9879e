// The command line: help, checks, generated documents, accounts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';

import { expect, expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { cli, DB_KIND } from '../lib/server.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world({ accounts: false });
const dirs = [];
after(() => { for (const dir of dirs) rmSync(dir, { recursive: true, force: true }); });

function dataDir() {
  dirs.push(mkdtempSync(path.join(tmpdir(), 'agcli-')));
  return { AGENTGEN_DATA_DIR: dirs.at(-1) };
}
async function succeed(args, options) {
  const end = await cli(args, options);
  assert.equal(end.code, 0, `${args.join(' ')}: ${end.out}${end.err}`);
  return end.out;
}

describe('help', () => {
  it('names every command and every option with its environment name', async () => {
    const out = await succeed(['--help']);
    for (const command of ['serve', 'migrate', 'routes', 'openapi', 'user', 'check-config', 'version']) assert.match(out, new RegExp(`\\b${command}\\b`));
    const names = ['PORT', 'AGENTGEN_HOST', 'AGENTGEN_DATA_DIR', 'AGENTGEN_LOOPS', 'DATABASE_URL', 'JWT_SECRET', 'OPENAI_API_KEY', 'OPENAI_BASE_URL',
      'ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL', 'AGENTGEN_DEFAULT_MODEL', 'AGENTGEN_EGRESS_ALLOW', 'AGENTGEN_UPSTREAM_RETRIES',
      'AGENTGEN_DRAIN_TIMEOUT_MS', 'AGENTGEN_SSE_HEARTBEAT_MS', 'AGENTGEN_LOG_LEVEL', 'AGENTGEN_METRICS_TOKEN'];
    for (const name of names) assert.ok(out.includes(name), `${name} is missing`);
    assert.ok(out.includes('--port') && out.includes('--data-dir'));
  });

  it('shows no secret that is set', async () => {
    const out = await succeed(['--help'], { env: { OPENAI_API_KEY: 'sk-canary', JWT_SECRET: 'canary'.repeat(12) } });
    assert.doesNotMatch(out, /canary/);
  });
});

describe('version', () => {
  it('is one line', async () => {
    assert.match(await succeed(['version']), /^agentgen \d+\.\d+\.\d+.*\n$/);
  });
});

describe('mistakes', () => {
  it('are named, with a status that is not 0', async () => {
    for (const [args, env, pattern] of [
      [['dance'], {}, /dance/],
      [['serve', '--no-such-option'], {}, /no-such-option/],
      [['serve', '--port', 'many'], {}, /port/i],
      [['serve'], { PORT: '70000' }, /port/i],
      [['serve'], { AGENTGEN_LOG_LEVEL: 'loud' }, /LOG_LEVEL|log-level|loud/i],
      [['serve'], { AGENTGEN_EGRESS_ALLOW: '10.0.0.0/99' }, /EGRESS|10\.0\.0\.0/i],
      [['serve'], { AGENTGEN_DEFAULT_MODEL: 'nowhere/x' }, /DEFAULT_MODEL|nowhere/i],
      [['serve'], { OPENAI_BASE_URL: 'ftp://x' }, /OPENAI_BASE_URL|ftp/i],
      [['serve'], { DATABASE_URL: 'oracle://x' }, /DATABASE_URL|oracle/i],
    ]) {
      const { code, err } = await cli(args, { env: { ...dataDir(), PORT: '0', ...env } });
      assert.ok(code > 0, `${args.join(' ')} ${JSON.stringify(env)} ended with ${code}`);
      assert.match(err, pattern);
    }
  });

  it('about secrets end with 78', async () => {
    for (const secret of ['short', 'changeme', 'secret', 'x'.repeat(31), 'a'.repeat(64), 'your-super-secret-jwt-key-that-nobody-changed']) {
      const { code, err } = await cli(['serve'], { env: { ...dataDir(), PORT: '0', JWT_SECRET: secret } });
      assert.equal(code, 78, `${secret}: ${err}`);
      assert.match(err, /JWT_SECRET/);
      assert.ok(secret.length < 6 || !err.includes(secret), 'the secret itself is not repeated');
    }
  });
});

describe('check-config', () => {
  it('says whether the server would start', async () => {
    await succeed(['check-config'], { env: dataDir() });
    const { code, err, out } = await cli(['check-config'], { env: { ...dataDir(), PORT: 'x' } });
    assert.notEqual(code, 0);
    assert.match(err + out, /port/i);
  });
});

describe('generated documents', () => {
  it('are what the server says of itself', async () => {
    const document = JSON.parse(await succeed(['openapi']));
    const served = expect(await w.anonymous.get('/openapi.json'), 200);
    assert.deepEqual(Object.keys(document.paths), Object.keys(served.paths));
    assert.deepEqual(document.components, served.components);
  });

  it('list every route with its permission', async () => {
    const routes = JSON.parse(await succeed(['routes', '--json']));
    // What runs a model says so: the browser pays for it from its person's plan.
    const spend = routes.filter((route) => route.spends).map((route) => route.id).sort();
    assert.deepEqual(spend, ['askPublicAgent', 'compare', 'generate', 'preview', 'proposeAgent', 'testProvider', 'validatePrompt']);
    assert.ok(routes.length >= 24, `${routes.length} routes`);
    for (const route of routes) {
      for (const name of ['id', 'method', 'path', 'permission', 'summary']) assert.ok(route[name], `${JSON.stringify(route)} has no ${name}`);
      assert.notEqual(route.permission, 'unset');
    }
    const find = (method, at) => routes.find((r) => r.method === method && r.path === at);
    assert.equal(find('GET', '/v1/agents').permission, 'agents:read');
    assert.equal(find('POST', '/v1/ai/generate').permission, 'ai:run');
    assert.equal(find('POST', '/v1/auth/login').permission, 'public');
  });
});

describe('migrate', () => {
  it('prepares a database, and has nothing to do the second time', async () => {
    const { env, dataDir: dir } = w.server;
    const settings = { env: { ...env, ...(DB_KIND === 'sqlite' ? dataDir() : { AGENTGEN_DATA_DIR: dir }) } };
    await succeed(['migrate'], settings);
    await succeed(['migrate'], settings);
  });
});

describe('user', () => {
  /** Beside the running server, on its database. */
  const beside = (server, args, input, env) => cli(['user', ...args], {
    env: { ...server.env, AGENTGEN_DATA_DIR: server.dataDir, ...env }, input,
  });

  it('create makes an account that can sign in', async () => {
    const { server } = await w.startWithAccount();
    const email = `${unique('cli')}@mail.test`;
    const end = await beside(server, ['create', '--email', email, '--name', 'From The Shell'], `${PASSWORD}\n`);
    assert.equal(end.code, 0, end.out + end.err);
    assert.ok(!(end.out + end.err).includes(PASSWORD));
    const { user } = expect(await new Client(server.url).post('/v1/auth/login', { email, password: PASSWORD }), 200);
    assert.deepEqual([user.name, user.email, user.role], ['From The Shell', email, 'user']);
    assert.notEqual((await beside(server, ['create', '--email', email, '--name', 'Twice'], `${PASSWORD}\n`)).code, 0);
    assert.notEqual((await beside(server, ['create', '--email', `x${email}`, '--name', 'Weak'], 'password\n')).code, 0);
  });

  it('create can make an administrator', async () => {
    const { server } = await w.startWithAccount();
    const email = `${unique('cli')}@mail.test`;
    const end = await beside(server, ['create', '--email', email, '--name', 'Root', '--admin'], `${PASSWORD}\n`);
    assert.equal(end.code, 0, end.out + end.err);
    assert.equal(expect(await new Client(server.url).post('/v1/auth/login', { email, password: PASSWORD }), 200).user.role, 'admin');
  });

  it('promote makes an administrator, seen within five seconds', async () => {
    const { server } = await w.startWithAccount();
    const account = await register(new Client(server.url));
    const scope = { name: 'k', scopes: ['admin:users'] };
    assert.equal((await account.client.post('/v1/api-keys', scope)).status >= 400, true, 'a right of administrators');
    const end = await beside(server, ['promote', account.email]);
    assert.equal(end.code, 0, end.out + end.err);
    await eventually(async () => (await account.client.post('/v1/api-keys', scope)).status === 201, { ms: 5500, what: 'the new rights' });
    assert.equal(expect(await account.client.get('/v1/auth/me'), 200).role, 'admin');
    assert.notEqual((await beside(server, ['promote', 'nobody@mail.test'])).code, 0);
  });

  it('reset-password prints a link that sets a new one, once', async () => {
    const { server, email, client } = await w.startWithAccount();
    const end = await beside(server, ['reset-password', email.toUpperCase()]);
    assert.equal(end.code, 0, end.out + end.err);
    const [, token] = /^http:\/\/localhost:\d+\/reset-password#token=(agm_[\w-]{43})\n$/.exec(end.out) ?? assert.fail(end.out);
    const password = 'a password from the operator';
    const reset = () => client.as().post('/v1/auth/reset-password', { token, password });
    assert.equal((await reset()).status, 204);
    expectProblem(await reset(), 422, 'validation_failed', ['token']);
    expect(await client.as().post('/v1/auth/login', { email, password }), 200);
    const known = await beside(server, ['reset-password', email], undefined, { AGENTGEN_PUBLIC_URL: 'https://agents.example.com/' });
    assert.match(known.out, /^https:\/\/agents\.example\.com\/reset-password#token=/);
    assert.notEqual((await beside(server, ['reset-password', 'nobody@mail.test'])).code, 0);
  });

  it('suspend and resume take a person away and bring them back, within five seconds', async () => {
    const { server, email } = await w.startWithAccount();
    const account = await register(new Client(server.url));
    const end = await beside(server, ['suspend', account.email]);
    assert.equal(end.code, 0, end.out + end.err);
    await eventually(async () => (await account.client.get('/v1/auth/me')).status === 403, { ms: 5500, what: 'the suspension' });
    assert.equal((await beside(server, ['resume', account.email])).code, 0);
    expect(await account.client.get('/v1/auth/me'), 200);
    const last = await beside(server, ['suspend', email]);
    assert.notEqual(last.code, 0);
    assert.match(last.err, /last administrator/);
  });
});
