// One's own account: links from mails, proving once more who one is, where one is signed in. Without a mail
// server the links are in the server's log, where these tests read them as the operator would.
import { loggedLink } from '../lib/mail.mjs';
import { PASSWORD, unique } from '../lib/world.mjs';
import { allow, expect, expectReply, test } from './lib/fixtures.mjs';

const NEXT = 'another horse battery staple';

/** What a link of a mail leads to, here: the server does not know by which name the browser calls it. */
const here = (link) => {
  const { pathname, hash } = new URL(link);
  return pathname + hash;
};

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
