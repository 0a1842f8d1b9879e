// Credentials under attack: forged and damaged tokens, and the browser's cookie with its Origin rule.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { exchange } from '../lib/raw.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { PASSWORD, unique, world } from '../lib/world.mjs';

const w = world();

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
const hmac = (text, hash = 'sha256', secret = w.server.env.JWT_SECRET) => createHmac(hash, secret).update(text).digest('base64url');
const parts = () => w.ada.token.split('.');
const header = () => decode(parts()[0]);
const claims = () => decode(parts()[1]);

/** A token that the server's own secret has signed. */
function forge({ head = header(), body = claims(), hash, secret } = {}) {
  const text = `${encode(head)}.${encode(body)}`;
  return `${text}.${hmac(text, hash, secret)}`;
}
const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([n]) => n !== name));
const me = (token) => w.anonymous.as({ token }).get('/v1/auth/me');
const now = () => Math.floor(Date.now() / 1000);

async function assertRefused(cases) {
  for (const [what, token] of Object.entries(cases)) {
    const reply = await me(token);
    assert.equal(reply.status, 401, `${what} was answered with ${reply.status}: ${reply.text}`);
    expectProblem(reply, 401);
  }
}

describe('token', () => {
  it('says whose it is, for whom, until when, and of which session', () => {
    const { iss, aud, sub, jti, iat, exp } = claims();
    assert.deepEqual([iss, aud, sub], ['agentgen', 'agentgen', w.ada.user.id]);
    assert.ok(jti && iat <= now() + 1 && exp === iat + 3600);
    assert.deepEqual(header(), { alg: 'HS256', typ: 'at+jwt' });
    assert.equal(parts()[2], hmac(parts().slice(0, 2).join('.')));
  });

  it('made here the same way is accepted: the other cases fail for their own reason', async () => {
    expect(await me(forge()), 200);
    expect(await me(forge({ body: { ...claims(), exp: now() + 60 } })), 200);
  });

  it('with another algorithm is refused', async () => {
    const [head, body, signature] = parts();
    await assertRefused({
      'alg none': `${encode({ alg: 'none', typ: 'at+jwt' })}.${body}.`,
      'alg None': `${encode({ alg: 'None', typ: 'at+jwt' })}.${body}.`,
      'alg none with a signature': `${encode({ alg: 'none', typ: 'at+jwt' })}.${body}.${signature}`,
      'no signature': `${head}.${body}.`,
      'two parts': `${head}.${body}`,
      'HS384': forge({ head: { alg: 'HS384', typ: 'at+jwt' }, hash: 'sha384' }),
      'HS512': forge({ head: { alg: 'HS512', typ: 'at+jwt' }, hash: 'sha512' }),
      'RS256 signed as HS256': forge({ head: { alg: 'RS256', typ: 'at+jwt' } }),
      'no alg': forge({ head: { typ: 'at+jwt' } }),
    });
  });

  it('of another type or with talkative headers is refused', async () => {
    const extra = (more) => forge({ head: { ...header(), ...more } });
    await assertRefused({
      'typ JWT': extra({ typ: 'JWT' }),
      'no typ': forge({ head: { alg: 'HS256' } }),
      'refresh typ': extra({ typ: 'rt+jwt' }),
      kid: extra({ kid: '../../dev/null' }),
      crit: extra({ crit: ['exp'] }),
      jku: extra({ jku: 'http://127.0.0.1:9/keys' }),
      jwk: extra({ jwk: { kty: 'oct', k: encode('x') } }),
      b64: extra({ b64: false, crit: ['b64'] }),
    });
  });

  it('with wrong or missing claims is refused', async () => {
    const body = (more) => forge({ body: { ...claims(), ...more } });
    await assertRefused({
      'other iss': body({ iss: 'someone' }),
      'no iss': forge({ body: without(claims(), 'iss') }),
      'other aud': body({ aud: 'someone' }),
      'aud list of others': body({ aud: ['someone', 'else'] }),
      'no aud': forge({ body: without(claims(), 'aud') }),
      'no exp': forge({ body: without(claims(), 'exp') }),
      'exp null': body({ exp: null }),
      'exp text': body({ exp: String(now() + 600) }),
      'exp infinite': forge({ body: JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e400') }),
      'exp past': body({ exp: now() - 1 }),
      'exp zero': body({ exp: 0 }),
      'exp negative': body({ exp: -1 }),
      'not yet issued': body({ iat: now() + 3000, exp: now() + 6000 }),
      'no session': forge({ body: without(claims(), 'jti') }),
      'a session nobody has': body({ jti: absentId() }),
      'no subject': forge({ body: without(claims(), 'sub') }),
      'a list': forge({ body: [claims()] }),
      'two exp': forge({ body: JSON.stringify(claims()).replace('{', `{"exp":${now() + 99999},`) }),
      'no JSON': forge({ body: 'hello' }),
    });
  });

  it('that has expired says so', async () => {
    expectProblem(await me(forge({ body: { ...claims(), iat: now() - 7200, exp: now() - 3600 } })), 401, 'token_expired');
  });

  it('that was tampered with is refused', async () => {
    const [head, body, signature] = parts();
    const flipped = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    await assertRefused({
      'another subject': `${head}.${encode({ ...claims(), sub: w.admin.user.id })}.${signature}`,
      'a longer life': `${head}.${encode({ ...claims(), exp: now() + 999999 })}.${signature}`,
      'another secret': forge({ secret: 'x'.repeat(64) }),
      'an empty secret': forge({ secret: '' }),
      'first byte of the signature': `${head}.${body}.${flipped(signature, 0)}`,
      'signature cut': `${head}.${body}.${signature.slice(0, -1)}`,
      'signature padded': `${head}.${body}.${signature}=`,
      'signature twice': `${head}.${body}.${signature}.${signature}`,
      'payload padded': `${head}.${body}=.${hmac(`${head}.${body}=`)}`,
      'nothing': '',
      'dots': '..',
      'ten thousand characters': `${head}.${'A'.repeat(10_000)}.${signature}`,
    });
  });

  it('is read from one Authorization header of the Bearer scheme only', async () => {
    const get = (headers) => w.anonymous.get('/v1/auth/me', { headers });
    expect(await get({ authorization: `bearer ${w.ada.token}` }), 200);
    for (const value of [w.ada.token, `Basic ${w.ada.token}`, `Token ${w.ada.token}`, 'Bearer', 'Bearer ', `Bearer ${w.ada.token} x`]) {
      expectProblem(await get({ authorization: value }), 401);
    }
    expectProblem(await w.anonymous.get(`/v1/prompts?access_token=${w.ada.token}`), 401);
    const key = `agk_${'A'.repeat(43)}`;
    for (const twice of [[`Authorization: Bearer ${w.ada.token}`, `Authorization: Bearer ${w.bob.token}`], [`x-api-key: ${key}`, `X-API-Key: ${key}`]]) {
      const text = `GET /v1/auth/me HTTP/1.1\r\nHost: x\r\n${twice.join('\r\n')}\r\n\r\n`;
      await exchange(w.server.port, text, async (c) => assert.ok([400, 401].includes((await c.reply()).status)));
    }
  });

  it('of a server with another secret is refused', async () => {
    const other = await w.startWithAccount();
    await assertRefused({ foreign: other.token });
  });
});

describe('cookie', () => {
  async function signIn() {
    const reply = await w.anonymous.post('/v1/auth/login', { email: w.ada.email, password: PASSWORD });
    expect(reply, 200);
    const cookie = reply.cookies.find((c) => c.startsWith('__Host-')).split(';')[0];
    return { cookie, client: w.anonymous.as({ cookie }), account: reply.json };
  }
  const agent = () => ({ name: unique('Agent'), config: {} });

  it('is an opaque secret and no token', async () => {
    const { cookie, client, account } = await signIn();
    const [name, value] = [cookie.slice(0, cookie.indexOf('=')), cookie.slice(cookie.indexOf('=') + 1)];
    assert.equal(name, '__Host-agentgen_session');
    assert.doesNotMatch(value, /\./);
    assert.ok(value.length >= 32, value);
    assert.equal(expect(await client.get('/v1/auth/me'), 200).id, w.ada.user.id);
    expectProblem(await me(value), 401);
    expectProblem(await w.anonymous.as({ cookie: `${name}=${account.token}` }).get('/v1/auth/me'), 401);
    expectProblem(await w.anonymous.as({ cookie: `${name}=${value.slice(0, -1)}` }).get('/v1/auth/me'), 401);
    expectProblem(await w.anonymous.as({ cookie: `agentgen_session=${value}` }).get('/v1/auth/me'), 401);
  });

  it('is found among other cookies', async () => {
    const { cookie } = await signIn();
    expect(await w.anonymous.as({ cookie: `a=b; ${cookie}; theme=dark` }).get('/v1/auth/me'), 200);
  });

  it('changes something only with an Origin that is this server', async () => {
    const { client } = await signIn();
    const post = (origin) => client.post('/v1/agents', agent(), { headers: { origin } });
    const created = expect(await post(w.server.url), 201);
    const other = new URL(w.server.url);
    other.port = String(w.server.port === 65535 ? 65534 : w.server.port + 1);
    const origins = [undefined, 'null', '', 'http://evil.test', `${w.server.url}.evil.test`, other.origin,
      `http://evil.test?${w.server.url}`, `http://user@127.0.0.1:${w.server.port}.evil.test`];
    for (const origin of origins) expectProblem(await post(origin), 403, 'bad_origin');
    for (const method of ['PUT', 'DELETE']) {
      const options = { json: method === 'PUT' ? agent() : undefined };
      expectProblem(await client.request(method, `/v1/agents/${created.id}`, options), 403, 'bad_origin');
    }
    expect(await client.get(`/v1/agents/${created.id}`), 200);
    assert.equal((await client.delete(`/v1/agents/${created.id}`, { headers: { origin: w.server.url } })).status, 204);
  });

  it('needs no Origin to read, and a bearer token never does', async () => {
    const { client } = await signIn();
    expect(await client.get('/v1/agents'), 200);
    expect(await w.ada.client.post('/v1/agents', agent(), { headers: { origin: 'http://evil.test' } }), 201);
  });

  it('is taken away at logout', async () => {
    const { client } = await signIn();
    expectProblem(await client.post('/v1/auth/logout'), 403, 'bad_origin');
    const reply = await client.post('/v1/auth/logout', undefined, { headers: { origin: w.server.url } });
    assert.equal(reply.status, 204, reply.text);
    assert.match(reply.cookies.join(), /^__Host-agentgen_session=;.*(Max-Age=0|Expires=Thu, 01 Jan 1970)/i);
    expectProblem(await client.get('/v1/auth/me'), 401);
  });
});

describe('what has ended', () => {
  it('is forgotten by housekeeping: sessions, and refresh tokens of those that go on', async () => {
    const { server, client, email } = await w.startWithAccount();
    const login = async () => expect(await client.as().post('/v1/auth/login', { email, password: PASSWORD }), 200);
    const session = ({ token }) => decode(token.split('.')[1]).jti;
    const [ended, alive] = [await login(), await login()];
    const renewed = expect(await client.as().post('/v1/auth/refresh', { refresh_token: alive.refresh_token }), 200);
    const count = async (table, where) => Number((await sql(server, `SELECT count(*) FROM ${table} WHERE ${where}`))[0][0]);
    const [ofEnded, ofAlive] = [ended, alive].map((grant) => `session_id = '${session(grant)}'`);
    assert.equal(await count('refresh_tokens', ofAlive), 2);
    const long = "'2020-01-01T00:00:00.000Z'";
    await sql(server, `UPDATE sessions SET expires_at = ${long} WHERE id = '${session(ended)}'`);
    await sql(server, `UPDATE refresh_tokens SET expires_at = ${long} WHERE ${ofAlive} AND used_at IS NOT NULL`);
    await server.restart(); // housekeeping begins a second after the start
    const left = async () => [await count('sessions', `id = '${session(ended)}'`), await count('refresh_tokens', ofEnded), await count('refresh_tokens', ofAlive)];
    await eventually(async () => (await left()).join() === '0,0,1', { ms: 10_000, what: 'the purge' });
    expect(await new Client(server.url).post('/v1/auth/refresh', { refresh_token: renewed.refresh_token }), 200);
  });
});
