// A scripted GitHub: its OAuth pages, and the two places of its API that tell of an account. `change`
// breaks one thing at a time: user(document), emails(list), reply(tokenReply) return what goes out
// instead, raw: {path: (req, res) => ...} answers a path by hand.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

export class GitHub {
  constructor({ clientId = 'Iv1.0123456789abcdef', clientSecret = 'github-hush' } = {}) {
    this.clientId = clientId;
    this.clientSecret = clientSecret;
    this.nextId = 1000;
    this.reset();
  }

  reset() {
    this.change = {};
    this.nextId += 1;
    const email = `${randomBytes(6).toString('hex')}@mail.test`;
    this.person = { id: this.nextId, login: `octo-${this.nextId}`, name: 'Mona Octocat' };
    this.emails = [
      { email: `${this.nextId}+octo@users.noreply.test`, primary: false, verified: true, visibility: null },
      { email, primary: true, verified: true, visibility: 'private' },
    ];
    this.codes = new Map();
    this.tokens = new Map();
    this.requests = [];
  }

  get email() {
    return this.emails.find((e) => e.primary)?.email;
  }

  async listen() {
    this.server = http.createServer((req, res) => {
      this.#answer(req, res).catch((e) => { res.writeHead(500).end(String(e)); });
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  env() {
    return {
      GITHUB_CLIENT_ID: this.clientId,
      GITHUB_CLIENT_SECRET: this.clientSecret,
      AGENTGEN_GITHUB_URL: this.url,
      AGENTGEN_GITHUB_API_URL: `${this.url}/api/v3/`,
    };
  }

  seen(path) {
    return this.requests.filter((r) => r.path === path);
  }

  async #answer(req, res) {
    const url = new URL(req.url, this.url);
    let body = '';
    for await (const part of req) body += part;
    this.requests.push({ method: req.method, path: url.pathname, query: url.searchParams, headers: req.headers, body });
    if (this.change.raw?.[url.pathname]) return this.change.raw[url.pathname](req, res);
    if (url.pathname === '/login/oauth/authorize') return this.#authorize(res, url.searchParams);
    if (url.pathname === '/login/oauth/access_token') return this.#token(req, res, new URLSearchParams(body));
    if (url.pathname === '/api/v3/user') return this.#api(req, res, (person) => this.change.user?.(person) ?? person);
    if (url.pathname === '/api/v3/user/emails') return this.#api(req, res, () => this.change.emails?.(this.emails) ?? this.emails);
    return res.writeHead(404).end('{"message":"Not Found"}');
  }

  #json(res, document, status = 200) {
    res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
    res.end(JSON.stringify(document));
  }

  #authorize(res, query) {
    const code = randomBytes(10).toString('hex');
    this.codes.set(code, { person: this.person, query });
    res.writeHead(302, { location: `${query.get('redirect_uri')}?${new URLSearchParams({ code, state: query.get('state') })}` }).end();
  }

  /** Errors come with status 200, as GitHub sends them, and without `accept` in another form. */
  #token(req, res, form) {
    const grant = this.codes.get(form.get('code'));
    this.codes.delete(form.get('code'));
    if (!req.headers.accept?.includes('json')) return res.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' }).end('error=accept');
    if (form.get('client_id') !== this.clientId || form.get('client_secret') !== this.clientSecret) {
      return this.#json(res, { error: 'incorrect_client_credentials', error_description: 'The client_id and/or client_secret passed are incorrect.' });
    }
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    if (!grant || grant.query.get('redirect_uri') !== form.get('redirect_uri') || grant.query.get('code_challenge') !== challenge) {
      return this.#json(res, { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' });
    }
    const token = `gho_${randomBytes(10).toString('hex')}`;
    this.tokens.set(token, grant.person);
    const reply = { access_token: token, scope: 'read:user,user:email', token_type: 'bearer' };
    return this.#json(res, this.change.reply?.(reply) ?? reply);
  }

  #api(req, res, document) {
    const person = this.tokens.get((req.headers.authorization ?? '').replace(/^Bearer /, ''));
    if (!person) return this.#json(res, { message: 'Bad credentials' }, 401);
    if (!req.headers['user-agent']) return this.#json(res, { message: 'Request forbidden by administrative rules' }, 403);
    return this.#json(res, document(person));
  }
}

export const startGitHub = (options) => new GitHub(options).listen();
