// What every end-to-end test stands on: one server with its scripted provider per worker, an account
// per test, and a page that fails its test when the console, the policy or the network complains.
import { test as base, expect } from '@playwright/test';

import { startGitHub } from '../../fakes/github.mjs';
import { startIdentityProvider } from '../../fakes/identity-provider.mjs';
import { expect as expectReply } from '../../lib/expect.mjs';
import { Client } from '../../lib/http.mjs';
import { World, register } from '../../lib/world.mjs';

export { expect };

const COOKIE = '__Host-agentgen_session';

/** The session cookie that a reply sets. */
function cookieOf(reply) {
  const line = reply.cookies.find((text) => text.startsWith(`${COOKIE}=`));
  return line.slice(COOKIE.length + 1).split(';')[0];
}

/** Signs an account in, in a browser's context. */
export function signIn(context, account, origin) {
  return context.addCookies([{
    name: COOKIE, value: cookieOf(account.reply), url: origin.replace('http:', 'https:'), httpOnly: true, secure: true, sameSite: 'Lax',
  }]);
}

/** Watches a page for what a user would never see but must never be: returns the list of complaints. */
export function watch(page, origin) {
  const complaints = [];
  // Once and without where it was said: a text that is missing is missing at each rendering.
  const complain = (text) => {
    const [line] = text.split('\n');
    if (!complaints.includes(line)) complaints.push(line);
  };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complain(`console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complain(`page error: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && !['data:', 'blob:'].includes(url.protocol)) complain(`off-origin request: ${request.url()}`);
  });
  return complaints;
}

/** What a test expects the console to say: a reply that is an error is logged by the browser itself. */
export function allow(complaints, pattern) {
  for (let i = complaints.length - 1; i >= 0; i -= 1) if (pattern.test(complaints[i])) complaints.splice(i, 1);
}

/** Settings of every server here: with AGENTGEN_WEB_DIR it serves that export instead of the one in the binary. */
export const PAGES = { AGENTGEN_WEB_DIR: process.env.AGENTGEN_WEB_DIR };

/** The server, its model provider and its identity providers, shared by the tests of one worker. */
export const world = [async ({}, use) => {
  const [google, github, oidc] = await Promise.all([startIdentityProvider({ clientId: 'google-client' }), startGitHub(), startIdentityProvider()]);
  const env = { ...PAGES, ...google.env('google'), ...github.env(), ...oidc.env(), AGENTGEN_OIDC_NAME: 'Example Corp' };
  const world = await new World({ accounts: false, env }).open();
  world.identity = { google, github, oidc };
  // The first account is the administrator; tests that need a fresh server start their own.
  world.admin = await register(world.anonymous, { name: 'First Admin' });
  await use(world);
  await world.close();
  await Promise.all([google, github, oidc].map((fake) => fake.close()));
}, { scope: 'worker' }];

export const test = base.extend({
  world,

  /** Where the UI is. Chromium takes `localhost` as trustworthy, which Secure cookies need. */
  origin: async ({ world }, use) => use(`http://localhost:${world.server.port}`),

  baseURL: async ({ origin }, use) => use(origin),

  /** Complaints about the page so far; the test fails when some are left at its end. */
  complaints: [async ({ page, origin }, use) => {
    const complaints = watch(page, origin);
    await use(complaints);
    // A page without a session asks who it is; the browser logs that answer.
    allow(complaints, /status of 401/);
    expect(complaints, 'complaints of the browser').toEqual([]);
  }, { auto: true }],

  /** A new account, signed in in the test's browser; `account.client` calls the API as it. */
  account: async ({ world, context, origin }, use) => {
    const account = await register(world.anonymous, { name: 'Ada Lovelace' });
    await signIn(context, account, origin);
    await use(account);
  },
});

/** A published agent of the account, answering by the scripted provider. */
export async function makeAgent(account, more = {}) {
  const { name = 'Support Desk', model = 'echo', config = {}, ...rest } = more;
  return expectReply(await account.client.post('/v1/agents', {
    name, description: 'Answers questions about orders.', config: { provider: 'openai', model, instructions: 'Be kind.', ...config }, ...rest,
  }), 201);
}

export { Client, expectReply };
