// Against a certified provider, as a company's own (whose ID tokens tell no e-mail address) and in
// Google's place (whose do): its pages are walked through as a person would.
import assert from 'node:assert/strict';
import { after, afterEach, describe, it } from 'node:test';

import { startStandardProvider, walkThrough } from '../fakes/standard-provider.mjs';
import { Browser, SESSION } from '../lib/browser.mjs';
import { sql } from '../lib/database.mjs';
import { expect } from '../lib/expect.mjs';
import { freePort } from '../lib/time-and-ports.mjs';
import { PASSWORD, register, unique, world } from '../lib/world.mjs';

const port = await freePort();
const redirectUri = (provider) => `http://localhost:${port}/v1/auth/oauth/${provider}/callback`;
const SECRET = 'x:y+z/%&=';
const oidc = await startStandardProvider({ client: { client_id: 'agentgen client', client_secret: SECRET, redirect_uris: [redirectUri('oidc')] } });
const google = await startStandardProvider({
  emailInToken: true,
  selectAccount: true,
  client: { client_id: 'google', client_secret: SECRET, redirect_uris: [redirectUri('google')], token_endpoint_auth_method: 'client_secret_post', id_token_signed_response_alg: 'ES256' },
});
after(() => Promise.all([oidc.close(), google.close()]));
afterEach(() => w.stopOthers());
const settings = {
  AGENTGEN_OIDC_ISSUER: oidc.issuer, AGENTGEN_OIDC_CLIENT_ID: 'agentgen client', AGENTGEN_OIDC_CLIENT_SECRET: SECRET,
  AGENTGEN_GOOGLE_ISSUER: google.issuer, GOOGLE_CLIENT_ID: 'google', GOOGLE_CLIENT_SECRET: SECRET,
};
const w = world({ env: { ...settings, PORT: port } });

const newLogin = (prefix = 'ada') => unique(prefix).replaceAll('-', '');
const me = async (b) => expect(await b.get('/v1/auth/me'), 200);
const sentTo = (reply) => [reply.status, reply.headers.location];

async function signIn(b, provider, login) {
  const { path, asked } = await walkThrough(b, await b.begin(provider), { login });
  return { reply: await b.get(path), asked, path };
}

for (const [provider, idp] of [['oidc', oidc], ['google', google]]) {
  describe(`a standard provider as ${provider}`, () => {
    it('signs a new person in, and knows them again', async () => {
      const [b, again] = [new Browser(w.server), new Browser(w.server)];
      const login = newLogin();
      const { reply, asked } = await signIn(b, provider, login);
      assert.deepEqual(sentTo(reply), [302, '/']);
      assert.deepEqual(asked, ['login', 'consent']);
      const account = await me(b);
      assert.deepEqual([account.email, account.name, account.email_verified], [idp.email(login), `Person ${login}`, true]);
      assert.deepEqual(sentTo((await signIn(again, provider, login)).reply), [302, '/']);
      assert.equal((await me(again)).id, account.id);
      b.close();
      again.close();
    });

    it('tells who has not verified an address', async () => {
      const b = new Browser(w.server);
      assert.deepEqual(sentTo((await signIn(b, provider, newLogin('un'))).reply), [302, '/login?error=email_unverified']);
      assert.equal(b.jar.get(SESSION), undefined);
      b.close();
    });

    it('tells that they said no', async () => {
      const b = new Browser(w.server);
      const { path } = await walkThrough(b, await b.begin(provider), { deny: true });
      assert.deepEqual(sentTo(await b.get(path)), [302, '/login?error=access_denied']);
      b.close();
    });

    it('takes a code once, and with its verifier', async () => {
      const [b, attacker] = [new Browser(w.server), new Browser(w.server)];
      const { path, reply } = await signIn(b, provider, newLogin());
      assert.deepEqual(sentTo(reply), [302, '/']);
      const stolen = new URLSearchParams(path.split('?')[1]);
      const url = new URL(await attacker.begin(provider));
      stolen.set('state', url.searchParams.get('state'));
      const used = await attacker.get(`/v1/auth/oauth/${provider}/callback?${stolen}`);
      assert.deepEqual(sentTo(used), [302, '/login?error=provider_invalid']);

      const victim = await walkThrough(b, await b.begin(provider), { login: newLogin() });
      const fresh = new URLSearchParams(victim.path.split('?')[1]);
      fresh.set('state', new URL(await attacker.begin(provider)).searchParams.get('state'));
      const injected = await attacker.get(`/v1/auth/oauth/${provider}/callback?${fresh}`);
      assert.deepEqual(sentTo(injected), [302, '/login?error=provider_invalid']);
      assert.equal(attacker.jar.get(SESSION), undefined);
      b.close();
      attacker.close();
    });

    it('asks for a sign-in once more when somebody has to prove who they are', async () => {
      const b = new Browser(w.server);
      const login = newLogin();
      await signIn(b, provider, login);
      const { id } = await me(b);
      const old = new Date(Date.now() - 3_600_000).toISOString();
      await sql(w.server, `UPDATE sessions SET authenticated_at = '${old}' WHERE user_id = '${id}'`);
      b.forgetElsewhere();
      const other = await walkThrough(b, (await b.link(provider, 'reauthenticate')).url, { login: newLogin() });
      assert.deepEqual(sentTo(await b.get(other.path)), [302, '/settings?error=identity_mismatch']);
      b.forgetElsewhere();
      assert.deepEqual(sentTo((await signIn(b, provider, login)).reply), [302, '/']);
      await sql(w.server, `UPDATE sessions SET authenticated_at = '${old}' WHERE user_id = '${id}'`);
      const { path, asked } = await walkThrough(b, (await b.link(provider, 'reauthenticate')).url, { login });
      assert.equal(asked[0], 'login', 'although they are signed in there');
      assert.deepEqual(sentTo(await b.get(path)), [302, '/settings']);
      assert.ok(Date.parse((await me(b)).recent_until) > Date.now());
      b.close();
    });

    it('links an account there to one here', async () => {
      const b = new Browser(w.server);
      const account = await register(w.anonymous);
      expect(await b.logIn(account.email, PASSWORD), 200);
      const login = newLogin('un'); // whoever is signed in here may link what they like there
      const { path } = await walkThrough(b, (await b.link(provider)).url, { login });
      assert.deepEqual(sentTo(await b.get(path)), [302, '/settings']);
      const fresh = new Browser(w.server);
      assert.deepEqual(sentTo((await signIn(fresh, provider, login)).reply), [302, '/']);
      assert.equal((await me(fresh)).id, account.user.id);
      b.close();
      fresh.close();
    });
  });
}

describe('a standard provider', () => {
  it('sends nobody to an address that is not registered', async () => {
    const server = await w.start({ ...settings });
    const b = new Browser(server);
    const { page, status } = await walkThrough(b, await b.begin('oidc'), { login: newLogin() });
    assert.equal(status, 400);
    assert.match(page, /redirect_uri/);
    b.close();
  });

  it('gives a client with a wrong secret nothing', async () => {
    const own = await freePort();
    const strict = await startStandardProvider({ client: { client_id: 'x', client_secret: SECRET, redirect_uris: [`http://localhost:${own}/v1/auth/oauth/oidc/callback`] } });
    const server = await w.start({ PORT: own, AGENTGEN_OIDC_ISSUER: strict.issuer, AGENTGEN_OIDC_CLIENT_ID: 'x', AGENTGEN_OIDC_CLIENT_SECRET: 'not-it' });
    const b = new Browser(server);
    assert.deepEqual(sentTo((await signIn(b, 'oidc', newLogin())).reply), [302, '/login?error=provider_invalid']);
    assert.match(server.log, /does not know the client id and secret/);
    b.close();
    await strict.close();
  });

  it('had no failure of its own', () => {
    assert.deepEqual([...oidc.errors, ...google.errors], []);
  });
});
