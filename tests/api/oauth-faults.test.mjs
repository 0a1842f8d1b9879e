// What must not sign anybody in: visits that are not this browser's own, tokens with one thing wrong,
// providers that fail. Each case starts from one that works, and breaks one thing.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, afterEach, beforeEach, describe, it } from 'node:test';

import { startGitHub } from '../fakes/github.mjs';
import { makeKey, makeToken, startIdentityProvider } from '../fakes/identity-provider.mjs';
import { Browser, SESSION, VISITOR } from '../lib/browser.mjs';
import { sql } from '../lib/database.mjs';
import { expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { eventually, freePort } from '../lib/time-and-ports.mjs';
import { world } from '../lib/world.mjs';

const idp = await startIdentityProvider();
const google = await startIdentityProvider({ clientId: 'google-client' });
const github = await startGitHub();
after(() => Promise.all([idp.close(), google.close(), github.close()]));
const w = world({ env: { ...idp.env(), ...google.env('google'), ...github.env() } });

let b;
beforeEach(() => {
  [idp, google, github].forEach((fake) => fake.reset());
  b = new Browser(w.server);
});
afterEach(async () => {
  b.close();
  await w.stopOthers();
});

const seconds = () => Math.floor(Date.now() / 1000);
const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const trades = () => idp.seen('/token').length + google.seen('/token').length;

/** The reply sends the browser to a page with this code, and signs nobody in. */
function assertRefused(reply, code, page = '/login') {
  assert.equal(reply.status, 302, reply.text);
  assert.equal(reply.headers.location, `${page}?error=${code}`);
  assert.deepEqual(reply.cookies.filter((c) => c.startsWith(SESSION)), []);
  assert.equal(reply.text, '');
}
function assertSignedIn(reply) {
  assert.deepEqual([reply.status, reply.headers.location], [302, '/'], reply.text);
  assert.ok(reply.cookies.some((c) => c.startsWith(SESSION)));
}
/** Signs in at a provider that breaks as `change` says. */
async function signInWith(change, visitor = b, provider = 'oidc', fake = idp) {
  fake.change = change;
  const reply = await visitor.signIn(provider);
  fake.change = {};
  return reply;
}

describe('a visit that is not one', () => {
  const callback = (query, provider = 'oidc') => `/v1/auth/oauth/${provider}/callback?${query}`;

  it('is refused before anybody is asked', async () => {
    const path = await b.approve(await b.begin('oidc'));
    const query = new URLSearchParams(path.split('?')[1]);
    const change = (more) => {
      const changed = new URLSearchParams(query);
      for (const [name, value] of Object.entries(more)) {
        if (value === undefined) changed.delete(name);
        else changed.set(name, value);
      }
      return changed;
    };
    const state = query.get('state');
    const cases = {
      'no state': change({ state: undefined }),
      'an empty state': change({ state: '' }),
      'another state': change({ state: `${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}` }),
      'a longer state': change({ state: `${state}A` }),
      'a huge state': change({ state: 'A'.repeat(5000) }),
      'a state with NUL': `state=%00&code=x`,
      'two states': `${query}&state=${state}`,
      'two codes': `${query}&code=x`,
      'a broken escape': `${query}&x=%zz`,
      'far too many parameters': `${query}&${'x=1&'.repeat(40)}`,
      'nothing': '',
    };
    for (const [what, changed] of Object.entries(cases)) {
      assertRefused(await b.get(callback(changed)), 'state_invalid');
      assert.equal(trades(), 0, what);
    }
    assertRefused(await b.get(callback(query, 'google')), 'state_invalid');
    assert.equal(trades(), 0);
    // At the wrong provider's door it was taken away all the same: it ends once.
    assertRefused(await b.get(path), 'state_invalid');
  });

  it('is refused without the browser that began it', async () => {
    const path = await b.approve(await b.begin('oidc'));
    const other = new Browser(w.server);
    assertRefused(await other.get(path), 'state_invalid');
    await other.begin('oidc');
    assertRefused(await other.get(path), 'state_invalid');
    for (const cookie of ['', 'ago_', `ago_${'A'.repeat(43)}`, `${b.jar.get(VISITOR)}A`, b.jar.get(VISITOR).toLowerCase(), 'x'.repeat(4000)]) {
      other.jar.set(VISITOR, cookie);
      assertRefused(await other.get(path), 'state_invalid');
    }
    assert.equal(trades(), 0);
    assertSignedIn(await b.get(path));
    other.close();
  });

  it('signs nobody in to the account of whoever made them follow a link', async () => {
    const attacker = new Browser(w.server);
    const link = await attacker.approve(await attacker.begin('oidc'));
    await b.begin('oidc');
    assertRefused(await b.get(link), 'state_invalid');
    // With a state of the victim's own and the attacker's code, the verifier does not match,
    const code = new URLSearchParams(link.split('?')[1]).get('code');
    const mine = new URL(await b.begin('oidc'));
    const inject = (state) => callback(new URLSearchParams({ code, state, iss: idp.issuer }));
    assertRefused(await b.get(inject(mine.searchParams.get('state'))), 'provider_invalid');
    // and where the provider does not look at that, the nonce does not.
    const again = await attacker.approve(await attacker.begin('oidc'));
    const second = new URL(await b.begin('oidc'));
    idp.change = { anyVerifier: true };
    const query = new URLSearchParams({ code: new URLSearchParams(again.split('?')[1]).get('code'), state: second.searchParams.get('state'), iss: idp.issuer });
    assertRefused(await b.get(callback(query)), 'provider_invalid');
    expectProblem(await b.get('/v1/auth/me'), 401);
    attacker.close();
  });

  it('comes back once', async () => {
    const path = await b.approve(await b.begin('oidc'));
    const replies = await Promise.all([1, 2, 3].map(() => b.get(path)));
    assert.equal(replies.filter((r) => r.headers.location === '/').length, 1);
    assert.equal(replies.filter((r) => r.headers.location === '/login?error=state_invalid').length, 2);
    assert.equal(trades(), 1);
    assertRefused(await b.get(path), 'state_invalid');
  });

  it('is over after ten minutes', async () => {
    const path = await b.approve(await b.begin('oidc'));
    await sql(w.server, `UPDATE oauth_states SET expires_at = '${new Date(Date.now() - 1000).toISOString()}'`);
    assertRefused(await b.get(path), 'state_invalid');
    assert.equal(trades(), 0);
  });

  it('is forgotten when it is over, however many were begun', async () => {
    const server = await w.start({ ...idp.env() });
    const hash = server.kind === 'postgres' ? "decode(lpad(to_hex(n), 64, '0'), 'hex')" : "CAST(printf('%032d', n) AS BLOB)";
    const row = `${hash}, 'oidc', 'sign_in', 'n', 'v', '/', '2026-01-01T00:00:00.000Z', '2026-01-01T00:10:00.000Z'`;
    const rows = server.kind === 'postgres'
      ? `SELECT ${row.replaceAll("Z'", "Z'::timestamptz")} FROM generate_series(1, 20500) n`
      : `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20500) SELECT ${row} FROM s`;
    await sql(server, `INSERT INTO oauth_states (hash, provider, purpose, nonce, verifier, next, created_at, expires_at) ${rows}`);
    await server.restart(); // housekeeping begins a second after the start
    const left = async () => Number((await sql(server, 'SELECT count(*) FROM oauth_states'))[0][0]);
    await eventually(async () => await left() === 0, { ms: 10_000, what: 'visits to be forgotten' });
  });

  it('leaves nothing readable in the database', async () => {
    const url = new URL(await b.begin('oidc'));
    const columns = 'provider, purpose, nonce, verifier, next';
    const text = JSON.stringify(await sql(w.server, `SELECT ${columns} FROM oauth_states`));
    assert.ok(!text.includes(url.searchParams.get('state')));
    assert.ok(!text.includes(b.jar.get(VISITOR)));
  });

  it('that the provider ended says so, and repeats nothing', async () => {
    const cases = {
      access_denied: 'access_denied', server_error: 'provider_unavailable', temporarily_unavailable: 'provider_unavailable',
      invalid_request: 'provider_invalid', unauthorized_client: 'provider_invalid', '<script>': 'provider_invalid',
    };
    for (const [error, code] of Object.entries(cases)) {
      const canary = `canary-${code}`;
      const back = (params) => new URLSearchParams({ state: params.get('state'), iss: idp.issuer, error, error_description: canary, error_uri: `https://evil.test/${canary}` });
      assertRefused(await signInWith({ back }), code);
      assert.ok(!w.server.log.includes(canary));
    }
    assert.equal(trades(), 0);
  });

  it('answered by another provider is refused before the code is given away', async () => {
    const set = (name, value) => (params) => {
      if (value === undefined) params.delete(name);
      else params.set(name, value);
      return params;
    };
    for (const iss of [google.issuer, `${idp.issuer}/`, '', idp.issuer.toUpperCase(), undefined]) {
      assertRefused(await signInWith({ back: set('iss', iss) }), 'provider_invalid');
    }
    for (const code of [undefined, '']) assertRefused(await signInWith({ back: set('code', code) }), 'provider_invalid');
    assertRefused(await signInWith({ back: set('code', 'x'.repeat(5000)) }), 'provider_invalid');
    assert.equal(trades(), 0);
    assertRefused(await signInWith({ back: set('code', 'guessed') }), 'provider_invalid');
  });

  it('may come back without a name where the provider never says one', async () => {
    const { authorization_response_iss_parameter_supported: gone, ...document } = idp.discovery();
    idp.change.discovery = () => document;
    const server = await w.start(idp.env());
    const visitor = new Browser(server);
    idp.change.back = (params) => { params.delete('iss'); return params; };
    assertSignedIn(await visitor.signIn('oidc'));
    idp.change.back = (params) => { params.set('iss', google.issuer); return params; };
    assertRefused(await visitor.signIn('oidc'), 'provider_invalid');
    visitor.close();
  });

  it('comes back to the public address alone, whatever the request says', async () => {
    const server = await w.start({ ...idp.env(), AGENTGEN_PUBLIC_URL: 'https://agents.example.test:8443/' });
    const visitor = new Browser(server);
    for (const headers of [{}, { host: 'evil.test' }, { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'http' }]) {
      const reply = await visitor.client.get('/v1/auth/oauth/oidc?moved=true', { headers });
      const url = new URL(reply.headers.location);
      assert.equal(url.searchParams.get('redirect_uri'), 'https://agents.example.test:8443/v1/auth/oauth/oidc/callback');
      const first = await visitor.client.get('/v1/auth/oauth/oidc', { headers });
      assert.equal(first.headers.location, 'https://agents.example.test:8443/v1/auth/oauth/oidc?moved=true');
    }
    visitor.close();
  });
});

describe('an ID token', () => {
  const claims = (more) => ({ claims: (c) => ({ ...c, ...more }) });
  const without = (name) => ({ claims: ({ [name]: gone, ...c }) => c });
  const header = (more) => ({ header: (h) => ({ ...h, ...more }) });

  it('of the right form signs in: the other cases fail for their own reason', async () => {
    const cases = [{}, header({ typ: undefined }), header({ typ: 'jwt' }), claims({ aud: [idp.clientId] }), claims({ azp: idp.clientId }),
      claims({ aud: ['other', idp.clientId], azp: idp.clientId }), claims({ exp: seconds() - 30 }), claims({ iat: seconds() + 30 }),
      claims({ nbf: seconds() + 30 }), claims({ exp: seconds() + 300.5 }), claims({ sub: 'x'.repeat(255) }), claims({ extra: { deep: [[['x']]] } }),
      header({ x5c: ['MIIB', 'MIIC'], x5t: 'abc' }), { reply: (r) => ({ ...r, token_type: 'bearer' }) }];
    for (const change of cases) {
      const visitor = new Browser(w.server);
      idp.reset();
      assertSignedIn(await signInWith(change, visitor));
      visitor.close();
    }
  });

  it('with a wrong header is refused', async () => {
    const stranger = makeKey('RS256');
    const ec = idp.keys[1];
    const hs = (secret) => ({ token: (t, grant) => {
      const text = `${encode({ ...grant.header, alg: 'HS256' })}.${encode(grant.claims)}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    } });
    const part = (alg, signature) => ({ token: (t) => `${encode({ alg, typ: 'JWT' })}.${t.split('.')[1]}.${signature}` });
    const cases = {
      'alg none': part('none', ''),
      'alg none, a signature': part('none', 'AAAA'),
      'alg None': part('None', 'AAAA'),
      'alg missing': header({ alg: undefined }),
      'alg a list': header({ alg: ['RS256'] }),
      'HS256 with the client secret': hs(idp.clientSecret),
      'HS256 with the public key': hs(JSON.stringify(idp.keys[0].jwk)),
      'RS512': { key: { ...idp.keys[0], alg: 'RS512' } },
      'RS512 said to be RS256': { key: { ...idp.keys[0], alg: 'RS512' }, ...header({ alg: 'RS256' }) },
      'RS256 said to be ES256': header({ alg: 'ES256' }),
      'ES256 said to be RS256': { key: ec, ...header({ alg: 'RS256' }) },
      'the other key by its id': header({ kid: ec.kid }),
      'an unknown key': { key: stranger },
      'an unknown key under a known id': { key: { ...stranger, kid: idp.keys[0].kid } },
      'an unknown key in the header': { key: stranger, ...header({ jwk: stranger.jwk }) },
      'a known key and one in the header': header({ jwk: idp.keys[0].jwk }),
      'jku': header({ jku: `${idp.issuer}/jwks` }),
      'x5u': header({ x5u: `${idp.issuer}/cert` }),
      'kid a number': header({ kid: 7 }),
      'kid empty': header({ kid: '' }),
      'kid with a line end': header({ kid: 'a\nb' }),
      'kid endless': header({ kid: 'k'.repeat(3000) }),
      'crit': header({ crit: ['exp'] }),
      'crit empty': header({ crit: [] }),
      'b64': header({ b64: false }),
      'zip': header({ zip: 'DEF' }),
      'typ of an access token': header({ typ: 'at+jwt' }),
      'typ of a logout token': header({ typ: 'logout+jwt' }),
      'typ null': header({ typ: null }),
      'a header that nests': header({ x: [[]] }),
      'a header that holds an object': header({ x: {} }),
      'two alg': { token: (t) => `${encode(`{"alg":"none","alg":"RS256","kid":"${idp.keys[0].kid}"}`)}.${t.split('.').slice(1).join('.')}` },
      'a header that is no object': { token: (t) => `${encode('[]')}.${t.split('.').slice(1).join('.')}` },
      'a header that is no JSON': { token: (t) => `${encode('hello')}.${t.split('.').slice(1).join('.')}` },
    };
    for (const [what, change] of Object.entries(cases)) {
      const reply = await signInWith(change);
      assert.equal(reply.headers.location, '/login?error=provider_invalid', what);
      assertRefused(reply, 'provider_invalid');
    }
  });

  it('with a wrong signature or form is refused', async () => {
    const flip = (at) => (bytes) => { bytes[at < 0 ? bytes.length + at : at] ^= 1; return bytes; };
    const text = (change) => ({ token: (t) => change(...t.split('.')) });
    const cases = {
      'first bit': { signature: flip(0) },
      'last bit': { signature: flip(-1) },
      'a byte short': { signature: (bytes) => bytes.subarray(1) },
      'a byte more': { signature: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]) },
      'none': text((h, p) => `${h}.${p}.`),
      'no dot': text((h, p) => `${h}.${p}`),
      'four parts': text((h, p, s) => `${h}.${p}.${s}.${s}`),
      'a dot more': text((h, p, s) => `${h}.${p}.${s}.`),
      'padding': text((h, p, s) => `${h}.${p}.${s}=`),
      'white space': text((h, p, s) => `${h}.${p}. ${s}`),
      'a payload changed': text((h, p, s) => `${h}.${encode({ ...JSON.parse(Buffer.from(p, 'base64url')), sub: 'admin' })}.${s}`),
      'too long': { claims: (c) => ({ ...c, more: 'x'.repeat(20_000) }) },
      'empty': { token: () => '' },
      'a list': { reply: (r) => ({ ...r, id_token: [r.id_token] }) },
      'missing': { reply: ({ id_token, ...r }) => r },
      'ES256, first bit': { key: idp.keys[1], signature: flip(0) },
      'ES256 of zeros': { key: idp.keys[1], signature: (bytes) => Buffer.alloc(bytes.length) },
      'ES256 cut': { key: idp.keys[1], signature: (bytes) => bytes.subarray(0, 63) },
      'ES256 in DER': { key: idp.keys[1], signature: (bytes) => Buffer.concat([Buffer.from([0x30, 0x44, 2, 32]), bytes.subarray(0, 32), Buffer.from([2, 32]), bytes.subarray(32)]) },
    };
    for (const [what, change] of Object.entries(cases)) {
      const reply = await signInWith(change);
      assert.equal(reply.headers.location, '/login?error=provider_invalid', what);
      assertRefused(reply, 'provider_invalid');
    }
  });

  it('with a wrong claim is refused', async () => {
    const bad = {
      iss: [google.issuer, `${idp.issuer}/`, '', null, 7, [idp.issuer]],
      aud: ['other', '', null, [], ['other'], [idp.clientId, 7], Array(40).fill(idp.clientId), { [idp.clientId]: true }, `${idp.clientId} `],
      azp: ['other', '', null, [idp.clientId]],
      exp: [seconds() - 61, 0, -1, null, 'soon', String(seconds() + 300), 1e300],
      iat: [seconds() + 120, null, 'now', -1],
      nbf: [seconds() + 120, 'later'],
      nonce: ['other', '', null, 7],
      sub: ['', null, 7, 'x'.repeat(256), 'a\u0000b', 'a\nb'],
      email: [], email_verified: [],
    };
    for (const [name, values] of Object.entries(bad)) {
      for (const value of values) {
        const reply = await signInWith(claims({ [name]: value }));
        assert.equal(reply.headers.location, '/login?error=provider_invalid', `${name}: ${JSON.stringify(value)}`);
        assertRefused(reply, 'provider_invalid');
      }
    }
    for (const name of ['iss', 'aud', 'exp', 'iat', 'nonce', 'sub']) assertRefused(await signInWith(without(name)), 'provider_invalid');
    const twoAudiences = claims({ aud: [idp.clientId, 'other'] });
    assertRefused(await signInWith(twoAudiences), 'provider_invalid');
    assertRefused(await signInWith(claims({ aud: [idp.clientId, 'other'], azp: 'other' })), 'provider_invalid');
    const twice = (name, value) => ({ token: (t, grant) => {
      const body = JSON.stringify(grant.claims).replace('{', `{${JSON.stringify(name)}:${JSON.stringify(value)},`);
      return resigned(grant.header, body);
    } });
    for (const name of ['iss', 'aud', 'sub', 'nonce', 'exp', 'email', 'email_verified']) {
      assertRefused(await signInWith(twice(name, 'x')), 'provider_invalid');
    }
    for (const body of ['[]', 'null', '"x"', '{', '']) {
      assertRefused(await signInWith({ token: (t, grant) => resigned(grant.header, body) }), 'provider_invalid');
    }
  });

  /** A token over this text, by the provider's own key. */
  const resigned = (head, body) => makeToken(idp.keys[0], head, body);

  it('says what is wrong in the log, and nothing of what it holds', async () => {
    const canary = 'canary-in-a-claim';
    assertRefused(await signInWith(claims({ iss: canary, name: canary })), 'provider_invalid');
    const line = await w.server.waitForLog(/oauth_failed.*another issuer's.*/);
    assert.match(line, /upstream_invalid_response/);
    for (const secret of [canary, idp.clientSecret, encodeURIComponent(idp.clientSecret)]) assert.ok(!w.server.log.includes(secret));
  });

  it('of an address that is none counts as one without', async () => {
    for (const email of ['nobody', 'a@b@c.test', '', 7, null, `${'a'.repeat(250)}@mail.test`, 'a@b\u0000.test', ['a@b.test']]) {
      idp.reset();
      idp.person.email = email;
      assertRefused(await b.signIn('oidc'), 'email_unverified');
    }
  });
});

describe('a provider', () => {
  const html = (req, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>canary-page</body></html>');
  const status = (code, body = '{"error":"canary-error"}') => (req, res) => res.writeHead(code, { 'content-type': 'application/json' }).end(body);
  const text = (body) => (req, res) => res.writeHead(200, { 'content-type': 'application/json' }).end(body);
  const away = (req, res) => res.writeHead(302, { location: `${google.issuer}/token` }).end();
  const huge = (req, res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    const piece = Buffer.alloc(64 * 1024, ' ');
    const more = () => { while (!res.destroyed && res.write(piece)); };
    res.on('drain', more);
    more();
  };
  const broken = { 'a page': html, 'invalid JSON': text('{"access_token":'), 'a list': text('[]'), 'nothing': text(''), 'null': text('null'), 'deep': text('['.repeat(60_000)), 'a redirect': away, 'status 404': status(404), 'status 500': status(500, 'canary-500'), 'no end': huge };
  const down = new Set(['status 500']);

  it('that fails to trade the code is told apart from one that refuses', async () => {
    const cases = { ...broken, 'status 400': status(400), 'status 401': status(401, 'no'), 'status 429': status(429), 'an error with 200': text('{"error":"invalid_grant"}') };
    for (const [what, answer] of Object.entries(cases)) {
      const reply = await signInWith({ raw: { '/token': answer } });
      const code = down.has(what) || what === 'status 429' ? 'provider_unavailable' : 'provider_invalid';
      assert.equal(reply.headers.location, `/login?error=${code}`, what);
    }
    assert.equal(google.seen('/token').length, 0, 'no redirect is followed');
    assert.ok(!w.server.log.includes('canary'), 'what it said is not in the log');
  });

  it('that sends what is no token reply is refused', async () => {
    const cases = [{ access_token: undefined }, { access_token: '' }, { access_token: 'a\r\nx: y' }, { access_token: 'a b' }, { access_token: 'ü' }, { access_token: 7 },
      { access_token: 'x'.repeat(9000) }, { token_type: undefined }, { token_type: 'mac' }, { token_type: null }, { error: 'x' }];
    for (const more of cases) assertRefused(await signInWith({ reply: (r) => ({ ...r, ...more }) }), 'provider_invalid');
  });

  it('whose userinfo fails, or speaks of somebody else, signs nobody in', async () => {
    const silent = { claims: ({ email, email_verified, name, ...c }) => c };
    assertRefused(await signInWith({ ...silent, userinfo: (person) => ({ ...person, sub: 'somebody-else' }) }), 'provider_invalid');
    assertRefused(await signInWith({ ...silent, userinfo: ({ sub, ...person }) => person }), 'provider_invalid');
    assertRefused(await signInWith({ ...silent, userinfo: (person) => ({ ...person, email_verified: false }) }), 'email_unverified');
    for (const [what, answer] of Object.entries(broken)) {
      const reply = await signInWith({ ...silent, raw: { '/userinfo': answer } });
      assert.equal(reply.headers.location, `/login?error=${down.has(what) ? 'provider_unavailable' : 'provider_invalid'}`, what);
    }
  });

  it('whose documents cannot be read is not gone to, and asked again after a moment', async () => {
    const documents = {
      'another issuer': { discovery: (d) => ({ ...d, issuer: google.issuer }) },
      'the issuer with a slash': { discovery: (d) => ({ ...d, issuer: `${d.issuer}/` }) },
      'no issuer': { discovery: ({ issuer, ...d }) => d },
      'two issuers': { discovery: (d) => `{"issuer":"x",${JSON.stringify(d).slice(1)}` },
      'no token endpoint': { discovery: ({ token_endpoint, ...d }) => d },
      'an endpoint elsewhere in clear': { discovery: (d) => ({ ...d, token_endpoint: 'http://example.test/token' }) },
      'an endpoint that is a script': { discovery: (d) => ({ ...d, authorization_endpoint: 'javascript:alert(1)' }) },
      'an endpoint with a user': { discovery: (d) => ({ ...d, token_endpoint: d.token_endpoint.replace('//', '//a:b@') }) },
      'no algorithm of ours': { discovery: (d) => ({ ...d, id_token_signing_alg_values_supported: ['HS256', 'none'] }) },
      'no way to tell the secret': { discovery: (d) => ({ ...d, token_endpoint_auth_methods_supported: ['private_key_jwt'] }) },
      'no keys': { jwks: () => ({ keys: [] }) },
      'secret keys': { jwks: () => ({ keys: [{ kty: 'oct', k: encode('x'.repeat(32)), kid: 'x' }] }) },
      'short keys': { jwks: () => ({ keys: [makeKey('RS256', { bits: 1024 }).jwk] }) },
      'keys of another curve': { jwks: () => ({ keys: [{ ...makeKey('ES256', { curve: 'P-384' }).jwk, alg: 'ES384' }] }) },
      'keys to encrypt with': { jwks: (set) => ({ keys: set.keys.map((key) => ({ ...key, use: 'enc' })) }) },
      'far too many keys': { jwks: (set) => ({ keys: Array(200).fill(set.keys[0]) }) },
    };
    const cases = { ...documents };
    for (const [what, answer] of Object.entries(broken)) {
      cases[`discovery: ${what}`] = { raw: { '/.well-known/openid-configuration': answer } };
      cases[`jwks: ${what}`] = { raw: { '/jwks': answer } };
    }
    const servers = await Promise.all([1, 2, 3, 4].map(() => w.start({ ...idp.env(), AGENTGEN_LOOPS: 1 })));
    let turn = 0;
    for (const [what, change] of Object.entries(cases)) {
      idp.change = change;
      const server = servers[turn++ % servers.length];
      // What failed is remembered for five seconds; a new process knows nothing of it.
      if (turn > servers.length) await server.restart();
      const visitor = new Browser(server);
      const reply = await visitor.get('/v1/auth/oauth/oidc');
      const code = what.endsWith('status 500') ? 'provider_unavailable' : 'provider_invalid';
      assert.equal(reply.headers.location, `/login?error=${code}`, what);
      assert.ok(!server.log.includes('canary'), what);
      visitor.close();
    }
    const visitor = new Browser(servers[(turn - 1) % servers.length]);
    idp.change = {};
    const before = idp.seen('/.well-known/openid-configuration').length;
    assert.match((await visitor.get('/v1/auth/oauth/oidc')).headers.location, /error=/);
    assert.equal(idp.seen('/.well-known/openid-configuration').length, before, 'not asked again at once');
    await new Promise((resolve) => { setTimeout(resolve, 5200); });
    assertSignedIn(await visitor.signIn('oidc'));
    visitor.close();
  });

  it('that is down or silent is given up on in time', async () => {
    const port = await freePort();
    const server = await w.start({ ...idp.env(), AGENTGEN_OIDC_ISSUER: `http://127.0.0.1:${port}` });
    const visitor = new Browser(server);
    assertRefused(await visitor.get('/v1/auth/oauth/oidc'), 'provider_unavailable');
    visitor.close();

    const silent = [(req, res) => { res.on('error', () => {}); }, (req, res) => { res.writeHead(200); res.write('{'); }];
    const attempts = silent.map(async (answer) => {
      const one = new Browser(w.server);
      const path = await one.approve(await one.begin('oidc'));
      const from = performance.now();
      const reply = await one.get(path);
      one.close();
      assertRefused(reply, 'provider_unavailable');
      return performance.now() - from;
    });
    idp.change = { raw: { '/token': (req, res) => silent[idp.seen('/token').length % 2](req, res) } };
    for (const ms of await Promise.all(attempts)) assert.ok(ms > 5000 && ms < 12_000 * Number(process.env.AGENTGEN_TEST_SLOW ?? 1), `${ms} ms`);
  });

  it('whose keys change is asked for them anew, at most once a minute', async () => {
    const fresh = makeKey('RS256');
    const rotated = { key: fresh, jwks: () => ({ keys: [fresh.jwk] }) };
    const young = await w.start({ ...idp.env(), AGENTGEN_LOOPS: 1 }); // the minute has just begun for it
    const early = new Browser(young);
    assertSignedIn(await early.signIn('oidc'));
    const asked = idp.seen('/jwks').length;
    assertRefused(await signInWith(rotated, early), 'provider_invalid');
    assert.equal(idp.seen('/jwks').length, asked);
    early.close();

    const server = await w.start({ ...idp.env(), AGENTGEN_LOOPS: 1, AGENTGEN_FAULTS: 'oauth_keys_old=1' }).catch((e) => e);
    if (server instanceof Error) {
      assert.match(server.message, /AGENTGEN_FAULTS|fault/i);
      return; // a release has no faults to inject
    }
    const visitor = new Browser(server);
    idp.reset();
    assertSignedIn(await visitor.signIn('oidc'));
    assertSignedIn(await signInWith(rotated, visitor));
    idp.reset();
    visitor.close();
  });

  it('cannot make the server dial where it may not', async () => {
    const seen = [];
    const canary = http.createServer((req, res) => { seen.push(req.url); res.end('{}'); }).listen(0, '127.0.0.1');
    await once(canary, 'listening');
    const inside = `http://127.0.0.1:${canary.address().port}`;
    const silent = { claims: ({ email, email_verified, name, ...c }) => c };
    for (const endpoint of ['jwks_uri', 'token_endpoint', 'userinfo_endpoint']) {
      for (const address of [inside, inside.replace('127.0.0.1', 'localhost'), inside.replace('127.0.0.1', '[::1]')]) {
        idp.reset();
        idp.change = { ...silent, discovery: (d) => ({ ...d, [endpoint]: `${address}/inside` }) };
        const server = await w.start({ ...idp.env(), AGENTGEN_LOOPS: 1 });
        const visitor = new Browser(server);
        const begun = await visitor.get('/v1/auth/oauth/oidc');
        const reply = endpoint === 'jwks_uri' ? begun : await visitor.get(await visitor.approve(begun.headers.location));
        assertRefused(reply, 'provider_unavailable');
        assert.deepEqual(seen, [], `${endpoint} at ${address}`);
        visitor.close();
        await w.stopOthers();
      }
    }
    idp.reset();
    idp.change = { ...silent, discovery: (d) => ({ ...d, userinfo_endpoint: `${inside}/inside` }) };
    const server = await w.start({ ...idp.env(), AGENTGEN_EGRESS_ALLOW: '127.0.0.0/8' });
    const visitor = new Browser(server);
    assertRefused(await visitor.signIn('oidc'), 'provider_invalid');
    assert.deepEqual(seen, ['/inside'], 'the operator may allow it');
    visitor.close();
    canary.close();
  });
});

describe('GitHub', () => {
  it('that refuses, fails or tells nonsense signs nobody in', async () => {
    const page = (req, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html>canary-page</html>');
    const gone = (req, res) => res.writeHead(503).end('canary-503');
    const cases = [
      [{ raw: { '/login/oauth/access_token': page } }, 'provider_invalid'],
      [{ raw: { '/login/oauth/access_token': gone } }, 'provider_unavailable'],
      [{ reply: () => ({ error: 'bad_verification_code', error_description: 'canary' }) }, 'provider_invalid'],
      [{ reply: (r) => ({ ...r, access_token: 'a\nb' }) }, 'provider_invalid'],
      [{ raw: { '/api/v3/user': page } }, 'provider_invalid'],
      [{ raw: { '/api/v3/user': gone } }, 'provider_unavailable'],
      [{ raw: { '/api/v3/user/emails': page } }, 'provider_invalid'],
      [{ raw: { '/api/v3/user/emails': gone } }, 'provider_unavailable'],
      ...[undefined, null, 0, -1, '7', 7.5, true, [7]].map((id) => [{ user: (u) => ({ ...u, id }) }, 'provider_invalid']),
      ...[{}, null, 'x'].map((list) => [{ emails: () => list ?? 'null' }, 'provider_invalid']),
      [{ emails: () => [] }, 'email_unverified'],
      [{ emails: (list) => list.map((e) => ({ ...e, primary: false })) }, 'email_unverified'],
      [{ emails: (list) => list.map((e) => ({ ...e, primary: 'true' })) }, 'email_unverified'],
      [{ emails: () => [7, null, [], {}] }, 'email_unverified'],
    ];
    for (const [change, code] of cases) {
      github.reset();
      const reply = await signInWith(change, b, 'github', github);
      assert.equal(reply.headers.location, `/login?error=${code}`, String(Object.values(change)[0]));
    }
    assert.ok(!w.server.log.includes('canary'));
  });

  it('takes a code once, from the browser that asked, with its verifier', async () => {
    const attacker = new Browser(w.server);
    const code = new URLSearchParams((await attacker.approve(await attacker.begin('github'))).split('?')[1]).get('code');
    const state = new URL(await b.begin('github')).searchParams.get('state');
    assertRefused(await b.get(`/v1/auth/oauth/github/callback?${new URLSearchParams({ code, state })}`), 'provider_invalid');
    const path = await b.approve(await b.begin('github'));
    assertSignedIn(await b.get(path));
    assertRefused(await b.get(path), 'state_invalid');
    attacker.close();
  });

  it('with a wrong secret is told in the log, without it', async () => {
    const server = await w.start({ ...github.env(), GITHUB_CLIENT_SECRET: 'another-hush' });
    const visitor = new Browser(server);
    assertRefused(await visitor.signIn('github'), 'provider_invalid');
    assert.match(server.log, /does not know the client id and secret/);
    assert.ok(!server.log.includes('another-hush'));
    visitor.close();
  });
});

describe('what is asked too often', () => {
  it('is told to wait', async () => {
    const server = await w.start({ ...github.env(), AGENTGEN_RATE_LIMITS: true });
    const client = new Client(server.url);
    const visits = Array.from({ length: 310 }, () => client.get('/v1/auth/oauth/github?moved=true'));
    const replies = await Promise.all(visits);
    const late = replies.filter((r) => r.status === 429);
    assert.ok(late.length >= 1 && late.length <= 10, `${late.length} of 310`);
    assert.equal(replies.filter((r) => r.status === 302).length, 310 - late.length);
    assert.ok(Number(late[0].headers['retry-after']) >= 1);
    client.close();
  });
});
