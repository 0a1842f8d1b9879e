// Signing in with an account elsewhere: there and back, who that is here, linked accounts. The
// providers' mistakes are in oauth-faults.test.mjs.
import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, it } from 'node:test';

import { startGitHub } from '../fakes/github.mjs';
import { startIdentityProvider } from '../fakes/identity-provider.mjs';
import { Browser, SESSION, VISITOR } from '../lib/browser.mjs';
import { sql } from '../lib/database.mjs';
import { absentId, assertNow, assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { loggedMails } from '../lib/mail.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { createOrganisation, invite, PASSWORD, register, unique, world } from '../lib/world.mjs';

const idp = await startIdentityProvider();
const google = await startIdentityProvider({ clientId: 'google-client' });
const github = await startGitHub();
after(() => Promise.all([idp.close(), google.close(), github.close()]));
const w = world({ env: { ...idp.env(), ...google.env('google'), ...github.env(), AGENTGEN_OIDC_NAME: 'Example Corp' } });

beforeEach(() => [idp, google, github].forEach((fake) => fake.reset()));
afterEach(() => w.stopOthers());

const browser = () => new Browser(w.server);
const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString();
/** Asserts where a reply of the callback sends the browser. */
function assertSentTo(reply, location) {
  assert.equal(reply.status, 302, reply.text);
  assert.equal(reply.headers.location, location);
  assert.equal(reply.text, '');
  assert.equal(reply.headers['cache-control'], 'no-store');
}
/** Signs in, which works. */
const comeIn = async (b, provider) => assertSentTo(await b.signIn(provider), '/');
const me = async (b) => expect(await b.get('/v1/auth/me'), 200);
const identities = async (b) => expect(await b.get('/v1/auth/identities'), 200).data;
/** The account's newest entries of the audit log: [action, details]. */
async function activity(b) {
  const { data } = expect(await b.get('/v1/activity?limit=10'), 200);
  return data.map((entry) => [entry.action, entry.details]);
}
/** An account with a password and a proved address, as the person at `fake` has it. */
async function verifiedAccount(email) {
  const account = await register(w.anonymous, { email });
  const link = await w.server.waitForLog(new RegExp(`[^\\n]*${email.replaceAll('.', '\\.')}[^\\n]*`));
  const token = /token=([\w-]+)/.exec(link)?.[1];
  assert.equal((await w.anonymous.post('/v1/auth/verify-email', { token })).status, 204);
  return account;
}

describe('the sign-in page', () => {
  it('is told of the providers that are configured', async () => {
    const options = expect(await w.anonymous.get('/v1/auth/providers'), 200);
    assert.deepEqual(options.providers, [
      { id: 'google', name: 'Google' }, { id: 'github', name: 'GitHub' }, { id: 'oidc', name: 'Example Corp' },
    ]);
    assert.equal(options.registration, 'open');
  });

  it('is told of none when there is none', async () => {
    const server = await w.start();
    const client = new Client(server.url);
    assert.deepEqual(expect(await client.get('/v1/auth/providers'), 200).providers, []);
    const b = new Browser(server);
    for (const provider of ['google', 'github', 'oidc', 'nobody', '%E2%82%AC', 'a'.repeat(60)]) {
      assertSentTo(await b.get(`/v1/auth/oauth/${provider}`), '/login?error=provider_unavailable');
    }
    client.close();
    b.close();
  });
});

for (const [provider, fake] of [['oidc', idp], ['google', google], ['github', github]]) {
  describe(`sign in with ${provider}`, () => {
    const email = () => fake.email ?? fake.person.email;

    it('makes an account, signs in to it, and goes on', async () => {
      const b = browser();
      const reply = await b.signIn(provider, '/agents?q=1#top');
      assertSentTo(reply, '/agents?q=1#top');
      const account = await me(b);
      assert.deepEqual([account.email, account.name, account.role], [email(), fake.person.name, 'user']);
      assert.equal(account.email_verified, true);
      assert.equal(account.has_password, false);
      assert.equal(account.org.personal, true);
      assert.ok(Date.parse(account.recent_until) > Date.now());
      const [identity, ...more] = await identities(b);
      assert.deepEqual(more, []);
      assertOrderedId(identity.id);
      assert.deepEqual([identity.provider, identity.email], [provider, email()]);
      assertNow(identity.created_at);
      assertNow(identity.last_used_at);
      assert.deepEqual(await activity(b), [
        ['auth.signed_in', { provider }], ['identity.linked', { provider }], ['auth.registered', {}],
      ]);
      b.close();
    });

    it('knows the same person again, whatever became of name and address', async () => {
      const [first, second] = [browser(), browser()];
      await comeIn(first, provider);
      const { id } = await me(first);
      if (fake === github) {
        github.person = { ...github.person, login: 'renamed', name: null };
        github.emails = [{ email: 'other@mail.test', primary: true, verified: false }];
      } else {
        fake.person = { ...fake.person, email: 'other@mail.test', email_verified: false, name: 'Somebody Else' };
      }
      assertSentTo(await second.signIn(provider), '/');
      assert.equal((await me(second)).id, id);
      assert.equal((await identities(second))[0].email, 'other@mail.test');
      first.close();
      second.close();
    });

    it('joins an account by an address that both have verified', async () => {
      const account = await verifiedAccount(email());
      const b = browser();
      assertSentTo(await b.signIn(provider), '/');
      assert.equal((await me(b)).id, account.user.id);
      assert.equal((await me(b)).has_password, true);
      assert.deepEqual((await activity(b)).slice(0, 2), [['auth.signed_in', { provider }], ['identity.linked', { provider }]]);
      b.close();
    });

    it('joins no account whose own address is not verified', async () => {
      const account = await register(w.anonymous, { email: email() });
      const b = browser();
      assertSentTo(await b.signIn(provider), '/login?error=link_required');
      expectProblem(await b.get('/v1/auth/me'), 401);
      const entries = expect(await account.client.get('/v1/activity'), 200).data;
      assert.deepEqual([entries[0].action, entries[0].details], ['auth.sign_in_failed', { provider, error: 'link_required' }]);
      b.close();
    });

    it('takes no address that the provider has not verified, for an account or for a new one', async () => {
      const account = await verifiedAccount(email());
      const asSeen = [];
      for (const address of [account.email, `${unique('new')}@mail.test`]) {
        for (const verified of [false, undefined, null, 'false', 1]) {
          if (fake === github) github.emails = [{ email: address, primary: true, verified }];
          else fake.person = { ...fake.person, email: address, email_verified: verified };
          const b = browser();
          const reply = await b.signIn(provider);
          assertSentTo(reply, '/login?error=email_unverified');
          asSeen.push(reply.text);
          expectProblem(await b.get('/v1/auth/me'), 401);
          b.close();
        }
      }
      // Whoever claims an address at the provider learns nothing of the accounts here.
      assert.equal(new Set(asSeen).size, 1);
    });

    it('refuses a suspended account', async () => {
      const b = browser();
      await comeIn(b, provider);
      const { id } = await me(b);
      await sql(w.server, `UPDATE users SET status = 'suspended' WHERE id = '${id}'`);
      const again = browser();
      assertSentTo(await again.signIn(provider), '/login?error=account_suspended');
      expectProblem(await again.get('/v1/auth/me'), 401);
      b.close();
      again.close();
    });

    it('asks for exactly this: a code, with PKCE, sent back to one address', async () => {
      const b = browser();
      const url = new URL(await b.begin(provider, '/x'));
      assert.equal(url.origin + url.pathname, fake === github ? `${github.url}/login/oauth/authorize` : `${fake.issuer}/authorize`);
      const query = Object.fromEntries(url.searchParams);
      const { state, code_challenge: challenge, nonce, ...rest } = query;
      for (const secret of [state, challenge, ...(fake === github ? [] : [nonce])]) assert.match(secret, /^[\w-]{43}$/);
      assert.deepEqual(rest, {
        response_type: 'code', client_id: fake.clientId, redirect_uri: `${b.site}/v1/auth/oauth/${provider}/callback`,
        scope: fake === github ? 'read:user user:email' : 'openid email profile', code_challenge_method: 'S256',
      });
      const again = new URL(await b.begin(provider));
      for (const name of ['state', 'code_challenge', ...(fake === github ? [] : ['nonce'])]) {
        assert.notEqual(again.searchParams.get(name), query[name]);
      }
      b.close();
    });

    it('trades the code with the same address and the verifier', async () => {
      const b = browser();
      await comeIn(b, provider);
      const [trade, ...more] = fake.seen(fake === github ? '/login/oauth/access_token' : '/token');
      assert.deepEqual(more, []);
      const form = Object.fromEntries(new URLSearchParams(trade.body));
      assert.equal(form.redirect_uri, `${b.site}/v1/auth/oauth/${provider}/callback`);
      assert.match(form.code_verifier, /^[\w-]{43}$/);
      assert.equal('client_secret' in form, fake === github, 'the secret goes into the header where that is taken');
      assert.match(trade.headers.accept, /application\/json/);
      b.close();
    });
  });
}

describe('the visit', () => {
  it('keeps a secret in the browser that no script reads and no other site sends', async () => {
    const reply = await w.anonymous.get('/v1/auth/oauth/oidc?moved=true');
    const cookie = reply.cookies.find((c) => c.startsWith(`${VISITOR}=`));
    assert.match(cookie, /^__Host-agentgen_oauth=ago_[\w-]{43}; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/);
    assert.ok(!reply.headers.location.includes(cookie.split(';')[0].split('=')[1]));
  });

  it('moves to the public address first, once', async () => {
    const b = browser();
    const reply = await w.anonymous.get('/v1/auth/oauth/oidc?next=/a%3Fb%3D1%26c');
    assertSentTo(reply, `${b.site}/v1/auth/oauth/oidc?moved=true&next=%2Fa%3Fb%3D1%26c`);
    assert.deepEqual(reply.cookies, []);
    assert.ok((await w.anonymous.get('/v1/auth/oauth/oidc?moved=true')).headers.location.startsWith(idp.issuer));
    b.close();
  });

  it('works in two windows of one browser at once', async () => {
    const b = browser();
    const [one, two] = [await b.begin('oidc', '/one'), await b.begin('oidc', '/two')];
    assertSentTo(await b.get(await b.approve(two)), '/two');
    assertSentTo(await b.get(await b.approve(one)), '/one');
    b.close();
  });

  it('goes on to paths of this site only', async () => {
    const bad = ['//evil.test', '/\\evil.test', '\\/evil.test', 'https://evil.test', 'https:evil.test', 'javascript:alert(1)', '/x//evil.test',
      '/\t/evil.test', '/\n/evil.test', '/x y', '/ü', 'x', '', '/v1/auth/me', '/V1/auth/me', '/v1', `/${'a'.repeat(600)}`];
    const good = ['/', '/agents', '/agents/1?tab=x&y=%2F%2F', '/a#b', '/v1x', '/search?q=https://x'];
    for (const next of bad) {
      const b = browser();
      assertSentTo(await b.signIn('oidc', next), '/');
      b.close();
    }
    for (const next of good) {
      const b = browser();
      assertSentTo(await b.signIn('oidc', next), next);
      b.close();
    }
  });

  it('gives a new session and leaves another account of the browser alone', async () => {
    const b = browser();
    expect(await b.logIn(w.ada.email, PASSWORD), 200);
    const before = b.jar.get(SESSION);
    assertSentTo(await b.signIn('oidc'), '/');
    assert.notEqual(b.jar.get(SESSION), before);
    assert.notEqual((await me(b)).id, w.ada.user.id);
    expect(await w.anonymous.as({ cookie: `${SESSION}=${before}` }).get('/v1/auth/me'), 200);
    b.close();
  });

  it('makes one account of two visits of one person at once', async () => {
    const [one, two] = [browser(), browser()];
    const paths = [await one.approve(await one.begin('oidc')), await two.approve(await two.begin('oidc'))];
    const replies = await Promise.all([one.get(paths[0]), two.get(paths[1])]);
    for (const reply of replies) assertSentTo(reply, '/');
    assert.equal((await me(one)).id, (await me(two)).id);
    assert.equal((await identities(one)).length, 1);
    one.close();
    two.close();
  });

  it('makes the first account of a server its administrator', async () => {
    const server = await w.start(idp.env());
    const b = new Browser(server);
    assertSentTo(await b.signIn('oidc'), '/');
    const account = await me(b);
    assert.equal(account.role, 'admin');
    assert.ok(account.permissions.includes('admin:users'));
    b.close();
  });

  it('names an account by its address where the provider names nobody', async () => {
    for (const name of [undefined, null, '', '   ', 7, 'a\u0000b', 'tab\there']) {
      idp.reset();
      idp.person.name = name;
      const b = browser();
      await comeIn(b, 'oidc');
      assert.equal((await me(b)).name, idp.person.email.split('@')[0]);
      b.close();
    }
    idp.reset();
    idp.person.name = `  ${'é'.repeat(150)}`;
    const b = browser();
    await comeIn(b, 'oidc');
    assert.equal((await me(b)).name, 'é'.repeat(100));
    b.close();
  });

  it('takes an address in any case, and the verification as a text', async () => {
    const account = await verifiedAccount(idp.person.email);
    idp.person.email = idp.person.email.toUpperCase();
    idp.person.email_verified = 'true';
    const b = browser();
    assertSentTo(await b.signIn('oidc'), '/');
    assert.equal((await me(b)).id, account.user.id);
    b.close();
  });

  it('asks the userinfo endpoint when the ID token tells no address', async () => {
    idp.change.claims = ({ email, email_verified, name, ...claims }) => claims;
    const b = browser();
    assertSentTo(await b.signIn('oidc'), '/');
    assert.equal((await me(b)).email, idp.person.email);
    assert.equal(idp.seen('/userinfo').length, 1);
    b.close();
  });

  it('tells a provider the secret in the form it takes', async () => {
    idp.secretInBody = true;
    const server = await w.start(idp.env());
    const b = new Browser(server);
    assertSentTo(await b.signIn('oidc'), '/');
    const [trade] = idp.seen('/token');
    assert.equal(trade.headers.authorization, undefined);
    assert.equal(new URLSearchParams(trade.body).get('client_secret'), idp.clientSecret);
    b.close();
  });

  it('takes ES256 as well, and keys that come later', async () => {
    [, idp.key] = idp.keys;
    const b = browser();
    assertSentTo(await b.signIn('oidc'), '/');
    b.close();
  });

  it('asks once for what a provider says of itself, however many come at once', async () => {
    const server = await w.start({ ...idp.env(), AGENTGEN_LOOPS: 1 });
    const browsers = Array.from({ length: 12 }, () => new Browser(server));
    await Promise.all(browsers.map((b) => b.begin('oidc')));
    assert.equal(idp.seen('/.well-known/openid-configuration').length, 1);
    assert.equal(idp.seen('/jwks').length, 1);
    for (const b of browsers) b.close();
  });
});

describe('where accounts are made by invitation alone', () => {
  it('nobody gets one who was not invited, and whoever has one goes on', async () => {
    const admin = await w.startWithAccount(idp.env());
    const visitor = () => new Browser(admin.server);
    const first = visitor();
    assertSentTo(await first.signIn('oidc'), '/');
    expect(await admin.client.patch('/v1/admin/settings', { registration: 'invited' }), 200);
    assertSentTo(await first.signIn('oidc'), '/');

    const person = { ...idp.person, sub: unique('sub'), email: `${unique('guest')}@mail.test` };
    idp.person = person;
    const guest = visitor();
    assertSentTo(await guest.signIn('oidc'), '/login?error=registration_closed');
    await createOrganisation(admin);
    const { id, token } = await invite(admin, person.email.toUpperCase());
    idp.person = { ...person, email_verified: false };
    assertSentTo(await guest.signIn('oidc'), '/login?error=email_unverified');
    idp.person = person;
    assert.equal((await admin.client.delete(`/v1/invitations/${id}`)).status, 204);
    assertSentTo(await guest.signIn('oidc'), '/login?error=registration_closed');
    const again = await invite(admin, person.email);
    assertSentTo(await guest.signIn('oidc', '/x'), '/x');
    const org = expect(await guest.post('/v1/invitations/accept', { token: again.token }), 200);
    assert.equal(org.role, 'member');
    assert.notEqual(token, again.token);
    first.close();
    guest.close();
  });
});

describe('linked accounts', () => {
  /** A browser that is signed in with a password. */
  async function withPassword() {
    const account = await register(w.anonymous);
    const b = browser();
    expect(await b.logIn(account.email, PASSWORD), 200);
    return { b, account };
  }

  it('are linked by whoever has signed in lately, whatever address they have there', async () => {
    for (const [provider, fake] of [['oidc', idp], ['github', github]]) {
      const { b, account } = await withPassword();
      if (fake === idp) idp.person.email_verified = false;
      else github.emails = [];
      const { url } = await b.link(provider, 'link', '/settings?section=accounts');
      assertSentTo(await b.get(await b.approve(url)), '/settings?section=accounts');
      assert.deepEqual((await identities(b)).map((i) => i.provider), [provider]);
      assert.deepEqual((await activity(b))[0], ['identity.linked', { provider }]);
      // Once more is no mistake.
      assertSentTo(await b.get(await b.approve((await b.link(provider)).url)), '/settings');
      assert.equal((await identities(b)).length, 1);
      const other = browser();
      assertSentTo(await other.signIn(provider), '/');
      assert.equal((await me(other)).id, account.user.id);
      b.close();
      other.close();
    }
  });

  it('that belong to somebody else are not taken away', async () => {
    const owner = browser();
    await comeIn(owner, 'oidc');
    const { b } = await withPassword();
    const { url } = await b.link('oidc');
    assertSentTo(await b.get(await b.approve(url)), '/settings?error=identity_taken');
    assert.deepEqual(await identities(b), []);
    assert.equal((await identities(owner)).length, 1);
    owner.close();
    b.close();
  });

  it('need a recent sign-in, the browser and its own session', async () => {
    const { b, account } = await withPassword();
    const body = { purpose: 'link' };
    expectProblem(await account.client.post('/v1/auth/oauth/oidc/link', body), 403);
    const key = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201).key;
    expectProblem(await w.anonymous.as({ apiKey: key }).post('/v1/auth/oauth/oidc/link', body), 403);
    expectProblem(await w.anonymous.post('/v1/auth/oauth/oidc/link', body), 401);
    expectProblem(await b.post('/v1/auth/oauth/nobody/link', body), 404);
    expectProblem(await b.post('/v1/auth/oauth/oidc/link', { purpose: 'sign_in' }), 422, 'validation_failed', ['purpose']);
    const elsewhere = { headers: { cookie: b.jar.header, origin: w.server.url } };
    expectProblem(await w.anonymous.post('/v1/auth/oauth/oidc/link', body, elsewhere), 409);
    expectProblem(await w.anonymous.post('/v1/auth/oauth/oidc/link', body, { headers: { cookie: b.jar.header, origin: 'http://evil.test' } }), 403, 'bad_origin');

    await sql(w.server, `UPDATE sessions SET authenticated_at = '${hourAgo()}' WHERE user_id = '${account.user.id}'`);
    const fresh = browser(); // the present one's rights are remembered for a moment
    fresh.jar.set(SESSION, b.jar.get(SESSION));
    await new Promise((resolve) => { setTimeout(resolve, 5100); });
    expectProblem((await fresh.link('oidc')).reply, 403, 'reauthentication_required');
    b.close();
    fresh.close();
  });

  it('are linked to the session that asked, not to the one that comes back', async () => {
    const { b } = await withPassword();
    const { url } = await b.link('oidc');
    const path = await b.approve(url);
    expect(await b.logIn(w.ada.email, PASSWORD), 200);
    assertSentTo(await b.get(path), '/settings?error=state_invalid');
    assert.deepEqual(await identities(b), []);
    const gone = (await withPassword()).b;
    const second = await gone.approve((await gone.link('oidc')).url);
    assert.equal((await gone.post('/v1/auth/logout')).status, 204);
    assertSentTo(await gone.get(second), '/settings?error=state_invalid');
    // Another server of the same database revokes it at the very last moment.
    for (const purpose of ['link', 'reauthenticate']) {
      const { b: late, account } = await withPassword();
      const way = await late.approve((await late.link('oidc', purpose)).url);
      await me(late);
      await sql(w.server, `UPDATE sessions SET revoked_at = '${hourAgo()}' WHERE user_id = '${account.user.id}'`);
      assertSentTo(await late.get(way), '/settings?error=state_invalid');
      assert.equal(Number((await sql(w.server, `SELECT count(*) FROM identities WHERE user_id = '${account.user.id}'`))[0][0]), 0);
      late.close();
    }
    b.close();
    gone.close();
  });

  it('go, but not the last way in', async () => {
    const b = browser();
    await comeIn(b, 'oidc');
    const [identity] = await identities(b);
    const path = `/v1/auth/identities/${identity.id}`;
    expectProblem(await b.delete(path), 409, 'conflict');
    await b.get(await b.approve((await b.link('github')).url));
    assert.equal((await b.delete(path)).status, 204);
    assert.deepEqual((await activity(b))[0], ['identity.unlinked', { provider: 'oidc' }]);
    expectProblem(await b.delete(path), 404);
    const [left] = await identities(b);
    assert.equal(left.provider, 'github');
    expectProblem(await b.delete(`/v1/auth/identities/${left.id}`), 409);

    const { b: other } = await withPassword();
    await other.get(await other.approve((await other.link('google')).url));
    const [theirs] = await identities(other);
    const foreign = expectProblem(await b.delete(`/v1/auth/identities/${theirs.id}`), 404);
    const absent = expectProblem(await b.delete(`/v1/auth/identities/${absentId()}`), 404);
    assert.deepEqual({ ...foreign, request_id: '' }, { ...absent, request_id: '' });
    assert.equal((await other.delete(`/v1/auth/identities/${theirs.id}`)).status, 204);
    b.close();
    other.close();
  });

  it('cannot both go at once', async () => {
    const b = browser();
    await comeIn(b, 'oidc');
    await b.get(await b.approve((await b.link('github')).url));
    const ids = (await identities(b)).map((i) => i.id);
    const replies = await Promise.all(ids.map((id) => b.delete(`/v1/auth/identities/${id}`)));
    assert.deepEqual(replies.map((r) => r.status).sort(), [204, 409]);
    b.close();
  });

  it('are seen by a key of their owner, but not changed', async () => {
    const { b, account } = await withPassword();
    await b.get(await b.approve((await b.link('oidc')).url));
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201);
    const client = w.anonymous.as({ apiKey: key });
    const { data } = expect(await client.get('/v1/auth/identities'), 200);
    assert.equal(data.length, 1);
    expectProblem(await client.delete(`/v1/auth/identities/${data[0].id}`), 403);
    assert.equal((await account.client.delete(`/v1/auth/identities/${data[0].id}`)).status, 204);
    b.close();
  });
});

describe('a provider that was visited long ago', () => {
  const recent = async (b) => Date.parse((await me(b)).recent_until) > Date.now();

  it('is no sign-in of now where it says when that was', async () => {
    for (const [ago, is] of [[3600, false], [-3600, true], [undefined, true]]) {
      idp.authTime = ago && Math.floor(Date.now() / 1000) - ago;
      const b = browser();
      await comeIn(b, 'oidc');
      assert.equal(await recent(b), is);
      if (ago > 0) {
        expectProblem(await b.get('/v1/auth/export'), 403, 'reauthentication_required');
        idp.authTime = undefined;
        assertSentTo(await b.get(await b.approve((await b.link('oidc', 'reauthenticate')).url)), '/settings');
      }
      const until = Date.parse((await me(b)).recent_until);
      assert.ok(until > Date.now() && until <= Date.now() + 900_000);
      b.close();
    }
    // What the userinfo endpoint adds takes none of it away.
    idp.authTime = Math.floor(Date.now() / 1000) - 3600;
    idp.change.claims = ({ email, email_verified, name, ...claims }) => claims;
    const b = browser();
    await comeIn(b, 'oidc');
    assert.equal(await recent(b), false);
    b.close();
  });

  it('counts as one of now where it never does', async () => {
    google.authTime = Math.floor(Date.now() / 1000) - 3600;
    const b = browser();
    await comeIn(b, 'google');
    assert.equal(await recent(b), true);
    b.close();
  });
});

describe('an address that the domain\'s owner vouches for', () => {
  it('is verified, of the operator\'s own provider alone', async () => {
    for (const [provider, fake, location] of [['oidc', idp, '/'], ['google', google, '/login?error=email_unverified']]) {
      fake.change.claims = ({ email_verified: _, ...claims }) => ({ ...claims, xms_edov: true });
      const b = browser();
      assertSentTo(await b.signIn(provider), location);
      b.close();
    }
  });
});

describe('what can sign in to an account', () => {
  const told = (email, kind) => loggedMails(w.server, email).filter((mail) => mail.kind === kind).length;

  it('is told to its proved address when it is linked, by hand or by the address', async () => {
    const account = await verifiedAccount(idp.person.email);
    const b = browser();
    await comeIn(b, 'oidc');
    await eventually(() => told(account.email, 'identity_linked') === 1);
    await comeIn(b, 'oidc');
    assertSentTo(await b.get(await b.approve((await b.link('github')).url)), '/settings');
    await eventually(() => told(account.email, 'identity_linked') === 2);
    assertSentTo(await b.get(await b.approve((await b.link('github')).url)), '/settings');
    assert.equal(told(account.email, 'identity_linked'), 2, 'it was linked already');

    // A new account knows what it was made with, and an address that was not proved may be a stranger's.
    google.person.email = `${unique('new')}@mail.test`;
    const fresh = browser();
    await comeIn(fresh, 'google');
    const unproved = await register(w.anonymous);
    const c = browser();
    expect(await c.logIn(unproved.email, PASSWORD), 200);
    idp.reset();
    assertSentTo(await c.get(await c.approve((await c.link('oidc')).url)), '/settings');
    for (const email of [google.person.email, unproved.email]) assert.equal(told(email, 'identity_linked'), 0);
    [b, fresh, c].forEach((one) => one.close());
  });
});

describe('proving once more who one is', () => {
  /** A browser whose session signed in long ago, with an account at the provider. */
  async function longAgo(provider) {
    const b = browser();
    await comeIn(b, provider);
    const { id } = await me(b);
    await sql(w.server, `UPDATE sessions SET authenticated_at = '${hourAgo()}' WHERE user_id = '${id}'`);
    return { b, id };
  }

  /** How long ago an account's one session proved who it is, as the database has it. */
  async function provedMsAgo(id) {
    const [[time]] = await sql(w.server, `SELECT authenticated_at FROM sessions WHERE user_id = '${id}'`);
    return Date.now() - Date.parse(time.replace(' ', 'T').replace(/\+00$/, 'Z'));
  }

  it('renews the session at once, by whoever is linked to it', async () => {
    for (const [provider, fake] of [['oidc', idp], ['google', google], ['github', github]]) {
      const { b, id } = await longAgo(provider);
      const { url } = await b.link(provider, 'reauthenticate', '/settings');
      const { searchParams: query } = new URL(url);
      if (fake === github) assert.equal(query.get('prompt'), 'select_account');
      else assert.deepEqual([query.get('prompt'), query.get('max_age')], [fake === idp ? 'login' : 'select_account', '0']);
      assertSentTo(await b.get(await b.approve(url)), '/settings');
      assert.ok(await provedMsAgo(id) < 60_000);
      assert.ok(Date.parse((await me(b)).recent_until) > Date.now());
      assert.deepEqual((await activity(b))[0], ['auth.reauthenticated', { provider }]);
      b.close();
    }
  });

  it('is refused when it is somebody else, or they were not asked', async () => {
    const { b, id } = await longAgo('oidc');
    const { person } = idp;
    const attempt = async () => b.get(await b.approve((await b.link('oidc', 'reauthenticate')).url));
    idp.person = { ...person, sub: 'somebody-else' };
    assertSentTo(await attempt(), '/settings?error=identity_mismatch');
    idp.person = person;
    idp.authTime = Math.floor(Date.now() / 1000) - 3600;
    assertSentTo(await attempt(), '/settings?error=reauthentication_refused');
    idp.change.claims = ({ auth_time, ...claims }) => claims;
    assertSentTo(await attempt(), '/settings?error=reauthentication_refused');
    for (const wrong of ['soon', null, -1, 1e300]) {
      idp.change.claims = (claims) => ({ ...claims, auth_time: wrong });
      assertSentTo(await attempt(), '/settings?error=provider_invalid');
    }
    assert.ok(await provedMsAgo(id) > 3_000_000);
    b.close();
  });

  it('takes a visit to a provider that never tells when, like signing in there', async () => {
    const { b } = await longAgo('google');
    google.change.claims = ({ auth_time, ...claims }) => claims;
    assertSentTo(await b.get(await b.approve((await b.link('google', 'reauthenticate')).url)), '/settings');
    google.change.claims = undefined;
    google.authTime = Math.floor(Date.now() / 1000) - 3600;
    assertSentTo(await b.get(await b.approve((await b.link('google', 'reauthenticate')).url)), '/settings?error=reauthentication_refused');
    b.close();
  });
});
