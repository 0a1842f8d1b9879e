// One's own account: links from mails, proving once more who one is, where one is signed in. Without a mail
// server the links are in the server's log, where these tests read them as the operator would.
import { sql } from '../lib/database.mjs';
import { loggedLink } from '../lib/mail.mjs';
import { PASSWORD, register, unique } from '../lib/world.mjs';
import { allow, expect, expectReply, signIn, test, watch } from './lib/fixtures.mjs';
import { found, join } from './lib/seed.mjs';

const NEXT = 'another horse battery staple';

/** What a link of a mail leads to, here: the server does not know by which name the browser calls it. */
const here = (link) => {
  const { pathname, hash } = new URL(link);
  return pathname + hash;
};

const toast = (page) => page.getByRole('region', { name: /^Notifications/ });
const who = async ({ client }) => expectReply(await client.get('/v1/auth/me'), 200);
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

/** What a loop of the server knows of a session it has seen is at most this old. */
const KNOWN_FOR_MS = 5_000;

/** Makes the browser's session older than what counts as a recent sign-in, and waits until all of the server knows. */
async function age(page, world) {
  const { id } = await (await page.request.get('/v1/auth/me')).json();
  await sql(world.server, `UPDATE sessions SET authenticated_at = '${new Date(Date.now() - 3_600_000).toISOString()}' WHERE user_id = '${id}'`);
  await page.waitForTimeout(KNOWN_FOR_MS + 500);
}

async function signInByHand(page, email, password) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('a forgotten password is set anew by a link, once', async ({ page, account, context, world, complaints }) => {
  await context.clearCookies();
  await page.goto('/login');
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('Enter an e-mail address')).toBeVisible();
  await page.getByLabel('E-mail').fill(account.email);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Ask whoever runs this server' })).toBeFocused();
  await expect(page.getByText(account.email)).toBeVisible();

  const link = here(await loggedLink(world.server, 'reset', account.email));
  await page.goto(link);
  await page.getByLabel('New password').fill('password1');
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.getByLabel('New password')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('New password').fill(NEXT);
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.getByRole('heading', { name: 'Your new password is set' })).toBeFocused();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signInByHand(page, account.email, PASSWORD);
  await expect(page.getByRole('main').getByRole('alert')).toContainText('The e-mail or the password is wrong.');
  await page.getByLabel('Password', { exact: true }).fill(NEXT);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL('/');

  await page.goto(link);
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.getByRole('heading', { name: 'This link was used already' })).toBeFocused();
  await page.getByRole('link', { name: 'Ask for another link' }).click();
  await expect(page).toHaveURL('/forgot-password');
  allow(complaints, /status of 422/);
});

test('who asks for a link to no account is told the same', async ({ page }) => {
  const email = `${unique('nobody')}@mail.test`;
  await page.goto('/forgot-password');
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText(`account with ${email}`)).toBeVisible();
  await page.getByRole('button', { name: 'Ask once more' }).click();
  await expect(page.getByLabel('E-mail')).toHaveValue(email);
});

test('an address is proved by the link that came to it, and not by who only opens it', async ({ page, account, world, complaints }) => {
  await page.goto(here(await loggedLink(world.server, 'verify', account.email)));
  await expect(page.getByRole('heading', { name: 'Is this your e-mail address?' })).toBeVisible();
  expect(expectReply(await account.client.get('/v1/auth/me'), 200).email_verified).toBe(false);
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await expect(page.getByRole('heading', { name: 'Your e-mail address is confirmed' })).toBeFocused();
  expect(expectReply(await account.client.get('/v1/auth/me'), 200).email_verified).toBe(true);
  await page.reload();
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await expect(page.getByRole('heading', { name: 'This link was used already' })).toBeFocused();
  await page.getByRole('link', { name: 'Ask for another in the settings' }).click();
  await expect(page).toHaveURL('/settings');
  allow(complaints, /status of 422/);
});

test('another link in the same window is another try', async ({ page, account, world, complaints }) => {
  await page.goto('/verify-email#token=agm_cut');
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeFocused();
  await page.goto(here(await loggedLink(world.server, 'verify', account.email)));
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await expect(page.getByRole('heading', { name: 'Your e-mail address is confirmed' })).toBeFocused();
  allow(complaints, /status of 422/);
});

test('another address wants a recent sign-in, and keeps what was typed while it is proved', async ({ page, account, world, complaints }) => {
  const next = `${unique('ada')}@new.test`;
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Change e-mail' }).click();
  await page.getByLabel('New e-mail').fill('not an address');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('Enter an e-mail address')).toBeVisible();
  await page.getByLabel('New e-mail').fill(world.admin.email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('Another account has this e-mail.')).toBeVisible();

  await age(page, world);
  await page.getByLabel('New e-mail').fill(next);
  await page.getByRole('button', { name: 'Send the link' }).click();
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await expect(dialog.getByLabel('Password')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.getByLabel('New e-mail')).toHaveValue(next);
  await expect(toast(page)).not.toContainText('That did not work');

  await page.getByRole('button', { name: 'Send the link' }).click();
  await dialog.getByLabel('Password').fill('not the password');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(dialog.getByText('This is not your password.')).toBeVisible();
  await dialog.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: next })).toContainText(account.email);
  await expect(dialog).toBeHidden();

  expect((await who(account)).email).toBe(account.email);
  await page.goto(here(await loggedLink(world.server, 'change_confirm', next)));
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await page.getByRole('link', { name: 'Go on' }).click();
  await page.getByRole('button', { name: 'Account' }).click();
  await expect(page.getByRole('menu')).toContainText(next);
  expect(await who(account)).toMatchObject({ email: next, email_verified: true });
  allow(complaints, /status of (403|409|422)/);
});

test('who has not proved their address is reminded, and may say that it is enough', async ({ page, account, world }) => {
  const reminder = page.getByRole('region', { name: 'Your e-mail address' });
  await page.goto('/agents');
  await reminder.getByRole('link', { name: 'Confirm it' }).click();
  await expect(page).toHaveURL('/settings');
  await page.getByRole('button', { name: 'Make a new link' }).click();
  await expect(toast(page)).toContainText('A new link stands in the server’s log');
  await reminder.getByRole('button', { name: 'Dismiss' }).click();
  await page.reload();
  await expect(page.getByText('Not confirmed', { exact: true })).toBeVisible();
  await expect(reminder).toHaveCount(0);
  await page.goto(here(await loggedLink(world.server, 'verify', account.email, 2)));
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await page.goto('/settings');
  await expect(page.getByText('Confirmed', { exact: true })).toBeVisible();
});

test('one sees where one is signed in, and ends it elsewhere', async ({ page, account, world, browser, origin }) => {
  const login = (agent) => world.anonymous.request('POST', '/v1/auth/login', { json: { email: account.email, password: PASSWORD }, headers: { 'user-agent': agent } });
  const context = await browser.newContext({ baseURL: origin, locale: 'en-GB' });
  await signIn(context, { reply: await login(CHROME) }, origin);
  const curl = expectReply(await login('curl/8.5.0'), 200);
  const other = await context.newPage();
  const heard = watch(other, origin);
  await other.goto('/agents');
  await expect(other.getByRole('heading', { name: 'Agents' })).toBeVisible();

  await page.goto('/settings?tab=security');
  const sessions = page.getByRole('main').getByRole('listitem');
  await expect(sessions.filter({ hasText: 'Chrome on Windows' })).toBeVisible();
  await expect(sessions.filter({ hasText: 'This device' })).toHaveCount(1);
  await expect(sessions.filter({ hasText: 'This device' }).getByRole('button')).toHaveCount(0);
  await page.getByRole('button', { name: 'Sign out: curl' }).click();
  await expect(toast(page)).toContainText('Signed out: curl');
  await expect(sessions.filter({ hasText: 'curl' })).toHaveCount(0);
  expect((await world.anonymous.as({ token: curl.token }).get('/v1/auth/me')).status).toBe(401);

  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect(toast(page)).toContainText('You are signed in on this device alone');
  await expect(page.getByRole('button', { name: /^Sign out/ })).toHaveCount(0);
  await other.reload();
  await expect(other).toHaveURL(/\/login\?next=/);
  allow(heard, /status of 401/);
  expect(heard, 'complaints of the other browser').toEqual([]);
  await context.close();
});

test('an account elsewhere is linked, signs in, and is taken away', async ({ page, account, world, complaints }) => {
  const { google } = world.identity;
  google.reset();
  await page.goto('/settings?tab=security');
  await age(page, world);
  await page.getByRole('button', { name: 'Link Google' }).click();
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(toast(page)).toContainText('Google is linked');
  await expect(page).toHaveURL('/settings?tab=security');
  const row = page.getByRole('main').getByRole('listitem').filter({ hasText: 'Google' });
  await expect(row).toContainText(google.person.email);

  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  await expect(page).toHaveURL('/');
  expect((await (await page.request.get('/v1/auth/me')).json()).id).toBe(account.user.id);

  await page.goto('/settings?tab=security');
  await row.getByRole('button', { name: 'Unlink' }).click();
  const sure = page.getByRole('dialog', { name: 'Unlink Google?' });
  await sure.getByRole('button', { name: 'Unlink' }).click();
  await expect(toast(page)).toContainText('Google is unlinked');
  await expect(row.getByRole('button', { name: 'Link Google' })).toBeVisible();
  allow(complaints, /status of 403|off-origin request: http:\/\/127/);
});

test('who has no password proves who they are in another window, and can set one', async ({ page, context, world, complaints }) => {
  const { oidc } = world.identity;
  oidc.reset();
  await page.goto('/login?next=%2Fsettings%3Ftab%3Dsecurity');
  await page.getByRole('link', { name: 'Continue with Example Corp' }).click();
  await expect(page).toHaveURL('/settings?tab=security');
  const me = await (await page.request.get('/v1/auth/me')).json();
  await age(page, world);
  await expect(page.getByLabel('Current password')).toHaveCount(0);
  await page.getByLabel('New password').fill(NEXT);
  await page.getByRole('button', { name: 'Set password' }).click();
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
  const opened = context.waitForEvent('page');
  await dialog.getByRole('button', { name: 'Confirm with Example Corp' }).click();
  const popup = await opened;
  await expect(toast(page)).toContainText('Password set.');
  await expect(dialog).toBeHidden();
  await expect.poll(() => popup.isClosed()).toBe(true);
  await expect(page.getByLabel('Current password')).toBeVisible();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await signInByHand(page, me.email, NEXT);
  await expect(page).toHaveURL('/');
  allow(complaints, /status of 403|off-origin request: http:\/\/127/);
});

test('the only way in is not taken away', async ({ page, world, complaints }) => {
  world.identity.github.reset();
  await page.goto('/login?next=%2Fsettings%3Ftab%3Dsecurity');
  await page.getByRole('link', { name: 'Continue with GitHub' }).click();
  await page.getByRole('listitem').filter({ hasText: 'GitHub' }).getByRole('button', { name: 'Unlink' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unlink' }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('It is the only way into your account.');
  allow(complaints, /status of 409|off-origin request: http:\/\/127/);
});

/** An organisation with an invitation to an address: {owner, org, link, client}. */
async function invite(world, email) {
  const owner = await register(world.anonymous, { name: 'Olga Owner' });
  const org = await found(owner, 'Alpine Outdoor Cooperative');
  const { accept_url: url } = expectReply(await owner.client.post('/v1/invitations', { email, role: 'member' }), 201);
  return { owner, org, link: here(url) };
}

const actsIn = async (page) => (await (await page.request.get('/v1/auth/me')).json()).org.name;

test('an invitation makes an account, and leads into the organisation', async ({ page, world, complaints }) => {
  const email = `${unique('linus')}@mail.test`;
  const { link } = await invite(world, email);
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'Join Alpine Outdoor Cooperative?' })).toBeVisible();
  await page.getByRole('link', { name: 'Create an account' }).click();
  await expect(page.getByLabel('E-mail')).toHaveValue(email);
  await expect(page.getByLabel('E-mail')).toHaveAttribute('readonly');
  await page.getByLabel('Name').fill('Linus Late');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/');
  expect(await actsIn(page)).toBe('Alpine Outdoor Cooperative');
  // Whoever opens it again is a member already, and others find it used.
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'This invitation does not hold any more' })).toBeVisible();
  allow(complaints, /status of 404/);
});

test('an invitation waits for a sign-in with the account that was invited', async ({ page, account, world, context }) => {
  const { link } = await invite(world, account.email);
  await context.clearCookies();
  await page.goto(link);
  await page.getByRole('link', { name: 'I have an account' }).click();
  await expect(page.getByLabel('E-mail')).toHaveValue(account.email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page).toHaveURL('/');
  expect(await actsIn(page)).toBe('Alpine Outdoor Cooperative');
});

test('an invitation of somebody else is told to whom it is, and waits', async ({ page, account, world }) => {
  const email = `${unique('grace')}@mail.test`;
  const { link } = await invite(world, email);
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'This invitation is for another account' })).toBeVisible();
  await expect(page.getByText(`It was sent to ${email}, and you are signed in as ${account.email}.`)).toBeVisible();
  await page.getByRole('button', { name: 'Sign out and go on' }).click();
  await expect(page.getByRole('link', { name: 'Create an account' })).toBeVisible();
});

test('one takes everything along, and goes for good', async ({ page, account, world }) => {
  await page.goto('/settings?tab=data');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^agentgen-account-[0-9-]+\.json$/);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  expect(JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()))).toContain(account.email);

  await page.getByRole('button', { name: 'Delete account' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete your account for good?' });
  const sure = dialog.getByRole('button', { name: 'Delete account' });
  await expect(sure).toBeDisabled();
  await dialog.getByRole('textbox').fill('somebody@mail.test');
  await expect(sure).toBeDisabled();
  await dialog.getByRole('textbox').fill(account.email);
  await sure.click();
  await expect(page).toHaveURL('/login');
  expect((await world.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD })).status).toBe(401);
});

test('the last owner of an organisation of several is told what stands in the way', async ({ page, account, world, complaints }) => {
  await found(account, 'Alpine Outdoor Cooperative');
  await join(account, await register(world.anonymous, { name: 'Grace Hopper' }), { role: 'member' });
  await page.goto('/settings?tab=data');
  await page.getByRole('button', { name: 'Delete account' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete your account for good?' });
  await dialog.getByRole('textbox').fill(account.email);
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('Alpine Outdoor Cooperative');
  allow(complaints, /status of 409/);
});
