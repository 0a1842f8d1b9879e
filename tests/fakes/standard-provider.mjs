// A certified OpenID Connect provider (oidc-provider), with its own sign-in and consent pages. Whoever
// signs in as NAME is the account NAME@mail.test; names that begin with "un" have not verified theirs.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

import { interactionPolicy, Provider } from 'oidc-provider';

import { freePort } from '../lib/time-and-ports.mjs';
import { makeKey } from './identity-provider.mjs';

const address = (login) => `${login}@mail.test`;

/** What may be asked for by `prompt`: as by itself, or `select_account` in place of `login`, as Google has it. */
function policyOf({ selectAccount }) {
  const policy = interactionPolicy.base();
  if (!selectAccount) return policy;
  const prompt = new interactionPolicy.Prompt({ name: 'select_account', requestable: true });
  prompt.checks.clear(); // its own pages know nothing of it
  policy.add(prompt, 0);
  policy.get('login').requestable = false;
  return policy;
}

function configuration({ clients, emailInToken, selectAccount }) {
  const keys = [makeKey('RS256'), makeKey('ES256')];
  return {
    clients,
    jwks: { keys: keys.map((key) => ({ ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: key.alg, use: 'sig' })) },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    pkce: { required: () => true },
    conformIdTokenClaims: !emailInToken,
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (ctx, login) => ({
      accountId: login,
      claims: () => ({ sub: login, name: `Person ${login}`, email: address(login), email_verified: !login.startsWith('un') }),
    }),
    interactions: { policy: policyOf({ selectAccount }) },
    features: { devInteractions: { enabled: true } },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 300, Grant: 3600, Interaction: 600, Session: 3600 },
  };
}

/** {issuer, close()}; `client` as the standard names its members, beside what is the same for all. */
export async function startStandardProvider({ client, emailInToken = false, selectAccount = false }) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const clients = [{ grant_types: ['authorization_code'], response_types: ['code'], ...client }];
  const quiet = console.warn;
  console.warn = () => {}; // it tells at length that its pages are for tests
  console.info = () => {};
  const provider = new Provider(issuer, configuration({ clients, emailInToken, selectAccount }));
  console.warn = quiet;
  const errors = [];
  provider.on('server_error', (ctx, e) => errors.push(e));
  const server = http.createServer(provider.callback()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { issuer, errors, email: address, close: async () => { server.closeAllConnections(); server.close(); } };
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/**
 * Goes from the provider's page to where it sends the browser back to, signing in as `login` where it
 * asks. Returns {path, asked}: the path on our server, and what was asked, e.g. ['login', 'consent'].
 */
export async function walkThrough(browser, url, { login, deny = false }) {
  const asked = [];
  let at = await browser.away(url);
  for (let step = 0; step < 20; step += 1) {
    if (at.location?.startsWith(browser.site)) return { path: browser.here(at.location), asked };
    if (at.location) {
      url = at.location;
      at = await browser.away(url);
      continue;
    }
    const prompt = /name="prompt" value="(\w+)"/.exec(at.text)?.[1];
    if (!prompt) return { page: at.text, status: at.status, asked };
    asked.push(prompt);
    if (deny) at = await browser.away(`${url}/abort`);
    else at = await browser.away(url, { method: 'POST', headers: FORM, body: new URLSearchParams({ prompt, login, password: 'x' }).toString() });
  }
  throw new Error(`the provider goes round in circles at ${url}`);
}
