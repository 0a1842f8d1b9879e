// A scripted OpenID Connect provider that signs whoever `person` says in without asking. By itself it
// keeps to the standard; `change` breaks one thing at a time:
//
//   discovery(document), jwks(set), claims(claims), header(header), userinfo(claims),
//   reply(tokenReply), back(params)      return what goes out instead
//   key                                  signs with another key than the published ones
//   signature(buffer)                    returns another signature
//   token(text, grant)                   returns another ID token
//   anyVerifier                          trades a code whatever its verifier
//   raw: {path: (req, res) => ...}       answers a path by hand
import { createHash, createSign, generateKeyPairSync, randomBytes, sign as signWith } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

const now = () => Math.floor(Date.now() / 1000);
const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A key pair: {alg, kid, privateKey, jwk}. */
export function makeKey(alg = 'RS256', { kid = randomBytes(6).toString('hex'), bits = 2048, curve = 'P-256' } = {}) {
  const pair = alg.startsWith('ES') ? generateKeyPairSync('ec', { namedCurve: curve })
    : generateKeyPairSync('rsa', { modulusLength: bits });
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
  return { alg, kid, privateKey: pair.privateKey, jwk };
}

const HASHES = { RS256: 'RSA-SHA256', RS384: 'RSA-SHA384', RS512: 'RSA-SHA512' };

/** The signature over `text` as the algorithm of `key` makes it. */
export function signature(key, text) {
  if (key.alg.startsWith('ES')) return signWith('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return createSign(HASHES[key.alg]).update(text).sign(key.privateKey);
}

export function makeToken(key, header, claims, change = (bytes) => bytes) {
  const text = `${b64(header)}.${b64(claims)}`;
  return `${text}.${change(signature(key, text)).toString('base64url')}`;
}

export class IdentityProvider {
  constructor({ clientId = 'agentgen-test', clientSecret = 'hush/+:%&=ä' } = {}) {
    this.clientId = clientId;
    this.clientSecret = clientSecret;
    this.keys = [makeKey('RS256'), makeKey('ES256')];
    this.reset();
  }

  /** As on the first day: nothing broken, nobody known, the RSA key in use. */
  reset() {
    this.change = {};
    this.person = { sub: `sub-${randomBytes(6).toString('hex')}`, email: `${randomBytes(6).toString('hex')}@mail.test`, email_verified: true, name: 'Grace Hopper' };
    this.key = this.keys[0];
    this.secretInBody = false;
    this.codes = new Map();
    this.requests = [];
    this.authTime = undefined;
  }

  async listen() {
    this.server = http.createServer((req, res) => {
      this.#answer(req, res).catch((e) => { res.writeHead(500).end(String(e)); });
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.issuer = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Settings of a server that knows it as `oidc`, or as `google`. */
  env(as = 'oidc') {
    const prefix = as === 'google' ? 'GOOGLE' : 'AGENTGEN_OIDC';
    return {
      [as === 'google' ? 'AGENTGEN_GOOGLE_ISSUER' : 'AGENTGEN_OIDC_ISSUER']: this.issuer,
      [`${prefix}_CLIENT_ID`]: this.clientId,
      [`${prefix}_CLIENT_SECRET`]: this.clientSecret,
    };
  }

  /** Requests to a path. */
  seen(path) {
    return this.requests.filter((r) => r.path === path);
  }

  async #answer(req, res) {
    const url = new URL(req.url, this.issuer);
    let body = '';
    for await (const part of req) body += part;
    this.requests.push({ method: req.method, path: url.pathname, query: url.searchParams, headers: req.headers, body });
    if (this.change.raw?.[url.pathname]) return this.change.raw[url.pathname](req, res);
    if (url.pathname === '/.well-known/openid-configuration') return this.#json(res, this.discovery());
    if (url.pathname === '/jwks') return this.#json(res, this.jwks());
    if (url.pathname === '/authorize') return this.#authorize(res, url.searchParams);
    if (url.pathname === '/token') return this.#token(req, res, new URLSearchParams(body));
    if (url.pathname === '/userinfo') return this.#userinfo(req, res);
    return res.writeHead(404).end();
  }

  #json(res, document, status = 200) {
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(typeof document === 'string' ? document : JSON.stringify(document));
  }

  discovery() {
    const document = {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/jwks`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      authorization_response_iss_parameter_supported: true,
      ...(this.secretInBody ? { token_endpoint_auth_methods_supported: ['client_secret_post'] } : {}),
    };
    return this.change.discovery?.(document) ?? document;
  }

  jwks() {
    const set = { keys: this.keys.map((key) => key.jwk) };
    return this.change.jwks?.(set) ?? set;
  }

  #authorize(res, query) {
    const code = randomBytes(16).toString('hex');
    this.codes.set(code, { person: this.person, query });
    let params = new URLSearchParams({ code, state: query.get('state'), iss: this.issuer });
    params = this.change.back?.(params) ?? params;
    res.writeHead(302, { location: `${query.get('redirect_uri')}?${params}` }).end();
  }

  #isClient(req, form) {
    const encode = (text) => new URLSearchParams({ x: text }).toString().slice(2).replaceAll('+', '%20');
    if (this.secretInBody) return form.get('client_id') === this.clientId && form.get('client_secret') === this.clientSecret;
    const pair = Buffer.from((req.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
    return pair === `${encode(this.clientId)}:${encode(this.clientSecret)}`;
  }

  #token(req, res, form) {
    const grant = this.codes.get(form.get('code'));
    this.codes.delete(form.get('code'));
    if (!this.#isClient(req, form)) return this.#json(res, { error: 'invalid_client' }, 401);
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    const proved = this.change.anyVerifier || grant?.query.get('code_challenge') === challenge;
    const good = grant && proved && form.get('grant_type') === 'authorization_code' && grant.query.get('redirect_uri') === form.get('redirect_uri')
      && grant.query.get('code_challenge_method') === 'S256';
    if (!good) return this.#json(res, { error: 'invalid_grant', error_description: `no grant for ${form.get('code')}` }, 400);
    this.lastAccess = { token: randomBytes(16).toString('hex'), person: grant.person };
    const reply = { access_token: this.lastAccess.token, token_type: 'Bearer', expires_in: 60, id_token: this.idToken(grant) };
    return this.#json(res, this.change.reply?.(reply) ?? reply);
  }

  /** The ID token of a grant. */
  idToken({ person, query }) {
    const claims = {
      iss: this.issuer, aud: this.clientId, iat: now(), exp: now() + 300, nonce: query.get('nonce'), ...person,
      ...(query.has('max_age') || this.authTime ? { auth_time: this.authTime ?? now() } : {}),
    };
    const key = this.change.key ?? this.key;
    const header = { alg: key.alg, typ: 'JWT', kid: key.kid };
    const token = makeToken(key, this.change.header?.(header) ?? header, this.change.claims?.(claims) ?? claims, this.change.signature);
    return this.change.token?.(token, { header, claims }) ?? token;
  }

  #userinfo(req, res) {
    if (req.headers.authorization !== `Bearer ${this.lastAccess?.token}`) return res.writeHead(401).end();
    return this.#json(res, this.change.userinfo?.(this.lastAccess.person) ?? this.lastAccess.person);
  }
}

export const startIdentityProvider = (options) => new IdentityProvider(options).listen();
